import { actionIdOf } from '../actions/action-id.ts'
import type { ActionKind } from '../actions/define.ts'
import type { ActionDeps } from '../actions/deps.ts'
import { actionKinds } from '../actions/registry.ts'
import type { PlannedAction } from '../core/action.ts'
import type { ActionPlan, FlowPlan } from '../core/plan.ts'
import { placeOf } from '../core/place.ts'
import type { HookEntry, HookList, Settings } from '../core/settings.ts'
import type { FlowName, MethodName } from '../core/trigger.ts'
import { planWarnings, type PlanWarning } from './plan-warnings.ts'

type Planned = { readonly plan: ActionPlan; readonly warnings: readonly PlanWarning[] }

const kinds: ReadonlyMap<string, ActionKind<ActionDeps>> = new Map(Object.entries(actionKinds))

/** Every action of the settings, made and in its place; and what an operator should know about it. */
export function makePlan(settings: Settings, deps: ActionDeps): Planned {
  const plan = planOf(settings, (list) => list.entries.flatMap((entry) => create(list, entry, deps)))
  return { plan, warnings: planWarnings(settings) }
}

/** Kinds that are not built yet or do nothing here were reported when the configuration was read; they are no entries. */
function create(list: HookList, entry: HookEntry, deps: ActionDeps): readonly PlannedAction[] {
  const kind = kinds.get(entry.hook)
  if (kind === undefined || entry.config?.['enabled'] === false) return []
  const place = placeOf(list.flow, list.phase, list.method)
  return [
    {
      id: actionIdOf(place, entry),
      kind: entry.hook,
      where: entry.where,
      action: kind.create(entry.config ?? {}, deps, place),
    },
  ]
}

/** Which list counts where (design.md §2), whatever its entries are made into. */
export function planOf<A>(
  settings: Pick<Settings, 'hooks' | 'actions'>,
  make: (list: HookList) => readonly A[],
): ActionPlan<A> {
  const flowPlan = (flow: FlowName): FlowPlan<A> => {
    const lists = settings.hooks.filter((list) => list.flow === flow)
    const madeOf = (phase: HookList['phase'], method: MethodName | null) =>
      lists.filter((list) => list.phase === phase && list.method === method).flatMap(make)
    const after = madeOf('after', null)
    const methods = lists.flatMap((list): readonly [MethodName, readonly A[]][] => {
      if (list.method === null) return []
      const own = make(list)
      return own.length === 0 ? [] : [[list.method, together(list, own, after)]]
    })
    return { before: madeOf('before', null), after, afterMethod: Object.fromEntries(methods) }
  }
  return {
    login: flowPlan('login'),
    registration: flowPlan('registration'),
    recovery: flowPlan('recovery'),
    verification: flowPlan('verification'),
    settings: flowPlan('settings'),
  }
}

function together<A>({ merge }: HookList, own: readonly A[], after: readonly A[]): readonly A[] {
  if (merge === 'override') return own
  return merge === 'prepend' ? [...own, ...after] : [...after, ...own]
}
