import { endpointOf } from '../actions/template/url.ts'
import type { Effect } from '../core/effect.ts'
import { actionId, deliveryId } from '../core/ids.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import type { Milliseconds } from '../core/time.ts'
import { type FlowDeps, rememberedLogin, sessionCookie, withQuery } from './authorize.ts'
import { textIn, textsOf } from './client-metadata.ts'
import type { CookieChange } from './cookies.ts'
import type { BrowserRequest } from './engine.ts'
import { OAuthFault } from './fault.ts'
import { readHint } from './read-hint.ts'
import { ID_TOKEN_KEYS } from './signing-keys.ts'

/** Where a logout leads: onward, with pages of other clients to be told on the way. */
export type LoggedOut = {
  readonly location: string
  readonly cookies: readonly CookieChange[]
  /** Loaded by the browser, each in a frame of its own (OpenID Connect Front-Channel Logout §2). */
  readonly frames: readonly string[]
}

/** Ends the login session of a browser, once the logout app has agreed (OpenID Connect RP-Initiated Logout §2). */
export async function logOut(deps: FlowDeps, request: BrowserRequest): Promise<LoggedOut> {
  const { form } = request
  const verifier = form.get('logout_verifier')
  if (verifier !== null && verifier !== '') return completeLogout(deps, verifier)

  const hint = form.get('id_token_hint') ?? ''
  const redirect = form.get('post_logout_redirect_uri') ?? ''
  const state = form.get('state') ?? ''
  if (hint === '' && (redirect !== '' || state !== ''))
    throw invalid(
      'Logout failed because query parameter "post_logout_redirect_uri" or "state" is set but "id_token_hint" is missing.',
    )
  const hinted = hint === '' ? null : await hintIn(deps, hint)
  const target = targetOf(deps, hinted?.client ?? null, redirect, state)
  const login = await rememberedLogin(deps, request.cookies)
  const isOther = login !== null && hinted !== null && login.sid !== hinted.sid
  const session = hinted === null ? login : isOther ? await deps.store.oauth2.logins.find(hinted.sid) : login
  // There is nothing to end, so there is nothing to ask about.
  if (session === null) return { location: target, cookies: [], frames: [] }
  const now = deps.clock.now()
  const challenge = deps.requests.seal('logout', {
    id: deps.random.uuid(),
    subject: session.subject,
    sid: session.sid,
    clientId: hinted?.client.id ?? null,
    requestUrl: request.requestUrl,
    isRpInitiated: hinted !== null,
    redirectTo: target,
    requestedAt: now,
    expiresAt: now + deps.settings.ttl.request,
  })
  return { location: withQuery(deps.settings.urls.logout, { logout_challenge: challenge }), cookies: [], frames: [] }
}

type Hinted = { readonly client: OAuth2Client; readonly sid: string }

async function hintIn(deps: FlowDeps, hint: string): Promise<Hinted> {
  const claims = await readHint(deps, hint)
  if (claims === null) throw invalid('Logout failed because the id_token_hint is not an ID Token of this server.')
  if (claims['iss'] !== deps.settings.issuer)
    throw invalid('Logout failed because the issuer claim value from query parameter id_token_hint does not match.')
  const sid = textIn(claims, 'sid')
  if (sid === '') throw invalid('Logout failed because query parameter id_token_hint is missing sid claim.')
  const audience = typeof claims['aud'] === 'string' ? [claims['aud']] : textsOf(claims, 'aud')
  for (const id of audience) {
    const client = await deps.store.oauth2.clients.find(id)
    if (client !== null) return { client, sid }
  }
  throw invalid('Logout failed because none of the listed audiences is a registered OAuth 2.0 Client.')
}

function targetOf({ settings }: FlowDeps, client: OAuth2Client | null, redirect: string, state: string): string {
  if (redirect === '') return settings.urls.postLogout
  if (client === null || !textsOf(client.fields, 'post_logout_redirect_uris').includes(redirect))
    throw invalid(
      'Logout failed because query parameter post_logout_redirect_uri is not a whitelisted as a post_logout_redirect_uri for the client.',
    )
  return state === '' ? redirect : withQuery(redirect, { state })
}

