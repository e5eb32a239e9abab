import { WireError } from '../../core/errors.ts'
import type { Opening } from '../../core/settings.ts'
import { malformed, OAuthFault } from '../../oauth2/fault.ts'
import { checkAdmin } from '../admin-gate.ts'
import { adminPath } from '../admin-path.ts'
import { type Answer, json, type Route } from '../exchange.ts'
import type { Addressed, Door, Refusal } from '../listener.ts'
import { inForce, logging } from '../listener-doors.ts'
import { routeTable } from '../route-table.ts'
import { faultAnswer } from './answers.ts'
import { forOwnOrigin, isForClients } from './client-origins.ts'
import type { OAuth2Doors } from './deps.ts'

/** Larger than any request with keys, and too small to hurt. */
export const OAUTH2_BODY_LIMIT = 1024 * 1024

/** The listener for clients and browsers. */
export function oauth2PublicDoor(doors: OAuth2Doors, routes: readonly Route[]): Door {
  const { cors } = doors.flow.settings.serve.public
  return {
    ...common(doors, routes, doors.flow.settings.serve.public),
    // Who asks before the call can't say which client it is; the answer itself is only for origins that are allowed.
    corsFor: ({ method, path }) =>
      method === 'OPTIONS' && isForClients(path) ? inForce({ ...cors, allowedOrigins: ['*'] }) : inForce(cors),
    spell: (url) => url,
    answer: (route, exchange) =>
      inWords(doors, async () => forOwnOrigin(doors, exchange, await route.handle(exchange))),
    dress: (answer, to) => dressed(answer, to, cors.enabled),
  }
}

/** The listener for administrators. */
export function oauth2AdminDoor(doors: OAuth2Doors, routes: readonly Route[]): Door {
  const { admin } = doors.flow.settings.serve
  return {
    ...common(doors, routes, admin),
    corsFor: () => inForce(admin.cors),
    spell: adminPath(routes),
    answer: (route, exchange) =>
      inWords(doors, async () => {
        checkAdmin(admin, exchange)
        return route.handle(exchange)
      }),
    dress: (answer, to) => dressed(answer, to, admin.cors.enabled),
  }
}

const common = (doors: OAuth2Doors, routes: readonly Route[], opening: Opening) => ({
  routes: routeTable(routes),
  isTrusted: null,
  refuse: (refusal: Refusal) => refuse(doors, refusal),
  ...logging(doors.flow.settings, opening, doors.flow.log),
})

/** Whatever is thrown, in OAuth's words. */
async function inWords({ flow }: OAuth2Doors, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof OAuthFault) return faultAnswer(flow.settings, thrown)
    if (thrown instanceof WireError) {
      const { status, message, options } = thrown
      return faultAnswer(flow.settings, new OAuthFault(status, message, options.reason ?? ''))
    }
    flow.log('error', 'request_failed', {
      detail: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    })
    return faultAnswer(flow.settings, unexpected())
  }
}

const unexpected = () =>
  new OAuthFault(
    500,
    'server_error',
    'The authorization server encountered an unexpected condition that prevented it from fulfilling the request.',
  )

/** What no route answers is answered in Hydra's words (ory-oauth2.md §2.1). */
function refuse({ flow: { settings } }: OAuth2Doors, refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'unknown':
    case 'wrong_method':
      return json(404, { error: { code: 404, status: 'Not Found', message: 'Not Found', reason: NO_ROUTE } })
    case 'malformed':
      return faultAnswer(settings, malformed('the request is no good HTTP'))
    case 'too_large':
      return faultAnswer(settings, malformed('the body is too large'))
    case 'overloaded':
      return faultAnswer(
        settings,
        new OAuthFault(503, 'temporarily_unavailable', 'Too many requests are being answered at the moment.'),
      )
    case 'failed':
      return faultAnswer(settings, unexpected())
    default:
      return refusal satisfies never
  }
}

const NO_ROUTE = 'The requested route does not exist. Make sure you are using the right path, domain, and port.'

function dressed(answer: Answer, to: Addressed, isVaried: boolean): Answer {
  const isRead = to.method === 'GET' || to.method === 'HEAD'
  return {
    ...answer,
    headers: {
      ...(isRead ? { 'cache-control': 'private, no-cache, no-store, must-revalidate' } : {}),
      ...(isVaried ? { vary: 'Origin' } : {}),
      // A code or challenge in an address must not leave with the next page's Referer (reliability.md T84).
      'referrer-policy': 'no-referrer',
      ...(/html/.test(answer.headers['content-type'] ?? '') ? { 'x-frame-options': 'DENY' } : {}),
      ...answer.headers,
    },
  }
}
