import type { PlannedAction } from '../core/action.ts'
import type { ActionPlan } from '../core/plan.ts'
import type { PlannedEntry, PlannedTrigger } from '../core/recorded-plan.ts'

/** An action of the configuration in force: what it is, where it runs, and how it can be tried. */
export type KnownAction = Pick<PlannedEntry, 'kind' | 'where' | 'beat' | 'target' | 'when'> & {
  readonly id: string
  readonly triggers: readonly string[]
  /** Why it runs nowhere; null where it does. */
  readonly idle: string | null
  readonly planned: PlannedAction | null
}

/** Every configured action by its id, those that run nowhere included. */
export function actionDirectory(
  plan: ActionPlan,
  triggers: readonly PlannedTrigger[],
): ReadonlyMap<string, KnownAction> {
  const { on, ...flows } = plan
  const planned = new Map(
    [
      ...Object.values(flows).flatMap((flow): readonly PlannedAction[] => [
        ...flow.before,
        ...flow.after,
        ...Object.values(flow.afterMethod).flat(),
      ]),
      ...Object.values(on).flat(),
    ].map((action) => [action.id, action] as const),
  )
  const known = new Map<string, KnownAction>()
  for (const { trigger, entries } of triggers) {
    for (const entry of entries) {
      if (entry.id === null) continue
      const before = known.get(entry.id)
      known.set(entry.id, {
        id: entry.id,
        kind: entry.kind,
        where: entry.where,
        beat: entry.beat ?? before?.beat ?? null,
        target: entry.target ?? before?.target ?? null,
        when: entry.when ?? before?.when ?? null,
        triggers: [...(before?.triggers ?? []), ...(entry.runs ? [trigger] : [])],
        idle: entry.runs || (before !== undefined && before.idle === null) ? null : entry.why,
        planned: before?.planned ?? [...planned.values()].find(({ id }) => id === entry.id) ?? null,
      })
    }
  }
  return known
}
