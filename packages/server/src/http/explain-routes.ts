import type { DeliveryId, FlowId } from '../core/ids.ts'
import { deliveryId, flowId, identityId } from '../core/ids.ts'
import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import type { JsonObject } from '../core/json.ts'
import type { RecordedPlan } from '../core/recorded-plan.ts'
import type { RecordedStep } from '../core/step.ts'
import { type Milliseconds, type Time, toTimestamp } from '../core/time.ts'
import type { Standing } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import { type Exchange, json, type Route } from './exchange.ts'
import { explainStanding, explainStep, type Records } from './explain.ts'
import { bad, refuseUnknown, uuidIn } from './log-filters.ts'

export type ExplainDeps = {
  readonly store: Pick<Store, 'flows' | 'steps' | 'plans' | 'calls' | 'deliveries' | 'identities'>
  /** Writes down what is still on its way to the logs. */
  readonly flush: () => Promise<void>
  readonly keptFor: Milliseconds
}

const MOST_STEPS = 50
const MOST_DELIVERIES = 500

/** Which actions ran, which did not, and why: from what was recorded at the time. */
export const explainRoutes = (deps: ExplainDeps): readonly Route[] => [
  {
    method: 'GET',
    path: '/admin/actions/explanations',
    csrf: 'ignored',
    handle: async (exchange) => json(200, await explain(deps, exchange)),
  },
]

async function explain(deps: ExplainDeps, { query }: Exchange): Promise<JsonObject> {
  refuseUnknown(query, ['flow', 'identity', 'delivery'])
  const [flow, identity, delivery] = ['flow', 'identity', 'delivery'].map((name) => query.get(name))
  if ([flow, identity, delivery].filter(Boolean).length !== 1) throw bad('Name one of flow, identity and delivery.')
  await deps.flush()
  if (flow) return explainFlow(deps, flowId(uuidIn('flow', flow)))
  if (delivery) return explainDelivery(deps, deliveryId(uuidIn('delivery', delivery)))
  const id = identityId(uuidIn('identity', identity ?? ''))
  const steps = await deps.store.steps.ofIdentity(id, MOST_STEPS)
  if (steps.length === 0 && (await deps.store.identities.find(id)) === null) throw unknown('identity', id)
  return { identity: id, steps: await explainSteps(deps, steps) }
}

const unknown = (what: string, id: string) =>
  new WireError(404, null, {
    reason: `Nothing is known of the ${what} ${id}: it never was, or all that was recorded of it has been forgotten (actions.log.keep).`,
  })

async function explainFlow(deps: ExplainDeps, id: FlowId): Promise<JsonObject> {
  const [flow, steps] = await Promise.all([deps.store.flows.find(id), deps.store.steps.ofFlow(id, MOST_STEPS)])
  if (flow === null && steps.length === 0) throw unknown('flow', id)
  const now = await deps.store.deliveries.now()
  return {
    flow: id,
    state: flow === null ? null : flowState(flow, now),
    steps: await explainSteps(deps, steps.toReversed()),
    never: flow === null ? [] : await neverCame(deps, flow, steps, now),
  }
}

function flowState(flow: Flow, now: Time): JsonObject {
  const { name, type, createdAt, expiresAt, completed, active } = flow
  const stands = completed ? 'completed' : expiresAt <= now ? 'expired' : 'open'
  return { name, type, stands, method: active, created_at: toTimestamp(createdAt), expires_at: toTimestamp(expiresAt) }
}

/** Triggers of the flow at which something would have run, and which never fired. */
async function neverCame(
  { store }: ExplainDeps,
  flow: Flow,
  steps: readonly RecordedStep[],
  now: Time,
): Promise<readonly JsonObject[]> {
  const [newest] = steps
  const plan =
    (newest === undefined ? null : await store.plans.find(newest.plan)) ?? (await store.plans.inForceAt(flow.createdAt))
  if (plan === null) return []
  const fired = new Set(steps.map(({ trigger }) => trigger))
  return plan.triggers
    .filter(
      ({ trigger, entries }) =>
        trigger.startsWith(`${flow.name}.`) && !fired.has(trigger) && entries.some(({ runs }) => runs),
    )
    .map(({ trigger, entries }) => ({
      trigger,
      why: whyNever(flow, trigger, fired, now),
      actions: entries.filter(({ runs }) => runs).map(({ id, where }) => ({ action_id: id, where })),
    }))
}

