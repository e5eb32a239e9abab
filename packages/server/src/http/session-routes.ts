import { WireError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { isUuid, sessionId } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import type { TokenTemplate } from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { sessionView } from '../core/views.ts'
import { checkAssurance } from '../flows/assurance.ts'
import { checkReturnTo } from '../flows/return-url.ts'
import { parseJson } from './body.ts'
import { clientOf, type DoorDeps, forwardError, liveSession, presentedToken } from './doors.ts'
import {
  type Answer,
  type Exchange,
  json,
  noContent,
  redirect,
  type Route,
  withCookies,
  withHeaders,
} from './exchange.ts'
import { answerSessions, listedSessionView } from './session-list.ts'

export type SessionDeps = DoorDeps & {
  /** Derived from the session's id, so that it need not be stored and a page can be shown twice. */
  readonly logoutToken: (session: Session) => string
  readonly sameToken: (a: string, b: string) => boolean
  readonly tokenize: (session: Session, template: TokenTemplate) => Promise<string>
}

/** Who is signed in, and signing out (ory-identity-api.md §3.7, §8.3). */
export const sessionRoutes = (deps: SessionDeps): readonly Route[] => [
  ...(['GET', 'POST', 'PUT', 'PATCH'] as const).map(
    (method): Route => ({ method, path: '/sessions/whoami', csrf: 'ignored', handle: (x) => whoami(deps, x) }),
  ),
  { method: 'GET', path: '/sessions', csrf: 'ignored', handle: (x) => listOthers(deps, x) },
  { method: 'DELETE', path: '/sessions', csrf: 'ignored', handle: (x) => revokeOthers(deps, x) },
  { method: 'DELETE', path: '/sessions/:id', csrf: 'ignored', handle: (x) => revokeOne(deps, x) },
  { method: 'GET', path: '/self-service/logout/browser', csrf: 'global', handle: (x) => offerLogout(deps, x) },
  { method: 'GET', path: '/self-service/logout', csrf: 'global', handle: (x) => logout(deps, x) },
  { method: 'DELETE', path: '/self-service/logout/api', csrf: 'ignored', handle: (x) => logoutNative(deps, x) },
]

async function whoami(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const session = await liveSession(deps, exchange)
    if (session === null) return await nobody(deps, exchange)
    checkAssurance(deps, session, deps.settings.session.requiredAal, null)
    const at = deps.clock.now()
    const tokenized = await tokenizedAs(deps, exchange.query.get('tokenize_as'), session)
    const answer = json(200, { ...sessionView(session, deps.settings.serve.public.baseUrl, at), ...tokenized })
    const cache = tokenized === null ? cacheFor(deps.settings, session.expiresAt - at) : {}
    return withCookies(
      withHeaders(answer, { 'x-kratos-authenticated-identity-id': session.identity.id, ...cache }),
      ...extendedCookie(deps, exchange, session),
    )
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}

/** That nobody is signed in may be kept for a minute, unless somebody tried to show that they are (§8.3). */
async function nobody(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  const error = new WireError(401, null, { reason: 'No valid session credentials found in the request.' })
  const answer = await forwardError(deps, exchange, error, 'ajax')
  return presentedToken(deps, exchange) === null ? withHeaders(answer, cacheFor(deps.settings, 60_000)) : answer
}

const cacheFor = ({ featureFlags }: SessionDeps['settings'], time: Milliseconds): Answer['headers'] =>
  featureFlags.cacheableSessions
    ? { 'ory-session-cache-for': `${Math.round(Math.min(time, featureFlags.cacheableSessionsMaxAge ?? time) / 1000)}` }
    : {}

async function tokenizedAs(deps: SessionDeps, name: string | null, session: Session) {
  if (!name) return null
  const templates = new Map(Object.entries(deps.settings.session.tokenTemplates))
  const template = templates.get(name)
  if (template === undefined) {
    throw new WireError(400, null, { reason: `Unable to find token template "${name}".` })
  }
  return { tokenized: await deps.tokenize(session, template) }
}

/** A session that was extended outlives its cookie, unless the browser gets a new one (§8.2). */
function extendedCookie(deps: SessionDeps, exchange: Exchange, session: Session) {
  const presented = presentedToken(deps, exchange)
  if (presented?.by !== 'cookie' || presented.expiresAt >= session.expiresAt) return []
  const sealed = deps.sealToken(presented.token, session.expiresAt)
  return [deps.browser.sessionCookie(session, sealed, deps.clock.now())]
}

/** The session of whoever manages their sessions (ory-identity-api.md §1.9). */
async function ownSession(deps: SessionDeps, exchange: Exchange): Promise<Session> {
  const session = await liveSession(deps, exchange)
  if (session === null) throw new WireError(401, null, { reason: 'No valid session cookie found.' })
  return session
}

/** Every other session that still signs this person in. */
async function listOthers(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const own = await ownSession(deps, exchange)
    checkAssurance(deps, own, deps.settings.session.requiredAal, null)
    const at = deps.clock.now()
    return await answerSessions(deps.store.sessions, {
      path: '/sessions',
      query: exchange.query,
      of: own.identity.id,
      which: 'live',
      at,
      except: own.id,
      view: (session) => listedSessionView(session, { at }),
    })
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}

/** Those that had ended already are counted too, as Ory does. */
async function revokeOthers(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const own = await ownSession(deps, exchange)
    const others = { which: 'any', at: deps.clock.now(), except: own.id, most: Number.MAX_SAFE_INTEGER } as const
    const count = await deps.store.sessions.countOfIdentity(own.identity.id, others)
    await deps.store.commit([{ kind: 'revokeOtherSessions', identityId: own.identity.id, keep: own.id }])
    return json(200, { count })
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}

/** Somebody else's session answers as an unknown one does: nothing happens (§8.5). */
async function revokeOne(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const own = await ownSession(deps, exchange)
    const { id = '' } = exchange.params
    if (!isUuid(id)) throw new WireError(400, null, { reason: `"${id}" is not the id of a session.` })
    if (id.toLowerCase() === own.id) {
      throw new WireError(400, 'cannot revoke current session', {
        reason: 'To end the session you are using, sign out.',
      })
    }
    const session = await deps.store.sessions.find(sessionId(id.toLowerCase()))
    if (session?.identity.id === own.identity.id) {
      await deps.store.commit([{ kind: 'revokeSession', sessionId: session.id }])
    }
    return withHeaders(noContent, { 'content-type': 'application/json; charset=utf-8' })
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}

const sessionInactive = new WireError(401, null, {
  id: 'session_inactive',
  reason: 'No active session was found in this request.',
})

async function cookieSession(deps: SessionDeps, exchange: Exchange): Promise<Session> {
  const session = presentedToken(deps, exchange)?.by === 'cookie' ? await liveSession(deps, exchange) : null
  if (session === null) throw sessionInactive
  return session
}

async function offerLogout(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const session = await cookieSession(deps, exchange)
    const returnTo = checkReturnTo(deps.settings, exchange.query.get('return_to'))
    return json(200, { logout_token: deps.logoutToken(session), logout_url: logoutUrl(deps, session, returnTo) })
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, clientOf(exchange))
  }
}

