import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import { toTimestamp } from '../core/time.ts'
import { type FlowDeps, withQuery } from './authorize.ts'
import { textIn, textsOf } from './client-metadata.ts'
import { clientForApps } from './clients.ts'
import { invalidRequest, requestNotFound, unauthorized } from './fault.ts'
import { hashOf } from './hash.ts'
import { openDocument } from './adapter.ts'
import type { Asked, Rejected, SignedIn } from './requests.ts'
import { listOf } from './scopes.ts'

// What login, consent, logout and device apps do with the challenge a browser brings them (ory-oauth2.md §2.2).

type Redirect = { readonly redirect_to: string }

export async function showLogin(deps: FlowDeps, challenge: string): Promise<JsonObject> {
  const { asked, remembered, sid } = deps.requests.mustOpen('login', challenge)
  return {
    challenge,
    requested_scope: asked.scope,
    requested_access_token_audience: asked.audience,
    skip: remembered !== null,
    subject: remembered?.subject ?? '',
    oidc_context: asked.oidcContext,
    client: clientForApps(await clientOf(deps, asked)),
    request_url: asked.requestUrl,
    session_id: sid,
  }
}

async function clientOf(deps: FlowDeps, { clientId }: Pick<Asked, 'clientId'>): Promise<OAuth2Client> {
  const client = await deps.store.oauth2.clients.find(clientId)
  if (client === null) throw requestNotFound()
  return client
}

export async function acceptLogin(deps: FlowDeps, challenge: string, body: JsonObject): Promise<Redirect> {
  const login = deps.requests.mustOpen('login', challenge)
  await clientOf(deps, login.asked)
  const { remembered, asked } = login
  const subject = textIn(body, 'subject')
  if (subject === '') throw invalidRequest("Field 'subject' must not be empty.")
  if (remembered !== null && remembered.subject !== subject) return { redirect_to: again(deps, asked) }

  const amr = textsOf(body, 'amr')
  const signedIn: SignedIn = {
    subject,
    sid: login.sid,
    authenticatedAt: remembered?.authenticatedAt ?? deps.clock.now(),
    acr: textIn(body, 'acr') || (remembered?.acr ?? ''),
    amr: amr.length > 0 ? amr : (remembered?.amr ?? null),
    context: body['context'] ?? null,
    forcedSubject: textIn(body, 'force_subject_identifier') || null,
    identitySessionId: textIn(body, 'identity_provider_session_id') || (remembered?.identitySessionId ?? null),
  }
  const verifier = deps.requests.seal('login_verifier', {
    ...login,
    answer: {
      kind: 'accepted',
      signedIn,
      remember: body['remember'] === true,
      rememberFor: spanOf(body),
      extend: body['extend_session_lifespan'] === true,
    },
  })
  return { redirect_to: back(deps, asked, { login_verifier: verifier }) }
}

/** Another person than the remembered one: the request begins again, and asks for a login. */
function again(deps: FlowDeps, asked: Asked): string {
  const query = new URLSearchParams(asked.query)
  query.set('prompt', 'login')
  query.sort()
  return `${urlOf(deps, asked.path)}?${query.toString()}`
}

const spanOf = (body: JsonObject) => {
  const seconds = body['remember_for']
  return typeof seconds === 'number' && seconds > 0 ? Math.floor(seconds) * 1000 : 0
}

const urlOf = ({ settings }: FlowDeps, path: string) => `${settings.publicUrl}${path.slice(1)}`

/** The original request, with the answer to it. */
function back(deps: FlowDeps, asked: Asked, verifier: { readonly [name: string]: string }): string {
  const query = new URLSearchParams(asked.query)
  for (const [name, value] of Object.entries(verifier)) query.set(name, value)
  query.sort()
  return `${urlOf(deps, asked.path)}?${query.toString()}`
}

export async function rejectLogin(deps: FlowDeps, challenge: string, body: JsonObject): Promise<Redirect> {
  const login = deps.requests.mustOpen('login', challenge)
  await clientOf(deps, login.asked)
  const verifier = deps.requests.seal('login_verifier', {
    ...login,
    answer: { kind: 'rejected', rejected: rejectedBy(body, 'login') },
  })
  return { redirect_to: back(deps, login.asked, { login_verifier: verifier }) }
}

function rejectedBy(body: JsonObject, kind: 'login' | 'consent'): Rejected {
  const hint = textIn(body, 'error_hint')
  const description = textIn(body, 'error_description')
  return {
    error: textIn(body, 'error') || `${kind} request denied`,
    description: [description, hint].filter(Boolean).join(' '),
  }
}

