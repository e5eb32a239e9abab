import type { actionKinds } from '../actions/registry.ts'
import { parseDuration } from '../core/duration.ts'
import { RANK } from '../core/effect.ts'
import { isJsonObject } from '../core/json.ts'
import { actionsFor } from '../core/plan.ts'
import type { HookList, Settings } from '../core/settings.ts'
import { type Trigger, triggerName } from '../core/trigger.ts'
import { TIMEOUT } from '../actions/recipe/connection-actions.ts'
import { CONNECTION, connectionActionId, recipeOf, triggersOfConnection } from './connections.ts'
import { effectiveLists, type Placed, webHookMode } from './effective-lists.ts'
import { triggersOf } from './plan-warnings.ts'

/** When a step happens: people wait for it before anything is stored, with the change, or after it; or it is queued. */
export type Beat = 'asked' | 'with the change' | 'told and awaited' | 'queued'

/** One action as it runs at a trigger. */
export type PlanStep = {
  readonly beat: Beat
  readonly kind: string
  /** What an action is known by; null where nobody configured it. */
  readonly id: string | null
  readonly where: string
  /** Why it runs here. */
  readonly why: string
  /** Of a call: method and address, what its answer may do, and its limits. */
  readonly call: {
    readonly target: string
    readonly answer: string
    readonly timeout: number
    readonly on_failure: string
    readonly when: string | null
  } | null
}

export type TriggerPlan = { readonly trigger: string; readonly steps: readonly PlanStep[] }

/** What runs at every trigger that can fire, in the order in which it happens, and why. */
export function explainPlan(settings: Settings): readonly TriggerPlan[] {
  const lists = effectiveLists(settings)
  return triggersOf(settings).map((trigger) => {
    const own = ownList(settings, trigger)
    const steps = actionsFor(trigger, lists).flatMap((placed) => stepOf(settings, trigger, own, placed))
    return {
      trigger: triggerName(trigger),
      steps: [...steps, ...implicitSteps(settings, trigger), ...connectionSteps(settings, trigger)].toSorted(
        (a, b) => placeOf(a) - placeOf(b),
      ),
    }
  })
}

const ownList = ({ hooks }: Settings, trigger: Trigger): HookList | null =>
  (trigger.phase === 'after' &&
    hooks.find(({ flow, method, phase }) => flow === trigger.flow && method === trigger.method && phase === 'after')) ||
  null

type BuiltIn = Exclude<keyof typeof actionKinds, 'web_hook'>

/** When each kind acts and, with the change, in which order: by the rank of its effect, wherever it stands in its list. */
const BEATS: { readonly [K in BuiltIn]: { readonly beat: Beat; readonly rank: number } } = {
  require_verified_address: { beat: 'asked', rank: 0 },
  verify_new_address: { beat: 'asked', rank: 0 },
  revoke_active_sessions: { beat: 'with the change', rank: RANK.revokeOtherSessions },
  session: { beat: 'with the change', rank: RANK.handOutSession },
  show_verification_ui: { beat: 'with the change', rank: RANK.continueWith },
  verification: { beat: 'with the change', rank: RANK.sendMail },
  notify_previous_addresses: { beat: 'with the change', rank: RANK.sendMail },
}
const ORDER: { readonly [B in Beat]: number } = { asked: 0, 'with the change': 1, 'told and awaited': 2, queued: 3 }

const isBuiltIn = (kind: string): kind is BuiltIn => Object.hasOwn(BEATS, kind)

const placeOf = ({ beat, kind }: PlanStep) => ORDER[beat] * 1000 + (isBuiltIn(kind) ? BEATS[kind].rank : 0)

const MODES = { asked: 'asked', awaited: 'told and awaited', queued: 'queued' } as const

