import { createHmac, createPublicKey, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Receiver, startReceiver } from '../receiver.ts'
import {
  authorizationUrl,
  Browser,
  CALLBACK,
  claimsOf,
  introspect,
  type OAuth2TestServer,
  refresh,
  register,
  signIn,
  startOAuth2Server,
  type TestClient,
  token,
  tokensFor,
} from './server.ts'

// More threats of reliability.md F: what is presented where it does not belong, and what clients say of themselves.

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

let server: OAuth2TestServer
let receiver: Receiver
let client: TestClient
let structured: TestClient

beforeAll(async () => {
  receiver = await startReceiver()
  server = await startOAuth2Server({ config: { oidc: { dynamic_client_registration: { enabled: true } } } })
  client = await register(server, { backchannel_logout_uri: receiver.url('/logout') })
  structured = await register(server, { access_token_strategy: 'jwt' })
})
afterAll(async () => {
  await server.close()
  await receiver.close()
})

const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } })
const statusOf = async (answer: Promise<Response>) => (await answer).status

/** Everything that accepts something, and whether it took this. */
const PLACES: { readonly [place: string]: (value: string) => Promise<boolean> } = {
  userinfo: async (value) => (await statusOf(fetch(`${server.publicUrl}/userinfo`, bearer(value)))) === 200,
  introspection: async (value) => (await introspect(server, value)).active,
  code: async (code) =>
    (await token(server, client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })).status === 200,
  refresh: async (value) => (await refresh(server, client, value)).status === 200,
  'device code': async (value) => {
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: value }
    return ['authorization_pending', undefined].includes((await token(server, client, form)).body.error)
  },
  assertion: async (assertion) => (await token(server, client, { grant_type: JWT_BEARER, assertion })).status === 200,
  'client assertion': async (value) => {
    const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION, client_assertion: value }
    return (await token(server, { client_id: client.client_id }, form)).status === 200
  },
  'client secret': async (value) =>
    (await token(server, { ...client, client_secret: value }, { grant_type: 'client_credentials' })).status === 200,
  registration: async (value) =>
    (await statusOf(fetch(`${server.publicUrl}/oauth2/register/${client.client_id}`, bearer(value)))) === 200,
  'hint of a login': async (value) => {
    const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid', id_token_hint: value })
    return (await new Browser().go(url)).location?.searchParams.has('login_challenge') === true
  },
  'hint of a logout': async (value) => {
    const query = new URLSearchParams({ id_token_hint: value }).toString()
    const landed = await new Browser().go(`${server.publicUrl}/oauth2/sessions/logout?${query}`)
    return landed.location?.searchParams.has('error') === false
  },
  'login challenge': (value) => isTaken('login', value),
  'consent challenge': (value) => isTaken('consent', value),
  'logout challenge': (value) => isTaken('logout', value),
}
const isTaken = async (kind: string, value: string) =>
  (await statusOf(
    fetch(`${server.adminUrl}/admin/oauth2/auth/requests/${kind}?${kind}_challenge=${encodeURIComponent(value)}`),
  )) === 200

/** One of each kind, and where it counts. */
async function everyKind(): Promise<readonly (readonly [string, string, readonly string[]])[]> {
  const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid offline' })
  const browser = new Browser()
  const { body } = await tokensFor(server, client, 'openid offline', { browser, login: { remember: true } })
  const jwt = await tokensFor(server, structured)
  const first = await new Browser().go(url)
  const loginChallenge = first.location?.searchParams.get('login_challenge') ?? ''
  const accepted = await server.oauth2.acceptOAuth2LoginRequest({
    loginChallenge,
    acceptOAuth2LoginRequest: { subject: 'alice' },
  })
  const verifier = new URL(accepted.data.redirect_to).searchParams.get('login_verifier') ?? ''
  const device: { readonly device_code: string; readonly user_code: string } = JSON.parse(
    await (
      await fetch(`${server.publicUrl}/oauth2/device/auth`, { method: 'POST', body: new URLSearchParams(client) })
    ).text(),
  )
  const ended = await tokensFor(server, client, 'openid', { login: { remember: true }, subject: 'to be signed out' })
  await server.oauth2.revokeOAuth2LoginSessions({ sid: textOf(claimsOf(ended.body.id_token)['sid']) })
  const [call] = await receiver.waitFor('/logout')
  const { registration_access_token: registration } = (await server.oauth2.createOAuth2Client({ oAuth2Client: {} }))
    .data
  const code = (await signIn(server, { url })).location?.searchParams.get('code') ?? ''
  return [
    ['a code', code, ['code']],
    ['an access token', body.access_token, ['userinfo', 'introspection']],
    ['an access token that is a JWT', jwt.body.access_token, ['userinfo', 'introspection']],
    ['the id of a JWT', textOf(claimsOf(jwt.body.access_token)['jti']), []],
    ['a refresh token', body.refresh_token, ['introspection', 'refresh']],
    ['an ID token', body.id_token, ['hint of a login', 'hint of a logout']],
    ['a logout token', new URLSearchParams(call?.body).get('logout_token') ?? '', []],
    ['a device code', device.device_code, ['device code']],
    ['a user code', device.user_code, []],
    // It is another client's.
    ['a registration token', registration ?? '', []],
    ['a login challenge', loginChallenge, ['login challenge']],
    ['a login verifier', verifier, []],
    ['a secret', client.client_secret, ['client secret']],
  ]
}

