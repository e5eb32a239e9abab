import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { loadOAuth2Config } from './load.ts'
import { UNSUPPORTED } from './pending.ts'
import { oauth2Schema } from './schema.ts'
import { childOf, type SchemaNode } from '../schema/node.ts'

const load = (
  document: JsonObject | string,
  env: { readonly [name: string]: string } = {},
  profile: 'safe' | 'ory' = 'ory',
) =>
  loadOAuth2Config({
    files: ['hydra.yml'],
    profile,
    dev: false,
    env,
    readFile: () => Promise.resolve(typeof document === 'string' ? document : JSON.stringify(document)),
  })

const SECRETS = { secrets: { system: ['a-system-secret-for-tests-only'] } }

/** A file with every key of Hydra's own schema, each with a value Hydra takes (ory-oauth2.md §1.1, §2.3). */
const HYDRA = `
db: {ignore_unknown_table_columns: false}
log: {level: info, leak_sensitive_values: false, redaction_text: "[redacted]", format: text}
serve:
  public: {port: 4444, host: localhost, base_url: "https://a.example.test", cors: {enabled: false, allowed_origins: ["https://*.example.test"], allowed_methods: [GET], allowed_headers: [Authorization], exposed_headers: [Content-Type], allow_credentials: true, options_passthrough: false, max_age: 0, debug: false}, request_log: {disable_for_health: true}}
  admin: {port: 4445, host: localhost, base_url: "https://b.example.test", cors: {enabled: false}}
  cookies: {same_site_mode: Lax, same_site_legacy_workaround: false, domain: example.test, secure: false, names: {device_csrf: a, login_csrf: b, consent_csrf: c, session: d}, paths: {session: /}}
dsn: memory
clients: {http: {disallow_private_ip_ranges: true, private_ip_exception_urls: ["http://hooks.example.test/**"]}}
hsm: {enabled: false, library: /lib/x.so, pin: "1234", slot: 0, token_label: hydra, key_set_prefix: ""}
webfinger:
  jwks: {broadcast_keys: [hydra.openid.id-token]}
  oidc_discovery: {jwks_url: "https://a.example.test/k", token_url: /t, auth_url: /a, device_authorization_url: /d, client_registration_url: /r, supported_claims: [email], supported_scope: [email], userinfo_url: /u}
oidc: {subject_identifiers: {supported_types: [public, pairwise], pairwise: {salt: a-salt-for-tests}}, dynamic_client_registration: {enabled: true, default_scope: [openid]}}
urls: {self: {issuer: "https://a.example.test", public: "https://a.example.test", admin: "https://b.example.test"}, login: "https://ui.example.test/l", registration: "https://ui.example.test/r", consent: "https://ui.example.test/c", logout: "https://ui.example.test/o", device: {verification: "https://ui.example.test/d", success: "https://ui.example.test/s"}, error: "https://ui.example.test/e", post_logout_redirect: /bye, identity_provider: {url: "https://k.example.test", publicUrl: "https://k.example.test", headers: {Authorization: Bearer x}}}
strategies: {scope: exact, access_token: jwt, jwt: {scope_claim: both}}
ttl: {login_consent_request: 1h, authentication_session: 24h, access_token: 5m, refresh_token: -1, id_token: 5m, auth_code: 1m, device_user_code: 5m}
oauth2:
  expose_internal_errors: true
  session: {encrypt_at_rest: false}
  exclude_not_before_claim: true
  allowed_top_level_claims: [role]
  mirror_top_level_claims: false
  preserve_ext_claims: true
  hashers: {algorithm: bcrypt, bcrypt: {cost: 10}, pbkdf2: {iterations: 1000}}
  pkce: {enforced: true, enforced_for_public_clients: true}
  client_credentials: {default_grant_allowed_scope: true}
  grant: {refresh_token: {rotation_grace_period: 10s, rotation_grace_reuse_count: 2}, jwt: {jti_optional: true, iat_optional: true, max_ttl: 1h, omit_assertion_audience: true}}
  refresh_token_hook: "https://hooks.example.test/r"
  token_hook: {url: "https://hooks.example.test/t", auth: {type: api_key, config: {in: header, name: X-Key, value: hush}}}
  device_authorization: {token_polling_interval: 2s, user_code: {entropy_preset: high, length: 8}}
secrets: {system: [a-system-secret-for-tests], cookie: [a-cookie-secret-for-tests], pagination: [a-page-secret-for-tests]}
sqa: {opt_out: true}
version: v26.2.0
dev: false
feature_flags: {legacy_allow_insecure_origins: false}
cgroups: {v1: {auto_max_procs_enabled: false}}
`

test('every key of a valid hydra.yml is known, and what it says is in force', async () => {
  const { settings, warnings } = await load(HYDRA)
  expect(settings).toMatchObject({
    issuer: 'https://a.example.test',
    publicUrl: 'https://a.example.test/',
    accessToken: 'jwt',
    scopeStrategy: 'exact',
    scopeClaim: 'both',
    encryptAtRest: false,
    ttl: { request: 3_600_000, refreshToken: null, code: 60_000 },
    grace: { period: 10_000, count: 2 },
    hashers: { algorithm: 'bcrypt' },
    tokenHook: { url: 'https://hooks.example.test/t', auth: { in: 'header', name: 'X-Key', value: 'hush' } },
    refreshTokenHook: { url: 'https://hooks.example.test/r', auth: null },
    cookies: { names: { login: 'b' }, domain: 'example.test', sameSite: 'Lax', secure: true },
    clients: { privateAddresses: 'refused' },
    urls: { postLogout: 'https://a.example.test/bye' },
    pairwiseSalt: 'a-salt-for-tests',
    serve: { public: { logsHealth: false, tls: null, socket: null }, admin: { logsHealth: true } },
  })
  expect(warnings.join('\n')).not.toContain('hush')
})

