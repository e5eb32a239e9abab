import { createHash } from 'node:crypto'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Consent, LoginSession, OAuth2Client, OAuth2Write } from '../core/oauth2.ts'
import { checkRequested } from './check-requested.ts'
import { isPublicClient, textIn, textsOf } from './client-metadata.ts'
import { type CookieChange, type Cookies, csrfCookieName, sessionCookieName } from './cookies.ts'
import type { OAuth2Deps } from './deps.ts'
import { OAuthFault } from './fault.ts'
import { readHint } from './read-hint.ts'
import type { Asked, ConsentVerifier, LoginVerifier, Requests, SignedIn } from './requests.ts'
import { isScopeAllowed } from './scopes.ts'
import type { TokenSession } from './token-session.ts'

export type FlowDeps = OAuth2Deps & { readonly requests: Requests }

/** Where the browser goes next, with what cookies, and what is stored for it. */
export type Onward = {
  readonly location: string
  readonly cookies: readonly CookieChange[]
  readonly changes: readonly OAuth2Write[]
}

type Browser = { readonly cookies: Cookies }

/** The first step: everybody is sent to the login app, with the remembered session if there is one that will do. */
export async function sendToLogin(
  deps: FlowDeps,
  asked: Asked,
  form: URLSearchParams,
  browser: Browser,
): Promise<Onward> {
  const { settings, clock, random, requests } = deps
  const found = await rememberedLogin(deps, browser.cookies)
  const isNone = asked.prompts.includes('none')
  if (isNone && asked.prompts.length > 1)
    throw loginRequired("Parameter 'prompt' was set to 'none', but contains other values as well which is not allowed.")
  if (isNone && found === null)
    throw loginRequired("Prompt 'none' was requested, but no existing login session was found.")
  const maxAge = form.get('max_age')
  const isTooOld =
    found !== null && maxAge !== null && maxAge !== '' && clock.now() - found.authenticatedAt > Number(maxAge) * 1000
  const mustSignIn =
    isTooOld || asked.prompts.some((prompt) => ['login', 'select_account', 'registration'].includes(prompt))
  if (isNone && mustSignIn)
    throw loginRequired("Request failed because prompt is set to 'none' and authentication time reached 'max_age'.")

  const remembered = found === null || mustSignIn ? null : signedInBy(found)
  const csrf = secret(deps)
  const challenge = requests.seal('login', { asked, csrf, remembered, sid: remembered?.sid ?? random.uuid() })
  const page = asked.prompts.includes('registration') ? settings.urls.registration : settings.urls.login
  const schema = form.get('identity_schema')
  const location = withQuery(page, {
    login_challenge: challenge,
    ...(schema === null ? {} : { identity_schema: schema }),
  })
  return { location, cookies: [csrfCookie(deps, 'login', asked.clientId, csrf)], changes: [] }
}

const signedInBy = (login: LoginSession): SignedIn => ({
  subject: login.subject,
  sid: login.sid,
  authenticatedAt: login.authenticatedAt,
  acr: login.acr,
  amr: login.amr,
  context: null,
  forcedSubject: null,
  identitySessionId: login.identitySessionId,
})

/** The session a browser's cookie stands for, while it lasts. */
export async function rememberedLogin(deps: OAuth2Deps, cookies: Cookies): Promise<LoginSession | null> {
  const sealed = cookies[sessionCookieName(deps.settings)]
  const sid = sealed === undefined ? null : deps.seals.cookies.open(sealed)
  const login = sid === null ? null : await deps.store.oauth2.logins.find(sid)
  return login !== null && login.expiresAt > deps.clock.now() ? login : null
}

