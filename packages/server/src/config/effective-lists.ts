import { actionIdsOf } from '../actions/action-id.ts'
import { modeOf } from '../actions/web-hook/hook.ts'
import { type ActionId, actionId } from '../core/ids.ts'
import type { ActionPlan, FlowPlan } from '../core/plan.ts'
import { eventPlace, type Place, placeOf } from '../core/place.ts'
import type { EventHookList, HookEntry, HookList, Settings } from '../core/settings.ts'
import type { EventName, FlowName, MethodName } from '../core/trigger.ts'

/** An entry with the place of the list it stands in. */
export type Placed = { readonly entry: HookEntry; readonly place: Place; readonly id: ActionId }

type Lists = Pick<Settings, 'hooks' | 'eventHooks'> & {
  readonly actions: Pick<Settings['actions'], 'precedence' | 'enabled'>
}

/**
 * Which entries count at which trigger (design.md §2): a method's own list, else the flow's default one, or both as
 * `merge` says. Entries that are switched off are none, and all of them where actions are.
 */
export function effectiveLists({ actions, ...configured }: Lists): ActionPlan<Placed> {
  const { hooks, eventHooks } = actions.enabled ? configured : { hooks: [], eventHooks: [] }
  const flowPlan = (flow: FlowName): FlowPlan<Placed> => {
    const lists = hooks.filter((list) => list.flow === flow)
    const entriesOf = (phase: HookList['phase'], method: MethodName | null) =>
      lists.filter((list) => list.phase === phase && list.method === method).flatMap(entriesIn)
    const after = entriesOf('after', null)
    const ofMethods = lists.flatMap((list): readonly [MethodName, readonly Placed[]][] => {
      const own = entriesIn(list)
      if (list.method === null || own.length === 0) return []
      const beside = actions.precedence === 'ory' ? defaultsBeside(own, after) : []
      return [[list.method, together(list, own, after, beside)]]
    })
    return { before: entriesOf('before', null), after, afterMethod: Object.fromEntries(ofMethods) }
  }
  return {
    login: flowPlan('login'),
    registration: flowPlan('registration'),
    recovery: flowPlan('recovery'),
    verification: flowPlan('verification'),
    settings: flowPlan('settings'),
    on: {
      'identity.created': toldOf(eventHooks, 'identity.created'),
      'identity.updated': toldOf(eventHooks, 'identity.updated'),
      'identity.deleted': toldOf(eventHooks, 'identity.deleted'),
      'address.verified': toldOf(eventHooks, 'address.verified'),
      'session.revoked': toldOf(eventHooks, 'session.revoked'),
    },
  }
}

const toldOf = (lists: readonly EventHookList[], event: EventName): readonly Placed[] =>
  lists
    .filter((list) => list.event === event)
    .flatMap(({ entries }) => placedAt(eventPlace(event), entries))
    .filter(({ entry }) => !isOff(entry))

/** Every entry of the settings, switched on or off, with its place. */
export const allEntries = ({ hooks, eventHooks }: Pick<Settings, 'hooks' | 'eventHooks'>): readonly Placed[] => [
  ...hooks.flatMap(({ flow, phase, method, entries }) => placedAt(placeOf(flow, phase, method), entries)),
  ...eventHooks.flatMap(({ event, entries }) => placedAt(eventPlace(event), entries)),
]

function placedAt(place: Place, entries: readonly HookEntry[]): readonly Placed[] {
  const ids = actionIdsOf(place, entries)
  return entries.flatMap((entry, at) => {
    const id = ids[at]
    return id === undefined ? [] : [{ entry, place, id }]
  })
}

export const isOff = ({ config }: HookEntry) => config?.['enabled'] === false

/** What counts of a list: all that is not switched off. */
export const entriesIn = ({ flow, phase, method, entries }: HookList): readonly Placed[] =>
  placedAt(placeOf(flow, phase, method), entries).filter(({ entry }) => !isOff(entry))

function together(
  { merge }: HookList,
  own: readonly Placed[],
  after: readonly Placed[],
  beside: readonly Placed[],
): readonly Placed[] {
  switch (merge) {
    case 'override':
      return [...apart(own, beside), ...beside]
    case 'prepend':
      return [...apart(own, after), ...after]
    case 'append':
      return [...after, ...apart(own, after)]
    default:
      return merge satisfies never
  }
}

/** One occurrence has one delivery of each action, so those that run together may not be known by one `id`. */
const apart = (own: readonly Placed[], others: readonly Placed[]): readonly Placed[] =>
  own.map((placed) =>
    others.some(({ id }) => id === placed.id) ? { ...placed, id: actionId(`${placed.place}:${placed.id}`) } : placed,
  )

/** Kinds that act before a change is stored and not after it. */
const ONLY_BEFORE_STORING = new Set(['verify_new_address'])

/** Whether a method's list leaves the stage after storing to nobody. Only settings have such kinds. */
export const actsOnlyBeforeStoring = (own: readonly Pick<HookEntry, 'hook'>[]) =>
  own.length > 0 && own.every(({ hook }) => ONLY_BEFORE_STORING.has(hook))

/** The default entries that act after a change is stored: in Ory they run beside such a list (design.md §3, row 17). */
export function defaultsBeside(own: readonly Placed[], after: readonly Placed[]): readonly Placed[] {
  if (!actsOnlyBeforeStoring(own.map(({ entry }) => entry))) return []
  return after.filter(
    ({ entry, place }) => !ONLY_BEFORE_STORING.has(entry.hook) && webHookMode(entry, place) !== 'asked',
  )
}

/** When a web_hook is called; null for every other kind. */
export function webHookMode({ hook, config }: HookEntry, place: Place): ReturnType<typeof modeOf> | null {
  if (hook !== 'web_hook') return null
  const response = config?.['response']
  const answer = typeof response === 'object' && response !== null && !Array.isArray(response) ? response : {}
  return modeOf(
    {
      response: {
        ignore: 'ignore' in answer && answer.ignore === true,
        parse: 'parse' in answer && answer.parse === true,
      },
      can_interrupt: config?.['can_interrupt'] === true,
    },
    place,
  )
}
