import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { load, minimalConfig, toBase64 } from '../../test/minimal-config.ts'
import type { JsonObject } from '../core/json.ts'
import { PROVIDERS } from '../methods/oidc/providers.ts'

const MAPPER = toBase64("{ identity: { traits: { email: std.extVar('claims').email } } }")
const one = (more: JsonObject): JsonObject => ({
  id: 'one',
  client_id: 'us',
  client_secret: 'a-secret',
  mapper_url: MAPPER,
  ...more,
})

const loading = (providers: readonly JsonObject[], enabled = true) =>
  load({
    ...minimalConfig,
    selfservice: { ...minimalConfig.selfservice, methods: { oidc: { enabled, config: { providers } } } },
  })

const problem = async (...providers: readonly JsonObject[]) =>
  loading(providers).then(
    () => 'nothing is wrong',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

const pem = (type: 'ec' | 'rsa') =>
  (type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey.export({ type: 'pkcs8', format: 'pem' })

/** What a provider can not do without. */
const NEEDED: { readonly [kind: string]: JsonObject } = {
  generic: { issuer_url: 'https://op.example.test/' },
  auth0: { issuer_url: 'https://op.example.test/' },
  microsoft: { microsoft_tenant: 'common' },
  apple: { apple_team_id: 'TEAM', apple_private_key_id: 'KEY', apple_private_key: String(pem('ec')) },
}

describe('providers in a configuration', () => {
  test.each(Object.entries(PROVIDERS))('%s is loaded, or refused by its name', async (kind, row) => {
    const said = await problem(one({ provider: kind, ...NEEDED[kind] }))
    if (row.protocol !== 'refused') return expect(said).toBe('nothing is wrong')
    expect(said).toContain(`selfservice.methods.oidc.config.providers[0].provider`)
    expect(said).toContain(JSON.stringify(kind))
    expect(said).toContain(row.reason)
  })

  test('a provider nobody needs because the method is off is no reason to refuse', async () => {
    await expect(loading([one({ provider: 'x' })], false)).resolves.toBeDefined()
  })

  test.each([
    ['generic without an issuer', [one({ provider: 'generic' })], 'issuer_url'],
    ['microsoft without a tenant', [one({ provider: 'microsoft' })], 'microsoft_tenant'],
    ['apple without its key', [one({ provider: 'apple', apple_team_id: 'TEAM' })], 'apple_private_key'],
    [
      'apple with a key of another kind',
      [one({ provider: 'apple', ...NEEDED.apple, apple_private_key: String(pem('rsa')) })],
      'EC, P-256',
    ],
    [
      'apple with no key at all',
      [one({ provider: 'apple', ...NEEDED.apple, apple_private_key: 'nothing' })],
      'EC, P-256',
    ],
    ['two providers of one id', [one({ provider: 'google' }), one({ provider: 'github' })], 'an id of its own'],
    [
      'a mapper that is no Jsonnet',
      [one({ provider: 'google', mapper_url: toBase64('{ identity: ') })],
      'a Jsonnet mapper',
    ],
    [
      'a mapper that is not there',
      [one({ provider: 'google', mapper_url: 'file:///nowhere.jsonnet' })],
      'a mapper that can be read',
    ],
  ] as const)('%s is said', async (_, providers, words) => {
    expect(await problem(...providers)).toContain(words)
  })

  test('a key of Apple is not repeated', async () => {
    expect(
      await problem(one({ provider: 'apple', ...NEEDED.apple, apple_private_key: 'my-very-own-key' })),
    ).not.toContain('my-very-own-key')
  })
})
