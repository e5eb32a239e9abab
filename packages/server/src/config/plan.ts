import type { ActionKind } from '../actions/define.ts'
import type { ActionDeps } from '../actions/deps.ts'
import { actionKinds } from '../actions/registry.ts'
import type { PlannedAction } from '../core/action.ts'
import type { ActionPlan, FlowPlan } from '../core/plan.ts'
import type { Settings } from '../core/settings.ts'
import { effectiveLists, type Placed } from './effective-lists.ts'
import { type PlanWarning, planWarnings } from './plan-warnings.ts'

type Planned = { readonly plan: ActionPlan; readonly warnings: readonly PlanWarning[] }

const kinds: ReadonlyMap<string, ActionKind<ActionDeps>> = new Map(Object.entries(actionKinds))

/** Every action of the settings, made and in its place; and what an operator should know about them. */
export function makePlan(settings: Settings, deps: ActionDeps): Planned {
  const made = new Map<string, readonly PlannedAction[]>()
  const actionsOf = (placed: Placed): readonly PlannedAction[] => {
    // An entry of the default list may count at several methods; it is one action.
    const known = made.get(placed.entry.where)
    if (known !== undefined) return known
    const actions = create(placed, deps)
    made.set(placed.entry.where, actions)
    return actions
  }
  const lists = effectiveLists(settings)
  const flowPlan = ({ before, after, afterMethod }: FlowPlan<Placed>): FlowPlan => ({
    before: before.flatMap(actionsOf),
    after: after.flatMap(actionsOf),
    afterMethod: Object.fromEntries(
      Object.entries(afterMethod).flatMap(([method, entries]) => {
        const actions = entries.flatMap(actionsOf)
        return actions.length === 0 ? [] : [[method, actions]]
      }),
    ),
  })
  const plan = {
    login: flowPlan(lists.login),
    registration: flowPlan(lists.registration),
    recovery: flowPlan(lists.recovery),
    verification: flowPlan(lists.verification),
    settings: flowPlan(lists.settings),
    on: {
      'identity.created': lists.on['identity.created'].flatMap(actionsOf),
      'identity.updated': lists.on['identity.updated'].flatMap(actionsOf),
      'identity.deleted': lists.on['identity.deleted'].flatMap(actionsOf),
      'address.verified': lists.on['address.verified'].flatMap(actionsOf),
      'session.revoked': lists.on['session.revoked'].flatMap(actionsOf),
    },
  }
  return { plan, warnings: planWarnings(settings) }
}

/** Kinds that are not built or do nothing here are none; that was said when the configuration was read. */
function create({ entry, place, id }: Placed, deps: ActionDeps): readonly PlannedAction[] {
  const kind = kinds.get(entry.hook)
  if (kind === undefined) return []
  const action = kind.create(entry.config ?? {}, deps, place)
  return [{ id, kind: entry.hook, where: entry.where, action }]
}
