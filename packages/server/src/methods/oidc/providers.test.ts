import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { OutgoingCall } from '../../net/outgoing.ts'
import { claimsIn } from '../../../test/upstream.ts'
import { ProviderError } from './provider-error.ts'
import { openProviders, personOf } from './upstream.ts'

// What each provider documents of its endpoints: where it is asked, how, and what it answers.

const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
const APPLE = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const REDIRECT = 'https://login.example.test/self-service/methods/oidc/callback/it'

const configured = (kind: string, more: Partial<OidcProvider> = {}): OidcProvider => ({
  id: 'it',
  kind,
  label: 'It',
  clientId: 'our-client',
  clientSecret: 'our-secret',
  issuerUrl: null,
  authUrl: null,
  tokenUrl: null,
  mapperUrl: 'base64://',
  scope: ['email'],
  requestedClaims: null,
  pkce: 'auto',
  claimsSource: 'id_token',
  subjectSource: 'userinfo',
  microsoftTenant: null,
  apple: null,
  additionalIdTokenAudiences: [],
  aal2AcrValues: [],
  aal2AmrValues: [],
  updateIdentityOnLogin: 'never',
  ...more,
})

type Answer = unknown

/** The web, as far as these calls go; anything else is an error. */
function web(answers: { readonly [url: string]: Answer }) {
  const calls: OutgoingCall[] = []
  const send = async (call: OutgoingCall) => {
    calls.push(call)
    const { origin, pathname } = new URL(call.url)
    const known = answers[call.url] ?? answers[`${origin}${pathname}`]
    if (known === undefined) throw new Error(`nobody answers at ${call.url}`)
    const answer: unknown = typeof known === 'function' ? await known(call) : known
    const isForm = typeof answer === 'string'
    return {
      kind: 'answered' as const,
      status: 200,
      headers: { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
      body: Buffer.from(isForm ? answer : JSON.stringify(answer)),
    }
  }
  return { calls, send, callTo: (path: string) => calls.find(({ url }) => url.includes(path)) }
}

function open(provider: OidcProvider, client: Pick<ReturnType<typeof web>, 'send'>) {
  const deps = {
    client,
    clock: { now: () => Date.now() },
    random: { bytes: (length: number) => Buffer.alloc(length, 7) },
  }
  const [opened] = openProviders(deps, [provider])
  if (opened === undefined) throw new Error('there is no such provider')
  return opened.protocol
}

const discovery = (issuer: string, at: string, more: JsonObject = {}) => ({
  issuer,
  authorization_endpoint: `${at}/authorize`,
  token_endpoint: `${at}/token`,
  jwks_uri: `${at}/keys`,
  userinfo_endpoint: `${at}/userinfo`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  ...more,
})
const keys = { keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] }
const idToken = (claims: JsonObject) =>
  new SignJWT({ aud: 'our-client', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(KEY.privateKey)
const tokens = async (claims: JsonObject) => ({
  access_token: 'at',
  token_type: 'Bearer',
  id_token: await idToken(claims),
})

/** To the provider and back. */
async function roundTrip(
  provider: OidcProvider,
  client: ReturnType<typeof web>,
  answer: { readonly [name: string]: string } = {},
) {
  const protocol = open(provider, client)
  const departed = await protocol.depart({ redirectUri: REDIRECT, state: 'the-state', parameters: {} })
  const back = { redirectUri: REDIRECT, state: 'the-state', verifier: departed.verifier, nonce: departed.nonce }
  const redeem = () =>
    protocol.redeem({ ...back, answer: new URLSearchParams({ code: 'the-code', state: 'the-state', ...answer }) })
  return { asked: new URL(departed.url), departed, redeem }
}

test('google: discovery, PKCE, the client in the form, claims of the ID token', async () => {
  const at = 'https://oauth2.googleapis.test'
  const client = web({
    'https://accounts.google.com/.well-known/openid-configuration': discovery('https://accounts.google.com', at, {
      code_challenge_methods_supported: ['plain', 'S256'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    }),
    [`${at}/keys`]: keys,
    [`${at}/token`]: () =>
      tokens({
        iss: 'https://accounts.google.com',
        sub: '1057',
        email: 'ann@example.test',
        email_verified: true,
        hd: 'example.test',
        given_name: 'Ann',
      }),
  })
  const { asked, departed, redeem } = await roundTrip(
    configured('google', { scope: ['openid', 'email', 'profile'] }),
    client,
  )
  expect(asked.origin + asked.pathname).toBe(`${at}/authorize`)
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    client_id: 'our-client',
    response_type: 'code',
    scope: 'openid email profile',
    redirect_uri: REDIRECT,
    state: 'the-state',
    code_challenge_method: 'S256',
  })
  expect(departed.nonce).toBeNull()
  const told = await redeem()
  expect(told.claims).toMatchObject({
    sub: '1057',
    email_verified: true,
    hd: 'example.test',
    raw_claims: { sub: '1057' },
  })
  const form = new URLSearchParams(client.callTo('/token')?.body ?? '')
  expect(form.get('code_verifier')).toBe(departed.verifier)
  expect(form.get('redirect_uri')).toBe(REDIRECT)
  expect(client.callTo('/token')?.headers.authorization).toMatch(/^Basic /)
})

test.each([
  ['userinfo', 'pairwise-sub'],
  ['oid', 'object-id'],
  ['me', 'graph-id'],
] as const)('microsoft: any tenant of `common` by its own issuer, its subject from %s', async (subjectSource, sub) => {
  const at = 'https://login.microsoftonline.com/common'
  const tid = '9122040d-6c67-4c5b-b112-36a304b66dad'
  const client = web({
    [`${at}/v2.0/.well-known/openid-configuration`]: discovery('https://login.microsoftonline.com/{tenantid}/v2.0', at),
    [`${at}/keys`]: keys,
    [`${at}/token`]: () =>
      tokens({
        iss: `https://login.microsoftonline.com/${tid}/v2.0`,
        tid,
        sub: 'pairwise-sub',
        oid: 'object-id',
        email: 'ann@example.test',
        nonce: Buffer.alloc(32, 7).toString('base64url'),
      }),
    'https://graph.microsoft.com/v1.0/me': { id: 'graph-id' },
  })
  const { departed, redeem } = await roundTrip(
    configured('microsoft', { microsoftTenant: 'common', subjectSource }),
    client,
  )
  // Its document says nothing of PKCE, so a nonce binds the token.
  expect(departed.nonce).not.toBeNull()
  expect((await redeem()).claims).toMatchObject({ sub, email: 'ann@example.test' })
  if (subjectSource === 'me') expect(client.callTo('/v1.0/me')?.headers.authorization).toBe('Bearer at')
})

test('microsoft: a token of one tenant that names another one is refused', async () => {
  const at = 'https://login.microsoftonline.com/common'
  const client = web({
    [`${at}/v2.0/.well-known/openid-configuration`]: discovery('https://login.microsoftonline.com/{tenantid}/v2.0', at),
    [`${at}/keys`]: keys,
    [`${at}/token`]: () =>
      tokens({
        iss: 'https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0',
        tid: '22222222-2222-4222-8222-222222222222',
        sub: 'x',
        nonce: Buffer.alloc(32, 7).toString('base64url'),
      }),
  })
  const { redeem } = await roundTrip(configured('microsoft', { microsoftTenant: 'common' }), client)
  await expect(redeem()).rejects.toThrow(ProviderError)
})

test('github: the profile and the primary address of several', async () => {
  const client = web({
    'https://github.com/login/oauth/access_token': { access_token: 'gho_x', token_type: 'bearer', scope: 'user:email' },
    'https://api.github.com/user': {
      id: 583231,
      login: 'octo',
      name: 'Octo Cat',
      avatar_url: 'https://a.example.test/1',
      html_url: 'https://github.com/octo',
      email: null,
    },
    'https://api.github.com/user/emails': [
      { email: 'other@example.test', primary: false, verified: true },
      { email: 'octo@example.test', primary: true, verified: true },
    ],
  })
  const { asked, redeem } = await roundTrip(configured('github', { scope: ['user:email', 'read:user'] }), client)
  expect(asked.href).toMatch(/^https:\/\/github\.com\/login\/oauth\/authorize\?/)
  expect(asked.searchParams.get('scope')).toBe('user:email read:user')
  expect((await redeem()).claims).toMatchObject({
    sub: '583231',
    name: 'Octo Cat',
    preferred_username: 'octo',
    email: 'octo@example.test',
    email_verified: true,
    raw_claims: { id: 583231 },
  })
  expect(client.callTo('/access_token')?.headers).toMatchObject({ accept: 'application/json' })
  expect(client.callTo('api.github.com/user')?.headers.authorization).toBe('Bearer gho_x')
})

test('github: it refuses with status 200, and answers with a form if it likes', async () => {
  const provider = configured('github')
  const refusing = web({
    'https://github.com/login/oauth/access_token': {
      error: 'bad_verification_code',
      error_description: 'The code is incorrect or expired.',
    },
  })
  const refused = await roundTrip(provider, refusing)
  await expect(refused.redeem()).rejects.toMatchObject({
    told: 'Unable to complete OpenID Connect flow because the OpenID Provider returned error "bad_verification_code": The code is incorrect or expired.',
  })
  const form = web({
    'https://github.com/login/oauth/access_token': 'access_token=gho_y&token_type=bearer',
    'https://api.github.com/user': { id: 1 },
  })
  expect((await (await roundTrip(provider, form)).redeem()).claims.sub).toBe('1')
})

test('apple: a secret signed for this call, an answer by form, a name told once', async () => {
  const at = 'https://appleid.apple.test'
  const client = web({
    'https://appleid.apple.com/.well-known/openid-configuration': discovery('https://appleid.apple.com', at, {
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    }),
    [`${at}/keys`]: keys,
    [`${at}/token`]: () =>
      tokens({
        iss: 'https://appleid.apple.com',
        sub: '001.a',
        email: 'x@privaterelay.example.test',
        email_verified: 'true',
        nonce: Buffer.alloc(32, 7).toString('base64url'),
      }),
  })
  const privateKey = String(APPLE.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const provider = configured('apple', { clientSecret: null, apple: { teamId: 'TEAM', keyId: 'KEY', privateKey } })
  const { asked, redeem } = await roundTrip(provider, client, { user: '{"name":{"firstName":"Ann","lastName":"Lee"}}' })
  expect(asked.searchParams.get('response_mode')).toBe('form_post')
  expect((await redeem()).claims).toMatchObject({
    sub: '001.a',
    email_verified: true,
    given_name: 'Ann',
    family_name: 'Lee',
  })

  const secret = new URLSearchParams(client.callTo('/token')?.body ?? '').get('client_secret') ?? ''
  const [header = '', payload = '', signature = ''] = secret.split('.')
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'ES256', kid: 'KEY' })
  expect(claimsIn(secret)).toMatchObject({ iss: 'TEAM', sub: 'our-client', aud: 'https://appleid.apple.com' })
  const key = {
    key: createPublicKey(APPLE.publicKey.export({ type: 'spki', format: 'pem' })),
    dsaEncoding: 'ieee-p1363' as const,
  }
  expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
})

