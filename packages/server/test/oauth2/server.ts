import { Configuration, JwkApi, MetadataApi, OAuth2Api, OidcApi, WellknownApi } from '@ory/hydra-client'
import { loadOAuth2Config } from '../../src/config/oauth2/load.ts'
import type { CallRecord } from '../../src/core/call.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { openClient } from '../../src/net/client.ts'
import { startOAuth2 } from '../../src/oauth2-app.ts'
import { startOutbox } from '../../src/outbox/start-outbox.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store } from '../../src/store/store.ts'
import { figuresOf } from '../../src/telemetry/figures.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'
import { realWorld } from '../../src/world.ts'
import { merge } from '../app.ts'
import { freePort } from '../free-port.ts'
import { freshPostgres } from '../postgres.ts'

export const CALLBACK = 'http://127.0.0.1:5555/callback'

type Options = {
  readonly dialect?: 'sqlite' | 'postgres'
  readonly profile?: 'safe' | 'ory'
  /** Merged over the configuration below, group by group. */
  readonly config?: JsonObject
  /** Stands between the server and its store: to make it fail. */
  readonly wrap?: (store: Store) => Store
}

export type OAuth2TestServer = Awaited<ReturnType<typeof startOAuth2Server>>

/** The real OAuth2 server on a fresh database and two free ports, with a clock that tests may turn. */
export async function startOAuth2Server({
  dialect = 'sqlite',
  profile = 'ory',
  config = {},
  wrap = (store) => store,
}: Options = {}) {
  const [open, admin] = [await freePort(), await freePort()]
  const postgres = dialect === 'postgres' ? await freshPostgres() : null
  const publicUrl = `http://127.0.0.1:${open}`
  const adminUrl = `http://127.0.0.1:${admin}`
  const load = async (changes: JsonObject) => {
    const document = merge(
      {
        dsn: postgres?.url ?? 'memory',
        serve: { public: { host: '127.0.0.1', port: open }, admin: { host: '127.0.0.1', port: admin } },
        urls: {
          self: { issuer: `${publicUrl}/`, admin: `${adminUrl}/` },
          login: 'http://ui.example.test/login',
          consent: 'http://ui.example.test/consent',
          logout: 'http://ui.example.test/logout',
          error: 'http://ui.example.test/error',
          post_logout_redirect: 'http://ui.example.test/signed-out',
          device: { verification: 'http://ui.example.test/device', success: 'http://ui.example.test/device/done' },
        },
        secrets: { system: ['a-system-secret-for-tests-only'] },
        oauth2: { hashers: { pbkdf2: { iterations: 1 } } },
        actions: { backoff: { base: '1ms' } },
        clients: { http: { disallow_private_ip_ranges: false } },
      },
      changes,
    )
    const { settings } = await loadOAuth2Config({
      files: ['hydra.json'],
      profile,
      dev: false,
      env: {},
      readFile: () => Promise.resolve(JSON.stringify(document)),
    })
    return settings
  }
  const real = realWorld()
  const turned = { by: 0 }
  const world = { ...real, clock: { now: () => real.clock.now() + turned.by } }
  const logged: { readonly level: string; readonly event: string; readonly fields: JsonObject }[] = []
  const log = (level: string, event: string, fields: JsonObject) => void logged.push({ level, event, fields })
  const settings = await load(config)
  const store = wrap(await openStore(settings.dsn, { ...world, log, migrate: true }))
  const client = openClient(() => settings.clients, { userAgent: 'cardea-test' })
  const outbox = startOutbox({
    ...world,
    queue: store.deliveries,
    client,
    log,
    concurrency: 4,
    sendingOf: (action) => app.sendingOf(action),
    settings: () => settings.actions,
  })
  const records: CallRecord[] = []
  const record = (call: CallRecord) => void records.push(call)
  const app = await startOAuth2(
    {
      store,
      client,
      world,
      log,
      version: '0.0.0-test',
      wake: () => outbox.wake(),
      record,
      metrics: openMetrics(() => figuresOf(store.deliveries)),
    },
    settings,
  )
  const sdk = new Configuration({ basePath: adminUrl })
  return {
    publicUrl,
    adminUrl,
    /** For a second server on the same database. */
    dsn: settings.dsn,
    store,
    logged,
    records,
    oauth2: new OAuth2Api(sdk),
    jwk: new JwkApi(sdk),
    oidc: new OidcApi(new Configuration({ basePath: publicUrl })),
    metadata: new MetadataApi(sdk),
    wellknown: new WellknownApi(new Configuration({ basePath: publicUrl })),
    turn: (milliseconds: number) => {
      turned.by += milliseconds
    },
    reload: async (changes: JsonObject) => app.reload(await load(changes)),
    close: async () => {
      await app.close()
      await outbox.stop()
      await client.close()
      await store.close()
      await postgres?.drop()
    },
  }
}