test.each([
  ['a key nobody knows', 'oauth2: {token_hok: x}', /hydra\.yml:1:\d+ {2}oauth2\.token_hok[\s\S]*token_hook/],
  ['a key in the wrong place', 'token_hook: "https://a.example.test/"', /token_hook/],
  ['a wrong type', 'ttl: {access_token: 5}', /ttl\.access_token/],
  ['a wrong address', 'oauth2: {token_hook: "htps://a.example.test/"}', /oauth2\.token_hook/],
  ['a short secret', 'secrets: {system: [short]}', /secrets\.system\[0\]/],
  ['TLS without a certificate', 'serve: {public: {tls: {enabled: true}}}', /serve\.public\.tls[\s\S]*key and cert/],
  ['a key module that is not asked', 'hsm: {enabled: true}', /hsm\.enabled/],
  ['another database', 'dsn: mysql://a', /dsn/],
])('%s keeps the server from starting, and is named', async (_name, document, error) => {
  await expect(load(document)).rejects.toThrow(error)
})

test.each([
  ['before_issue', 'response: {ignore: true}', 'response.ignore', 'after_issue'],
  ['before_issue', 'lane: identity', 'lane', 'after_issue'],
  ['after_issue', 'response: {parse: true}', 'response.parse', 'before_issue'],
  ['after_issue', 'can_interrupt: true', 'can_interrupt', 'before_issue'],
  ['after_issue', 'on_failure: continue', 'on_failure', 'before_issue'],
  ['after_issue', 'attempts: 2', 'attempts', 'before_issue'],
])('an action under %s with %s is refused, and shown where it belongs', async (list, key, name, other) => {
  const config = `{url: "https://a.example.test/", method: POST, ${key}}`
  const said: unknown = await load(`tokens: {${list}: {hooks: [{hook: web_hook, config: ${config}}]}}`).catch(
    (thrown: unknown) => thrown,
  )
  expect(String(said)).toContain(`tokens.${list}.hooks[0].config.${name}`)
  expect(String(said)).toContain(`stands under ${other}`)
})

test('secrets are in no message', async () => {
  const wrong =
    'oauth2: {token_hook: {url: "https://u:hush@a.example.test/", auth: {type: api_key, config: {in: body, name: x, value: hush}}}}'
  const error: unknown = await load(wrong).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(String(error)).toContain('oauth2.token_hook')
  expect(String(error)).not.toContain('hush')
})

test.each(UNSUPPORTED)('$key is known: refused or announced, never silently ignored', ({ key }) => {
  let node: SchemaNode | null = oauth2Schema
  for (const step of key.split('.')) node = node === null ? null : childOf(node, step)
  expect(node).not.toBeNull()
})

test('what has no effect is said once, where it is written', async () => {
  const { warnings } = await load({ ...SECRETS, profiling: 'cpu', cgroups: { v1: { auto_max_procs_enabled: true } } })
  expect(warnings.filter((line) => line.includes('no effect'))).toEqual([
    expect.stringContaining('profiling: has no effect'),
    expect.stringContaining('cgroups: has no effect: it is about Go'),
  ])
})

test('the environment speaks with Hydra’s names', async () => {
  const { settings } = await load(SECRETS, {
    URLS_SELF_ISSUER: 'https://env.example.test/',
    OAUTH2_TOKEN_HOOK_URL: 'https://hooks.example.test/env',
    TTL_ACCESS_TOKEN: '7m',
    STRATEGIES_ACCESS_TOKEN: 'jwt',
    SECRETS_COOKIE: 'one-cookie-secret-of-env,two-cookie-secret-of-env',
    SERVE_PUBLIC_PORT: '5444',
  })
  expect(settings).toMatchObject({
    issuer: 'https://env.example.test/',
    tokenHook: { url: 'https://hooks.example.test/env', auth: null },
    ttl: { accessToken: 420_000 },
    accessToken: 'jwt',
    secrets: { cookie: ['one-cookie-secret-of-env', 'two-cookie-secret-of-env'] },
    serve: { public: { port: 5444 } },
  })
})

test('profiles are presets: an explicit key wins over either', async () => {
  const [safe, ory] = [await load(SECRETS, {}, 'safe'), await load(SECRETS, {}, 'ory')]
  expect(safe.settings).toMatchObject({
    pkce: { enforced: true },
    actions: { timeout: 3_000 },
    serve: { admin: { host: '127.0.0.1', open: 'same_host' } },
  })
  expect(ory.settings).toMatchObject({
    pkce: { enforced: false },
    actions: { timeout: 30_000 },
    serve: { admin: { open: 'anyone' } },
  })
  const own = await load({ ...SECRETS, oauth2: { pkce: { enforced: false } } }, {}, 'safe')
  expect(own.settings.pkce.enforced).toBe(false)
  expect(ory.warnings.join('\n')).toContain('oauth2.pkce.enforced')
  expect(safe.warnings.join('\n')).not.toContain('profile ory')
})
