import { readFile } from 'node:fs/promises'
import { openTemplates } from './actions/web-hook/templates.ts'
import type { RecordCall } from './core/call.ts'
import type { Log } from './core/log.ts'
import { noTracer, type Tracer } from './core/tracer.ts'
import type { OAuth2Settings } from './core/oauth2-settings.ts'
import { createClientSecrets } from './crypto/client-secrets.ts'
import { createSeal } from './crypto/seal.ts'
import { json, type Route } from './http/exchange.ts'
import type { Door } from './http/listener.ts'
import { metricsRoutes } from './http/metrics-routes.ts'
import { observeDoor } from './http/observe-door.ts'
import { oauth2AdminRoutes } from './http/oauth2/admin-routes.ts'
import type { OAuth2Doors } from './http/oauth2/deps.ts'
import { oauth2AdminDoor, oauth2PublicDoor } from './http/oauth2/listener-doors.ts'
import { oauth2PublicRoutes } from './http/oauth2/public-routes.ts'
import { registerRoutes } from './http/oauth2/register-routes.ts'
import { apis, withOpenApi } from './http/openapi/document.ts'
import type { OutgoingClient } from './net/outgoing.ts'
import type { FlowDeps } from './oauth2/authorize.ts'
import { createEngine } from './oauth2/engine.ts'
import { createRequests } from './oauth2/requests.ts'
import { createSigningKeys } from './oauth2/signing-keys.ts'
import { createTokenActions, type TokenActions } from './oauth2/token-actions.ts'
import type { Store } from './store/store.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { World } from './world.ts'

export type OAuth2Parts = {
  readonly store: Store
  readonly client: OutgoingClient
  readonly world: World
  readonly log: Log
  readonly version: string
  readonly wake: () => void
  readonly record: RecordCall
  readonly metrics: Metrics
  readonly tracer?: Tracer
}

/** What one configuration makes of the OAuth2 server: what is behind its two listeners. */
export type OAuth2Served = {
  readonly flow: FlowDeps
  readonly actions: TokenActions
  readonly public: Door
  readonly admin: Door
}

/** Builds everything of the OAuth2 server that depends on its configuration. */
export async function assembleOAuth2(
  { store, client, world, log, version, wake, record, metrics, tracer = noTracer }: OAuth2Parts,
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
  const adminRoutes = [
    ...healthRoutes(doors),
    versionRoute(doors),
    ...metricsRoutes({ metrics }),
    ...oauth2AdminRoutes(doors),
  ]
  const observed = { answered: metrics.answered, stopwatch: world.stopwatch, tracer }
  return {
    flow,
    actions,
    public: observeDoor(
      observed,
      'oauth2_public',
      oauth2PublicDoor(doors, withOpenApi(apis['oauth2-public'], publicRoutes, version)),
    ),
    admin: observeDoor(
      observed,
      'oauth2_admin',
      oauth2AdminDoor(doors, withOpenApi(apis['oauth2-admin'], adminRoutes, version)),
    ),
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