/** A browser: it keeps cookies and follows nothing by itself. */
export class Browser {
  readonly jar = new Map<string, string>()

  async go(
    url: string,
    init: Omit<RequestInit, 'headers'> & { readonly headers?: { readonly [name: string]: string } } = {},
  ) {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    const location = response.headers.get('location')
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      location: location === null ? null : new URL(location, url),
    }
  }
}

export const authorizationUrl = (server: OAuth2TestServer, parameters: { readonly [name: string]: string }) =>
  `${server.publicUrl}/oauth2/auth?${new URLSearchParams({
    response_type: 'code',
    redirect_uri: CALLBACK,
    state: 'a-state-that-is-long-enough',
    ...parameters,
  }).toString()}`

type SignIn = {
  readonly url: string
  readonly browser?: Browser
  readonly subject?: string
  readonly login?: JsonObject
  readonly consent?: JsonObject
  readonly scope?: readonly string[]
}

/** Goes through login and consent as the apps behind them would; returns where the browser lands. */
export async function signIn(
  server: OAuth2TestServer,
  { url, browser = new Browser(), subject = 'alice', login = {}, consent = {}, scope }: SignIn,
) {
  const first = await browser.go(url)
  const loginChallenge = first.location?.searchParams.get('login_challenge')
  if (!loginChallenge) return { ...first, shown: null }
  const accepted = await server.oauth2.acceptOAuth2LoginRequest({
    loginChallenge,
    acceptOAuth2LoginRequest: { subject, amr: ['pwd'], acr: '1', ...login },
  })
  const second = await browser.go(accepted.data.redirect_to)
  const consentChallenge = second.location?.searchParams.get('consent_challenge')
  if (!consentChallenge) return { ...second, shown: null }
  const asked = await server.oauth2.getOAuth2ConsentRequest({ consentChallenge })
  const agreed = await server.oauth2.acceptOAuth2ConsentRequest({
    consentChallenge,
    acceptOAuth2ConsentRequest: {
      grant_scope: [...(scope ?? asked.data.requested_scope ?? [])],
      grant_access_token_audience: asked.data.requested_access_token_audience ?? [],
      session: { access_token: { from_consent: 'at' }, id_token: { from_consent: 'id' } },
      ...consent,
    },
  })
  const third = await browser.go(agreed.data.redirect_to)
  return { ...third, shown: asked.data }
}

export type TestClient = { readonly client_id: string; readonly client_secret: string }

/** Registers a client that may do everything these tests need. */
export async function register(server: OAuth2TestServer, more: JsonObject = {}): Promise<TestClient> {
  const { data } = await server.oauth2.createOAuth2Client({
    oAuth2Client: {
      redirect_uris: [CALLBACK],
      grant_types: [
        'authorization_code',
        'implicit',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
      ],
      response_types: ['code', 'code id_token', 'id_token'],
      scope: 'openid offline offline_access read write',
      audience: ['https://api.example.test'],
      token_endpoint_auth_method: 'client_secret_post',
      ...more,
    },
  })
  return { client_id: data.client_id ?? '', client_secret: data.client_secret ?? '' }
}

type TokenBody = {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly scope: string
  readonly expires_in: number
  readonly error: string
  readonly error_description: string
}

/** Asks the token endpoint. */
export async function token(
  server: OAuth2TestServer,
  client: Partial<TestClient>,
  form: { readonly [name: string]: string },
) {
  const response = await fetch(`${server.publicUrl}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, ...form }),
  })
  const body: TokenBody = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body }
}

/** The whole way from nothing to tokens. */
export async function tokensFor(
  server: OAuth2TestServer,
  client: TestClient,
  scope = 'openid offline read',
  more: Partial<SignIn> = {},
) {
  const url = authorizationUrl(server, { client_id: client.client_id, scope, nonce: 'a-nonce-that-is-long-enough' })
  const landed = await signIn(server, { url, ...more })
  const code = landed.location?.searchParams.get('code') ?? ''
  const answer = await token(server, client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
  return { code, ...answer }
}

export const refresh = (server: OAuth2TestServer, client: TestClient, refreshToken: string) =>
  token(server, client, { grant_type: 'refresh_token', refresh_token: refreshToken })

export const introspect = async (server: OAuth2TestServer, value: string, scope?: string) =>
  (await server.oauth2.introspectOAuth2Token({ token: value, ...(scope === undefined ? {} : { scope }) })).data

export const claimsOf = (jwt: string): JsonObject =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
