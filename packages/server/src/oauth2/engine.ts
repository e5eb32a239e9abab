import type { Conflict, Effect } from '../core/effect.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { OAuth2Write } from '../core/oauth2.ts'
import {
  askedIn,
  type FlowDeps,
  grantedBy,
  type Onward,
  sendToConsent,
  sendToLogin,
  usedVerifier,
  withQuery,
} from './authorize.ts'
import { textIn } from './client-metadata.ts'
import type { CookieChange, Cookies } from './cookies.ts'
import { OAuthFault } from './fault.ts'
import { createProvider } from './provider.ts'
import { oauthError } from './provider-types.ts'
import { type AuthorizationStep, createScopes, type RequestScope } from './request-scope.ts'
import { type LibraryAnswer, runLibrary } from './run-library.ts'
import { ID_TOKEN_KEYS } from './signing-keys.ts'
import { tokenAnswer } from './token-answer.ts'
import { contentOf, garbage } from './verifiers.ts'

/** A request to one of the endpoints that the library serves. */
export type EndpointRequest = {
  readonly path: string
  readonly form: URLSearchParams
  readonly headers: { readonly [name: string]: string }
  readonly isGone: () => boolean
}

export type BrowserRequest = EndpointRequest & { readonly cookies: Cookies; readonly requestUrl: string }

/** What a browser is answered: the client's or the error page's turn, or one step further. */
export type BrowserAnswer = {
  readonly answer: LibraryAnswer | null
  readonly location: string | null
  readonly cookies: readonly CookieChange[]
}

/** The OAuth2 server without its listeners. */
export type Engine = {
  authorize(request: BrowserRequest): Promise<BrowserAnswer>
  token(request: EndpointRequest): Promise<LibraryAnswer>
  revoke(request: EndpointRequest): Promise<LibraryAnswer>
  authorizeDevice(request: EndpointRequest): Promise<LibraryAnswer>
}

/** Starts the library with the key that signs at the moment; signing itself always asks for the newest (provider.ts). */
export async function createEngine(deps: FlowDeps): Promise<Engine> {
  const scopes = createScopes()
  const provider = createProvider(deps, scopes, await deps.keys.current(ID_TOKEN_KEYS))
  const callback = provider.callback()

  const run = async (scope: RequestScope, request: EndpointRequest, method: 'GET' | 'POST'): Promise<LibraryAnswer> => {
    const query = joined(request.form)
    return scopes.run(scope, () =>
      runLibrary(callback, {
        method,
        url: method === 'GET' ? `${request.path}?${query}` : request.path,
        headers: headersFor(deps, request.headers, method),
        body: method === 'GET' ? Buffer.alloc(0) : Buffer.from(query),
      }),
    )
  }
  /** Everything is written at once, after the library has its answer and before the client has it. */
  const finish = async (scope: RequestScope, answer: LibraryAnswer): Promise<LibraryAnswer> => {
    const isAnswered = answer.status < 400
    // Nobody would receive what is handed out: the code or refresh token stays as it was (ory-oauth2.md §1.8, H48).
    const isKept = isAnswered && !scope.isGone()
    const effects = [...scope.always.map(effectOf), ...(isKept ? scope.ifAnswered : [])]
    if (effects.length === 0) return answer
    const commit = await deps.store.commit(effects)
    if (commit.kind === 'committed') {
      if (effects.some(({ kind }) => kind === 'notify')) deps.wake()
      return answer
    }
    return lost(commit.conflict)
  }
  const endpoint = async (request: EndpointRequest) => {
    const scope = newScope(deps, request, null)
    return finish(scope, await run(scope, request, 'POST'))
  }
  return {
    authorize: (request) => authorize(deps, request, run, finish),
    token: async (request) => {
      const refused = refusedGrant(request.form)
      if (refused !== null) return tokenAnswer(errorAnswer(refused), null)
      const scope = newScope(deps, request, null)
      const answer = await run(scope, request, 'POST')
      return tokenAnswer(await finish(scope, answer), scope.session)
    },
    revoke: async (request) => tokenAnswer(await endpoint(await unwrapped(deps, request)), null),
    authorizeDevice: async (request) => tokenAnswer(await endpoint(request), null),
  }
}

type Run = (scope: RequestScope, request: EndpointRequest, method: 'GET' | 'POST') => Promise<LibraryAnswer>
type Finish = (scope: RequestScope, answer: LibraryAnswer) => Promise<LibraryAnswer>

