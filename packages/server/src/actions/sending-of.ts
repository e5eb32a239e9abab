import type { EndpointLimits, PlannedAction, Sending } from '../core/action.ts'
import type { ActionId } from '../core/ids.ts'
import type { ActionPlan } from '../core/plan.ts'

/** What deliveries need of the actions that caused them, looked up by action in the plan in force. */
export function sendingOf(plan: ActionPlan): (action: ActionId) => Sending | null {
  const known = new Map(
    actionsOf(plan).flatMap(({ id, where, action }) => (action.sending ? [[id, { ...action.sending, where }]] : [])),
  )
  return (action) => known.get(action) ?? null
}

/** What an endpoint can take, by the actions of the plan in force that call it; the strictest of them counts. */
export function limitsOf(plan: ActionPlan): (endpoint: string) => EndpointLimits {
  const sendings = actionsOf(plan).flatMap(({ action: { sending } }) => (sending?.limits ? [sending] : []))
  const known = new Map(
    [...Map.groupBy(sendings, ({ endpoint = '' }) => endpoint)].map(([endpoint, all]) => [
      endpoint,
      strictest(all.flatMap(({ limits }) => limits ?? [])),
    ]),
  )
  return (endpoint) => known.get(endpoint) ?? {}
}

function strictest(all: readonly EndpointLimits[]): EndpointLimits {
  const least = (values: readonly number[]) => (values.length === 0 ? null : Math.min(...values))
  const concurrency = least(all.flatMap((limits) => limits.concurrency ?? []))
  const rate = least(all.flatMap((limits) => limits.rate ?? []))
  return { ...(concurrency === null ? {} : { concurrency }), ...(rate === null ? {} : { rate }) }
}

function actionsOf({ on, ...flows }: ActionPlan): readonly PlannedAction[] {
  const ofFlows = Object.values(flows).flatMap((flow) => [
    ...flow.before,
    ...flow.after,
    ...Object.values(flow.afterMethod).flat(),
  ])
  return [...ofFlows, ...Object.values(on).flat()]
}
