import { Value } from 'typebox/value'
import { actionKinds } from '../actions/registry.ts'
import { isJsonObject } from '../core/json.ts'
import { isEventPlace, PLACES, type Place } from '../core/place.ts'
import { check, type Finding } from './check.ts'
import { ENTERPRISE_HOOKS, ENTERPRISE_PLACES } from './enterprise-hooks.ts'
import { nearest } from './nearest.ts'
import type { Path } from './path.ts'
import { show } from './show.ts'
import { isHookSecret } from './hook-secrets.ts'

const kinds = new Map(Object.entries(actionKinds))

/** Where each kind may stand: those we have, and those we only accept. */
const placements: ReadonlyMap<string, readonly Place[]> = new Map([
  ...[...kinds].map(([kind, { placement }]) => [kind, placement] as const),
  ...ENTERPRISE_HOOKS.map((hook) => [hook, ENTERPRISE_PLACES] as const),
])

/** The kinds worth naming where somebody looks for one. */
const choicesAt = (place: string) => kindsAllowedAt(place).filter((kind) => !ENTERPRISE_HOOKS.includes(kind))

/** The kinds that may stand in a list. */
export const kindsAllowedAt = (place: string): readonly string[] =>
  [...placements].filter(([, placement]) => placement.some((each) => each === place)).map(([kind]) => kind)

/** Checks a hook list: known kinds, in their places, with their own configuration, each once. */
export function checkHookList(place: string, list: readonly unknown[], path: Path): readonly Finding[] {
  const findings = list.flatMap((entry, at) => checkEntry(place, entry, [...path, at]))
  const repeated = list.flatMap((entry, at): readonly Finding[] => {
    const first = list.findIndex((other) => Value.Equal(other, entry))
    return first === at
      ? []
      : [
          {
            path: [...path, at],
            part: 'value',
            got: `entries ${first} and ${at} are the same`,
            need: 'each entry once',
          },
        ]
  })
  return [...findings, ...repeated]
}

function checkEntry(place: string, entry: unknown, path: Path): readonly Finding[] {
  if (!isJsonObject(entry))
    return [{ path, part: 'value', got: show(entry, null), need: 'an action: an object with the key hook' }]
  const { hook, config, ...others } = entry
  if (typeof hook !== 'string' || !placements.has(hook)) return [unknownKind(hook, place, path)]
  const allowed = placements.get(hook) ?? []
  if (!allowed.some((each) => each === place)) return [misplaced(hook, allowed, place, path)]
  if (ENTERPRISE_HOOKS.includes(hook)) {
    return [
      {
        path,
        part: 'value',
        need: 'nothing',
        note: `"${hook}" belongs to Ory’s enterprise edition and does nothing here`,
        severity: 'warning',
      },
    ]
  }
  const extra = Object.keys(others).map(
    (key): Finding => ({
      path: [...path, key],
      part: 'key',
      got: 'an unknown key',
      need: 'one of hook, config',
      ...fixOf(nearest(key, ['hook', 'config'])),
    }),
  )
  const misfits = isEventPlace(place) ? answersIn(config, path) : orderIn(config, path)
  return [...extra, ...checkConfig(hook, config, path), ...misfits]
}

/** Somebody waits for the answer, so it can not wait for those before it. */
function orderIn(config: unknown, path: Path): readonly Finding[] {
  if (!isJsonObject(config) || config['lane'] === undefined) return []
  if (isJsonObject(config['response']) && config['response']['ignore'] === true) return []
  return [
    {
      path: [...path, 'config', 'lane'],
      part: 'key',
      got: `${whereOf(path)}: a call that somebody waits for, which cannot wait for those before it`,
      need: 'response.ignore: true beside it, which queues the call',
    },
  ]
}

function checkConfig(hook: string, config: unknown, path: Path): readonly Finding[] {
  const schema = kinds.get(hook)?.config ?? null
  if (schema === null) {
    if (config === undefined) return []
    return [
      {
        path: [...path, 'config'],
        part: 'key',
        got: show(config, null),
        need: `no configuration: "${hook}" takes none`,
      },
    ]
  }
  return check(schema, config ?? {}, [...path, 'config'], { isSecret: isHookSecret })
}

/** Of an event nobody is told who could wait for an answer: whatever wants one stands in the wrong place. */
function answersIn(config: unknown, path: Path): readonly Finding[] {
  if (!isJsonObject(config)) return []
  const response = isJsonObject(config['response']) ? config['response'] : {}
  const wanted: readonly (readonly [boolean, Path])[] = [
    [response['parse'] === true, ['config', 'response', 'parse']],
    [config['can_interrupt'] === true, ['config', 'can_interrupt']],
    [config['on_failure'] !== undefined, ['config', 'on_failure']],
    [config['attempts'] !== undefined, ['config', 'attempts']],
  ]
  return wanted
    .filter(([isWanted]) => isWanted)
    .map(
      ([, inner]): Finding => ({
        path: [...path, ...inner],
        part: 'key',
        got: `${whereOf(path)}: what has happened already can be neither refused nor changed, and nobody waits`,
        need: 'no such key: calls on an event are queued',
        fix: 'a call whose answer counts may stand before or after a flow, such as registration.after or settings.after',
      }),
    )
}

function unknownKind(hook: unknown, place: string, path: Path): Finding {
  const near = typeof hook === 'string' ? nearest(hook, [...placements.keys()]) : null
  return {
    path: [...path, 'hook'],
    part: hook === undefined ? 'key' : 'value',
    got: show(hook, null),
    need: `one of ${choicesAt(place).join(', ')}`,
    ...fixOf(near),
  }
}

const fixOf = (near: string | null) => (near === null ? {} : { fix: `did you mean ${near}?` })

/** The path of an entry from its flow on: `login.after.hooks[0]`, or `on.identity.created.hooks[0]`. */
export const whereOf = (path: Path) => {
  const steps = path.filter((step) => typeof step === 'string').slice(path[0] === 'actions' ? 1 : 2)
  return `${steps.join('.')}[${path.at(-1)}]`
}

function misplaced(hook: string, allowed: readonly Place[], place: string, path: Path): Finding {
  const [flow = '', phase = ''] = place.split('.')
  const moment = isEventPlace(place) ? place.replace('.', ' ') : `${phase} ${flow}`
  return {
    path: [...path, 'hook'],
    part: 'value',
    got: `${whereOf(path)}: "${hook}" may not run ${moment}; allowed here: ${choicesAt(place).join(', ')}`,
    need: 'an action that may run there',
    fix: elsewhere(hook, allowed, flow),
  }
}

/** Where it may stand, in the same flow if it may. */
function elsewhere(hook: string, allowed: readonly Place[], flow: string): string {
  const near = allowed.filter((place) => place.startsWith(`${flow}.`))
  const shown = near.length > 0 ? near : allowed
  return `"${hook}" may stand at ${PLACES.filter((place) => shown.includes(place)).join(', ')}`
}
