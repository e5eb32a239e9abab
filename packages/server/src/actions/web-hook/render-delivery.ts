import type { AfterContext, BeforeContext, EventContext, Occasion } from '../../core/action.ts'
import type { CallOutcome } from '../../core/call.ts'
import type { Delivery, RenderedCall } from '../../core/delivery.ts'
import { type DeliveryId, deliveryId, type FlowId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Milliseconds, Time } from '../../core/time.ts'
import { triggerName } from '../../core/trigger.ts'
import type { ActionDeps } from '../deps.ts'
import type { Hook } from './hook.ts'
import { recordedContext } from '../template/recorded-context.ts'
import { renderCall } from './render-call.ts'

/** What the request may need between commit and call, on top of the call itself, before a worker takes over. */
const HANDOVER: Milliseconds = 10_000

type Moment = BeforeContext | AfterContext | EventContext

/** Renders a queued or awaited call, to be stored with the change that causes it. Null: there is nothing to tell. */
export async function renderDelivery(
  deps: ActionDeps,
  hook: Hook,
  context: Moment,
  occasion: Occasion,
): Promise<Delivery | null> {
  const id = deliveryId(deps.random.rowId())
  const at = deps.clock.now()
  const rendered = await renderCall(deps, hook, context, { id, at, budget: hook.timeout })
  const about = { id, at, context, occasion, ...('seen' in rendered ? { seen: rendered.seen } : {}) }
  if (rendered.kind === 'skipped' || rendered.kind === 'cancelled') {
    recordSilence(deps, hook, about, rendered.kind)
    return null
  }
  if (rendered.kind === 'failed') return deadDelivery(hook, about, rendered.detail)
  const delivery = pendingDelivery(hook, about, rendered.call)
  return hook.mode === 'awaited'
    ? { ...delivery, leasedUntil: at + hook.timeout + HANDOVER, leaseToken: deps.random.uuid() }
    : delivery
}

/** That nothing was told is in the log of calls, as it is for a call somebody would have waited for. */
const recordSilence = (deps: ActionDeps, hook: Hook, { id, at, context, occasion }: About, outcome: CallOutcome) =>
  deps.record({
    id,
    eventId: occasion.eventId,
    actionId: occasion.actionId,
    where: occasion.where,
    trigger: triggerName(context.trigger),
    flowId: flowOf(context),
    identityId: 'identity' in context ? context.identity.id : null,
    method: hook.method,
    endpoint: hook.endpoint,
    startedAt: at,
    endedAt: deps.clock.now(),
    outcome,
    detail: '',
    attempts: [],
  })

/** What a delivery is about, whatever became of it. */
export type About = {
  readonly id: DeliveryId
  readonly at: Time
  readonly context: Moment
  readonly occasion: Occasion
  /** What the template saw: it can be rendered again, or another tried in its place. */
  readonly seen?: JsonObject
}

/** A call for the worker: it is made as soon as the change is stored. */
export const pendingDelivery = (hook: Told, about: About, call: RenderedCall): Delivery => ({
  ...deliveryAbout(hook, about),
  content: { kind: 'rendered', call, timeout: hook.timeout, emitHeaders: hook.emitHeaders },
})

/** It could not be rendered: kept with its reason, and nobody is held up. */
export const deadDelivery = (hook: Told, about: About, reason: string): Delivery => ({
  ...deliveryAbout(hook, about),
  content: { kind: 'dead', reason },
})

type Told = Pick<Hook, 'timeout' | 'emitHeaders' | 'endpoint' | 'isOrdered'>

const flowOf = (context: Moment) => ('flow' in context ? context.flow.id : context.flowId)

function deliveryAbout(
  { endpoint, isOrdered }: Told,
  { id, at, context, occasion, seen }: About,
): Omit<Delivery, 'content'> {
  const identityId = 'identity' in context ? context.identity.id : null
  const recorded = seen === undefined ? null : recordedContext(seen)
  return {
    id,
    eventId: occasion.eventId,
    actionId: occasion.actionId,
    trigger: triggerName(context.trigger),
    identityId,
    endpoint,
    createdAt: at,
    leasedUntil: null,
    leaseToken: null,
    ...withFlow(flowOf(context)),
    ...(isOrdered && identityId !== null ? { orderKey: `${occasion.actionId} ${identityId}` } : {}),
    ...(recorded === null ? {} : { context: recorded }),
  }
}

const withFlow = (flowId: FlowId | null) => (flowId === null ? {} : { flowId })