test.each([
  ['https://gitlab.com', null],
  ['https://git.example.test', 'https://git.example.test/'],
])('gitlab: its userinfo endpoint at %s', async (at, issuerUrl) => {
  const client = web({
    [`${at}/oauth/token`]: { access_token: 'gl', token_type: 'Bearer', refresh_token: 'rt' },
    [`${at}/oauth/userinfo`]: {
      sub: '42',
      sub_legacy: 'abc',
      name: 'Ann',
      email: 'ann@example.test',
      email_verified: true,
      groups: ['ops'],
    },
  })
  const { asked, redeem } = await roundTrip(configured('gitlab', { issuerUrl, scope: ['openid', 'read_user'] }), client)
  expect(asked.origin + asked.pathname).toBe(`${at}/oauth/authorize`)
  const told = await redeem()
  expect(told.claims).toMatchObject({ sub: '42', email: 'ann@example.test', email_verified: true, groups: ['ops'] })
  expect(told.tokens).toMatchObject({ access: 'gl', refresh: 'rt' })
})

type Sample = {
  readonly kind: string
  readonly token: readonly [url: string, answer: unknown]
  readonly profile: readonly [url: string, answer: unknown]
  readonly more?: { readonly [url: string]: unknown }
  readonly claims: JsonObject
  readonly asks?: (call: OutgoingCall | undefined) => void
  readonly scope?: readonly string[]
}