test('T78: thirteen kinds at fourteen places: each is taken where it belongs, and nowhere else', async () => {
  const taken: (readonly [string, readonly string[]])[] = []
  const kinds = await everyKind()
  for (const [kind, value, expected] of kinds) {
    expect(value.length, kind).toBeGreaterThan(5)
    const places: string[] = []
    // The rightful places come last: some use a value up.
    const order = Object.keys(PLACES).toSorted((a, b) => Number(expected.includes(a)) - Number(expected.includes(b)))
    for (const place of order) if (await PLACES[place]?.(value)) places.push(place)
    taken.push([kind, places.toSorted()])
  }
  expect(taken).toEqual(kinds.map(([kind, , expected]) => [kind, [...expected].toSorted()]))
})

describe('T79', () => {
  test('forty and more tokens that are forged, none of which passes', async () => {
    const { body } = await tokensFor(server, structured)
    const [head = '', payload = '', signature = ''] = body.access_token.split('.')
    const header: { readonly kid: string } = JSON.parse(Buffer.from(head, 'base64url').toString())
    const { data } = await server.wellknown.discoverJsonWebKeys()
    const own = (data.keys ?? []).find(({ kid }) => kid === header.kid)
    const key = createPublicKey({ key: { kty: 'RSA', n: own?.n ?? '', e: own?.e ?? '' }, format: 'jwk' })
    const foreign = await generateKeyPair('RS256', { extractable: true })
    const curve = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(foreign.publicKey)
    const claims = claimsOf(body.access_token)
    const unsigned = (alg: string, sig = '') => `${encode({ ...header, alg })}.${payload}.${sig}`
    const hmac = (bits: number, secret: string | Buffer, more: object = {}) => {
      const first = encode({ ...header, alg: `HS${bits}`, ...more })
      return `${first}.${payload}.${createHmac(`sha${bits}`, secret).update(`${first}.${payload}`).digest('base64url')}`
    }
    const signed = (more: object = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: header.kid, typ: 'JWT', ...more })
        .sign(foreign.privateKey)
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      key.export({ type: 'pkcs1', format: 'pem' }),
      Buffer.from(own?.n ?? '', 'base64url'),
      own?.n ?? '',
      JSON.stringify(own),
      '',
      'secret',
    ]
    const forged: readonly string[] = [
      ...['none', 'None', 'NONE', 'nOnE', '', 'RS0', 'RS257', 'ES256', 'PS256', 'EdDSA', 'dir', 'RSA-OAEP'].flatMap(
        (alg) => [unsigned(alg), unsigned(alg, signature)],
      ),
      ...secrets.flatMap((secret) => [256, 384, 512].map((bits) => hmac(bits, secret))),
      ...(await Promise.all(
        [
          {},
          { kid: '../../../dev/null' },
          { kid: "' or 1=1 --" },
          { kid: '' },
          { kid: 'https://evil.example.test/keys' },
          { jwk },
          { jku: 'https://evil.example.test/keys' },
          { x5u: 'https://evil.example.test/cert' },
          { x5c: ['MIIB'] },
          { typ: 'at+jwt' },
        ].map(signed),
      )),
      await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: header.kid }).sign(curve.privateKey),
      `${encode({ ...header, crit: ['exp'] })}.${payload}.${signature}`,
      `${encode({ ...header, b64: false, crit: ['b64'] })}.${payload}.${signature}`,
      `${encode({ ...header, alg: ['RS256'] })}.${payload}.${signature}`,
      `${head}.${encode({ ...claims, sub: 'mallory' })}.${signature}`,
      `${head}.${encode({ ...claims, exp: 9_999_999_999 })}.${signature}`,
      `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${head}.${payload}.${signature}.x`,
      `${head}.${payload}.`,
      `${head}..${signature}`,
      `.${payload}.${signature}`,
      `..`,
    ]
    expect(forged.length).toBeGreaterThan(40)
    const userinfo = (value: string) => statusOf(fetch(`${server.publicUrl}/userinfo`, bearer(value)))
    const passed: string[] = []
    for (const value of forged)
      if ((await introspect(server, value)).active || (await userinfo(value)) !== 401) passed.push(value)
    expect(passed).toEqual([])
    expect(await userinfo(body.access_token)).toBe(200)
  })
})

test('T77: a refresh token that comes again ends the chain on every server of the database, at once', async () => {
  const one = await startOAuth2Server({ dialect: 'postgres' })
  const two = await startOAuth2Server({ config: { dsn: one.dsn } })
  try {
    const own = await register(one)
    const { body } = await tokensFor(one, own)
    const next = await refresh(two, own, body.refresh_token)
    expect(next.status).toBe(200)
    for (const at of [one, two]) expect((await introspect(at, next.body.access_token)).active).toBe(true)
    expect((await refresh(one, own, body.refresh_token)).body.error).toBe('invalid_grant')
    for (const at of [one, two]) {
      expect((await introspect(at, next.body.access_token)).active).toBe(false)
      expect((await refresh(at, own, next.body.refresh_token)).body.error).toBe('invalid_grant')
    }
  } finally {
    await two.close()
    await one.close()
  }
})

