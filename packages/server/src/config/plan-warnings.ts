import { parseDuration } from '../core/duration.ts'
import { METHODS_WITH_HOOKS, placeOf } from '../core/place.ts'
import { actionsFor } from '../core/plan.ts'
import type { Settings } from '../core/settings.ts'
import { EVENTS, FLOWS, type FlowName, type MethodName, type Trigger, triggerName } from '../core/trigger.ts'
import {
  actsOnlyBeforeStoring,
  allEntries,
  defaultsBeside,
  effectiveLists,
  entriesIn,
  isOff,
  type Placed,
  webHookMode,
} from './effective-lists.ts'

/** Something about the plan an operator should know: it works, and perhaps not as meant. */
export type PlanWarning = {
  readonly kind:
    | 'actions_are_off'
    | 'unreachable_action'
    | 'list_is_off'
    | 'method_is_off'
    | 'never_ran_in_kratos'
    | 'default_list_runs_beside'
    | 'default_list_replaced'
    | 'budget_exceeded'
    | 'can_strand'
    | 'same_id'
    | 'no_body'
    | 'plain_http'
    | 'tells_who_exists'
  /** The path of the entry or list it is about. */
  readonly where: string
  readonly text: string
}

type Look = (settings: Settings) => readonly PlanWarning[]

/** Every trigger that can fire: a flow starts, a method that is switched on has succeeded in it, or something has happened. */
export const triggersOf = ({ methods }: Settings): readonly Trigger[] => [
  ...FLOWS.flatMap((flow): readonly Trigger[] => [
    { phase: 'before', flow },
    ...methodsOf(flow, methods).map((method) => ({ phase: 'after' as const, flow, method })),
  ]),
  ...EVENTS.map((event) => ({ phase: 'on' as const, event })),
]

/** Recovery and verification have one list for both of their methods. */
const methodsOf = (flow: FlowName, methods: Settings['methods']): readonly MethodName[] => {
  const own: readonly MethodName[] = METHODS_WITH_HOOKS[flow]
  return (own.length > 0 ? own : (['code', 'link'] as const)).filter((method) => methods[method].enabled)
}

/** A default entry that every method's own list replaces (reliability.md §10, B5). */
const unreachable: Look = (settings) => {
  const lists = effectiveLists(settings)
  const reached = new Set(
    triggersOf(settings).flatMap((trigger) => actionsFor(trigger, lists).map(({ entry }) => entry.where)),
  )
  return FLOWS.flatMap((flow) =>
    methodsOf(flow, settings.methods).length === 0
      ? []
      : lists[flow].after
          .filter(({ entry }) => !reached.has(entry.where))
          .map(
            ({ entry }): PlanWarning => ({
              kind: 'unreachable_action',
              where: entry.where,
              text: 'never runs: every method has a list of its own; move it there, or set `merge`',
            }),
          ),
  )
}

const offLists: Look = ({ hooks, methods }) =>
  hooks.flatMap((list): readonly PlanWarning[] => {
    const { method, where, entries } = list
    if (method !== null && !methods[method].enabled) {
      return [{ kind: 'method_is_off', where, text: `never runs: the method ${method} is switched off` }]
    }
    if (method === null || !entries.every(isOff)) return []
    return [
      { kind: 'list_is_off', where, text: 'counts as empty, as every entry is off: the default list runs instead' },
    ]
  })

/** design.md §3, row 2: Ory asks only a method's own list before it stores. */
const neverRan: Look = ({ profile, hooks }) =>
  profile === 'safe'
    ? []
    : hooks
        .filter(
          ({ flow, phase, method }) =>
            phase === 'after' && method === null && (flow === 'registration' || flow === 'settings'),
        )
        .flatMap((list) =>
          list.entries
            .filter((entry) => !isOff(entry) && webHookMode(entry, placeOf(list.flow, 'after', null)) === 'asked')
            .map(
              ({ where }): PlanWarning => ({
                kind: 'never_ran_in_kratos',
                where,
                text: 'never ran in Kratos, runs here; `enabled: false` switches it off',
              }),
            ),
        )

/** design.md §3, row 17: said in both modes, as one surprises those who come from Ory and the other everybody else. */
const besideDefaults: Look = (settings) => {
  const isOry = settings.actions.precedence === 'ory'
  return settings.hooks.flatMap((list): readonly PlanWarning[] => {
    const own = entriesIn(list)
    if (list.method === null || list.merge !== 'override') return []
    if (!actsOnlyBeforeStoring(own.map(({ entry }) => entry))) return []
    const beside = defaultsBeside(own, effectiveLists(settings)[list.flow].after)
    return beside.map(({ entry }) =>
      isOry
        ? {
            kind: 'default_list_runs_beside',
            where: entry.where,
            text: `runs beside ${list.where} as well, as no entry there acts after the change is stored (actions.precedence: ory)`,
          }
        : {
            kind: 'default_list_replaced',
            where: entry.where,
            text: `does not run beside ${list.where}; in Ory it does (actions.precedence: ory)`,
          },
    )
  })
}

const seconds = (time: number) => `${time / 1000} s`