export async function showConsent(deps: FlowDeps, challenge: string): Promise<JsonObject> {
  const { asked, consentId, signedIn, skip } = deps.requests.mustOpen('consent', challenge)
  return {
    challenge,
    consent_request_id: consentId,
    requested_scope: asked.scope,
    requested_access_token_audience: asked.audience,
    skip,
    subject: signedIn.subject,
    oidc_context: asked.oidcContext,
    client: clientForApps(await clientOf(deps, asked)),
    request_url: asked.requestUrl,
    login_challenge: asked.id,
    login_session_id: signedIn.sid,
    acr: signedIn.acr,
    amr: signedIn.amr ?? [],
    ...(signedIn.context === null ? {} : { context: signedIn.context }),
  }
}

export async function acceptConsent(deps: FlowDeps, challenge: string, body: JsonObject): Promise<Redirect> {
  const consent = deps.requests.mustOpen('consent', challenge)
  await clientOf(deps, consent.asked)
  const session = isJsonObject(body['session']) ? body['session'] : {}
  const verifier = deps.requests.seal('consent_verifier', {
    ...consent,
    answer: {
      kind: 'accepted',
      scope: listOf(textsOf(body, 'grant_scope')),
      audience: listOf(textsOf(body, 'grant_access_token_audience')),
      remember: body['remember'] === true,
      rememberFor: spanOf(body),
      accessToken: claimsIn(session, 'access_token'),
      idToken: claimsIn(session, 'id_token'),
      context: body['context'] ?? null,
      handledAt: deps.clock.now(),
    },
  })
  return { redirect_to: back(deps, consent.asked, { consent_verifier: verifier }) }
}

const claimsIn = (session: JsonObject, name: string): JsonObject => {
  const claims: Json = session[name] ?? {}
  if (!isJsonObject(claims)) throw invalidRequest(`Field 'session.${name}' must be an object.`)
  return claims
}

export async function rejectConsent(deps: FlowDeps, challenge: string, body: JsonObject): Promise<Redirect> {
  const consent = deps.requests.mustOpen('consent', challenge)
  await clientOf(deps, consent.asked)
  const verifier = deps.requests.seal('consent_verifier', {
    ...consent,
    answer: { kind: 'rejected', rejected: rejectedBy(body, 'consent') },
  })
  return { redirect_to: back(deps, consent.asked, { consent_verifier: verifier }) }
}

export async function showLogout(deps: FlowDeps, challenge: string): Promise<JsonObject> {
  const logout = deps.requests.mustOpen('logout', challenge)
  const client = logout.clientId === null ? null : await deps.store.oauth2.clients.find(logout.clientId)
  return {
    challenge,
    subject: logout.subject,
    sid: logout.sid,
    request_url: logout.requestUrl,
    rp_initiated: logout.isRpInitiated,
    client: client === null ? null : clientForApps(client),
    requested_at: toTimestamp(logout.requestedAt),
    expires_at: toTimestamp(logout.expiresAt),
  }
}

export async function acceptLogout(deps: FlowDeps, challenge: string): Promise<Redirect> {
  const logout = deps.requests.mustOpen('logout', challenge)
  const verifier = deps.requests.seal('logout_verifier', logout)
  return { redirect_to: withQuery(urlOf(deps, '/oauth2/sessions/logout'), { logout_verifier: verifier }) }
}

export async function rejectLogout(deps: FlowDeps, challenge: string): Promise<void> {
  deps.requests.mustOpen('logout', challenge)
}

/** The code somebody typed in leads to the device that shows it. */
export async function acceptDevice(deps: FlowDeps, challenge: string, body: JsonObject): Promise<Redirect> {
  const device = deps.requests.mustOpen('device', challenge)
  const code = normalCode(textIn(body, 'user_code'))
  if (code === '') throw invalidRequest("Field 'user_code' must not be empty.")
  const stored = await deps.store.oauth2.tokens.findByUserCode(hashOf(code))
  const isOpen = stored !== null && stored.chain === null && stored.consumedAt === null
  if (!isOpen || stored.expiresAt <= deps.clock.now())
    throw invalidRequest("The 'user_code' session could not be found or has expired or is otherwise malformed.")
  const document = openDocument(deps, stored.document)
  if (document === null || stored.clientId === null) throw unauthorized('The device request can not be read.')
  const parameters = isJsonObject(document['params']) ? document['params'] : {}
  const verifier = deps.requests.seal('device_verifier', {
    ...device,
    userCodeHash: hashOf(code),
    clientId: stored.clientId,
    scope: listOf([textIn(parameters, 'scope')]),
    audience: listOf([textIn(parameters, 'audience')]),
  })
  return {
    redirect_to: withQuery(urlOf(deps, '/oauth2/device/verify'), { device_verifier: verifier, user_code: '****' }),
  }
}

/** People type with blanks, hyphens and small letters. */
export const normalCode = (code: string) => code.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase()