describe('T83: what a client says of itself', () => {
  const keyed = async (uri: string, at: OAuth2TestServer) => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'c1', alg: 'RS256', use: 'sig' }
    const own = await register(at, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri })
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'RS256', kid: 'c1' })
      .setIssuer(own.client_id)
      .setSubject(own.client_id)
      .setAudience(`${at.publicUrl}/oauth2/token`)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    return {
      jwk,
      form: { grant_type: 'client_credentials', client_assertion_type: ASSERTION, client_assertion: assertion },
    }
  }

  test('its keys are fetched where it keeps them, if that is an address the server may call', async () => {
    const open = await keyed(receiver.url('/keys'), server)
    receiver.on('/keys', { json: { keys: [open.jwk] } })
    expect((await token(server, {}, open.form)).status).toBe(200)
    expect(receiver.callsTo('/keys')).toHaveLength(1)

    const guarded = await startOAuth2Server({ config: { clients: { http: { disallow_private_ip_ranges: true } } } })
    try {
      const inside = await keyed(receiver.url('/keys-inside'), guarded)
      receiver.on('/keys-inside', { json: { keys: [inside.jwk] } })
      expect(await token(guarded, {}, inside.form)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(receiver.callsTo('/keys-inside')).toHaveLength(0)
    } finally {
      await guarded.close()
    }
  })

  test.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['no JSON', { body: 'hello' }],
    ['too many keys', { json: { keys: Array.from({ length: 10_000 }, () => ({ kty: 'oct', k: 'x'.repeat(60) })) } }],
  ])('keys behind %s count for nothing', async (_name, answer) => {
    const path = `/keys-${randomUUID()}`
    const { form } = await keyed(receiver.url(path), server)
    receiver.on(path, answer)
    expect((await token(server, {}, form)).status).toBe(401)
  })

  test('its logo and its pages are shown as addresses, and fetched by nobody', async () => {
    await register(server, { logo_uri: receiver.url('/logo'), policy_uri: receiver.url('/policy') })
    expect([...receiver.callsTo('/logo'), ...receiver.callsTo('/policy')]).toEqual([])
  })
})

test('T85: a user code is long, short-lived and good once, and the pages say for whom it is', async () => {
  const device = async () => {
    const answer = await fetch(`${server.publicUrl}/oauth2/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ ...client, scope: 'openid' }),
    })
    const started: { readonly user_code: string; readonly expires_in: number; readonly interval: number } = JSON.parse(
      await answer.text(),
    )
    return started
  }
  const started = await device()
  // Eight letters of twenty: 34 bits.
  expect(started.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
  expect(started).toMatchObject({ expires_in: 600, interval: 5 })
  const typeIn = async (code: string) => {
    const browser = new Browser()
    const first = await browser.go(`${server.publicUrl}/oauth2/device/verify`)
    const answer = await server.oauth2
      .acceptUserCodeRequest({
        deviceChallenge: first.location?.searchParams.get('device_challenge') ?? '',
        acceptDeviceUserCodeRequest: { user_code: code },
      })
      .then(({ data }) => data.redirect_to)
      .catch(() => null)
    return { browser, answer }
  }
  const { browser, answer } = await typeIn(started.user_code)
  const login = await browser.go(answer ?? '')
  const loginChallenge = login.location?.searchParams.get('login_challenge') ?? ''
  const { data } = await server.oauth2.getOAuth2LoginRequest({ loginChallenge })
  expect(data.client.client_id).toBe(client.client_id)
  const landed = await signIn(server, { url: answer ?? '', browser })
  expect(landed.location?.pathname).toBe('/device/done')
  expect((await typeIn(started.user_code)).answer).toBeNull()
  const late = await device()
  server.turn(601_000)
  expect((await typeIn(late.user_code)).answer).toBeNull()
  server.turn(-601_000)
})

test('B60: when the database is gone the answer says so in OAuth’s words, and the same request works once it is back', async () => {
  const failing = { isOn: false }
  const own = await startOAuth2Server({
    wrap: (store) => ({
      ...store,
      commit: (effects) => (failing.isOn ? Promise.reject(new Error('the disk is full')) : store.commit(effects)),
    }),
  })
  try {
    const one = await register(own)
    const url = authorizationUrl(own, { client_id: one.client_id, scope: 'openid' })
    const code = (await signIn(own, { url })).location?.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    failing.isOn = true
    const failed = await token(own, one, form)
    expect(failed).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(JSON.stringify(failed.body)).not.toContain('disk')
    expect(JSON.stringify(own.logged)).toContain('the disk is full')
    failing.isOn = false
    expect((await token(own, one, form)).status).toBe(200)
  } finally {
    await own.close()
  }
})
