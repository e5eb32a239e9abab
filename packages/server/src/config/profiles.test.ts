import { expect, test } from 'vitest'
import { load, minimalConfig } from '../../test/minimal-config.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { parsePath, valueAt, withValue } from './path.ts'
import { PRESETS } from './profiles.ts'
import { fillDefaults } from './fill-defaults.ts'
import { configSchema } from './schema/schema.ts'

const secrets = { cookie: ['env://COOKIE'] }
const env = { COOKIE: 'dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe' }
const effectiveOf = async (profile: 'safe' | 'ory', dev: boolean, more = {}) =>
  (await load({ ...minimalConfig, secrets, ...more }, { profile, dev, env })).effective

test('what the profiles preset is what the papers say', async () => {
  const [safe, dev, ory] = await Promise.all([
    effectiveOf('safe', false),
    effectiveOf('safe', true),
    effectiveOf('ory', false),
  ])
  const table = PRESETS.map(({ key }) => [key, ...[safe, dev, ory].map((each) => valueAt(each, parsePath(key)))])
  expect(table).toEqual([
    ['security.account_enumeration.mitigate', true, true, false],
    ['security.rate_limits.enabled', true, false, false],
    ['actions.timeout', '3s', '3s', '30s'],
    ['actions.ask_timeout', '10s', '10s', '55s'],
    ['actions.backoff.base', '100ms', '100ms', '1s'],
    ['actions.backoff.jitter', true, true, false],
    ['actions.awaited_failure', 'retry', 'retry', 'fail'],
    ['actions.precedence', 'strict', 'strict', 'ory'],
    ['clients.web_hook.max_redirects', 0, 0, 3],
    ['clients.web_hook.cookie_allowlist', [], [], 'all'],
    ['clients.http.disallow_private_ip_ranges', true, false, false],
    ['selfservice.methods.code.config.lifespan', '10m', '10m', '1h'],
    ['selfservice.methods.link.config.lifespan', '10m', '10m', '1h'],
    ['selfservice.flows.settings.privileged_session_max_age', '15m', '15m', '1h'],
    ['selfservice.methods.totp.config.allow_reuse', false, false, true],
    ['session.cookie.name', '__Host-ory_kratos_session', 'ory_kratos_session', 'ory_kratos_session'],
    ['serve.admin.host', '127.0.0.1', 'localhost', '0.0.0.0'],
    ['serve.admin.auth.without_tokens', 'same_host', 'same_host', 'anyone'],
    ['serve.public.forwarded_headers', 'trusted_proxies', 'trusted_proxies', 'anyone'],
    ['serve.public.host', '0.0.0.0', 'localhost', '0.0.0.0'],
    ['hashers.algorithm', 'argon2', 'argon2', 'bcrypt'],
    ['hashers.argon2.memory', '19MB', '19MB', '128MB'],
    ['hashers.argon2.iterations', 2, 2, 1],
    ['hashers.queue.wait', '1s', '1s', '30s'],
    ...['login', 'registration', 'settings', 'recovery', 'verification', 'error'].map((flow) => [
      `selfservice.flows.${flow}.ui_url`,
      undefined,
      undefined,
      `https://www.ory.com/kratos/docs/fallback/${flow}`,
    ]),
  ])
})

test('a profile is nothing but presets: with all of them written down, both are the same', async () => {
  const written = PRESETS.reduce<JsonObject>(
    (tree, { key, ory }) => (ory === undefined ? tree : withValue(tree, parsePath(key), ory)),
    {
      ...minimalConfig,
      secrets,
    },
  )
  const options = { dev: true, env }
  const withoutPending = withValue(written, ['security', 'account_enumeration'], { mitigate: false })
  const [safe, ory] = await Promise.all([
    load(withoutPending, { ...options, profile: 'safe' }),
    load(withoutPending, { ...options, profile: 'ory' }),
  ])
  expect({ ...safe.settings, profile: '', revision: '' }).toEqual({ ...ory.settings, profile: '', revision: '' })
})

test.each([
  ['the command decides', {}, 'ory', 'ory'],
  ['unless the file does', { profile: 'safe' }, 'ory', 'safe'],
  ['in either direction', { profile: 'ory' }, 'safe', 'ory'],
] as const)('the profile: %s', async (_name, more, profile, expected) => {
  expect((await load({ ...minimalConfig, ...more }, { profile })).settings.profile).toBe(expected)
})

test('what a file says counts in either profile', async () => {
  const config: Json = { ...minimalConfig, actions: { timeout: '7s' } }
  for (const profile of ['safe', 'ory'] as const)
    expect((await load(config, { profile })).settings.actions.timeout).toBe(7_000)
})

test('ory says one line for every preset that is weaker, and none for what the file says itself', async () => {
  const config = { ...minimalConfig, clients: { http: { disallow_private_ip_ranges: true } } }
  const { warnings } = await load(config, { profile: 'ory' })
  const said = warnings.filter((line) => line.startsWith('profile ory presets '))
  expect(said).toHaveLength(PRESETS.filter(({ weaker }) => weaker !== undefined).length - 1)
  expect(said).toContain('profile ory presets actions.timeout: "30s": a slow receiver can hold a person for 30 seconds')
  expect((await load(minimalConfig, { profile: 'safe' })).warnings).toEqual([])
})

test('every preset stands at a key of the tree, with a value it may have', async () => {
  const known = fillDefaults(configSchema, minimalConfig)
  for (const { key } of PRESETS.filter(({ key }) => !key.endsWith('ui_url')))
    expect([key, valueAt(known, parsePath(key))]).not.toContain(undefined)
  await expect(effectiveOf('safe', false)).resolves.toBeDefined()
  await expect(effectiveOf('ory', false)).resolves.toBeDefined()
})

test.each([
  ['another path', { cookies: { path: '/id' } }, 'ory_kratos_session'],
  ['a domain', { session: { cookie: { domain: 'example.test' } } }, 'ory_kratos_session'],
  ['http', { cookies: { secure: 'false' } }, 'ory_kratos_session'],
  ['the host alone', { cookies: { same_site: 'Strict' } }, '__Host-ory_kratos_session'],
])('a session cookie for %s has a name that browsers accept', async (_name, more, expected) => {
  const { settings } = await load({ ...minimalConfig, secrets, ...more }, { dev: false, env })
  expect(settings.session.cookie.name).toBe(expected)
})

test('a group with nothing in it leaves every preset in force', async () => {
  const { settings } = await load(
    { ...minimalConfig, secrets, clients: null, actions: { backoff: null } },
    { dev: false, env },
  )
  expect(settings.clients.privateAddresses).toBe('refused')
  expect(settings.actions.backoff).toEqual({ base: 100, jitter: true })
})