const at = { access_token: 'at', token_type: 'bearer' }
const SAMPLES: readonly Sample[] = [
  {
    kind: 'discord',
    token: ['https://discord.com/api/oauth2/token', at],
    profile: [
      'https://discord.com/api/users/@me',
      { id: '8035', username: 'ann', global_name: 'Ann', verified: true, email: 'ann@example.test', locale: 'en-US' },
    ],
    claims: { sub: '8035', name: 'Ann', preferred_username: 'ann', email_verified: true },
  },
  {
    kind: 'slack',
    token: ['https://slack.com/api/oauth.access', { ok: true, access_token: 'at' }],
    profile: [
      'https://slack.com/api/users.identity',
      { ok: true, user: { id: 'U1', name: 'Ann', email: 'ann@example.test' }, team: { id: 'T1' } },
    ],
    claims: { sub: 'U1', email: 'ann@example.test', team: 'T1' },
  },
  {
    kind: 'facebook',
    token: ['https://graph.facebook.com/oauth/access_token', at],
    profile: [
      'https://graph.facebook.com/me',
      { id: '10', first_name: 'Ann', picture: { data: { url: 'https://p.example.test' } } },
    ],
    claims: { sub: '10', given_name: 'Ann', picture: 'https://p.example.test' },
    asks: (call) => expect(new URL(call?.url ?? '').searchParams.get('appsecret_proof')).toMatch(/^[0-9a-f]{64}$/),
  },
  {
    kind: 'vk',
    token: ['https://oauth.vk.com/access_token', { access_token: 'at', email: 'ann@example.test' }],
    profile: ['https://api.vk.com/method/users.get', { response: [{ id: 210700286, first_name: 'Ann' }] }],
    claims: { sub: '210700286', given_name: 'Ann', email: 'ann@example.test' },
    asks: (call) => expect(new URL(call?.url ?? '').searchParams.get('access_token')).toBe('at'),
  },
  {
    kind: 'yandex',
    token: ['https://oauth.yandex.com/token', at],
    profile: [
      'https://login.yandex.ru/info',
      { id: '1000034426', login: 'ann', default_email: 'ann@example.test', default_phone: { number: '+1' } },
    ],
    claims: { sub: '1000034426', email: 'ann@example.test', phone_number: '+1' },
    asks: (call) => expect(call?.headers.authorization).toBe('OAuth at'),
  },
  {
    kind: 'spotify',
    token: ['https://accounts.spotify.com/api/token', at],
    profile: [
      'https://api.spotify.com/v1/me',
      { id: 'ann', display_name: 'Ann', images: [{ url: 'https://i.example.test' }] },
    ],
    claims: { sub: 'ann', name: 'Ann', picture: 'https://i.example.test' },
  },
  {
    kind: 'patreon',
    token: ['https://www.patreon.com/api/oauth2/token', at],
    profile: [
      'https://www.patreon.com/api/oauth2/v2/identity',
      { data: { id: '7', attributes: { full_name: 'Ann Lee', email: 'ann@example.test' } } },
    ],
    claims: { sub: '7', name: 'Ann Lee', email: 'ann@example.test' },
  },
  {
    kind: 'dingtalk',
    token: [
      'https://api.dingtalk.com/v1.0/oauth2/userAccessToken',
      (call: OutgoingCall) =>
        call.body ===
        '{"clientId":"our-client","clientSecret":"our-secret","code":"the-code","grantType":"authorization_code"}'
          ? { accessToken: 'at' }
          : {},
    ],
    profile: ['https://api.dingtalk.com/v1.0/contact/users/me', { openId: 'o1', nick: 'Ann' }],
    claims: { sub: 'o1', nickname: 'Ann' },
    asks: (call) => expect(call?.headers['x-acs-dingtalk-access-token']).toBe('at'),
  },
  {
    kind: 'linkedin',
    token: ['https://www.linkedin.com/oauth/v2/accessToken', at],
    profile: ['https://api.linkedin.com/v2/me', { id: 'l1', localizedFirstName: 'Ann' }],
    more: {
      'https://api.linkedin.com/v2/emailAddress': { elements: [{ 'handle~': { emailAddress: 'ann@example.test' } }] },
    },
    scope: ['r_emailaddress'],
    claims: { sub: 'l1', given_name: 'Ann', email: 'ann@example.test' },
  },
  {
    kind: 'amazon',
    token: ['https://api.amazon.com/auth/o2/token', at],
    profile: ['https://api.amazon.com/user/profile', { user_id: 'amzn1.account.X', email: 'ann@example.test' }],
    claims: { sub: 'amzn1.account.X', email: 'ann@example.test' },
  },
  {
    kind: 'salesforce',
    token: ['https://login.salesforce.com/services/oauth2/token', at],
    profile: [
      'https://login.salesforce.com/services/oauth2/userinfo',
      { sub: 'https://login.salesforce.com/id/00D/005', email: 'ann@example.test', email_verified: true },
    ],
    claims: { sub: 'https://login.salesforce.com/id/00D/005', email_verified: true },
  },
  {
    kind: 'lark',
    token: ['https://passport.feishu.cn/suite/passport/oauth/token', at],
    profile: ['https://passport.feishu.cn/suite/passport/oauth/userinfo', { sub: 'ou_1', name: 'Ann', mobile: '+86' }],
    claims: { sub: 'ou_1', phone_number: '+86' },
  },
  {
    kind: 'uaepass',
    token: ['https://id.uaepass.ae/idshub/token', at],
    profile: ['https://id.uaepass.ae/idshub/userinfo', { sub: 'UAEPASS/1', fullnameEN: 'Ann Lee' }],
    claims: { sub: 'UAEPASS/1', name: 'Ann Lee' },
  },
]

