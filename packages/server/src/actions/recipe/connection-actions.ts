import type {
  AfterContext,
  BeforeContext,
  EventContext,
  Occasion,
  Rehearses,
  Renders,
  Sending,
} from '../../core/action.ts'
import type { Delivery } from '../../core/delivery.ts'
import { deliveryId } from '../../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { type Milliseconds, type Time, toTimestamp } from '../../core/time.ts'
import { triggerName } from '../../core/trigger.ts'
import type { ActionDeps } from '../deps.ts'
import { recordedContext } from '../template/recorded-context.ts'
import { templateContext } from '../template/template-context.ts'
import { follow } from './chain.ts'
import type { Connection } from './connection.ts'
import type { Person } from './personal-data.ts'
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
      ...contextOf(seen, context.identity.metadataAdmin, at),
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

/** What a connection needs to make a call anew, beside what templates see. */
function contextOf(seen: JsonObject, stored: Json, at: Time): Pick<Delivery, 'context'> {
  const context = recordedContext({ ...seen, stored, occurred_at: toTimestamp(at) })
  return context === null ? {} : { context }
}

/** Renders the first call about an event from what was kept of it, or from what somebody made up. */
export const rehearsesConnection = (deps: Pick<ActionDeps, 'clock'>, connection: Connection): Rehearses => ({
  timeout: TIMEOUT,
  emitHeaders: false,
  render: ({ stored = null, occurred_at: occurred, delivery, ...seen }) => {
    const { identity, trigger } = seen
    const name = isJsonObject(trigger)
      ? connection.triggers.find((each) => each === trigger.flow || each === trigger.event)
      : undefined
    if (!isJsonObject(identity) || name === undefined) {
      const detail = `ctx must have an identity, and a trigger of the connection: ${connection.triggers.join(', ')}`
      return Promise.resolve({ kind: 'failed', detail })
    }
    const id = isJsonObject(delivery) && typeof delivery.id === 'string' ? delivery.id : ''
    const started = startDelivery(connection, {
      trigger: name,
      id: deliveryId(id),
      at: typeof occurred === 'string' ? Date.parse(occurred) : deps.clock.now(),
      seen: { ...seen, delivery: delivery ?? null },
      identity: personIn(identity, stored),
    })
    return Promise.resolve(started.kind === 'skipped' ? { kind: 'skipped' } : started)
  },
})

function personIn(
  { traits, verifiable_addresses, recovery_addresses }: JsonObject,
  metadataAdmin: Json,
): Person & { readonly metadataAdmin: Json } {
  return {
    traits: objectOf(traits),
    metadataAdmin,
    verifiableAddresses: addressesIn(verifiable_addresses),
    recoveryAddresses: addressesIn(recovery_addresses),
  }
}

const objectOf = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {})

function addressesIn(value: Json | undefined): Person['verifiableAddresses'] {
  const list: readonly Json[] = isList(value) ? value : []
  return list.flatMap((each) => {
    const { value: address, via } = objectOf(each)
    return typeof address === 'string' ? [{ value: address, via: via === 'sms' ? 'sms' : 'email' }] : []
  })
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