/** Where a browser goes to end its session; the token keeps other sites from sending it there. */
export function logoutUrl(deps: SessionDeps, session: Session, returnTo: string | null): string {
  const url = new URL('self-service/logout', deps.settings.serve.public.baseUrl)
  url.searchParams.set('token', deps.logoutToken(session))
  if (returnTo !== null) url.searchParams.set('return_to', returnTo)
  return url.href
}

async function logout(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  const client = clientOf(exchange)
  try {
    const { selfservice } = deps.settings
    const returnTo = checkReturnTo(deps.settings, exchange.query.get('return_to'))
    const token = exchange.query.get('token')
    if (!token) throw new WireError(400, null, { reason: 'Please include a token in the URL query.' })
    const session = await cookieSession(deps, exchange)
    if (!deps.sameToken(token, deps.logoutToken(session))) {
      throw new WireError(403, null, {
        reason: 'Unable to log out because the logout token in the URL query does not match the session cookie.',
      })
    }
    await deps.store.commit([{ kind: 'revokeSession', sessionId: session.id }])
    const answer =
      client === 'html'
        ? redirect(303, returnTo ?? selfservice.logoutReturnUrl ?? selfservice.defaultReturnUrl)
        : noContent
    // Browsers do so over https only (W3C Clear Site Data §2).
    const forgets = selfservice.logoutClearsBrowser && exchange.facts.url.startsWith('https:')
    return withCookies(
      forgets ? { ...answer, headers: { ...answer.headers, 'clear-site-data': EVERYTHING } } : answer,
      deps.browser.forgetSession(),
      deps.browser.csrfCookie(deps.csrf.newSecret()),
    )
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, client)
  }
}

const EVERYTHING = '"cookies", "storage", "cache"'

/** A native client signs out with the token itself; once more is no error. */
async function logoutNative(deps: SessionDeps, exchange: Exchange): Promise<Answer> {
  try {
    const body = parseJson(exchange.body.toString())
    const token = isJsonObject(body) && typeof body.session_token === 'string' ? body.session_token : null
    if (!isJsonObject(body))
      throw new WireError(400, null, { reason: 'The body must be a JSON object: {"session_token": "…"}.' })
    const session = token === null ? null : await deps.store.sessions.findByTokenHash(deps.hashToken(token))
    if (session === null) {
      throw new WireError(403, null, {
        reason: 'The provided Ory Session Token could not be found, is invalid, or otherwise malformed.',
      })
    }
    if (session.active) await deps.store.commit([{ kind: 'revokeSession', sessionId: session.id }])
    return noContent
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}