/** The second step: the login app has answered, and the consent app is asked, with an earlier consent if one is remembered. */
export async function sendToConsent(
  deps: FlowDeps,
  verifier: LoginVerifier,
  client: OAuth2Client,
  browser: Browser,
): Promise<Onward> {
  const { settings, random, requests, clock } = deps
  const { asked, answer } = verifier
  checkCsrf(deps, 'login', asked.clientId, verifier.csrf, browser)
  if (answer.kind === 'rejected') throw refused(answer.rejected)
  const { signedIn } = answer
  checkPrompts(asked.prompts)
  const expected = asked.hintedSubject
  if (expected !== null && expected !== signedIn.subject && expected !== pairwise(deps, client, asked, signedIn))
    throw loginRequired(
      'Request failed because subject claim from id_token_hint does not match subject from authentication session.',
    )

  const session = changeOfSession(deps, verifier)
  const consents = await deps.store.oauth2.consents.remembered(signedIn.subject, client.id, clock.now())
  const mayAskAgain = asked.prompts.includes('consent') || isUnsafeToRemember(asked, client)
  const earlier = mayAskAgain ? undefined : consents.find((consent) => covers(settings.scopeStrategy, consent, asked))
  if (asked.prompts.includes('none') && earlier === undefined)
    throw new OAuthFault(
      400,
      'consent_required',
      "The Authorization Server requires End-User consent. Prompt 'none' was requested, but no previous consent was found.",
    )
  const csrf = secret(deps)
  const challenge = requests.seal('consent', {
    asked,
    csrf,
    consentId: random.uuid().replaceAll('-', ''),
    signedIn,
    skip: earlier !== undefined,
    isRemembered: session.kind !== 'forgotten',
  })
  return {
    location: withQuery(settings.urls.consent, { consent_challenge: challenge }),
    cookies: [
      csrfCookie(deps, 'consent', asked.clientId, csrf),
      ...(session.kind === 'stays' ? [] : [sessionCookie(deps, session.kind === 'saved' ? session.login : null)]),
    ],
    changes: session.kind === 'saved' ? [{ write: 'saveLogin', login: session.login }] : [],
  }
}

type SessionChange =
  | { readonly kind: 'stays' }
  | { readonly kind: 'saved'; readonly login: LoginSession }
  | { readonly kind: 'forgotten' }

/** A login is remembered if it is to be; one that was made anew without remembering ends what was remembered before. */
function changeOfSession({ settings, clock }: OAuth2Deps, { answer, remembered }: LoginVerifier): SessionChange {
  if (answer.kind === 'rejected') return { kind: 'stays' }
  const { signedIn, remember, rememberFor, extend } = answer
  if (remembered !== null && !extend) return { kind: 'stays' }
  if (remembered === null && !remember) return { kind: 'forgotten' }
  const life = rememberFor === 0 ? settings.ttl.session : Math.min(rememberFor, settings.ttl.session)
  return { kind: 'saved', login: keep(signedIn, clock.now(), life) }
}

const keep = (it: SignedIn, now: number, life: number): LoginSession => ({
  sid: it.sid,
  subject: it.subject,
  authenticatedAt: it.authenticatedAt,
  expiresAt: now + life,
  acr: it.acr,
  amr: it.amr,
  identitySessionId: it.identitySessionId,
})

const PROMPTS = new Set(['none', 'login', 'consent', 'select_account', 'registration'])

function checkPrompts(prompts: readonly string[]): void {
  const unknown = prompts.find((prompt) => !PROMPTS.has(prompt))
  if (unknown !== undefined)
    throw new OAuthFault(400, 'invalid_request', `Used unknown value '${unknown}' for prompt parameter.`)
}

/** Whoever can make a browser follow this redirect could get tokens without anybody being asked (OpenID Connect Core §3.1.2.1). */
function isUnsafeToRemember(asked: Asked, client: OAuth2Client): boolean {
  if (!isPublicClient(client)) return false
  if (asked.device !== null) return true
  const url = URL.parse(asked.redirectUri)
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url === null || (url.protocol !== 'https:' && !isLocal)
}

const covers = (strategy: 'exact' | 'wildcard', consent: Consent, asked: Asked) =>
  asked.scope.every((scope) => isScopeAllowed(strategy, consent.scope, scope)) &&
  asked.audience.every((audience) => consent.audience.includes(audience))

