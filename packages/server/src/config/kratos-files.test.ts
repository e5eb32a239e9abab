import { expect, test } from 'vitest'
import { load, personSchema, toBase64 } from '../../test/minimal-config.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { METHODS_WITH_HOOKS } from '../core/place.ts'
import { FLOWS } from '../core/trigger.ts'
import { mergeObjects } from './path.ts'

/** Configurations as people have them for Kratos: all its methods, and what is done with hooks. */
const origin = 'https://app.example.test'
const hook = (name: string, more: JsonObject = {}): JsonObject => ({
  hook: 'web_hook',
  config: {
    url: `https://receiver.example.test/h/${name}`,
    method: 'POST',
    body: toBase64('function(ctx) ctx'),
    ...more,
  },
})
const session = { hook: 'session' }
const revoke = { hook: 'revoke_active_sessions' }
const verified = { hook: 'require_verified_address' }
const list = (...hooks: Json[]) => ({ hooks })
const rp = { id: 'app.example.test', display_name: 'Example', origins: [origin] }

const base: JsonObject = {
  version: 'v26.2.0',
  dsn: 'memory',
  dev: true,
  identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: toBase64(JSON.stringify(personSchema)) }] },
  serve: {
    public: {
      base_url: 'http://127.0.0.1:4433/',
      host: '127.0.0.1',
      port: 4433,
      cors: { enabled: true, allowed_origins: [origin], allow_credentials: true },
    },
    admin: { base_url: 'http://127.0.0.1:4434/', host: '127.0.0.1', port: 4434 },
  },
  log: { level: 'info', leak_sensitive_values: true },
  secrets: { cookie: ['dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe'], cipher: ['Rr7pH5fGedwJ0b4cZ1q8yT6nV3mK9sL2'] },
  hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
  ciphers: { algorithm: 'xchacha20-poly1305' },
  courier: {
    smtp: {
      connection_uri: 'smtp://127.0.0.1:1025/?disable_starttls=true',
      from_address: 'no-reply@example.test',
      from_name: 'Example',
    },
  },
  selfservice: {
    default_browser_return_url: `${origin}/`,
    allowed_return_urls: [origin, 'https://other.example.test/'],
    methods: {
      password: { enabled: true, config: { haveibeenpwned_enabled: false } },
      profile: { enabled: true },
      link: { enabled: true, config: { lifespan: '1h' } },
      code: { enabled: true, passwordless_enabled: true, config: { lifespan: '1h' } },
      totp: { enabled: true, config: { issuer: 'Example' } },
      lookup_secret: { enabled: true },
      webauthn: { enabled: true, config: { passwordless: false, rp } },
      passkey: { enabled: true, config: { rp } },
      oidc: {
        enabled: true,
        config: {
          providers: [
            {
              id: 'p',
              label: 'P',
              provider: 'generic',
              client_id: 'c',
              client_secret: 's',
              issuer_url: 'https://op.example.test/',
              mapper_url: toBase64('{}'),
              scope: ['openid'],
            },
          ],
        },
      },
    },
    flows: {
      error: { ui_url: `${origin}/error` },
      logout: { after: { default_browser_return_url: `${origin}/login` } },
      login: { ui_url: `${origin}/login`, lifespan: '10m' },
      registration: {
        enabled: true,
        style: 'unified',
        ui_url: `${origin}/registration`,
        after: Object.fromEntries(METHODS_WITH_HOOKS.registration.map((method) => [method, list(session)])),
      },
      settings: { ui_url: `${origin}/settings`, privileged_session_max_age: '15m' },
      recovery: { enabled: true, ui_url: `${origin}/recovery`, use: 'code' },
      verification: { enabled: true, ui_url: `${origin}/verification`, use: 'code' },
    },
  },
}
const flows = (changes: JsonObject, more: JsonObject = {}) =>
  mergeObjects(base, { ...more, selfservice: { flows: changes } })

/** A hook at every trigger there is. */
const everywhere = (more: JsonObject = {}) =>
  flows(
    Object.fromEntries(
      FLOWS.map((flow) => [
        flow,
        {
          before: list(hook(`${flow}.before`, more)),
          after: {
            ...list(hook(`${flow}.after.default`, more)),
            ...Object.fromEntries(
              METHODS_WITH_HOOKS[flow].map((method) => [
                method,
                list(hook(`${flow}.after.${method}`, more), ...(flow === 'registration' ? [session] : [])),
              ]),
            ),
          },
        },
      ]),
    ),
  )
const parse = { response: { parse: true } }
const key = (where: string) => ({ auth: { type: 'api_key', config: { name: 'X-Key', value: 'v', in: where } } })

