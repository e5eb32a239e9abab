import type { AfterContext, BeforeContext, EventContext, Occasion, Renders, Sending } from '../../core/action.ts'
import type { Delivery } from '../../core/delivery.ts'
import { deliveryId } from '../../core/ids.ts'
import type { Milliseconds } from '../../core/time.ts'
import { triggerName } from '../../core/trigger.ts'
import type { ActionDeps } from '../deps.ts'
import { templateContext } from '../template/template-context.ts'
import { follow } from './chain.ts'
import type { Connection } from './connection.ts'
import type { RecipeTrigger } from './schema.ts'
import { type Started, startDelivery } from './start-delivery.ts'

/** Vendors take their time, and nobody waits. */
export const TIMEOUT: Milliseconds = 15_000

type Moment = BeforeContext | AfterContext | EventContext

/** What a connection needs at the moment one of its calls is made. */
export function sendingOfConnection(connection: Connection): Sending {
  const { secretHeaders, secrets, sign, shownBase, recipe } = connection
  const { attempts, concurrency, perSecond } = recipe.limits
  return {
    secretHeaders,
    secrets,
    endpoint: shownBase,
    attempts: 1,
    follow: (point, answer, status) => follow(connection, point, answer, status),
    limits: {
      ...(concurrency === null ? {} : { concurrency }),
      ...(perSecond === null ? {} : { rate: perSecond }),
    },
    ...(sign === null ? {} : { sign }),
    ...(attempts === null ? {} : { retry: { attempts } }),
  }
}

/** Makes the delivery of an event that a connection tells; null if there is nothing to tell, which the log says. */
export const rendersConnection =
  (deps: ActionDeps, connection: Connection, trigger: RecipeTrigger): Renders =>
  (context, occasion) => {
    if (!('identity' in context)) return null
    const id = deliveryId(deps.random.rowId())
    const at = deps.clock.now()
    const seen = templateContext({ settings: deps.settings, deliveryId: id, at }, context)
    const started = startDelivery(connection, { trigger, id, at, seen, identity: context.identity })
    if (started.kind === 'skipped') {
      skipped(deps, connection, context, occasion, { id, at, why: started.why })
      return null
    }
    return {
      id,
      eventId: occasion.eventId,
      actionId: occasion.actionId,
      trigger: triggerName(context.trigger),
      identityId: context.identity.id,
      endpoint: connection.shownBase,
      // What one vendor is told of one person is told in its order.
      orderKey: `${occasion.actionId} ${context.identity.id}`,
      createdAt: at,
      leasedUntil: null,
      leaseToken: null,
      content: contentOf(started),
      ...('flow' in context ? { flowId: context.flow.id } : context.flowId === null ? {} : { flowId: context.flowId }),
    }
  }

const contentOf = (started: Exclude<Started, { kind: 'skipped' }>): Delivery['content'] =>
  started.kind === 'failed'
    ? { kind: 'dead', reason: started.detail }
    : { kind: 'rendered', call: started.call, timeout: TIMEOUT, emitHeaders: false, chain: started.chain }

type Skip = { readonly id: Delivery['id']; readonly at: number; readonly why: string }

/** It is to be seen that nothing was sent, and why. */
function skipped(
  deps: ActionDeps,
  { shownBase }: Connection,
  context: Exclude<Moment, BeforeContext> | AfterContext,
  { actionId, where }: Occasion,
  { id, at, why }: Skip,
): void {
  deps.log('info', 'action_skipped', { action: actionId, where, trigger: triggerName(context.trigger), detail: why })
  deps.record({
    id,
    actionId,
    where,
    trigger: triggerName(context.trigger),
    flowId: 'flow' in context ? context.flow.id : context.flowId,
    identityId: context.identity.id,
    method: '',
    endpoint: shownBase,
    startedAt: at,
    endedAt: at,
    outcome: 'skipped',
    detail: why,
    attempts: [],
  })
}
