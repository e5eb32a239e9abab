import type { PlannedAction } from './action.ts'
import type { EventName, FlowName, MethodName, Trigger } from './trigger.ts'

/** What runs around one flow. An empty list of a method is no list: the loader drops it. */
export type FlowPlan<A = PlannedAction> = {
  readonly before: readonly A[]
  readonly after: readonly A[]
  readonly afterMethod: { readonly [M in MethodName]?: readonly A[] }
}

/** Every action of a configuration, worked out once at load. */
export type ActionPlan<A = PlannedAction> = { readonly [F in FlowName]: FlowPlan<A> } & {
  /** Told of what has happened, whatever caused it. */
  readonly on: { readonly [E in EventName]: readonly A[] }
}

/** The actions of a trigger: a method's own list replaces the flow's default one, they are never merged (design.md §2). */
export function actionsFor<A>(trigger: Trigger, plan: ActionPlan<A>): readonly A[] {
  if (trigger.phase === 'on') return plan.on[trigger.event]
  const flow = plan[trigger.flow]
  return trigger.phase === 'before' ? flow.before : (flow.afterMethod[trigger.method] ?? flow.after)
}
