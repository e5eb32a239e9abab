import type { OAuth2Conflict } from '../core/oauth2.ts'
import type { Conflict, Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { actionsFor } from '../core/plan.ts'
import type { Aal, Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { METHODS, type MethodName } from '../core/trigger.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { Reading } from '../methods/define.ts'
import { checkCsrf } from './check-csrf.ts'
import type { Body, Caller, FlowDeps, Outcome } from './define.ts'
import { renderAgain } from './form.ts'
import { completeLogin, mayContinueSignedIn } from './login.ts'
import { completeRegistration } from './registration.ts'
import { replaceExpired } from './replace-expired.ts'
import { returnUrl } from './return-url.ts'

export type Submission = { readonly flow: Flow; readonly caller: Caller; readonly body: Body }

export type Completing = {
  readonly identity: IdentityWithCredentials
  readonly method: MethodName
  readonly aal: Aal
  readonly at: Time
}

/** What completing a flow means: the session, its token where it is a new one, and what is to be written. */
export type Completion = {
  readonly session: Session
  readonly issued: { readonly token: string } | null
  readonly effects: readonly Effect[]
}

/** Answers one submitted form: try the method, ask the actions, then commit everything at once. */
export async function submitFlow(deps: FlowDeps, submission: Submission): Promise<Outcome> {
  const { flow, caller } = submission
  const at = deps.clock.now()
  if (caller.session !== null && !(flow.name === 'login' && mayContinueSignedIn(flow)))
    return { kind: 'signed_in', flow }
  if (flow.expiresAt <= at) return replaceExpired(deps, flow, caller)
  if (flow.completed) return { kind: 'kept', flow: again(deps, submission, {}, [completedMessage(flow)], at) }

  const form = readForm(deps, submission, at)
  if (form.kind === 'refused') return keepOpen(deps, submission, form.fields, form.messages, at)

  const attempt = await form.reading.attempt()
  if (attempt.kind === 'failed') return keepOpen(deps, submission, form.fields, attempt.messages, at)
  if (attempt.identity.state !== 'active') {
    return keepOpen(deps, submission, form.fields, [{ field: '', message: messages.accountDisabled() }], at)
  }

  const { method } = form
  const attempted: Flow = {
    ...flow,
    // Ory's registration by password never says which method it was (ory-identity-api.md §4.1).
    active: flow.name === 'login' ? method : flow.active,
    transientPayload: form.transientPayload,
  }
  const trigger = { phase: 'after', flow: flow.name, method } as const
  const draft = complete(deps, attempted, caller, { identity: attempt.identity, method, aal: attempt.aal, at })
  const verdict = await deps.ask(actionsFor(trigger, deps.plan), {
    trigger,
    flow: attempted,
    request: caller.request,
    session: flow.name === 'login' ? draft.session : null,
    identity: attempt.identity,
  })
  if (verdict.kind === 'deny') {
    // What the form sent along belongs to that submission alone (ory-actions.md §4.3).
    return keepOpen(
      deps,
      { ...submission, flow: { ...flow, active: attempted.active } },
      form.fields,
      verdict.messages,
      at,
    )
  }
  if (verdict.kind === 'divert') throw new WireError(403, null, { id: 'action_denied' })

  const identity = { ...attempt.identity, ...verdict.identity }
  const done = withIdentity(draft, identity)
  const effects: readonly Effect[] = [
    { kind: 'closeFlow', flow: { ...attempted, state: 'passed_challenge', completed: true, updatedAt: at } },
    ...done.effects,
    ...attempt.effects,
    ...verdict.effects,
  ]
  const url = returnUrl(deps.settings, flow, method)
  const commit = await deps.store.commit(effects)
  if (commit.kind === 'conflict') return lost(deps, submission, form.fields, commit.conflict, at)

  deps.wake()
  for (const delivery of verdict.awaited) await deps.deliver(delivery)
  return {
    kind: 'completed',
    flow: attempted,
    identity,
    session: done.session,
    token: done.issued?.token ?? null,
    handedOut: effects.some(({ kind }) => kind === 'handOutSession'),
    effects,
    returnTo: url,
  }
}

/** An amendment reaches everything that is about to be stored or shown. */
const withIdentity = (draft: Completion, identity: IdentityWithCredentials): Completion => {
  const session = { ...draft.session, identity }
  const effects = draft.effects.map((effect) =>
    effect.kind === 'createIdentity' ? { ...effect, identity } : 'session' in effect ? { ...effect, session } : effect,
  )
  return { ...draft, session, effects }
}

const complete = (deps: FlowDeps, flow: Flow, caller: Caller, completing: Completing): Completion => {
  switch (flow.name) {
    case 'login':
      return completeLogin(deps, flow, caller, completing)
    case 'registration':
      return completeRegistration(deps, caller, completing)
    default:
      return flow satisfies never
  }
}

type Form =
  | { readonly kind: 'refused'; readonly messages: readonly FieldMessage[]; readonly fields: JsonObject }
  | {
      readonly kind: 'read'
      readonly method: MethodName
      readonly reading: Extract<Reading, { kind: 'ready' }>
      readonly fields: JsonObject
      readonly transientPayload: JsonObject
    }

/** Which method is meant, what it makes of the fields, and whether the form was really sent from its own page. */
function readForm(deps: FlowDeps, { flow, caller, body }: Submission, at: Time): Form {
  if (body.kind === 'unreadable') return refused({}, messages.reason(body.reason))
  const fields =
    flow.name === 'registration' ? deps.traits.coerce(flow.identitySchema, body.fields, body.encoding) : body.fields
  const method = methodOf(deps, flow, fields)
  if (method === null) return refusedWithoutMethod(deps, flow, fields)
  if (!deps.settings.methods[method].enabled) throw disabledMethod

  const payload = fields.transient_payload ?? {}
  if (!isJsonObject(payload)) {
    return {
      kind: 'refused',
      fields,
      messages: [{ field: 'transient_payload', message: messages.wrongType(['object'], typeOf(payload)) }],
    }
  }
  const reading =
    flow.name === 'login'
      ? deps.methods[method]?.login?.read({ flow, fields, at })
      : deps.methods[method]?.registration?.read({ flow, fields, at })
  if (reading === undefined) return refusedWithoutMethod(deps, flow, fields)
  if (reading.kind === 'invalid') return { kind: 'refused', fields, messages: reading.messages }

  const native = checkCsrf(deps.csrf, flow, fields, caller)
  if (native !== null) return refused(fields, messages.reason(native))
  return { kind: 'read', method, reading, fields, transientPayload: payload }
}

const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

const refused = (fields: JsonObject, message: FieldMessage['message']): Form => ({
  kind: 'refused',
  fields,
  messages: [{ field: '', message }],
})

function methodOf(deps: FlowDeps, flow: Flow, fields: JsonObject): MethodName | null {
  const named = METHODS.find((name) => name === fields.method)
  if (named === undefined) return null
  const method = deps.methods[named]
  return (flow.name === 'login' ? method?.login : method?.registration) === undefined ? null : named
}

/** Nobody is responsible, so nobody keeps what was typed; in a registration wrong traits are reported first (ory-identity-api.md §3). */
function refusedWithoutMethod(deps: FlowDeps, flow: Flow, fields: JsonObject): Form {
  if (flow.name === 'login') return refused({}, messages.noLoginStrategy())
  const wrong = deps.traits.validate(flow.identitySchema, isJsonObject(fields.traits) ? fields.traits : {})
  return wrong.length > 0
    ? { kind: 'refused', fields, messages: wrong }
    : refused({}, messages.noRegistrationStrategy())
}

const disabledMethod = new WireError(404, null, {
  reason:
    'This endpoint was disabled by system administrator. Please check your url or contact the system administrator to enable it.',
})

const completedMessage = (flow: Flow): FieldMessage => ({
  field: '',
  message: flow.name === 'login' ? messages.loginAlreadyCompleted() : messages.registrationAlreadyCompleted(),
})

function again(
  deps: FlowDeps,
  { flow, caller }: Submission,
  fields: JsonObject,
  said: readonly FieldMessage[],
  at: Time,
): Flow {
  return renderAgain(deps, flow, caller, { fields, messages: said, at })
}

/** The form comes back with what was wrong; the flow stays open. */
async function keepOpen(
  deps: FlowDeps,
  submission: Submission,
  fields: JsonObject,
  said: readonly FieldMessage[],
  at: Time,
): Promise<Outcome> {
  const flow = again(deps, submission, fields, said, at)
  const commit = await deps.store.commit([{ kind: 'keepFlow', flow }])
  if (commit.kind === 'committed') return { kind: 'kept', flow }
  return { kind: 'kept', flow: again(deps, submission, fields, [completedMessage(flow)], at) }
}

/** Somebody was faster: nothing was written, and the answer says what happened. */
async function lost(
  deps: FlowDeps,
  submission: Submission,
  fields: JsonObject,
  conflict: Conflict,
  at: Time,
): Promise<Outcome> {
  switch (conflict) {
    case 'identifier_taken':
    case 'external_id_taken':
      return keepOpen(deps, submission, fields, [{ field: '', message: messages.duplicateIdentifier() }], at)
    case 'flow_completed':
      return { kind: 'kept', flow: again(deps, submission, fields, [completedMessage(submission.flow)], at) }
    case 'credential_changed':
    case 'not_found':
      throw new WireError(409, 'The account was changed at the same time. Please try again.')
    default: {
      const foreign: OAuth2Conflict = conflict
      throw new Error(`a flow lost against a change it has nothing to do with: ${foreign}`)
    }
  }
}