/** reliability.md §10, B8. */
const budgets: Look = (settings) => {
  const { askTimeout, timeout } = settings.actions
  const lists = effectiveLists(settings)
  return triggersOf(settings).flatMap((trigger): readonly PlanWarning[] => {
    const asked = actionsFor(trigger, lists).filter(({ entry, place }) => webHookMode(entry, place) === 'asked')
    const ends = asked.reduce<readonly number[]>(
      (sums, { entry }) => [...sums, (sums.at(-1) ?? 0) + ownTimeout(entry.config?.['timeout'], timeout)],
      [],
    )
    const total = ends.at(-1) ?? 0
    const last = asked.at(-1)
    if (total <= askTimeout || last === undefined) return []
    const starved = asked.find((_, at) => (ends[at - 1] ?? 0) >= askTimeout)
    const consequence =
      starved === undefined ? `${last.entry.where} may be cut short` : `${starved.entry.where} may never be asked`
    return [
      {
        kind: 'budget_exceeded',
        where: last.entry.where,
        text: `at ${triggerName(trigger)} the blocking actions can need ${seconds(total)}, actions.ask_timeout is ${seconds(askTimeout)}: ${consequence}`,
      },
    ]
  })
}

const ownTimeout = (text: unknown, common: number) =>
  typeof text === 'string' ? (parseDuration(text) ?? common) : common

/** Whoever can't get through here has no other way in. */
const stranded: Look = (settings) => {
  const lists = effectiveLists(settings)
  const recovery: readonly PlanWarning[] = [...lists.recovery.before, ...lists.recovery.after]
    .filter(({ entry, place }) => webHookMode(entry, place) === 'asked')
    .map(({ entry }) => ({
      kind: 'can_strand',
      where: entry.where,
      text: 'while its receiver fails, nobody can recover an account; response.ignore queues the call instead',
    }))
  const isVerifiable = settings.selfservice.flows.verification.enabled
  const unverified: readonly PlanWarning[] = settings.hooks.flatMap((list) =>
    list.entries
      .filter((entry) => entry.hook === 'require_verified_address' && !isOff(entry) && !isVerifiable)
      .map(({ where }) => ({
        kind: 'can_strand',
        where,
        text: 'nobody can verify an address, as selfservice.flows.verification is not enabled',
      })),
  )
  return [...recovery, ...unverified]
}

/** Alike in one list: each is called, and it may not be meant. With one `id` in several: one to whoever pauses it. */
const sameIds: Look = (settings) => {
  const first = new Map<string, string>()
  return allEntries(settings).flatMap(({ entry, id }): readonly PlanWarning[] => {
    const other = first.get(id) ?? first.get(id.replace(/:\d+$/, ''))
    const isNumbered = !first.has(id)
    if (isNumbered) first.set(id, entry.where)
    if (other === undefined) return []
    const text = isNumbered
      ? `makes the same call as ${other}: if both are meant, give each an \`id\`; pauses and logs know this one as ${id}`
      : `is the same action as ${other} to pauses, breakers and logs (${id}); give each an \`id\``
    return [{ kind: 'same_id', where: entry.where, text }]
  })
}

const eachWebHook = (settings: Settings, look: (placed: Placed) => readonly PlanWarning[]): readonly PlanWarning[] =>
  allEntries(settings)
    .filter(({ entry }) => entry.hook === 'web_hook' && !isOff(entry))
    .flatMap(look)

/** Ory needs a body at run time although its schema does not (ory-actions.md §1.3). */
const bodies: Look = (settings) =>
  eachWebHook(settings, ({ entry: { config, where } }) =>
    (config?.['body'] ?? '') !== '' || config?.['method'] === 'TRACE'
      ? []
      : [{ kind: 'no_body', where, text: 'fails whenever it is called: it has no body template' }],
  )

const plainHttp: Look = (settings) =>
  settings.profile === 'ory' || settings.dev
    ? []
    : eachWebHook(settings, ({ entry: { config, where } }) => {
        const url = typeof config?.['url'] === 'string' ? URL.parse(config['url']) : null
        return url?.protocol === 'http:' && url.hostname !== 'localhost' && !url.hostname.startsWith('127.')
          ? [
              {
                kind: 'plain_http',
                where,
                text: 'sends people’s data over http, where anybody on the way can read and change it',
              },
            ]
          : []
      })

/** design.md §7: signing in at once shows that the address was free. */
const enumeration: Look = (settings) =>
  settings.security.accountEnumeration.mitigate
    ? settings.hooks
        .filter(({ flow }) => flow === 'registration')
        .flatMap(({ entries }) => entries.filter((entry) => entry.hook === 'session' && !isOff(entry)))
        .map(
          ({ where }): PlanWarning => ({
            kind: 'tells_who_exists',
            where,
            text: 'people are signed in at once, so the form has to say when an address is taken, although security.account_enumeration.mitigate is on',
          }),
        )
    : []

/** Safe mode: what nobody runs can't be wrong, and whoever relied on it must know. */
function actionsAreOff(settings: Settings): PlanWarning {
  const off = allEntries(settings).filter(({ entry }) => !isOff(entry))
  const gates = off.filter(
    ({ entry, place }) => entry.hook === 'require_verified_address' || webHookMode(entry, place) === 'asked',
  )
  const named = gates.map(({ entry }) => entry.where).join(', ')
  return {
    kind: 'actions_are_off',
    where: 'actions.enabled',
    text: `NO ACTION RUNS: ${off.length} of the configuration are off, and so are token hooks${gates.length === 0 ? '' : `; nobody is refused by ${named}`}. Deliveries that are queued wait. Start without --actions off (or with actions.enabled: true) to run them again`,
  }
}

const LOOKS: readonly Look[] = [
  unreachable,
  offLists,
  neverRan,
  besideDefaults,
  budgets,
  stranded,
  sameIds,
  bodies,
  plainHttp,
  enumeration,
]

/** Everything about the plan of these settings that deserves a second look. */
export const planWarnings = (settings: Settings): readonly PlanWarning[] =>
  settings.actions.enabled ? LOOKS.flatMap((look) => look(settings)) : [actionsAreOff(settings)]
