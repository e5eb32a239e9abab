import type { Cost } from '../core/budget.ts'
import type { Conflict, Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { withValues } from '../core/nodes.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { Attempt } from '../methods/define.ts'
import { consultBefore } from './ask-before.ts'
import type { Closing, FlowDeps, FlowRules, Outcome, StartRequest, Submission } from './define.ts'
import { maskCsrf, renderAgain, renderForm } from './form.ts'
import {
  chargesForMail,
  givenBack,
  overdrawn,
  payFor,
  refunds,
  refundsForMail,
  rememberSource,
  type Toll,
  tooOften,
  tooOftenText,
} from './limits.ts'
import { park } from './parked.ts'
import { carried, goingOn } from './exchange.ts'
import { type FormRead, readForm } from './read-form.ts'
import { answerAsIfFree, takenMessage } from './taken.ts'
import { openers, rulesOf } from './registry.ts'
import { replaceFlow } from './replace-flow.ts'

/** A submission lost against a neighbour's: nothing was written, and it is made again to what the neighbour left. */
type Lost = { readonly kind: 'lost'; readonly conflict: Conflict }

/** More neighbours than a flow or a person has at any honest moment. */
const TRIES = 12

/** Answers one submitted form: try the method, ask the actions, then commit everything at once. */
export async function submitFlow(deps: FlowDeps, submission: Submission): Promise<Outcome> {
  let { flow } = submission
  // However often it is made again: it is one try.
  let paid: Promise<Toll> | null = null
  const pay: Pay = (costs) => (paid ??= payFor(deps, costs, submission.caller.request))
  for (let i = 0; i < TRIES; i++) {
    const outcome = await answer(deps, { ...submission, flow }, pay)
    if (outcome.kind !== 'lost') return outcome
    flow = (await deps.store.flows.find(flow.id)) ?? flow
  }
  throw new WireError(409, 'The same was changed by others at the same time. Please try again.')
}

type Pay = (costs: readonly Cost[]) => Promise<Toll>

async function answer(deps: FlowDeps, submission: Submission, pay: Pay): Promise<Outcome | Lost> {
  const { flow, caller, body } = submission
  const at = deps.clock.now()
  const rules = rulesOf(deps, flow)
  if (rules.admit(caller) === 'signed_in') return { kind: 'signed_in', flow }
  if (flow.expiresAt <= at) {
    const said = [{ field: '', message: rules.expired({ now: at, expiredAt: flow.expiresAt }) }]
    return replaceFlow(deps, flow, caller, { messages: said, because: 'expired', effects: [] })
  }
  if (flow.completed) {
    const again = rules.resubmitted(body.kind === 'fields' ? body.fields : {})
    if (again.kind === 'kept') return unsaved(deps, submission, {}, again.messages, at)
    return replaceFlow(deps, flow, caller, { messages: again.messages, because: 'retried', effects: [] })
  }

  const person = await rules.person(caller)
  const form = readForm(deps, submission, { rules, person, at })
  if (form.kind === 'refused') return keepOpen(deps, submission, form.fields, form.messages, at)
  if (form.reading.privileged && !rules.isPrivileged(caller, submission.parked ?? null, at)) {
    return parked(deps, submission, form, at)
  }
  const toll = await pay(form.reading.costs ?? [])
  if (toll.kind === 'too_often') return heldBack(deps, submission, form.fields, toll, at)
  const attempt = await form.reading.attempt().catch(async (error: unknown) => {
    await deps.store.commit(givenBack(toll))
    throw error
  })
  return conclude(deps, { submission, rules, person, form, toll, at, opened: [] }, attempt)
}

/** Whoever tries too often waits: pages say so in the flow, everybody else gets a 429 (reliability.md §8.2). */
function heldBack(
  deps: FlowDeps,
  submission: Submission,
  fields: JsonObject,
  { wait }: Extract<Toll, { kind: 'too_often' }>,
  at: Time,
): Promise<Outcome | Lost> {
  if (submission.caller.client !== 'html') throw tooOften(wait)
  const said = [{ field: '', message: messages.reason(tooOftenText(wait)) }]
  return keepOpen(deps, submission, fields, said, at)
}

type Trying = {
  readonly submission: Submission
  readonly rules: FlowRules
  readonly person: IdentityWithCredentials | null
  readonly form: Extract<FormRead, { kind: 'read' }>
  /** What the try has cost. */
  readonly toll: Toll
  readonly at: Time
  /** What opens the flow together with the rest, where it goes on from another one. */
  readonly opened: readonly Effect[]
}

/** What becomes of an attempt. */
async function conclude(deps: FlowDeps, trying: Trying, attempt: Attempt): Promise<Outcome | Lost> {
  const { submission, rules, person, form, toll, at, opened } = trying
  const { flow, caller } = submission
  const { method, transientPayload, fields } = form
  switch (attempt.kind) {
    case 'failed':
      return keepOpen(deps, submission, fields, attempt.messages, at, opened)
    case 'pending': {
      const owner = attempt.handOver ? handedTo(caller) : caller
      const shown = attempt.hidesPayload ? null : transientPayload
      const next: Flow = { ...attempt.flow, transientPayload: shown, updatedAt: at }
      const kept =
        attempt.fills === undefined
          ? maskCsrf(deps, next, owner)
          : shownAnew(deps, next, owner, { person, fields: attempt.fills })
      const mail = chargesForMail(deps, attempt.effects, toll, caller.request)
      const commit = await deps.store.commit([
        ...keep(trying, stripped(kept)),
        ...attempt.effects,
        ...mail.map((charge) => ({ kind: 'charge', charge }) as const),
      ])
      if (commit.kind === 'conflict' && commit.conflict === 'budget_spent') {
        return heldBack(deps, submission, fields, await overdrawn(deps, mail), at)
      }
      if (commit.kind === 'conflict') return lostOr(deps, submission, fields, commit.conflict, at)
      deps.wake()
      const { continuity, browserTo } = attempt
      return {
        kind: 'kept',
        flow: kept,
        answer: attempt.answer,
        ...(attempt.handOver ? { renewsCsrf: true } : {}),
        ...(continuity === undefined ? {} : { continuity }),
        ...(browserTo === undefined ? {} : { browserTo }),
      }
    }
    case 'replaced':
      return replaceFlow(deps, flow, caller, { ...attempt, because: 'retried' })
    case 'continues':
      return continueIn(deps, trying, attempt)
    case 'passed': {
      if (attempt.identity.state !== 'active') {
        const disabled = [{ field: '', message: messages.accountDisabled() }]
        return keepOpen(deps, submission, fields, disabled, at, opened)
      }
      if (method === null) throw new Error('a step of a flow signs nobody in')
      // Who has the secret of a mail may open it anywhere: the flow goes on in that browser.
      const movesHere = form.reading.withoutCsrf === true && !submission.isOwner && flow.type === 'browser'
      const owner = movesHere ? handedTo(caller) : caller
      const waited = submission.parked ?? null
      const closing = await rules.close({
        attempt,
        method,
        transientPayload,
        caller: owner,
        person,
        parked: waited,
        at,
      })
      if (closing.kind === 'needs_proof') return parked(deps, submission, form, at)
      if (closing.kind === 'denied') {
        // What the form sent along belongs to that submission alone (ory-actions.md §4.3).
        const left = closing.flow ?? flow
        const outcome = await keepOpen(deps, { ...submission, flow: left }, fields, closing.messages, at, opened)
        return outcome.kind === 'kept' && closing.answer ? { ...outcome, answer: closing.answer } : outcome
      }
      const mail = chargesForMail(deps, closing.effects.filter(isAskedFor(flow)), toll, caller.request)
      const commit = await deps.store.commit([
        ...withOpened(opened, closing.effects),
        ...mail.map((charge) => ({ kind: 'charge', charge }) as const),
        ...settled(deps, trying, attempt, closing),
      ])
      if (commit.kind === 'conflict' && commit.conflict === 'budget_spent') {
        return heldBack(deps, submission, fields, await overdrawn(deps, mail), at)
      }
      if (commit.kind === 'conflict' && isSignUpTaken(submission, commit.conflict)) {
        const draft = attempt.identity
        const asIfFree = await answerAsIfFree(deps, { submission, method, draft, closing })
        if (asIfFree !== null) deps.wake()
        const said = [{ field: '', message: await takenMessage(deps, draft) }]
        return asIfFree ?? keepOpen(deps, submission, fields, said, at, opened)
      }
      if (commit.kind === 'conflict') return lostOr(deps, submission, fields, commit.conflict, at)

      deps.wake()
      for (const delivery of closing.awaited) await deps.deliver(delivery)
      const { outcome } = closing
      return outcome.kind === 'kept' && movesHere ? { ...outcome, renewsCsrf: true } : outcome
    }
    default:
      return attempt satisfies never
  }
}

const isSignUpTaken = ({ flow, returned }: Submission, conflict: Conflict) =>
  flow.name === 'registration' && conflict === 'identifier_taken' && returned === undefined

/** Who is signed in can have others written to by naming their addresses. What else goes out, nobody asked for. */
const isAskedFor = (flow: Flow) => (effect: Effect) =>
  flow.name === 'settings' && effect.kind === 'sendMail' && effect.message.template.startsWith('verification_')

/** A good try is not counted, and it is remembered from where it came. */
function settled(
  deps: FlowDeps,
  { submission, form, toll }: Trying,
  attempt: Extract<Attempt, { kind: 'passed' }>,
  { outcome }: Extract<Closing, { kind: 'closed' }>,
): readonly Effect[] {
  const { flow, caller } = submission
  const { request } = caller
  const { challenge } = flow
  const byMail = (form.method === 'code' || form.method === 'link') && challenge !== null && !challenge.byAdmin
  const isInside = outcome.kind === 'recovered' || (outcome.kind === 'completed' && outcome.handedOut)
  const proven = attempt.aal === 'aal2' ? 'second' : 'first'
  return [
    ...(flow.name === 'registration' ? [] : refunds(toll)),
    ...(byMail ? refundsForMail(deps, challenge.address, request) : []),
    ...(isInside ? rememberSource(deps, attempt.identity, proven, { toll, request }) : []),
  ]
}

const handedTo = (caller: Submission['caller']) => ({ ...caller, csrfCookie: caller.nextCsrfCookie })

/** The form a flow has got to, with what was typed before in it. */
function shownAnew(
  deps: FlowDeps,
  flow: Flow,
  caller: Submission['caller'],
  { person, fields }: { readonly person: IdentityWithCredentials | null; readonly fields: JsonObject },
): Flow {
  const anew = renderForm(deps, flow, caller, { person, infos: flow.ui.messages })
  return { ...anew, ui: withValues(anew.ui, fields) }
}

/** What a form sent along is told to the actions of its own submission and never stored (ory-actions.md §4.3). */
const stripped = (flow: Flow): Flow => ({ ...flow, transientPayload: null })

/** Keeps the flow; or opens it as it has become, where it goes on from another one and was never stored. */
const keep = ({ opened }: Pick<Trying, 'opened'>, flow: Flow): readonly Effect[] =>
  opened.length === 0 ? [{ kind: 'keepFlow', flow }] : withOpened(opened, [{ kind: 'keepFlow', flow }])

/** A flow that is opened and changed in the same commit is opened as it ends up. */
function withOpened(opened: readonly Effect[], effects: readonly Effect[]): readonly Effect[] {
  const ids = new Set(opened.flatMap((effect) => (effect.kind === 'openFlow' ? [effect.flow.id] : [])))
  const isChange = (effect: Effect) =>
    (effect.kind === 'keepFlow' || effect.kind === 'closeFlow') && ids.has(effect.flow.id)
  const changed = effects.flatMap((effect) =>
    (effect.kind === 'keepFlow' || effect.kind === 'closeFlow') && ids.has(effect.flow.id)
      ? [{ kind: 'openFlow', flow: effect.flow } as const]
      : [],
  )
  if (changed.length === 0) return [...opened, ...effects]
  const others = opened.filter(
    (effect) => effect.kind !== 'openFlow' || !changed.some(({ flow }) => flow.id === effect.flow.id),
  )
  return [...changed, ...others, ...effects.filter((effect) => !isChange(effect))]
}

/** Opens the flow in which a submission goes on, asks the actions before it, and carries on there. */
async function continueIn(
  deps: FlowDeps,
  trying: Trying,
  attempt: Extract<Attempt, { kind: 'continues' }>,
): Promise<Outcome | Lost> {
  const { submission, form } = trying
  const { flow, caller } = submission
  const query = Object.fromEntries(new URL(flow.requestUrl).searchParams)
  const { oauth2, type, requestUrl } = flow
  const request = { name: attempt.flow, type, requestUrl, query, caller, oauth2 }
  const opening = await openOrSay(deps, request, flow)
  if (opening.kind === 'refused') {
    // Whoever may not go on there is told where they are (ory-actions.md §2.3).
    return keepOpen(deps, submission, form.fields, opening.messages, trying.at)
  }
  if (opening.kind === 'signed_in') return { kind: 'signed_in', flow }
  const next = carried(flow, opening.flow)
  const { asked } = opening
  const opened: readonly Effect[] = [
    { kind: 'closeFlow', flow: { ...goingOn(flow, next.id), completed: true, updatedAt: trying.at } },
    { kind: 'openFlow', flow: next },
    ...asked,
  ]
  const rules = rulesOf(deps, next)
  const inNext = { ...trying, submission: { ...submission, flow: next }, rules, form, opened }
  if (next.name === 'registration' && attempt.flow === 'registration') {
    return conclude(deps, inNext, await attempt.attempt(next))
  }
  if (next.name === 'login' && attempt.flow === 'login') return conclude(deps, inNext, await attempt.attempt(next))
  throw new Error(`a ${attempt.flow} was to be opened, and a ${next.name} was`)
}

type Continued =
  | { readonly kind: 'opened'; readonly flow: Flow; readonly asked: readonly Effect[] }
  | { readonly kind: 'refused'; readonly messages: readonly FieldMessage[] }
  | { readonly kind: 'signed_in' }

async function openOrSay(deps: FlowDeps, request: StartRequest, { returnTo }: Flow): Promise<Continued> {
  try {
    const opening = await openers[request.name](deps, request, returnTo)
    if (opening.kind === 'signed_in') return opening
    const consulted = await consultBefore(deps, opening.flow, request.caller)
    return consulted.kind === 'refused' ? consulted : { kind: 'opened', flow: opening.flow, asked: consulted.effects }
  } catch (error) {
    if (!(error instanceof WireError) || error.status !== 400) throw error
    return { kind: 'refused', messages: [{ field: '', message: messages.reason(error.options.reason ?? '') }] }
  }
}

/** Keeps what was asked for until the person has proven who they are, and sends them to do so (ory-identity-api.md §3.3). */
async function parked(
  deps: FlowDeps,
  submission: Submission,
  { fields }: Extract<FormRead, { kind: 'read' }>,
  at: Time,
): Promise<Outcome | Lost> {
  const { flow, outcome } = park(deps, submission.flow, fields, at)
  // A native client has nothing that brings it back: it sends the same once more.
  if (flow.type === 'api') return outcome
  const commit = await deps.store.commit([{ kind: 'keepFlow', flow }])
  return commit.kind === 'conflict' ? { kind: 'lost', conflict: commit.conflict } : outcome
}

function unsaved(
  deps: FlowDeps,
  { flow, caller }: Submission,
  fields: JsonObject,
  said: readonly FieldMessage[],
  at: Time,
): Outcome {
  return { kind: 'kept', flow: renderAgain(deps, flow, caller, { fields, messages: said, at }), answer: 'refused' }
}

/** The form comes back with what was wrong; the flow stays open. */
async function keepOpen(
  deps: FlowDeps,
  submission: Submission,
  fields: JsonObject,
  said: readonly FieldMessage[],
  at: Time,
  opened: readonly Effect[] = [],
): Promise<Outcome | Lost> {
  const flow = renderAgain(deps, submission.flow, submission.caller, { fields, messages: said, at })
  const commit = await deps.store.commit(keep({ opened }, stripped(flow)))
  if (commit.kind === 'committed') return { kind: 'kept', flow, answer: 'refused' }
  // What was said is still true, whatever a neighbour did to the flow: it need not be found out again.
  const now = await deps.store.flows.find(flow.id)
  if (now === null || now.completed || opened.length > 0) return { kind: 'lost', conflict: commit.conflict }
  return keepOpen(deps, { ...submission, flow: now }, fields, said, at)
}

/** Somebody was faster: nothing was written. Either it is tried again, or the answer says what happened. */
function lostOr(
  deps: FlowDeps,
  submission: Submission,
  fields: JsonObject,
  conflict: Conflict,
  at: Time,
): Promise<Outcome | Lost> | Lost {
  // Who came back from a provider is looked for again: the neighbour may have been themselves, in another tab.
  if (conflict === 'identifier_taken' && submission.returned !== undefined) return { kind: 'lost', conflict }
  return conflict === 'identifier_taken' || conflict === 'external_id_taken'
    ? keepOpen(deps, submission, fields, [{ field: '', message: messages.duplicateIdentifier() }], at)
    : { kind: 'lost', conflict }
}