test.each(SAMPLES.map((sample) => [sample.kind, sample] as const))(
  '%s: a profile as it documents it',
  async (kind, { token, profile, more = {}, claims, asks, scope }) => {
    const client = web({ [token[0]]: token[1], [profile[0]]: profile[1], ...more })
    const { redeem } = await roundTrip(configured(kind, scope === undefined ? {} : { scope }), client)
    expect((await redeem()).claims).toMatchObject(claims)
    asks?.(client.calls.find(({ url }) => url.startsWith(profile[0])))
  },
)

test('slack: a refusal with status 200 is one', async () => {
  const client = web({
    'https://slack.com/api/oauth.access': { ok: true, access_token: 'at' },
    'https://slack.com/api/users.identity': { ok: false, error: 'missing_scope' },
  })
  await expect((await roundTrip(configured('slack'), client)).redeem()).rejects.toThrow('missing_scope')
})

const seal = { seal: (text: string) => text, open: (text: string) => text }

test('a subject that is too large to be exact is nobody', async () => {
  const client = web({
    'https://github.com/login/oauth/access_token': at,
    'https://api.github.com/user': { id: 2 ** 53 },
  })
  const told = await (await roundTrip(configured('github'), client)).redeem()
  expect(() => personOf({ tokenSeal: seal }, configured('github'), told)).toThrow(ProviderError)
})

test.each([
  [{ acr: 'urn:two' }, 'aal2'],
  [{ amr: ['pwd', 'mfa'] }, 'aal2'],
  [{ acr: 'urn:one', amr: ['pwd'] }, 'aal1'],
  [{}, 'aal1'],
] as const)('%j counts as %s', (claims, aal) => {
  const provider = configured('generic', { aal2AcrValues: ['urn:two'], aal2AmrValues: ['mfa'] })
  const told = { claims: { sub: 'x', ...claims }, tokens: { id: '', access: '', refresh: '' } }
  expect(personOf({ tokenSeal: seal }, provider, told).aal).toBe(aal)
})
