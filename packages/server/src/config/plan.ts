import { rehearsesConnection, rendersConnection, sendingOfConnection } from '../actions/recipe/connection-actions.ts'
import type { RecipeTrigger } from '../actions/recipe/schema.ts'
import type { ActionKind } from '../actions/define.ts'
import type { ActionDeps } from '../actions/deps.ts'
import { actionKinds } from '../actions/registry.ts'
import type { PlannedAction } from '../core/action.ts'
import { actionId } from '../core/ids.ts'
import type { ActionPlan, FlowPlan } from '../core/plan.ts'
import type { Settings } from '../core/settings.ts'
import type { EventName, FlowName } from '../core/trigger.ts'
import { CONNECTION, connectionActionId, openConnection } from './connections.ts'
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
  const vendors = connectionActions(settings, deps)
  /** Vendors are told in the end, whatever list counts. */
  const told = (flow: FlowName): FlowPlan => {
    const { before, after, afterMethod } = flowPlan(lists[flow])
    const also = vendors(flow)
    return {
      before,
      after: [...after, ...also],
      afterMethod: Object.fromEntries(
        Object.entries(afterMethod).map(([method, actions]) => [method, [...actions, ...also]]),
      ),
    }
  }
  const on = (event: EventName) => [...lists.on[event].flatMap(actionsOf), ...vendors(event)]
  const plan = {
    login: told('login'),
    registration: told('registration'),
    recovery: told('recovery'),
    verification: told('verification'),
    settings: told('settings'),
    on: {
      'identity.created': on('identity.created'),
      'identity.updated': on('identity.updated'),
      'identity.deleted': on('identity.deleted'),
      'address.verified': on('address.verified'),
      'session.revoked': on('session.revoked'),
    },
  }
  return { plan, warnings: planWarnings(settings) }
}

/** The actions of all connections, by what they are told after. A connection is one action, wherever it stands. */
function connectionActions(
  { connections }: Settings,
  deps: ActionDeps,
): (trigger: RecipeTrigger) => readonly PlannedAction[] {
  const opened = connections.map((settings) => {
    const connection = openConnection(settings, deps.random.uuid().replaceAll('-', ''))
    return {
      settings,
      connection,
      known: { sending: sendingOfConnection(connection), rehearses: rehearsesConnection(deps, connection) },
    }
  })
  return (trigger) =>
    opened
      .filter(({ connection }) => connection.triggers.includes(trigger))
      .map(({ settings, connection, known }) => ({
        id: actionId(connectionActionId(settings)),
        kind: CONNECTION,
        where: settings.where,
        action: { render: rendersConnection(deps, connection, trigger), ...known },
      }))
}

/** Kinds that are not built or do nothing here are none; that was said when the configuration was read. */
function create({ entry, place, id }: Placed, deps: ActionDeps): readonly PlannedAction[] {
  const kind = kinds.get(entry.hook)
  if (kind === undefined) return []
  const action = kind.create(entry.config ?? {}, deps, place)
  return [{ id, kind: entry.hook, where: entry.where, action }]
}