const files: { readonly [name: string]: JsonObject } = {
  base,
  everywhere: everywhere(),
  'everywhere, parsed': everywhere(parse),
  'everywhere, ignored': everywhere({ response: { ignore: true } }),
  'two steps': flows({ registration: { style: 'profile_first' }, login: { style: 'identifier_first' } }),
  'recovery and verification by link': flows({ recovery: { use: 'link' }, verification: { use: 'link' } }),
  'continue_with transitions': flows({}, { feature_flags: { use_continue_with_transitions: true } }),
  'short flows': flows(Object.fromEntries(FLOWS.map((flow) => [flow, { lifespan: '1s' }]))),
  'second factors': flows(
    { settings: { required_aal: 'highest_available' } },
    { session: { whoami: { required_aal: 'highest_available' } } },
  ),
  'calls that prove who they are': flows({
    login: { before: list(hook('a', key('header'))), after: { password: list(hook('b', key('cookie'))) } },
    registration: {
      before: list(hook('c', { auth: { type: 'basic_auth', config: { user: 'u', password: 'pä:ss word' } } })),
    },
    settings: { before: list(hook('d', { headers: { 'X-One': '1', 'User-Agent': 'my-agent/1' } })) },
  }),
  'templates of every kind': flows({
    login: { before: list(hook('a', { body: toBase64("function(ctx) error 'cancel'") })) },
    registration: { before: list(hook('b', { body: 'https://receiver.example.test/remote.jsonnet' })) },
    settings: { before: list(hook('c', { body: toBase64('function(ctx) ctx.does.not.exist') })) },
    recovery: {
      before: list({ hook: 'web_hook', config: { url: 'https://receiver.example.test/h/d', method: 'POST' } }),
    },
    verification: { before: list(hook('e', { headers: { 'Content-Type': 'text/plain' } })) },
  }),
  'the example of the overview': flows({
    login: { before: list(hook('hook_1')), after: { ...list(hook('hook_2')), password: list(hook('hook_3')) } },
  }),
  'sessions that end others': flows({
    login: { after: { password: list(revoke) } },
    settings: { after: { password: list(revoke) } },
    recovery: { after: list(revoke, hook('a')) },
  }),
  'one of everything in one list': flows({
    login: { after: { password: list(hook('first'), hook('second', parse), revoke, hook('third')) } },
    registration: {
      after: { password: list(session, hook('a'), hook('b', parse), hook('c', { can_interrupt: true })) },
    },
  }),
  'verified people only': flows({ login: { after: { ...list(verified), password: list(verified, hook('a')) } } }),
  'a new address': flows({
    settings: {
      after: {
        profile: list(
          { hook: 'verify_new_address' },
          { hook: 'notify_previous_addresses', config: { recipients: 'removed' } },
          hook('a'),
        ),
      },
    },
  }),
  'passwords of another system': mergeObjects(base, {
    selfservice: {
      methods: {
        password: {
          config: {
            migrate_hook: {
              enabled: true,
              config: { url: 'https://receiver.example.test/h/m', method: 'POST', ...key('header') },
            },
          },
        },
      },
    },
  }),
  'headers for templates': flows(
    { login: { before: list(hook('a')) } },
    { clients: { web_hook: { header_allowlist: ['X-Custom', 'cookie'] } } },
  ),
}

const kindsIn = (value: Json): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((item: Json) => kindsIn(item))
  if (!isJsonObject(value)) return []
  return [...(typeof value['hook'] === 'string' ? [value['hook']] : []), ...Object.values(value).flatMap(kindsIn)]
}
test.each(Object.entries(files))('a kratos.yml loads: %s', async (_name, config) => {
  const { settings } = await load(config, { profile: 'ory', dev: false })
  expect(settings.hooks.flatMap(({ entries }) => entries)).toHaveLength(kindsIn(config).length)
})