const invalid = (why: string) => new OAuthFault(400, 'invalid_request', why)

async function completeLogout(deps: FlowDeps, sealed: string): Promise<LoggedOut> {
  const opened = deps.requests.open('logout_verifier', sealed)
  if (opened.kind !== 'open') throw invalid('Logout failed because the logout verifier is unknown or has expired.')
  const { sid, redirectTo } = opened.content
  const { frames } = await endSession(deps, sid)
  return { location: redirectTo, cookies: [sessionCookie(deps, null)], frames }
}

/** Ends a login session and tells every client that had a part in it: some through the browser, some directly. */
export async function endSession(deps: FlowDeps, sid: string): Promise<{ readonly frames: readonly string[] }> {
  const login = await deps.store.oauth2.logins.find(sid)
  if (login === null) return { frames: [] }
  const consents = await deps.store.oauth2.consents.ofSession(sid)
  const ids = [...new Set(consents.map(({ clientId }) => clientId))]
  const clients = (await Promise.all(ids.map((id) => deps.store.oauth2.clients.find(id)))).flatMap((each) => each ?? [])
  const told = await Promise.all(
    clients
      .filter(({ fields }) => textIn(fields, 'backchannel_logout_uri') !== '')
      .map((each) => backChannel(deps, each, sid)),
  )
  await deps.store.commit([{ kind: 'oauth2', change: { write: 'deleteLogin', sid } }, ...told])
  if (told.length > 0) deps.wake()
  if (login.identitySessionId !== null) await endIdentitySession(deps, login.identitySessionId)
  return {
    frames: clients.flatMap(({ fields }) => {
      const uri = textIn(fields, 'frontchannel_logout_uri')
      return uri === '' ? [] : [withQuery(uri, { iss: deps.settings.issuer, sid })]
    }),
  }
}

/** The outbox gives up after three days. */
const LONGEST_DELIVERY: Milliseconds = 3 * 24 * 60 * 60_000

/** Queued with the change: a client that is away for a moment still learns of the logout (OpenID Connect Back-Channel Logout §2.5). */
async function backChannel(deps: FlowDeps, client: OAuth2Client, sid: string): Promise<Effect> {
  const at = deps.clock.now()
  const token = await deps.keys.sign(
    ID_TOKEN_KEYS,
    {
      iss: deps.settings.issuer,
      aud: [client.id],
      iat: Math.floor(at / 1000),
      // As long as it may take to be delivered (OpenID Connect Back-Channel Logout §2.4 asks for one).
      exp: Math.floor((at + LONGEST_DELIVERY) / 1000),
      jti: deps.random.uuid(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid,
    },
    { typ: 'JWT' },
  )
  return {
    kind: 'notify',
    delivery: {
      id: deliveryId(deps.random.rowId()),
      eventId: deps.random.rowId(),
      actionId: actionId(`oauth2.logout:${client.id}`),
      trigger: 'oauth2.logout',
      identityId: null,
      endpoint: endpointOf(textIn(client.fields, 'backchannel_logout_uri')),
      createdAt: at,
      leasedUntil: null,
      leaseToken: null,
      content: {
        kind: 'rendered',
        call: {
          method: 'POST',
          url: textIn(client.fields, 'backchannel_logout_uri'),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ logout_token: token }).toString(),
          secretHeaders: [],
        },
        timeout: 30_000,
        emitHeaders: false,
      },
    },
  }
}

/** The identity server's session ends with ours (`urls.identity_provider`). */
async function endIdentitySession({ settings, client, log }: FlowDeps, session: string): Promise<void> {
  const provider = settings.identityProvider
  if (provider === null) return
  const url = `${provider.url.replace(/\/$/, '')}/admin/sessions/${encodeURIComponent(session)}`
  const sent = await client.send({ method: 'DELETE', url, headers: provider.headers, body: null }, { budget: 5_000 })
  const isDone = sent.kind === 'answered' && (sent.status < 300 || sent.status === 404)
  if (!isDone)
    log('error', 'identity_session_not_ended', {
      session,
      detail: sent.kind === 'failed' ? sent.detail : `answered ${sent.status}`,
    })
}
