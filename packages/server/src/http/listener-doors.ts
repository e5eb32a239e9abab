import type { Log } from '../core/log.ts'
import { WireError } from '../core/errors.ts'
import type { Cors, Opening, Settings } from '../core/settings.ts'
import { checkAdmin } from './admin-gate.ts'
import { adminPath } from './admin-path.ts'
import { type DoorDeps, forwardError, guarded } from './doors.ts'
import { errorAnswer } from './errors.ts'
import type { Answer, Route } from './exchange.ts'
import { linkRedirect } from './link-redirect.ts'
import type { Addressed, Door, Logged, Refusal } from './listener.ts'
import { routeTable } from './route-table.ts'
import { trustIn } from './source.ts'

/** 5 MB, as Ory (ory-identity-api.md §1.1). */
export const IDENTITY_BODY_LIMIT = 5 * 1024 * 1024

/** What no layer of Ory's looks at: neither varied by cookies, nor given one (ory-identity-api.md §1.1). */
const PLAIN = new Set(['/health/alive', '/health/ready', '/version', '/metrics/prometheus'])

/** The listener for people: behind the CSRF layer, whatever the path. */
export function publicDoor(deps: DoorDeps, routes: readonly Route[], log: Log): Door {
  const { cors } = deps.settings.serve.public
  const [vary, plainVary] = cors.enabled ? ['Origin, Cookie', 'Origin'] : ['Cookie', null]
  return {
    routes: routeTable(routes),
    corsFor: () => inForce(cors),
    isTrusted: trusted(deps.settings),
    spell: (url) => url,
    answer: (route, exchange) =>
      guarded(deps, exchange, PLAIN.has(exchange.path) ? 'ignored' : route.csrf, route.handle),
    refuse,
    dress: (answer, to) => dressed(answer, to, PLAIN.has(to.path) ? plainVary : vary),
    ...logging(deps.settings, deps.settings.serve.public, log),
  }
}

/** The listener for administrators: whoever may not use it learns nothing else. */
export function adminDoor(deps: DoorDeps, routes: readonly Route[], log: Log): Door {
  const { admin } = deps.settings.serve
  return {
    routes: routeTable(routes),
    corsFor: () => null,
    isTrusted: trusted(deps.settings),
    spell: adminPath(routes),
    answer: async (route, exchange) => {
      try {
        checkAdmin(admin, exchange)
        return await route.handle(exchange)
      } catch (thrown) {
        return forwardError(deps, exchange, thrown, 'ajax')
      }
    },
    refuse,
    dress: (answer, to) => dressed(answer, to, null),
    ...logging(deps.settings, admin, log),
  }
}

const trusted = ({ serve: { public: open } }: Settings) =>
  open.forwardedHeaders === 'anyone' ? null : trustIn(open.trustedProxies)

export const inForce = (cors: Cors) => (cors.enabled ? cors : null)

/** What no route answers is answered as Go's ServeMux would, the rest in Ory's envelope. */
function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'unknown':
      return plain(404, '404 page not found\n', {})
    case 'wrong_method':
      return plain(405, 'Method Not Allowed\n', { allow: refusal.allow.join(', ') })
    case 'malformed':
      return errorAnswer(new WireError(400, null))
    case 'too_large':
      return errorAnswer(new WireError(500, 'unable to read body: http: request body too large'))
    case 'overloaded':
      return errorAnswer(overloaded())
    case 'failed':
      return errorAnswer(new WireError(500, null))
    default:
      return refusal satisfies never
  }
}

const plain = (status: number, body: string, headers: Answer['headers']): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
  cookies: [],
  body,
})

const overloaded = () =>
  new WireError(503, 'The server is busy.', {
    id: 'overloaded',
    reason: 'Too many requests are being answered at the moment. Please try again.',
    retryAfter: 1,
  })

/** Nothing that is read is kept by caches, and what a cookie changes is varied by it (§1.1). */
function dressed(given: Answer, to: Addressed, vary: string | null): Answer {
  const answer = linkRedirect(given, to)
  const isRead = to.method === 'GET' || to.method === 'HEAD'
  return {
    ...answer,
    headers: {
      ...(isRead ? { 'cache-control': 'private, no-cache, no-store, must-revalidate' } : {}),
      ...(vary === null ? {} : { vary }),
      ...answer.headers,
    },
  }
}

/** How requests are told in the log. */
export function logging(
  { log: { level } }: Pick<Settings, 'log'>,
  { logsHealth }: Pick<Opening, 'logsHealth'>,
  log: Log,
): Pick<Door, 'logRequest' | 'logFailure'> {
  const isAsked = level === 'debug' || level === 'trace'
  const logRequest = ({ milliseconds, ...request }: Logged) => {
    if (!logsHealth && request.path.startsWith('/health/')) return
    log('debug', 'request', { ...request, milliseconds: Math.round(milliseconds * 10) / 10 })
  }
  return {
    logRequest: isAsked ? logRequest : null,
    logFailure: (error) => log('error', 'request_failed', { detail: String(error) }),
  }
}
