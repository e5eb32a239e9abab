import { WireError } from '../core/errors.ts'
import type { Flow, LoginFlow } from '../core/flow.ts'
import { flowId } from '../core/ids.ts'
import { messages } from '../core/messages.ts'
import type { Aal } from '../core/session.ts'
import { newSession, renewedSession } from '../sessions/new-session.ts'
import type { Caller, FlowDeps } from './define.ts'
import { renderForm } from './form.ts'
import type { StartRequest } from './start.ts'
import type { Completing, Completion } from './submit.ts'

/** A flow that may be stored; or not, because somebody is signed in already. */
export type Opening =
  | { readonly kind: 'opened'; readonly flow: Flow }
  | { readonly kind: 'opened_unless_signed_in'; readonly flow: Flow }
  | { readonly kind: 'signed_in' }

/** The decisions at the start of a login, in Ory's order (ory-identity-api.md §3.1). */
export function openLogin(deps: FlowDeps, request: StartRequest, returnTo: string | null): Opening {
  const { caller, query, type, requestUrl } = request
  if (query.login_challenge) throw noOAuth2
  const requestedAal = parseAal(query.aal ?? '')
  const { session } = caller
  if (session === null && requestedAal === 'aal2') throw aal1Required
  const refresh = session !== null && isTrue(query.refresh)
  const stepsUp = session !== null && requestedAal === 'aal2' && session.aal !== 'aal2'
  if (session !== null && !refresh && !stepsUp) return { kind: 'signed_in' }

  const at = deps.clock.now()
  const draft: LoginFlow = {
    name: 'login',
    id: flowId(deps.random.uuid()),
    type,
    requestUrl,
    returnTo,
    issuedAt: at,
    expiresAt: at + deps.settings.selfservice.flows.login.lifespan,
    createdAt: at,
    updatedAt: at,
    active: null,
    state: 'choose_method',
    transientPayload: null,
    identitySchema: selectedSchema(deps, query),
    completed: false,
    memory: {},
    refresh,
    requestedAal,
    sessionId: session?.id ?? null,
    ui: emptyUi,
  }
  const infos = refresh ? [messages.confirmItIsYou()] : stepsUp ? [messages.completeSecondFactor()] : []
  return { kind: 'opened', flow: { ...draft, ui: renderForm(deps, draft, caller, infos) } }
}

const emptyUi = { action: '', method: 'POST', nodes: [], messages: [] } as const

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

/** The identity schema a client may choose: the default one, or one marked `selfservice_selectable` (§9.1). */
export function selectedSchema(deps: FlowDeps, query: StartRequest['query']): string | null {
  const id = query.identity_schema
  if (!id) return null
  const answer = deps.traits.isSelectable(id)
  if (answer === 'yes') return id
  const problem = answer === 'no' ? 'is not enabled for self-service flows.' : 'does not exist.'
  throw new WireError(400, null, { reason: `Identity schema "${id}" ${problem}` })
}

/** Somebody who is signed in may only submit a refresh or a step-up. */
export const mayContinueSignedIn = (flow: LoginFlow) => flow.refresh || flow.requestedAal === 'aal2'

/** Completing a login: the session is issued, or renewed where it is the same person's. */
export function completeLogin(
  deps: FlowDeps,
  flow: LoginFlow,
  caller: Caller,
  { identity, method, aal, at }: Completing,
): Completion {
  const proof = { identity, method, aal, request: caller.request, at }
  const current = caller.session
  if (current !== null && current.identity.id === identity.id && mayContinueSignedIn(flow)) {
    const session = renewedSession(current, proof)
    return { session, issued: null, effects: [{ kind: 'renewSession', session, at }, { kind: 'handOutSession' }] }
  }
  const session = newSession(deps.random, deps.settings.session.lifespan, proof)
  const issued = deps.tokens.issue()
  return {
    session,
    issued,
    effects: [{ kind: 'storeSession', session, tokenHash: issued.hash, at }, { kind: 'handOutSession' }],
  }
}
