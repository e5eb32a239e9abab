import type { PlannedAction, Sending } from '../core/action.ts'
import type { ActionId } from '../core/ids.ts'
import type { ActionPlan } from '../core/plan.ts'

/** What deliveries need of the actions that caused them, looked up by action in the plan in force. */
export function sendingOf(plan: ActionPlan): (action: ActionId) => Sending | null {
  const { on, ...flows } = plan
  const ofFlows = Object.values(flows).flatMap((flow): readonly PlannedAction[] => [
    ...flow.before,
    ...flow.after,
    ...Object.values(flow.afterMethod).flat(),
  ])
  const actions = [...ofFlows, ...Object.values(on).flat()]
  const known = new Map(
    actions.flatMap(({ id, where, action }) => (action.sending ? [[id, { ...action.sending, where }]] : [])),
  )
  return (action) => known.get(action) ?? null
}
