import type { AfterContext, BeforeContext, EventContext, Occasion, PlannedAction } from '../core/action.ts'
import type { Decision, IdentityPatch, Wish } from '../core/decision.ts'
import type { Delivery } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import { NeighbourError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { Log } from '../core/log.ts'
import type { ActionSettings } from '../core/settings.ts'
import type { RecordStep } from '../core/step.ts'
import type { Clock, Milliseconds, Random, Stopwatch } from '../core/time.ts'
import { triggerName } from '../core/trigger.ts'
import type { FieldMessage } from '../core/ui.ts'
import { type Due, type Note, openJournal } from './journal.ts'

/** Applies an amendment and checks the result against the identity's schema. */
export type Amend = (identity: Identity, patch: IdentityPatch) => Amended | Promise<Amended>
export type Amended =
  | { readonly kind: 'amended'; readonly identity: Identity }
  | { readonly kind: 'invalid'; readonly messages: readonly FieldMessage[] }

export type AskDeps = {
  readonly settings: { readonly actions: Pick<ActionSettings, 'askTimeout'> }
  readonly amend: Amend
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Pick<Random, 'rowId'>
  readonly log: Log
  /** Keeps what each action came to, so that it can be explained later. */
  readonly recordStep?: RecordStep
}

/** What the actions of a trigger, asked together, came to. */
export type Asked =
  | {
      readonly kind: 'proceed'
      /** The person with every amendment, where there is one. */
      readonly identity: Identity | null
      readonly effects: readonly (Effect | Wish)[]
      /** Deliveries the answer waits for; they are among the effects as well. */
      readonly awaited: readonly Delivery[]
    }
  | { readonly kind: 'deny'; readonly messages: readonly FieldMessage[] }
  | Extract<Decision, { kind: 'divert' }>

type Context = BeforeContext | AfterContext

export type AskOptions = {
  /** Flow and person as those see them who are told afterwards, when the change is made. */
  readonly told?: (identity: Identity) => { readonly flow: Flow; readonly identity: Identity }
  /** What is to be stored was decided earlier: whoever could refuse or change it has been asked already. */
  readonly isDecided?: true
}

/** Asks the actions in their order, each seeing the amendments before it, then renders what is to be told afterwards. */
export async function ask(
  deps: AskDeps,
  actions: readonly PlannedAction[],
  context: Context,
  options: AskOptions = {},
): Promise<Asked> {
  const event = deps.random.rowId()
  const due = occasionsOf(event, actions)
  const journal = openJournal(deps, due, {
    event,
    trigger: triggerName(context.trigger),
    flowId: context.flow.id,
    identityId: 'identity' in context ? context.identity.id : (context.session?.identity.id ?? null),
  })
  try {
    const asked = await askAll(deps, due, context, { ...options, note: journal.note })
    journal.close(STEP_OUTCOME[asked.kind])
    return asked
  } catch (error) {
    journal.close('failed')
    throw error
  }
}

const STEP_OUTCOME = { proceed: 'proceeded', deny: 'denied', divert: 'diverted' } as const
const OUTCOME = { proceed: 'proceeded', amend: 'amended', deny: 'denied', divert: 'diverted' } as const

async function askAll(
  deps: AskDeps,
  all: readonly Due[],
  context: Context,
  { told, isDecided, note }: AskOptions & { readonly note: Note },
): Promise<Asked> {
  const deadline = deps.stopwatch.now() + deps.settings.actions.askTimeout
  const effects: (Effect | Wish)[] = []
  let current = context
  for (const due of all) {
    const { planned, occasion } = due
    if (isDecided && planned.action.isGate) {
      note(due, 'decided_before')
      continue
    }
    note(due, 'failed')
    const decision = await decide(deps, planned, current, deadline, occasion)
    note(due, OUTCOME[decision.kind])
    if (decision.kind === 'deny' || decision.kind === 'divert') return decision
    if (decision.kind === 'proceed') {
      effects.push(...decision.effects)
      continue
    }
    if (!('identity' in current)) continue
    const amended = await deps.amend(current.identity, decision.patch)
    if (amended.kind === 'invalid') {
      note(due, 'invalid')
      return { kind: 'deny', messages: amended.messages }
    }
    current = { ...current, identity: amended.identity }
  }
  const seen = 'identity' in current && told ? { ...current, ...told(current.identity) } : current
  const rendered = await renderTold(deps, all, seen, note)
  return {
    kind: 'proceed',
    identity: 'identity' in current ? current.identity : null,
    effects: [...effects, ...rendered.map(({ delivery }): Effect => ({ kind: 'notify', delivery }))],
    awaited: rendered.filter(({ isAwaited }) => isAwaited).map(({ delivery }) => delivery),
  }
}

const nothing: Decision = { kind: 'proceed', effects: [] }

async function decide(
  deps: AskDeps,
  planned: PlannedAction,
  context: Context,
  deadline: Milliseconds,
  occasion: Occasion,
): Promise<Decision> {
  const { before, after } = planned.action
  try {
    if ('identity' in context) return (await after?.(context, deadline, occasion)) ?? nothing
    return (await before?.(context, deadline, occasion)) ?? nothing
  } catch (error) {
    // The person is told no more than that a step failed, so the rest has to be said here.
    if (error instanceof NeighbourError) {
      deps.log('error', 'action_failed', {
        action: planned.id,
        where: planned.where,
        trigger: triggerName(context.trigger),
        flow: context.flow.id,
        class: error.class,
        detail: error.message,
      })
    }
    throw error
  }
}

/** What happens now is one event, and each action's part in it has a name of its own. */
export function occasionsOf(event: string, actions: readonly PlannedAction[]): readonly Due[] {
  const seen = new Map<string, number>()
  return actions.map((planned) => {
    const { id, where } = planned
    // Two entries may differ in nothing their id is made of; each is an event of its own then.
    const times = (seen.get(id) ?? 0) + 1
    seen.set(id, times)
    return { planned, occasion: { eventId: times === 1 ? event : `${event}.${times}`, actionId: id, where } }
  })
}

type Told = { readonly delivery: Delivery; readonly isAwaited: boolean }

/** Rendered only now that nobody can amend anything any more, so no body is stale. */
export async function renderTold(
  { log }: Pick<AskDeps, 'log'>,
  all: readonly Due[],
  context: Context | EventContext,
  note: Note,
): Promise<readonly Told[]> {
  const told: Told[] = []
  for (const due of all) {
    const { id, where, action } = due.planned
    if (action.render === undefined) continue
    const delivery = await action.render(context, due.occasion)
    if (delivery === null) {
      note(due, 'silent')
      continue
    }
    const isDead = delivery.content.kind === 'dead'
    note(due, isDead ? 'dead' : action.awaited ? 'awaited' : 'queued', delivery)
    if (delivery.content.kind === 'dead') {
      log('error', 'template_failed', { action: id, where, delivery: delivery.id, detail: delivery.content.reason })
    }
    told.push({ delivery, isAwaited: action.awaited === true })
  }
  return told
}
