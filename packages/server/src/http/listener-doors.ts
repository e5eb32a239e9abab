import type { Log } from '../core/log.ts'
import type { Opening } from '../core/settings.ts'
import { checkAdmin } from './admin-gate.ts'
import { adminPath } from './admin-path.ts'
import { type DoorDeps, forwardError, guarded } from './doors.ts'
import type { Route } from './exchange.ts'
import type { Door, Logged } from './listener.ts'
import { createRouter } from './router.ts'

/** What no layer of Ory's looks at: neither varied by cookies, nor given one (ory-identity-api.md §1.1). */
const PLAIN = new Set(['/health/alive', '/health/ready', '/version', '/metrics/prometheus'])

/** The listener for people: behind the CSRF layer, whatever the path. */
export function publicDoor(deps: DoorDeps, routes: readonly Route[], log: Log): Door {
  const { cors } = deps.settings.serve.public
  const [vary, plainVary] = cors.enabled ? ['Origin, Cookie', 'Origin'] : ['Cookie', null]
  return {
    cors,
    varyFor: (path) => (PLAIN.has(path) ? plainVary : vary),
    spell: (path) => path,
    find: createRouter(routes),
    answer: (route, exchange) =>
      guarded(deps, exchange, PLAIN.has(exchange.path) ? 'ignored' : route.csrf, route.handle),
    ...logging(deps, deps.settings.serve.public, log),
  }
}

/** The listener for administrators: whoever may not use it learns nothing else. */
export function adminDoor(deps: DoorDeps, routes: readonly Route[], log: Log): Door {
  const { admin } = deps.settings.serve
  return {
    cors: null,
    varyFor: () => null,
    spell: adminPath(routes),
    find: createRouter(routes),
    answer: async (route, exchange) => {
      try {
        checkAdmin(admin, exchange)
        return await route.handle(exchange)
      } catch (thrown) {
        return forwardError(deps, exchange, thrown, 'ajax')
      }
    },
    ...logging(deps, admin, log),
  }
}

function logging({ settings }: DoorDeps, { logsHealth }: Opening, log: Log): Pick<Door, 'logRequest' | 'logFailure'> {
  const isAsked = settings.log.level === 'debug' || settings.log.level === 'trace'
  const logRequest = ({ milliseconds, ...request }: Logged) => {
    if (!logsHealth && request.path.startsWith('/health/')) return
    log('debug', 'request', { ...request, milliseconds: Math.round(milliseconds * 10) / 10 })
  }
  return {
    logRequest: isAsked ? logRequest : null,
    logFailure: (error) => log('error', 'request_failed', { detail: String(error) }),
  }
}