function stepOf(settings: Settings, trigger: Trigger, own: HookList | null, placed: Placed): readonly PlanStep[] {
  const { entry, place, id } = placed
  const known = {
    id,
    where: entry.where,
    kind: entry.hook,
    why: reason(trigger, own, placed),
  }
  const mode = webHookMode(entry, place)
  if (mode !== null) return [{ ...known, beat: MODES[mode], call: callOf(settings, placed, mode) }]
  // Kinds of Ory's enterprise edition do nothing.
  return isBuiltIn(entry.hook) ? [{ ...known, beat: BEATS[entry.hook].beat, call: null }] : []
}

function reason(trigger: Trigger, own: HookList | null, { place }: Placed): string {
  if (trigger.phase === 'on') return `${trigger.event}, whatever caused it`
  if (trigger.phase === 'before') return 'the flow starts'
  if (place === `${trigger.flow}.after.${trigger.method}`) {
    return own?.merge === 'prepend' || own?.merge === 'append'
      ? `the list of ${trigger.method}, merge: ${own.merge}`
      : `the list of ${trigger.method}`
  }
  if (own === null || own.entries.length === 0) return `the default list: ${trigger.method} has none of its own`
  if (own.merge !== 'override') return `the default list, as ${trigger.method} has merge: ${own.merge}`
  return `the default list: nothing in that of ${trigger.method} acts here (actions.precedence: ory)`
}

function callOf({ actions }: Settings, { entry: { config } }: Placed, mode: keyof typeof MODES): PlanStep['call'] {
  const text = (key: string) => (typeof config?.[key] === 'string' ? config[key] : null)
  const [address = ''] = (text('url') ?? '').split(/[?#]/, 1)
  const response = isJsonObject(config?.['response']) ? config['response'] : {}
  const parses = response['parse'] === true
  return {
    target: `${text('method') ?? ''} ${address.replace(/^(https?:\/\/)[^/]*@/i, '$1')}`,
    answer:
      mode === 'queued'
        ? 'is not waited for'
        : parses
          ? 'may refuse or change'
          : config?.['can_interrupt'] === true
            ? 'may refuse'
            : 'has to be a success',
    timeout: parseDuration(text('timeout') ?? '') ?? actions.timeout,
    on_failure:
      mode === 'queued'
        ? 'retried for three days'
        : (text('on_failure') ?? (mode === 'awaited' && actions.awaitedFailure === 'retry' ? 'queue' : 'deny')),
    when: text('when'),
  }
}

/** Registration and settings verify addresses without being told (ory-actions.md §3.4). */
function implicitSteps({ selfservice }: Settings, trigger: Trigger): readonly PlanStep[] {
  if (trigger.phase !== 'after') return []
  const isImplicit = trigger.flow === 'registration' || trigger.flow === 'settings'
  if (!isImplicit || !selfservice.flows.verification.enabled) return []
  const where = 'selfservice.flows.verification.enabled'
  return [{ beat: 'with the change', kind: 'verification', id: null, where, why: 'addresses are verified', call: null }]
}

/** Vendors are told in the end, whatever list counts. */
function connectionSteps(settings: Settings, trigger: Trigger): readonly PlanStep[] {
  if (trigger.phase === 'before') return []
  const name = trigger.phase === 'on' ? trigger.event : trigger.flow
  return settings.connections.flatMap((connection) => {
    if (!triggersOfConnection(connection).includes(name)) return []
    const { title, steps, triggers, base_url } = recipeOf(connection)
    const told = triggers[name]
    const [first = ''] = told?.steps ?? []
    const address = connection.baseUrl ?? (base_url.startsWith('${') ? title : base_url)
    return [
      {
        beat: 'queued' as const,
        kind: CONNECTION,
        id: connectionActionId(connection),
        where: connection.where,
        why: told?.about ?? '',
        call: {
          target: `${title}: ${steps[first]?.request.method ?? ''} ${address}${steps[first]?.request.path ?? ''}`,
          answer: 'is read by the recipe',
          timeout: TIMEOUT,
          on_failure: 'retried for three days',
          when: connection.when,
        },
      },
    ]
  })
}