/** The third step: what was consented to becomes the session of the tokens. */
export async function grantedBy(
  deps: FlowDeps,
  verifier: ConsentVerifier,
  client: OAuth2Client,
  browser: Browser,
): Promise<{ readonly session: TokenSession; readonly consent: Consent }> {
  const { asked, answer, signedIn } = verifier
  checkCsrf(deps, 'consent', asked.clientId, verifier.csrf, browser)
  if (answer.kind === 'rejected') throw refused(answer.rejected)
  if ((await deps.store.oauth2.consents.find(verifier.consentId)) !== null) throw usedVerifier()

  const at = deps.clock.now()
  const consent: Consent = {
    id: verifier.consentId,
    subject: signedIn.subject,
    clientId: client.id,
    sid: signedIn.sid,
    remember: answer.remember || verifier.skip,
    skipped: verifier.skip,
    scope: answer.scope,
    audience: answer.audience,
    details: {
      session: { access_token: answer.accessToken, id_token: answer.idToken },
      context: answer.context,
      remember_for: Math.floor(answer.rememberFor / 1000),
      request: {
        acr: signedIn.acr,
        amr: signedIn.amr,
        context: signedIn.context,
        login_challenge: asked.id,
        oidc_context: asked.oidcContext,
        request_url: asked.requestUrl,
        requested_access_token_audience: asked.audience,
        requested_scope: asked.scope,
        skip: verifier.skip,
      },
    },
    handledAt: answer.handledAt,
    expiresAt: answer.remember && answer.rememberFor > 0 ? at + answer.rememberFor : null,
  }
  const session: TokenSession = {
    subject: signedIn.subject,
    clientId: client.id,
    consentId: verifier.consentId,
    requestedScope: asked.scope,
    scope: answer.scope,
    audience: answer.audience,
    accessToken: answer.accessToken,
    idToken: answer.idToken,
    sid: signedIn.sid,
    claims: {
      sub: pairwise(deps, client, asked, signedIn),
      nonce: asked.nonce,
      acr: signedIn.acr,
      amr: signedIn.amr,
      issuedAt: at,
      requestedAt: asked.startedAt,
      authenticatedAt: signedIn.authenticatedAt,
    },
    expiresAt: { authorize_code: at + deps.settings.ttl.code },
  }
  return { session, consent }
}

export const usedVerifier = () =>
  new OAuthFault(
    403,
    'access_denied',
    'The resource owner or authorization server denied the request. The consent verifier has already been used.',
  )

/** The subject as a client sees it: a pseudonym of its own if it is registered so (OpenID Connect Core §8.1). */
function pairwise({ settings }: OAuth2Deps, client: OAuth2Client, asked: Asked, signedIn: SignedIn): string {
  if (textIn(client.fields, 'subject_type') !== 'pairwise') return signedIn.subject
  if (signedIn.forcedSubject !== null) return signedIn.forcedSubject
  const sector =
    textIn(client.fields, 'sector_identifier_uri') || asked.redirectUri || textsOf(client.fields, 'redirect_uris')[0]
  const host = URL.parse(sector ?? '')?.host ?? client.id
  return createHash('sha256').update(`${host}${signedIn.subject}${settings.pairwiseSalt}`).digest('hex')
}

/** Reads an authorization request that has just arrived. */
export async function askedIn(
  deps: FlowDeps,
  form: URLSearchParams,
  client: OAuth2Client,
  requestUrl: string,
): Promise<Asked> {
  const { scope, audience } = checkRequested(deps.settings, client, form)
  const hint = await hintIn(deps, form.get('id_token_hint'))
  const query = new URLSearchParams([...form].filter(([name]) => !VERIFIERS.includes(name)))
  return {
    id: deps.random.uuid().replaceAll('-', ''),
    clientId: client.id,
    requestUrl,
    path: '/oauth2/auth',
    query: query.toString(),
    scope,
    audience,
    oidcContext: oidcContext(form, hint),
    nonce: form.get('nonce') ?? '',
    redirectUri: form.get('redirect_uri') ?? textsOf(client.fields, 'redirect_uris')[0] ?? '',
    prompts: (form.get('prompt') ?? '').split(' ').filter(Boolean),
    hintedSubject: hint === null ? null : textIn(hint, 'sub'),
    startedAt: deps.clock.now(),
    device: null,
  }
}

