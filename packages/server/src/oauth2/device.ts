import { isJsonObject } from '../core/json.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import { openDocument, sealDocument } from './adapter.ts'
import {
  csrfCookie,
  type FlowDeps,
  grantedBy,
  type Onward,
  sendToConsent,
  sendToLogin,
  withQuery,
} from './authorize.ts'
import { csrfCookieName } from './cookies.ts'
import type { BrowserRequest } from './engine.ts'
import { contentOf } from './verifiers.ts'
import { OAuthFault, requestNotFound } from './fault.ts'
import type { Asked, DeviceVerifier } from './requests.ts'
import { seconds } from './token-session.ts'

/** The client of a device is unknown until somebody has typed its code. */
const NOBODY = 'device'

/** The browser's way through a device's authorization: code, login, consent, done (RFC 8628 §3.3; ory-oauth2.md §2.2). */
export async function verifyDevice(deps: FlowDeps, request: BrowserRequest): Promise<Onward> {
  const { form } = request
  const consent = form.get('consent_verifier')
  if (consent !== null) {
    const verifier = contentOf(deps.requests.open('consent_verifier', consent), 'consent')
    return grantDevice(deps, request, verifier.asked, consent)
  }
  const login = form.get('login_verifier')
  if (login !== null) {
    const verifier = contentOf(deps.requests.open('login_verifier', login), 'login')
    return sendToConsent(deps, verifier, await clientOf(deps, verifier.asked.clientId), request)
  }
  const device = form.get('device_verifier')
  if (device !== null) {
    const verifier = contentOf(deps.requests.open('device_verifier', device), 'device')
    checkCsrf(deps, request, verifier.csrf)
    return sendToLogin(deps, await askedBy(deps, request, verifier), form, request)
  }
  return askForCode(deps, request)
}

function askForCode(deps: FlowDeps, request: BrowserRequest): Onward {
  const csrf = Buffer.from(deps.random.bytes(16)).toString('hex')
  const challenge = deps.requests.seal('device', {
    id: deps.random.uuid(),
    csrf,
    requestUrl: request.requestUrl,
    startedAt: deps.clock.now(),
  })
  const code = request.form.get('user_code')
  return {
    location: withQuery(deps.settings.urls.deviceVerification, {
      device_challenge: challenge,
      ...(code === null || code === '' ? {} : { user_code: code }),
    }),
    cookies: [csrfCookie(deps, 'device', NOBODY, csrf)],
    changes: [],
  }
}

function checkCsrf(deps: FlowDeps, { cookies }: BrowserRequest, csrf: string): void {
  const sealed = cookies[csrfCookieName(deps.settings, 'device', NOBODY)]
  if (sealed !== undefined && deps.seals.cookies.open(sealed) === csrf) return
  throw new OAuthFault(
    403,
    'request_forbidden',
    'The request is not allowed. No CSRF value available in the session cookie.',
  )
}

async function clientOf(deps: FlowDeps, id: string): Promise<OAuth2Client> {
  const client = await deps.store.oauth2.clients.find(id)
  if (client === null) throw requestNotFound()
  return client
}

async function askedBy(deps: FlowDeps, request: BrowserRequest, verifier: DeviceVerifier): Promise<Asked> {
  const client = await clientOf(deps, verifier.clientId)
  return {
    id: deps.random.uuid().replaceAll('-', ''),
    clientId: client.id,
    requestUrl: request.requestUrl,
    path: '/oauth2/device/verify',
    query: '',
    scope: verifier.scope,
    audience: verifier.audience,
    oidcContext: null,
    nonce: '',
    redirectUri: '',
    prompts: [],
    hintedSubject: null,
    startedAt: verifier.startedAt,
    device: verifier.userCodeHash,
  }
}

/** The device may have its tokens; it learns so when it asks the next time. */
async function grantDevice(deps: FlowDeps, request: BrowserRequest, asked: Asked, sealed: string): Promise<Onward> {
  const verifier = contentOf(deps.requests.open('consent_verifier', sealed), 'consent')
  if (asked.device === null) throw requestNotFound()
  const client = await clientOf(deps, asked.clientId)
  const { session, consent } = await grantedBy(deps, verifier, client, request)
  const stored = await deps.store.oauth2.tokens.findByUserCode(asked.device)
  const document = stored === null ? null : openDocument(deps, stored.document)
  if (stored === null || !isJsonObject(document)) throw gone()
  const granted = {
    ...document,
    cardea: {
      ...session,
      expiresAt: { device_code: stored.expiresAt, user_code: stored.expiresAt },
    },
    accountId: session.subject,
    grantId: consent.id,
    scope: session.scope.join(' ') || undefined,
    authTime: seconds(session.claims.authenticatedAt ?? session.claims.issuedAt),
  }
  const commit = await deps.store.commit([
    { kind: 'oauth2', change: { write: 'insertConsent', consent } },
    {
      kind: 'oauth2',
      change: {
        write: 'grantDevice',
        userCodeHash: asked.device,
        chain: consent.id,
        document: sealDocument(deps, granted),
      },
    },
  ])
  if (commit.kind === 'conflict') throw gone()
  return {
    location: withQuery(deps.settings.urls.deviceSuccess, { client_id: client.id }),
    cookies: [],
    changes: [],
  }
}

const gone = () =>
  new OAuthFault(
    400,
    'invalid_request',
    'The device request is no longer available: it was answered before, or has expired.',
  )
