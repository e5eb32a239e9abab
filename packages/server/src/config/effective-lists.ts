import { modeOf } from '../actions/web-hook/hook.ts'
import type { ActionPlan, FlowPlan } from '../core/plan.ts'
import { eventPlace, type Place, placeOf } from '../core/place.ts'
import type { EventHookList, HookEntry, HookList, Settings } from '../core/settings.ts'
import type { EventName, FlowName, MethodName } from '../core/trigger.ts'

/** An entry with the place of the list it stands in. */
export type Placed = { readonly entry: HookEntry; readonly place: Place }

type Lists = Pick<Settings, 'hooks' | 'eventHooks'> & { readonly actions: Pick<Settings['actions'], 'precedence'> }

/**
 * Which entries count at which trigger (design.md §2): a method's own list, else the flow's default one, or both as
 * `merge` says. Entries that are switched off are none.
 */
export function effectiveLists({ hooks, eventHooks, actions }: Lists): ActionPlan<Placed> {
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
    .flatMap(({ entries }) => entries.filter((entry) => !isOff(entry)))
    .map((entry) => ({ entry, place: eventPlace(event) }))

/** Every entry of the settings, switched on or off, with its place. */
export const allEntries = ({ hooks, eventHooks }: Pick<Settings, 'hooks' | 'eventHooks'>): readonly Placed[] => [
  ...hooks.flatMap(({ flow, phase, method, entries }) =>
    entries.map((entry) => ({ entry, place: placeOf(flow, phase, method) })),
  ),
  ...eventHooks.flatMap(({ event, entries }) => entries.map((entry) => ({ entry, place: eventPlace(event) }))),
]

export const isOff = ({ config }: HookEntry) => config?.['enabled'] === false

function entriesIn(list: HookList): readonly Placed[] {
  const place = placeOf(list.flow, list.phase, list.method)
  return list.entries.filter((entry) => !isOff(entry)).map((entry) => ({ entry, place }))
}

function together(
  { merge }: HookList,
  own: readonly Placed[],
  after: readonly Placed[],
  beside: readonly Placed[],
): readonly Placed[] {
  switch (merge) {
    case 'override':
      return [...own, ...beside]
    case 'prepend':
      return [...own, ...after]
    case 'append':
      return [...after, ...own]
    default:
      return merge satisfies never
  }
}

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