/** The library validates every request in full, each time it comes by; who goes where in between is ours. */
async function authorize(deps: FlowDeps, request: BrowserRequest, run: Run, finish: Finish): Promise<BrowserAnswer> {
  const { form } = request
  const onward: { step: Onward | null } = { step: null }
  const client =
    form.get('client_id') === null ? null : await deps.store.oauth2.clients.find(form.get('client_id') ?? '')
  const prepared = client === null ? null : await prepare(deps, request, client)
  const step: AuthorizationStep = {
    granted: prepared !== null && prepared.kind === 'granted' ? prepared : null,
    decide: async () => {
      if (client === null || prepared === null) throw new Error('a validated request without a client')
      checkState(form)
      if (prepared.kind === 'granted') return false
      if (prepared.kind === 'failed') throw libraryError(prepared.fault)
      onward.step = await prepared.next().catch((thrown: unknown) => {
        throw thrown instanceof OAuthFault ? libraryError(thrown) : thrown
      })
      return true
    },
  }
  const scope = newScope(deps, request, step)
  if (step.granted !== null) {
    const { session, consent } = step.granted
    scope.session = session
    scope.consent = consent
    scope.ifAnswered.push({ kind: 'oauth2', change: { write: 'insertConsent', consent } })
  }
  const answer = await run(scope, { ...request, path: '/oauth2/auth', form: forLibrary(form) }, 'GET')
  if (onward.step !== null) {
    const { location, cookies, changes } = onward.step
    if (changes.length > 0) await deps.store.commit(changes.map(effectOf))
    return { answer: null, location, cookies }
  }
  // What is not redirected is an error the client must not be told (RFC 6749 §4.1.2.1).
  if (/json/.test(answer.headers['content-type'] ?? ''))
    return { answer: null, location: errorPage(deps, answer), cookies: [] }
  const told = asHydra(deps, answer, step.granted?.session.scope ?? null)
  const finished = await finish(scope, told)
  // A lost race is told where people are.
  if (finished !== told) return { answer: null, location: errorPage(deps, finished), cookies: [] }
  return { answer: finished, location: null, cookies: [] }
}

type Prepared =
  | { readonly kind: 'next'; next(): Promise<Onward> }
  | ({ readonly kind: 'granted' } & NonNullable<AuthorizationStep['granted']>)
  | { readonly kind: 'failed'; readonly fault: OAuthFault }

/** What the verifier in a request says about it; nothing of it is told before the request itself is validated. */
async function prepare(
  deps: FlowDeps,
  request: BrowserRequest,
  client: NonNullable<RequestScope['client']>,
): Promise<Prepared> {
  const { form } = request
  const consent = form.get('consent_verifier')
  const login = form.get('login_verifier')
  try {
    if (consent !== null) {
      const verifier = contentOf(deps.requests.open('consent_verifier', consent), 'consent')
      if (verifier.asked.clientId !== client.id) throw garbage('consent')
      return { kind: 'granted', ...(await grantedBy(deps, verifier, client, request)) }
    }
    if (login !== null) {
      const verifier = contentOf(deps.requests.open('login_verifier', login), 'login')
      if (verifier.asked.clientId !== client.id) throw garbage('login')
      return { kind: 'next', next: () => sendToConsent(deps, verifier, client, request) }
    }
    const next = async () => sendToLogin(deps, await askedIn(deps, form, client, request.requestUrl), form, request)
    return { kind: 'next', next }
  } catch (thrown) {
    if (thrown instanceof OAuthFault) return { kind: 'failed', fault: thrown }
    throw thrown
  }
}

const SHORTEST_STATE = 8

/** RFC 6749 §10.12; eight characters, as Hydra asks for (ory-oauth2.md §2.2). */
function checkState(form: URLSearchParams): void {
  if ((form.get('state') ?? '').length >= SHORTEST_STATE) return
  throw oauthError(
    400,
    'invalid_state',
    "The state is missing or does not have enough characters and is therefore considered too weak. Request parameter 'state' must be at least be 8 characters long to ensure sufficient entropy.",
  )
}

const libraryError = ({ status, error, description }: OAuthFault) => oauthError(status, error, description)

/** What the library shall see of an authorization request: the rest is ours to decide. */
function forLibrary(form: URLSearchParams): URLSearchParams {
  const isOpenId = (form.get('scope') ?? '').split(' ').includes('openid')
  const OURS = new Set([
    'login_verifier',
    'consent_verifier',
    'prompt',
    'max_age',
    'id_token_hint',
    'acr_values',
    'scope',
    'identity_schema',
  ])
  const kept = [...form].filter(([name]) => !OURS.has(name) && (isOpenId || name !== 'nonce'))
  // Its list of scopes is short and fixed; checkRequested knows the client's.
  return new URLSearchParams(isOpenId ? [...kept, ['scope', 'openid']] : kept)
}

