import type { Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import { needsSecondFactor } from '../core/factors.ts'
import type { LoginFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { requiredAal } from '../core/login-requests.ts'
import { messages } from '../core/messages.ts'
import type { Aal, Session } from '../core/session.ts'
import { newSession, renewedSession, withDistinctDevices } from '../sessions/new-session.ts'
import { askAfter } from './ask-after.ts'
import { consultBefore } from './ask-before.ts'
import { stepUpUrl } from './assurance.ts'
import type { Closing, FlowDeps, FlowRules, Opening, Passing, StartRequest } from './define.ts'
import { maskCsrf, renderForm } from './form.ts'
import { awaitedByApp } from './exchange.ts'
import { fulfil, handedOut, stepsIn } from './fulfil.ts'
import { handBackLater } from './hand-back-later.ts'
import { isLinking, linkingOn, linkPending } from './link-pending.ts'
import { newFlow } from './new-flow.ts'
import { returnUrl } from './return-url.ts'
import { verifyFirst } from './verify-first.ts'

/** The decisions at the start of a login, in Ory's order (ory-identity-api.md §3.1). */
export async function openLogin(deps: FlowDeps, request: StartRequest, returnTo: string | null): Promise<Opening> {
  const { caller, query } = request
  if (query.login_challenge !== undefined && request.oauth2 === undefined) throw noOAuth2
  const requestedAal = parseAal(query.aal ?? '')
  const { session } = caller
  if (session === null && requestedAal === 'aal2') throw aal1Required
  const refresh = session !== null && isTrue(query.refresh)
  const stepsUp = session !== null && requestedAal === 'aal2' && session.aal !== 'aal2'
  if (session !== null && !refresh && !stepsUp) return { kind: 'signed_in' }

  const draft: LoginFlow = {
    ...newFlow(deps, request, returnTo),
    name: 'login',
    state: 'choose_method',
    identitySchema: selectedSchema(deps, query),
    refresh,
    requestedAal,
    sessionId: session?.id ?? null,
  }
  const infos = refresh ? [messages.confirmItIsYou()] : stepsUp ? [messages.completeSecondFactor()] : []
  const person = await personOf(deps, session)
  const flow = renderForm(deps, draft, caller, { person, infos })
  const begun = stepsUp
    ? await deps.methods.code?.login?.atOnce?.(
        { flow, person },
        { at: deps.clock.now(), request: request.caller.request },
      )
    : null
  return begun === null || begun === undefined
    ? { kind: 'opened', flow }
    : { kind: 'opened', flow: maskCsrf(deps, begun.flow, caller), effects: begun.effects }
}

/** Who is signed in, with credentials. */
const personOf = async (
  { store }: Pick<FlowDeps, 'store'>,
  session: Session | null,
): Promise<IdentityWithCredentials | null> => (session === null ? null : store.identities.find(session.identity.id))

function parseAal(text: string): Aal {
  if (text === '' || text === 'aal1') return 'aal1'
  if (text === 'aal2') return 'aal2'
  throw new WireError(400, null, { reason: `Unable to parse AuthenticationMethod Assurance Level (AAL): ${text}` })
}

const isTrue = (text: string | undefined) =>
  text === 'true' || text === '1' || text === 't' || text === 'T' || text === 'TRUE' || text === 'True'

const noOAuth2 = new WireError(500, 'Invalid configuration', {
  id: 'invalid_configuration',
  reason: 'A login challenge was given, but no OAuth2 provider is configured: set oauth2_provider.url.',
})

const aal1Required = new WireError(401, null, {
  id: 'session_aal1_required',
  reason: 'You can not requested a higher AAL (AAL2/AAL3) without an active session.',
})

const otherSession = (deps: Pick<FlowDeps, 'settings'>) =>
  new WireError(403, null, {
    id: 'security_identity_mismatch',
    reason: 'The second factor was asked for in another session. Please start again.',
    browserTo: stepUpUrl(deps, null),
  })

/** The identity schema a client may choose: the default one, or one marked `selfservice_selectable` (§9.1). */
export function selectedSchema(deps: Pick<FlowDeps, 'traits'>, query: StartRequest['query']): string | null {
  const id = query.identity_schema
  if (!id) return null
  const answer = deps.traits.isSelectable(id)
  if (answer === 'yes') return id
  const problem = answer === 'no' ? 'is not enabled for self-service flows.' : 'does not exist.'
  throw new WireError(400, null, { reason: `Identity schema "${id}" ${problem}` })
}

/** Somebody who is signed in may only submit a refresh or a step-up. */
export const mayContinueSignedIn = (flow: LoginFlow) => flow.refresh || flow.requestedAal === 'aal2'

export const loginRules = (deps: FlowDeps, flow: LoginFlow): FlowRules => ({
  admit: ({ session }) => {
    if (session === null && flow.requestedAal === 'aal2') throw aal1Required
    // A step-up is bound to the session that asked for it.
    if (session !== null && flow.requestedAal === 'aal2' && flow.sessionId !== session.id) throw otherSession(deps)
    return session !== null && !mayContinueSignedIn(flow) ? 'signed_in' : 'welcome'
  },
  person: async ({ session }) => (mayContinueSignedIn(flow) ? personOf(deps, session) : null),
  coerce: (fields) => fields,
  expired: (times) => messages.loginExpired(times),
  asksWhenReplaced: true,
  resubmitted: () => ({ kind: 'kept', messages: [{ field: '', message: messages.loginAlreadyCompleted() }] }),
  unclaimed: () => ({ fields: {}, messages: [{ field: '', message: messages.noLoginStrategy() }] }),
  isPrivileged: () => true,
  close: (passing) => close(deps, flow, passing),
})

/** Completing a login: the session is issued, or renewed where it is the same person's. */
async function close(deps: FlowDeps, flow: LoginFlow, passing: Passing): Promise<Closing> {
  const { method, caller, transientPayload, at } = passing
  const needsMore = (session: Session) =>
    needsSecondFactor(deps.settings.methods, requiredAal(deps.settings, flow.oauth2?.request), session)
  const { session: proven, issued } = sessionFor(deps, flow, passing)
  const linking = linkPending(flow, passing.attempt, { at, mustStepUp: needsMore(proven) })
  if (linking.kind === 'mismatch') {
    return { kind: 'denied', messages: [{ field: '', message: messages.linkedCredentialsMismatch() }] }
  }
  const { attempt } = linking
  // A code has moved its flow on by the time actions are asked, other methods have not.
  const state = method === 'code' ? 'passed_challenge' : flow.state
  const attempted: LoginFlow = { ...flow, state, active: method, transientPayload }
  const draft = { ...proven, identity: attempt.identity }
  // A refresh or step-up is no sign-in of its own.
  const isFirstLogin = issued !== null && !(await deps.store.identities.hasSignedIn(attempt.identity.id))
  const verdict = await askAfter(deps, attempted, passing, { session: draft, isFirstLogin })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages, flow: { ...flow, active: method } }
  if (verdict.kind === 'divert') return verifyFirst(deps, attempted, passing)
  const exchange =
    issued === null ? null : awaitedByApp(deps, flow, caller, { sessionId: draft.id, tokenHash: issued.hash })

  const isNew = issued !== null
  const fulfilled = await fulfil(deps, verdict.effects, {
    parent: attempted,
    identity: attempt.identity,
    before: attempt.before ?? attempt.identity,
    // A step-up is no occasion to write to anybody (ory-actions.md §3.4).
    isImplicit: false,
    mayVerify: flow.requestedAal === 'aal1',
    csrfCookie: isNew ? caller.nextCsrfCookie : caller.csrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  // What an action changes about somebody who signs in is seen, and not kept (ory-actions.md §4.9).
  const session = { ...draft, identity: { ...fulfilled.identity, ...verdict.identity } }
  const done = exchange?.flow ?? flow
  const stepUp = needsMore(session) ? await stepUpFrom(deps, flow, passing, { session, isNew }) : null
  const effects: readonly Effect[] = [
    { kind: 'closeFlow', flow: { ...done, active: method, state: 'passed_challenge', completed: true, updatedAt: at } },
    issued === null
      ? { kind: 'renewSession', session: withDistinctDevices(session), at }
      : { kind: 'storeSession', session, tokenHash: issued.hash, at },
    ...(isFirstLogin ? [{ kind: 'noteFirstLogin', identityId: attempt.identity.id, at } as const] : []),
    { kind: 'handOutSession' },
    ...(stepUp?.effects ?? []),
    ...attempt.effects,
    ...(fulfilled.verificationUi === null || stepUp !== null
      ? fulfilled.effects
      : handBackLater(deps, flow, session, fulfilled.effects)),
  ]
  return {
    kind: 'closed',
    effects,
    awaited: verdict.awaited,
    outcome: {
      kind: 'completed',
      flow: attempted,
      identity: session.identity,
      session,
      token: issued?.token ?? null,
      handedOut: handedOut(effects),
      continueWith: [...stepsIn(effects), ...fulfilled.continueWith],
      returnTo: returnUrl(deps.settings, flow, method),
      browserTo: fulfilled.verificationUi,
      ...(exchange === null ? {} : { returnCode: exchange.code }),
      stepUpTo: stepUp?.url ?? null,
    },
  }
}

type StepUp = { readonly url: string; readonly effects: readonly Effect[] }

/**
 * Where the second factor is shown. A sign-in that is to add an account elsewhere, or that an OAuth2 client waits for, goes
 * on in a flow of its own, opened for it and asked about (ory-actions.md §2.3); any other begins as somebody wants it.
 */
async function stepUpFrom(
  deps: FlowDeps,
  flow: LoginFlow,
  { caller }: Passing,
  { session, isNew }: { readonly session: Session; readonly isNew: boolean },
): Promise<StepUp> {
  const plain = { url: stepUpUrl(deps, flow.returnTo), effects: [] }
  if ((!isLinking(flow) && flow.oauth2 === undefined) || flow.type !== 'browser') return plain
  const owner = { ...caller, session, csrfCookie: isNew ? caller.nextCsrfCookie : caller.csrfCookie }
  const { type, requestUrl, oauth2 } = flow
  const request = { name: 'login', type, requestUrl, oauth2, query: { aal: 'aal2' }, caller: owner } as const
  const opening = await openLogin(deps, request, flow.returnTo)
  if (opening.kind !== 'opened' || opening.flow.name !== 'login') return plain
  const next = isLinking(flow) ? linkingOn(flow, opening.flow) : opening.flow
  const asked = await consultBefore(deps, next, owner)
  if (asked.kind === 'refused') return plain
  const page = new URL(deps.settings.selfservice.flows.login.uiUrl)
  page.searchParams.set('flow', next.id)
  return { url: page.href, effects: [{ kind: 'openFlow', flow: next }, ...(opening.effects ?? []), ...asked.effects] }
}

function sessionFor(deps: FlowDeps, flow: LoginFlow, { attempt, method, caller, at }: Passing) {
  const proof = {
    identity: attempt.identity,
    method: attempt.proof ?? method,
    aal: attempt.aal,
    upstream: attempt.upstream,
    request: caller.request,
    at,
  }
  const current = caller.session
  if (current !== null && current.identity.id === attempt.identity.id && mayContinueSignedIn(flow)) {
    return { session: renewedSession(current, proof), issued: null }
  }
  return { session: newSession(deps.random, deps.settings.session.lifespan, proof), issued: deps.tokens.issue() }
}