test('what a kratos.yml says is what is in force', async () => {
  const { settings } = await load(base, { profile: 'ory', dev: false })
  expect(settings).toMatchObject({
    profile: 'ory',
    dev: true,
    dsn: 'memory',
    log: { level: 'info', leakSensitiveValues: true },
    serve: {
      public: {
        host: '127.0.0.1',
        port: 4433,
        baseUrl: 'http://127.0.0.1:4433/',
        cors: { enabled: true, allowedOrigins: [origin], allowCredentials: true },
      },
      admin: { port: 4434, baseUrl: 'http://127.0.0.1:4434/', open: 'anyone', bearerTokenHashes: [] },
    },
    cookies: { domain: null, path: '/', sameSite: 'Lax', secure: false },
    session: { lifespan: 86_400_000, cookie: { name: 'ory_kratos_session', persistent: true, secure: false } },
    selfservice: {
      defaultReturnUrl: `${origin}/`,
      allowedReturnUrls: [origin, 'https://other.example.test/'],
      flows: {
        login: { enabled: true, uiUrl: `${origin}/login`, lifespan: 600_000 },
        recovery: { enabled: true, lifespan: 3_600_000 },
      },
      errorUiUrl: `${origin}/error`,
      logoutReturnUrl: `${origin}/login`,
      registration: { enabled: true, loginHints: false, style: 'unified' },
    },
    methods: {
      password: {
        enabled: true,
        minLength: 8,
        similarityCheck: true,
        haveIBeenPwned: { enabled: false, host: 'api.pwnedpasswords.com', maxBreaches: 0, ignoreNetworkErrors: true },
      },
      totp: { enabled: true },
      link: { enabled: true },
    },
    secrets: { generated: false, default: ['made-up-for-this-test-and-no-other'] },
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
    clients: { privateAddresses: 'allowed', maxRedirects: 3, cookieAllowlist: 'all' },
    actions: {
      askTimeout: 55_000,
      timeout: 30_000,
      attempts: 3,
      backoff: { base: 1_000, jitter: false },
      awaitedFailure: 'fail',
      precedence: 'ory',
    },
    courier: {
      email: {
        kind: 'smtp',
        connectionUri: 'smtp://127.0.0.1:1025/?disable_starttls=true',
        clientCertPath: null,
        clientKeyPath: null,
        fromAddress: 'no-reply@example.test',
        fromName: 'Example',
        headers: {},
        localName: 'localhost',
        privateAddresses: 'allowed',
      },
      senders: [],
      sms: null,
      templates: [],
      templateFolder: null,
      messageRetries: 5,
      pullCount: 10,
      pullWait: 1_000,
    },
  })
})

test.each([
  ['http://id.example.test', 'http://id.example.test/'],
  ['https://example.test/id', 'https://example.test/id/'],
])('the public address %s ends in a slash', async (base_url, expected) => {
  const { settings } = await load(mergeObjects(base, { serve: { public: { base_url } } }))
  expect(settings.serve.public.baseUrl).toBe(expected)
})

test.each([
  [false, { host: 'id.example.test' }, 'https://id.example.test:4433/'],
  [true, { host: 'id.example.test', port: 8080 }, 'http://id.example.test:8080/'],
  [true, { host: '::1' }, 'http://[::1]:4433/'],
])('without a public address (dev: %s) it is guessed from %o', async (dev, listener, expected) => {
  const env = { COOKIE: 'dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe' }
  const config = { ...base, dev, serve: { public: listener }, secrets: { cookie: ['env://COOKIE'] } }
  expect((await load(config, { profile: 'ory', dev, env })).settings.serve.public.baseUrl).toBe(expected)
})

test.each([
  ['absent', {}, true],
  ['as Ory’s schema has it', { secure: 'false' }, false],
  ['as people write it', { secure: false }, false],
  ['on', { secure: true }, true],
])('cookies.secure %s', async (_name, cookies, expected) => {
  const { settings } = await load({ ...base, dev: false, cookies }, { profile: 'ory', dev: false })
  expect([settings.cookies.secure, settings.session.cookie.secure]).toEqual([expected, expected])
})

test('what the session’s cookie leaves out is as in cookies', async () => {
  const cookies = { domain: 'example.test', path: '/id', same_site: 'Strict' }
  const { settings } = await load({ ...base, cookies, session: { cookie: { path: '/s' } } }, { profile: 'ory' })
  expect(settings.session.cookie).toMatchObject({ domain: 'example.test', path: '/s', sameSite: 'Strict' })
})

test('addresses of one’s own pages may be paths', async () => {
  const config = mergeObjects(base, {
    selfservice: {
      default_browser_return_url: '/welcome',
      flows: { login: { ui_url: '/login', after: { password: { default_browser_return_url: '/in' } } } },
    },
  })
  const { selfservice } = (await load(config)).settings
  expect(selfservice.defaultReturnUrl).toBe('http://127.0.0.1:4433/welcome')
  expect(selfservice.flows.login).toMatchObject({
    uiUrl: 'http://127.0.0.1:4433/login',
    afterMethodReturnUrl: { password: 'http://127.0.0.1:4433/in' },
  })
})

test('pages are Cardea’s own where nobody says otherwise', async () => {
  const { settings } = await load({ ...base, selfservice: { default_browser_return_url: '/' } }, { profile: 'safe' })
  expect(settings.selfservice.flows.login.uiUrl).toBe('http://127.0.0.1:4433/ui/login')
  expect(settings.selfservice.errorUiUrl).toBe('http://127.0.0.1:4433/ui/error')
})

test.each([
  ['128MB', 131_072],
  ['19456KB', 19_456],
  ['1GB', 1_048_576],
])('argon2 memory %s is %i KiB', async (memory, expected) => {
  const { settings } = await load(mergeObjects(base, { hashers: { argon2: { memory } } }))
  expect(settings.hashers.argon2.memory).toBe(expected)
})
