import { expect, test } from 'vitest'
import { errorOf, loadText, minimalText } from '../../test/minimal-config.ts'

const safe = { dev: false, profile: 'safe' } as const
const env = {
  COOKIE: 'dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe',
  SHORT: 'dwJ0b4cZ1q8yT6nV',
  SAMPLE: 'PLEASE-CHANGE-ME-I-AM-VERY-INSECURE',
}
const text = minimalText.replace(/cookie: .*/, 'cookie: ["env://COOKIE"]')

test('a safe production configuration has nothing to be said about', async () => {
  expect((await loadText(text, { ...safe, env })).warnings).toEqual([])
})

/** What it is about, the configuration, and the line of it that is refused. */
const unsafe: readonly (readonly [string, string, string])[] = [
  [
    'S33: no secrets at all',
    text.replace(/secrets:\n.*\n/, ''),
    'secrets\n  got   no secrets\n  need  secrets.cookie or secrets.default',
  ],
  [
    'B11: a short secret',
    text.replace('COOKIE', 'SHORT'),
    'secrets.cookie[0]\n  got   a secret of 16 characters (not shown)\n  need  at least 32 bytes\n  fix   make one: openssl rand -hex 16',
  ],
  [
    'B11: a sample',
    text.replace('COOKIE', 'SAMPLE'),
    'secrets.cookie[0]\n  got   a sample value (not shown)\n  need  a secret of your own',
  ],
  [
    'B10: a secret in clear',
    minimalText,
    'secrets.cookie[0]\n  got   a secret in clear (not shown)\n  need  a reference (env://NAME or file://PATH)',
  ],
  [
    'B10: a password in an address',
    text.replace('memory', 'postgres://cardea:hush@db.test/cardea'),
    'dsn\n  got   a secret in clear (not shown)',
  ],
  [
    'B10: the credential of an action',
    `${text}  flows: {login: {before: {hooks: [{hook: web_hook, config: {url: https://b.test/, method: TRACE, auth: {type: api_key, config: {name: X, value: hush, in: header}}}}]}}}`,
    'login.before.hooks[0].config.auth.config.value\n  got   a secret in clear (not shown)',
  ],
  [
    'B10: a header that carries one',
    `${text}  flows: {login: {before: {hooks: [{hook: web_hook, config: {url: https://b.test/, method: TRACE, headers: {Authorization: hush, X-Tenant: shown}}}]}}}`,
    'login.before.hooks[0].config.headers.Authorization\n  got   a secret in clear (not shown)',
  ],
  [
    'a short token',
    `${text}serve: {admin: {auth: {bearer_tokens: ["env://SHORT"]}}}`,
    'bearer_tokens[0]\n  got   a token of 16 characters (not shown)\n  need  at least 32 characters',
  ],
  [
    'B17: an admin listener for everybody',
    `${text}serve: {admin: {host: 0.0.0.0}}`,
    'serve.admin.host\n  got   "0.0.0.0"\n  need  127.0.0.1, or serve.admin.auth.bearer_tokens',
  ],
  [
    'B18: an exception for everything',
    `${text}clients: {http: {private_ip_exception_urls: ["https://crm.test/*", "*"]}}`,
    'clients.http.private_ip_exception_urls[1]\n  got   "*"\n  need  a host with its port',
  ],
  [
    'B18: an exception for everything over http',
    `${text}clients: {http: {private_ip_exception_urls: ["http://**/**"]}}`,
    'private_ip_exception_urls[0]\n  got   "http://**/**"',
  ],
]

test.each(unsafe)('%s is refused in safe', async (_name, config, expected) => {
  const error = await errorOf(config, { ...safe, env })
  expect(error).toContain(expected)
  expect(error.split('\n').filter((line) => line.startsWith('cardea.yml'))).toHaveLength(1)
  expect(error).not.toContain('hush')
})

test.each(unsafe)('%s is a warning in ory', async (_name, config, expected) => {
  const { warnings } = await loadText(config, { dev: false, profile: 'ory', env })
  const [key = ''] = expected.split('\n')
  expect(warnings.filter((line) => line.includes(key) && line.includes('needs '))).toHaveLength(1)
  expect(warnings.join('\n')).not.toContain('hush')
})

test.each(unsafe)('%s is nobody’s concern in development', async (_name, config) => {
  expect((await loadText(config, { dev: true, env })).warnings).toEqual([])
})

test('ory says once that secrets stand in clear, however many', async () => {
  const two = minimalText.replace('secrets:', 'secrets:\n  default: [qqJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe]')
  const { warnings } = await loadText(two, { dev: false, profile: 'ory' })
  expect(warnings.filter((line) => line.includes('a reference (env://NAME'))).toEqual([
    expect.stringContaining('(in clear here, as 1 more)'),
  ])
})

test('a secret that comes from the environment stands in no file', async () => {
  const { warnings } = await loadText(text.replace(/secrets:\n.*\n/, ''), {
    ...safe,
    env: { SECRETS_COOKIE: env.COOKIE },
  })
  expect(warnings).toEqual([])
})

test('tokens open an admin listener that everybody reaches', async () => {
  const config = `${text}serve: {admin: {host: 0.0.0.0, auth: {bearer_tokens: ["env://COOKIE"]}}}`
  const { settings } = await loadText(config, { ...safe, env })
  // SHA-256 of the token: what is compared, and all that is kept.
  expect(settings.serve.admin.bearerTokenHashes).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(JSON.stringify(settings.serve)).not.toContain(env.COOKIE)
})