function whyNever(flow: Flow, trigger: string, fired: ReadonlySet<string>, now: Time): string {
  if (trigger.endsWith('.before'))
    return 'nothing was recorded of it: the log was not kept then, or the plan came later'
  const other = [...fired].find((each) => each.startsWith(`${flow.name}.after.`))
  if (other !== undefined) return `the flow came to ${other} instead`
  if (flow.completed) return 'the flow was completed, and nothing was recorded of it: the log was not kept then'
  return flow.expiresAt <= now
    ? 'nobody completed the flow before it expired'
    : `nobody has completed the flow yet; it is open until ${toTimestamp(flow.expiresAt)}`
}

async function explainDelivery(deps: ExplainDeps, id: DeliveryId): Promise<JsonObject> {
  const { store } = deps
  const standing = await store.deliveries.find(id)
  if (standing === null || standing.delivery.content.kind === 'mail') throw unknown('delivery', id)
  const { delivery } = standing
  const step = await stepOfDelivery(deps, standing)
  const [actions, endpoints, now] = await Promise.all([
    store.deliveries.actionStates(),
    store.deliveries.endpointStates(),
    store.deliveries.now(),
  ])
  return {
    delivery: id,
    action_id: delivery.actionId,
    trigger: delivery.trigger,
    replay_of: delivery.replayOf ?? null,
    cause: delivery.cause ?? null,
    ...explainStanding({ actions, endpoints, now }, standing),
    steps: step === null ? [] : await explainSteps(deps, [step]),
  }
}

/** The step in which it was queued; one that was made anew belongs to that of the first. */
async function stepOfDelivery({ store }: ExplainDeps, { delivery }: Standing): Promise<RecordedStep | null> {
  const { eventId, flowId: flow, replayOf } = delivery
  const [own] = await store.steps.ofEvent(eventId, 1)
  if (own !== undefined) return own
  const named = replayOf ?? delivery.id
  const steps = flow === undefined ? [] : await store.steps.ofFlow(flow, MOST_STEPS)
  return steps.find(({ actions }) => actions.some(({ deliveryId }) => deliveryId === named)) ?? null
}

async function explainSteps(deps: ExplainDeps, steps: readonly RecordedStep[]): Promise<readonly JsonObject[]> {
  const records = await recordsFor(deps, steps)
  return steps.map((step) => explainStep(records, step))
}

async function recordsFor({ store, keptFor }: ExplainDeps, steps: readonly RecordedStep[]): Promise<Records> {
  const fingerprints = [...new Set(steps.map(({ plan }) => plan))]
  const ids = steps
    .flatMap(({ actions }) => actions.flatMap(({ deliveryId }) => deliveryId ?? []))
    .slice(0, MOST_DELIVERIES)
  const flows = [...new Set(steps.flatMap(({ flowId }) => flowId ?? []))]
  const [plans, calls, standings, actions, endpoints, now] = await Promise.all([
    Promise.all(fingerprints.map((fingerprint) => store.plans.find(fingerprint))),
    Promise.all(flows.map((flow) => store.calls.list({ before: null, size: 200, flowId: flow }))),
    Promise.all(ids.map((id) => store.deliveries.find(id))),
    store.deliveries.actionStates(),
    store.deliveries.endpointStates(),
    store.deliveries.now(),
  ])
  return {
    plans: new Map(
      plans.flatMap((plan): [string, RecordedPlan][] => (plan === null ? [] : [[plan.fingerprint, plan]])),
    ),
    calls: calls.flat(),
    deliveries: new Map(standings.flatMap((standing) => (standing === null ? [] : [[standing.delivery.id, standing]]))),
    actions,
    endpoints,
    keptFor,
    now,
  }
}
