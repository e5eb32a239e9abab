import { readFileSync } from 'node:fs'
import { Provider } from 'oidc-provider'
import { expect, test } from 'vitest'

// What we override of the library, and count on. If an upgrade moves one of these, this is where it shows (ory-oauth2.md R1).

const descriptorOf = (name: string) => Object.getOwnPropertyDescriptor(Provider.prototype, name)

test.each([
  'AuthorizationCode',
  'DeviceCode',
  'RefreshToken',
  'AccessToken',
  'ClientCredentials',
  'IdToken',
  'Session',
  'OIDCContext',
  'Client',
  'Grant',
])('R1: %s is a getter that can be overridden', (name) => {
  expect(descriptorOf(name)).toMatchObject({ get: expect.any(Function) })
})

const bare = () => {
  const { privateKey } = {
    privateKey: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    },
  }
  return new Provider('http://127.0.0.1:1/', {
    jwks: { keys: [{ ...privateKey, kid: 'k' }] },
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    cookies: { keys: ['a-key-for-tests'] },
    features: { devInteractions: { enabled: false } },
    adapter: () => ({
      upsert: async () => undefined,
      find: async () => undefined,
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
      consume: async () => undefined,
      destroy: async () => undefined,
      revokeByGrantId: async () => undefined,
    }),
  })
}

const methodsOf = (model: { readonly prototype: object }) => {
  const names = new Set<string>()
  for (let each: object | null = model.prototype; each !== null; each = Object.getPrototypeOf(each))
    for (const name of Object.getOwnPropertyNames(each)) names.add(name)
  return names
}

test.each([
  ['AuthorizationCode', ['save', 'consume', 'generateTokenId', 'getValueAndPayload', 'emit', 'expiration']],
  ['DeviceCode', ['save', 'consume', 'generateTokenId']],
  ['RefreshToken', ['save', 'consume', 'generateTokenId']],
  ['AccessToken', ['save', 'generateTokenId', 'getValueAndPayload']],
  ['ClientCredentials', ['save', 'generateTokenId', 'getValueAndPayload', 'expiration']],
  ['IdToken', ['issue']],
  ['Session', ['loginAccount', 'sidFor', 'grantIdFor']],
  ['Client', ['compareClientSecret', 'grantTypeAllowed']],
  ['Grant', ['addOIDCScope']],
  ['OIDCContext', ['requestParamScopes', 'requestParamOIDCScopes', 'entity']],
] as const)('%s has what we override and call', (name, expected) => {
  const provider = bare()
  const model: unknown = Reflect.get(provider, name)
  if (typeof model !== 'function') throw new Error(`${name} is no class`)
  expect([...methodsOf(model)]).toEqual(expect.arrayContaining([...expected]))
})

test('payloads are lists of names, and a client’s schema refuses through one method', () => {
  const provider = bare()
  for (const name of ['AuthorizationCode', 'AccessToken', 'RefreshToken', 'ClientCredentials', 'DeviceCode'])
    expect(Reflect.get(Reflect.get(provider, name), 'IN_PAYLOAD')).toEqual(
      expect.arrayContaining(['jti', 'kind', 'clientId']),
    )
  expect(Reflect.get(Reflect.get(provider, 'Client'), 'Schema').prototype.invalidate).toBeTypeOf('function')
})

test('the version is the one these were read in', () => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(dependencies['oidc-provider']).toBe('9.13.3')
})
