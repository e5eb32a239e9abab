import { readFile } from 'node:fs/promises'
import { openTemplates } from './actions/web-hook/templates.ts'
import type { RecordCall } from './core/call.ts'
import type { Log } from './core/log.ts'
import type { OAuth2Settings } from './core/oauth2-settings.ts'
import { createClientSecrets } from './crypto/client-secrets.ts'
import { createSeal } from './crypto/seal.ts'
import { checkAdmin } from './http/admin-gate.ts'
import { type Answer, type Exchange, json, type Route } from './http/exchange.ts'
import { oauth2AdminRoutes } from './http/oauth2/admin-routes.ts'
import { forOwnOrigin } from './http/oauth2/client-origins.ts'
import type { OAuth2Doors } from './http/oauth2/deps.ts'
import { oauth2PublicRoutes } from './http/oauth2/public-routes.ts'
import { registerRoutes } from './http/oauth2/register-routes.ts'
import type { OutgoingClient } from './net/outgoing.ts'
import type { FlowDeps } from './oauth2/authorize.ts'
import { createEngine } from './oauth2/engine.ts'
import { createRequests } from './oauth2/requests.ts'
import { createSigningKeys } from './oauth2/signing-keys.ts'
import { createTokenActions, type TokenActions } from './oauth2/token-actions.ts'
import type { Store } from './store/store.ts'
import type { World } from './world.ts'

export type OAuth2Parts = {
  readonly store: Store
  readonly client: OutgoingClient
  readonly world: World
  readonly log: Log
  readonly version: string
  readonly wake: () => void
  readonly record: RecordCall
}

/** What one configuration makes of the OAuth2 server: two tables of routes. */
export type OAuth2Served = {
  readonly flow: FlowDeps
  readonly actions: TokenActions
  readonly publicRoutes: readonly Route[]
  readonly adminRoutes: readonly Route[]
  answerPublic(route: Route, exchange: Exchange): Promise<Answer>
  answerAdmin(route: Route, exchange: Exchange): Promise<Answer>
}

/** Builds everything of the OAuth2 server that depends on its configuration. */
export async function assembleOAuth2(
  { store, client, world, log, version, wake, record }: OAuth2Parts,
  settings: OAuth2Settings,
): Promise<OAuth2Served> {
  const seal = (secrets: readonly string[], purpose: string) => createSeal(secrets, `oauth2 ${purpose}`, world.random)
  const { system, cookie, pagination } = settings.secrets
  const keys = createSigningKeys({ store, ...world, seal: seal(system, 'key') })
  const templates = openTemplates({ client, clock: world.clock, readFile: (path) => readFile(path, 'utf8') })
  const actions = createTokenActions({ settings, ...world, log, client, keys, templates, record })
  const deps = {
    settings,
    store,
    ...world,
    log,
    client,
    keys,
    ask: actions.ask,
    wake,
    secrets: createClientSecrets(settings.hashers, world.random),
    seals: {
      requests: seal(system, 'request'),
      sessions: seal(system, 'session'),
      cookies: seal(cookie, 'cookie'),
      pages: seal(pagination, 'page'),
    },
  }
  const flow: FlowDeps = { ...deps, requests: createRequests(deps) }
  const doors: OAuth2Doors = { flow, engine: await createEngine(flow), ping: () => store.ping(), version }
  const publicRoutes = [...healthRoutes(doors), ...oauth2PublicRoutes(doors), ...registerRoutes(doors)]
  const adminRoutes = [...healthRoutes(doors), versionRoute(doors), ...oauth2AdminRoutes(doors)]
  // Listeners were opened with the routes of the first configuration; each request finds today's by name.
  const find = (routes: readonly Route[]) => {
    const known = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
    return (route: Route) => known.get(`${route.method} ${route.path}`) ?? route
  }
  const [publicRoute, adminRoute] = [find(publicRoutes), find(adminRoutes)]
  return {
    flow,
    actions,
    publicRoutes,
    adminRoutes,
    answerPublic: async (route, exchange) => forOwnOrigin(doors, exchange, await publicRoute(route).handle(exchange)),
    answerAdmin: async (route, exchange) => {
      checkAdmin(settings.serve.admin, exchange)
      return adminRoute(route).handle(exchange)
    },
  }
}

const healthRoutes = ({ ping, flow }: OAuth2Doors): readonly Route[] => [
  { method: 'GET', path: '/health/alive', csrf: 'ignored', handle: async () => json(200, { status: 'ok' }) },
  {
    method: 'GET',
    path: '/health/ready',
    csrf: 'ignored',
    handle: async () => {
      try {
        await ping()
        return json(200, { status: 'ok' })
      } catch (error) {
        flow.log('error', 'database_unavailable', { detail: String(error) })
        return json(503, { errors: { database: 'error; the log has the details' } })
      }
    },
  },
]

const versionRoute = ({ version }: OAuth2Doors): Route => ({
  method: 'GET',
  path: '/version',
  csrf: 'ignored',
  handle: async () => json(200, { version }),
})