/** The library lets no parameter come twice; an audience may (ory-oauth2.md §2.3). */
function joined(form: URLSearchParams): string {
  const once = new URLSearchParams(form)
  if (form.getAll('audience').length > 1) once.set('audience', form.getAll('audience').join(' '))
  return once.toString()
}

function newScope(deps: FlowDeps, request: EndpointRequest, authorization: AuthorizationStep | null): RequestScope {
  return {
    form: request.form,
    always: [],
    ifAnswered: [],
    pair: deps.random.rowId(),
    session: null,
    client: null,
    consent: null,
    authorization,
    accessToken: null,
    isConsumed: false,
    grantType: authorization === null ? (request.form.get('grant_type') ?? '') : 'implicit',
    isGone: request.isGone,
  }
}

/** The library derives its own address from the request; it is always the configured one. */
function headersFor({ settings }: FlowDeps, given: EndpointRequest['headers'], method: string) {
  const own = new URL(settings.publicUrl)
  // Which pages may read the answer is decided by our own listener.
  const { authorization } = given
  return {
    host: own.host,
    'x-forwarded-proto': own.protocol.slice(0, -1),
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
    ...(method === 'POST' ? { 'content-type': given['content-type'] ?? '' } : {}),
  }
}

const effectOf = (change: OAuth2Write): Effect => ({ kind: 'oauth2', change })

/** Somebody was faster: nothing was written, so nothing is handed out. */
function lost(conflict: Conflict): LibraryAnswer {
  if (conflict === 'token_used')
    return errorAnswer(new OAuthFault(400, 'invalid_grant', 'grant request is invalid', 'used at the same time'))
  if (conflict === 'seen_before') return errorAnswer(new OAuthFault(400, 'jti_known', 'The jti was already used.'))
  if (conflict === 'verifier_used') return errorAnswer(usedVerifier())
  throw new Error(`a token request lost against ${conflict}`)
}

export function errorAnswer({ status, error, description }: OAuthFault): LibraryAnswer {
  const body: { readonly [key: string]: Json } = { error, error_description: description }
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  }
}

const KNOWN_GRANTS = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
])

/** Hydra's word for a grant nobody knows (ory-oauth2.md §2.1). */
function refusedGrant(form: URLSearchParams): OAuthFault | null {
  const grants = form.getAll('grant_type')
  if ([...form.keys()].length === 0) return badRequest('The POST body can not be empty.')
  if (grants.length !== 1 || !KNOWN_GRANTS.has(grants[0] ?? '')) return badRequest('')
  return null
}

const badRequest = (why: string) =>
  new OAuthFault(
    400,
    'invalid_request',
    `The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.${why === '' ? '' : ` ${why}`}`,
  )

/** A JWT access token is known by its id; whose it is shows its signature. */
async function unwrapped(deps: FlowDeps, request: EndpointRequest): Promise<EndpointRequest> {
  const token = request.form.get('token') ?? ''
  if (token.split('.').length !== 3) return request
  const claims = await deps.keys.verify('hydra.jwt.access-token', token)
  const form = new URLSearchParams(request.form)
  form.set('token', typeof claims?.['jti'] === 'string' ? claims['jti'] : 'unknown')
  return { ...request, form }
}

/** Hydra tells the client the granted scope beside the code, and (profile `ory`) no issuer (ory-oauth2.md §2.2; RFC 9207). */
function asHydra({ settings }: FlowDeps, answer: LibraryAnswer, scope: readonly string[] | null): LibraryAnswer {
  const { location } = answer.headers
  if (location === undefined) return answer
  const url = new URL(location)
  const isFragment = url.hash.length > 1
  const parameters = isFragment ? new URLSearchParams(url.hash.slice(1)) : url.searchParams
  if (settings.profile === 'ory') parameters.delete('iss')
  if (scope !== null && !parameters.has('error')) parameters.set('scope', scope.join(' '))
  parameters.sort()
  if (isFragment) url.hash = parameters.toString()
  const { 'content-type': _type, ...headers } = answer.headers
  return { ...answer, headers: { ...headers, pragma: 'no-cache', location: url.href }, body: null }
}

/** Where people are told what went wrong when their client can't be. */
export function errorPage({ settings }: Pick<FlowDeps, 'settings'>, answer: LibraryAnswer): string {
  const body: unknown = JSON.parse(answer.body ?? '{}')
  const told = isJsonObject(body) ? body : {}
  const error = textIn(told, 'error') || 'error'
  return withQuery(settings.urls.error, {
    error,
    error_description: ERROR_TEXTS[error] ?? textIn(told, 'error_description'),
  })
}

const ERROR_TEXTS: { readonly [error: string]: string } = {
  invalid_client:
    'Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method). The requested OAuth 2.0 Client does not exist.',
}