test.each([
  [
    'a cheap hash',
    'hashers: {algorithm: bcrypt, bcrypt: {cost: 4}}',
    'hashers.bcrypt.cost: needs at least 12 outside of development: 12 is used instead of 4',
  ],
  [
    'pages of everybody',
    'serve: {public: {cors: {enabled: true}}}',
    'serve.public.cors.allowed_origins: needs the origins of your own pages',
  ],
  [
    'cookies that browsers drop',
    'cookies: {same_site: None, secure: false}\nsession: {cookie: {name: x}}',
    'cookies.same_site: needs secure cookies as well',
  ],
])('%s is a warning in either profile', async (_name, more, expected) => {
  for (const profile of ['safe', 'ory'] as const) {
    const { warnings } = await loadText(`${text}${more}`, { dev: false, profile, env })
    expect(warnings.join('\n')).toContain(expected)
  }
})

test('bcrypt is never cheaper than 12 outside of development', async () => {
  const config = `${text}hashers: {algorithm: bcrypt, bcrypt: {cost: 4}}`
  expect((await loadText(config, { ...safe, env })).settings.hashers.bcrypt.cost).toBe(12)
  expect((await loadText(config, { dev: true, env })).settings.hashers.bcrypt.cost).toBe(4)
})

test('development at an address of the world is almost always a mistake', async () => {
  const { warnings } = await loadText(`${text}serve: {public: {base_url: https://id.example.test/}}`, {
    dev: true,
    env,
  })
  expect(warnings).toEqual([
    expect.stringContaining('dev: needs false where people reach the server at id.example.test'),
  ])
})

test.each([
  ['serve: {public: {tls: {cert: {path: /x}}}}', 'serve.public.tls\n  got   no key\n  need  key and cert'],
  ['serve: {admin: {tls: {key: {base64: eA==}, cert: {path: ""}}}}', 'serve.admin.tls\n  got   no cert\n'],
])('%s is refused: plain http would be spoken instead', async (more, expected) => {
  expect(await errorOf(`${text}${more}`, { env })).toContain(expected)
})

test('a certificate and a socket of their own are what a listener may have', async () => {
  const { settings } = await loadText(
    `${text}serve: {public: {tls: {cert: {path: /x}, key: {base64: eA==}}}, admin: {host: "unix:/run/c.sock", socket: {mode: 432}}}`,
    { env },
  )
  expect(settings.serve.public.tls).toEqual({
    key: { kind: 'base64', base64: 'eA==' },
    cert: { kind: 'file', path: '/x' },
  })
  expect(settings.serve.admin).toMatchObject({
    host: 'unix:/run/c.sock',
    socket: { mode: 0o660, owner: null },
    tls: null,
  })
})

test('what is not built and does no harm is said once, where it is written', async () => {
  const { warnings } = await loadText(
    `${text}preview: {default_read_consistency_level: eventual}\ntracing: {providers: {jaeger: {local_agent_address: a:1}}}\nlog: {format: json}`,
    { env },
  )
  expect(warnings).toEqual([
    'cardea.yml:11  tracing.providers.jaeger: has no effect: Jaeger takes OTLP over HTTP by itself: provider otel, with its port 4318 in providers.otlp.server_url',
    'cardea.yml:10  preview: has no effect: every list is up to date',
  ])
})

test('keys of providers that would do nothing are said, and one that would let in too many is refused', async () => {
  const provider = (more: string) =>
    text.replace(
      /^selfservice:\n/m,
      `selfservice:\n  methods: {oidc: {enabled: true, config: {providers: [{id: a, provider: google, client_id: a, client_secret: "env://S", mapper_url: "base64://e30=", ${more}}]}}}\n`,
    )
  const { warnings } = await loadText(
    provider('fedcm_config_url: "https://a.example.test/", net_id_token_origin_header: x, organization_id: ""'),
    { env: { ...env, S: 'a-secret-for-tests' } },
  ).catch((error: unknown) => ({ warnings: [String(error)] }))
  const said = warnings.join('\n')
  expect(said).toContain('providers[0].fedcm_config_url: has no effect: people sign in at a provider’s own page')
  expect(said).toContain('providers[0].net_id_token_origin_header: has no effect')
  expect(said).not.toContain('organization_id')
  expect(await errorOf(provider('organization_id: 5f3b'), { env: { ...env, S: 'a-secret-for-tests' } })).toContain(
    'without them everybody could sign in with it',
  )
})

test('a key Ory lets pass unread is refused in safe, and in ory said to do nothing', async () => {
  const config = `${text}courier: {worker: {pull_cuont: 3}}`
  expect(await errorOf(config, { env })).toContain(
    'courier.worker.pull_cuont\n  got   an unknown key\n  need  one of pull_count, pull_wait\n  fix   did you mean pull_count?',
  )
  const { warnings } = await loadText(config, { env, profile: 'ory' })
  expect(warnings).toContain(
    'cardea.yml:10  courier.worker.pull_cuont: an unknown key; needs one of pull_count, pull_wait',
  )
})

test('a misspelt key of the guard is refused in ory as well', async () => {
  const config = `${text}clients: {http: {disallow_private_ip_range: true}}`
  expect(await errorOf(config, { env, profile: 'ory' })).toContain('fix   did you mean disallow_private_ip_ranges?')
})