export const VERIFIERS = ['login_verifier', 'consent_verifier', 'device_verifier']

/** An ID token of ours says whom the client has in mind (OpenID Connect Core §3.1.2.1). */
async function hintIn(deps: OAuth2Deps, hint: string | null): Promise<JsonObject | null> {
  if (hint === null || hint === '') return null
  const claims = await readHint(deps, hint)
  if (claims === null)
    throw new OAuthFault(400, 'invalid_request', 'The id_token_hint is not an ID Token of this server.')
  return claims
}

function oidcContext(form: URLSearchParams, hint: JsonObject | null): JsonObject {
  const texts = Object.fromEntries(
    (['acr_values', 'ui_locales'] as const).flatMap((name) => {
      const values = (form.get(name) ?? '').split(' ').filter(Boolean)
      return values.length === 0 ? [] : [[name, values] as const]
    }),
  )
  const words = Object.fromEntries(
    (['display', 'login_hint'] as const).flatMap((name) => {
      const value = form.get(name)
      return value === null || value === '' ? [] : [[name, value] as const]
    }),
  )
  return { ...texts, ...words, ...(isJsonObject(hint) ? { id_token_hint_claims: hint } : {}) }
}

/** The app behind a login or consent page refused. */
const refused = ({ error, description }: { readonly error: string; readonly description: string }) =>
  new OAuthFault(400, error, description)

const loginRequired = (why: string) =>
  new OAuthFault(400, 'login_required', `The Authorization Server requires End-User authentication. ${why}`)

function checkCsrf(
  deps: OAuth2Deps,
  kind: 'login' | 'consent',
  clientId: string,
  csrf: string,
  { cookies }: Browser,
): void {
  const sealed = cookies[csrfCookieName(deps.settings, kind, clientId)]
  const value = sealed === undefined ? null : deps.seals.cookies.open(sealed)
  if (value === null)
    throw new OAuthFault(
      403,
      'request_forbidden',
      'The request is not allowed. No CSRF value available in the session cookie.',
    )
  if (value !== csrf)
    throw new OAuthFault(
      403,
      'request_forbidden',
      'The request is not allowed. The CSRF value from the token does not match the CSRF value from the data store.',
    )
}

const secret = ({ random }: OAuth2Deps) => Buffer.from(random.bytes(16)).toString('hex')

export const csrfCookie = (
  deps: OAuth2Deps,
  kind: 'login' | 'consent' | 'device',
  clientId: string,
  csrf: string,
): CookieChange => ({
  name: csrfCookieName(deps.settings, kind, clientId),
  value: deps.seals.cookies.seal(csrf),
  maxAge: Math.floor(deps.settings.ttl.request / 1000),
  expiresAt: deps.clock.now() + deps.settings.ttl.request,
  path: '/',
})

/** The browser remembers a session by its sealed id, or forgets the one it has. */
export const sessionCookie = (deps: OAuth2Deps, login: LoginSession | null): CookieChange => ({
  name: sessionCookieName(deps.settings),
  value: login === null ? deps.seals.cookies.seal('') : deps.seals.cookies.seal(login.sid),
  maxAge: login === null ? 0 : Math.max(0, Math.floor((login.expiresAt - deps.clock.now()) / 1000)),
  expiresAt: login?.expiresAt ?? 0,
  path: deps.settings.cookies.sessionPath,
})

export function withQuery(page: string, parameters: { readonly [name: string]: string }): string {
  const url = new URL(page)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
