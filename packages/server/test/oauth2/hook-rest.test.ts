import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import { freePort } from '../free-port.ts'
import { type Receiver, type ReceiverAnswer, startReceiver } from '../receiver.ts'
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

// More cases of ory-oauth2.md §7: grants and answers that token-hook.test.ts leaves out.

const claims = (access: object, id: object = {}): ReceiverAnswer => ({
  json: { session: { access_token: access, id_token: id } },
})
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

describe.each(DIALECTS)('on %s', (dialect) => {
  let hook: Receiver
  let server: OAuth2TestServer
  let client: TestClient

  beforeAll(async () => {
    hook = await startReceiver()
    server = await startOAuth2Server({
      dialect,
      config: { oauth2: { token_hook: hook.url('/token') }, actions: { timeout: '4s' } },
    })
    client = await register(server)
  })
  afterAll(async () => {
    await server.close()
    await hook.close()
  })
  beforeEach(() => hook.on('/token', { status: 204 }))
  afterEach(() => hook.reset())

  const told = (at = -1) => JSON.parse(hook.callsTo('/token').at(at)?.body ?? '{}')
  const credentials = () => token(server, client, { grant_type: 'client_credentials' })

  test('H8: a hook that is an address and no more is called without credentials', async () => {
    expect((await credentials()).status).toBe(200)
    const { headers } = hook.callsTo('/token')[0] ?? { headers: {} }
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('cookie')
    expect(headers).not.toHaveProperty('x-key')
  })

  test('H14: an empty answer changes nothing where a code is exchanged', async () => {
    hook.on('/token', { json: {} })
    const { body } = await tokensFor(server, client)
    expect((await introspect(server, body.access_token)).ext).toEqual({ from_consent: 'at' })
    expect(claimsOf(body.id_token)).toMatchObject({ from_consent: 'id', sid: expect.any(String) })
  })

  test('H15: claims of the access token alone are added to a code’s, and empty the ID token of a refresh', async () => {
    hook.on('/token', { json: { session: { access_token: { tier: 'gold' } } } })
    const { body } = await tokensFor(server, client)
    expect((await introspect(server, body.access_token)).ext).toEqual({ from_consent: 'at', tier: 'gold' })
    expect(claimsOf(body.id_token)).toMatchObject({ from_consent: 'id' })
    const next = await refresh(server, client, body.refresh_token)
    expect((await introspect(server, next.body.access_token)).ext).toEqual({ tier: 'gold' })
    expect(claimsOf(next.body.id_token)).not.toHaveProperty('from_consent')
  })

  test.each([202, 304, 404])('H20: %d is a server error after one attempt', async (status) => {
    hook.on('/token', { status })
    expect(await credentials()).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(hook.callsTo('/token')).toHaveLength(1)
  })

  test('H23: a hook that asks for a second is given it', async () => {
    hook.on('/token', { status: 429, headers: { 'retry-after': '1' } }, { status: 204 })
    expect((await credentials()).status).toBe(200)
    const [first, second] = hook.callsTo('/token')
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(900)
  })

  test('H30, H31: an assertion is shown to the hook, no secret is; once refused it is known', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const issuer = `https://issuer-of-${dialect}.example.test`
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
    await fetch(`${server.adminUrl}/admin/trust/grants/jwt-bearer/issuers`, {
      method: 'POST',
      body: JSON.stringify({ issuer, subject: 'alice', scope: ['read'], jwk, expires_at: '2099-01-01T00:00:00Z' }),
    })
    const assertion = () =>
      new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(issuer)
        .setSubject('alice')
        .setAudience(`${server.publicUrl}/oauth2/token`)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    hook.on('/token', claims({ tier: 'gold' }))
    const good = await assertion()
    const answer = await token(server, client, { grant_type: JWT_BEARER, assertion: good, scope: 'read' })
    expect((await introspect(server, answer.body.access_token)).ext).toEqual({ tier: 'gold' })
    expect(told()).toMatchObject({
      session: { extra: {}, id_token: { subject: 'alice', id_token_claims: { sub: '', aud: null } } },
      request: {
        granted_scopes: ['read'],
        grant_types: [JWT_BEARER],
        payload: { assertion: [good], grant_type: [JWT_BEARER], scope: ['read'] },
      },
    })
    expect(hook.callsTo('/token')[0]?.body).not.toContain(client.client_secret)

    hook.on('/token', { status: 403 })
    const refused = { grant_type: JWT_BEARER, assertion: await assertion() }
    expect(await token(server, client, refused)).toMatchObject({ status: 403, body: { error: 'access_denied' } })
    hook.on('/token', { status: 204 })
    expect(await token(server, client, refused)).toMatchObject({ status: 400, body: { error: 'jti_known' } })
  })

  /** A device that shows its code. */
  const startDevice = async () => {
    const answer = await fetch(`${server.publicUrl}/oauth2/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ ...client, scope: 'openid offline read' }),
    })
    const started: { readonly device_code: string; readonly user_code: string } = JSON.parse(await answer.text())
    return started
  }
  const poll = (deviceCode: string) => token(server, client, { grant_type: DEVICE, device_code: deviceCode })
  const typeIn = async (userCode: string) => {
    const browser = new Browser()
    const first = await browser.go(`${server.publicUrl}/oauth2/device/verify`)
    const { data } = await server.oauth2.acceptUserCodeRequest({
      deviceChallenge: first.location?.searchParams.get('device_challenge') ?? '',
      acceptDeviceUserCodeRequest: { user_code: userCode },
    })
    return { browser, url: data.redirect_to }
  }

  test('H32: a device that waits, is refused or comes too late is not told about', async () => {
    const waiting = await startDevice()
    expect((await poll(waiting.device_code)).body.error).toBe('authorization_pending')
    const { browser, url } = await typeIn(waiting.user_code)
    const login = await browser.go(url)
    const { data } = await server.oauth2.rejectOAuth2LoginRequest({
      loginChallenge: login.location?.searchParams.get('login_challenge') ?? '',
      rejectOAuth2Request: { error: 'access_denied', error_description: 'No.' },
    })
    await browser.go(data.redirect_to)
    expect((await poll(waiting.device_code)).body.error).toMatch(/^(authorization_pending|access_denied)$/)
    expect((await poll('unknown')).body.error).toBe('invalid_grant')
    server.turn(11 * 60_000)
    expect((await poll(waiting.device_code)).body.error).toBe('expired_token')
    server.turn(-11 * 60_000)
    expect(hook.calls).toHaveLength(0)
  })

  test('H33: the poll that succeeds asks once, and what was consented to wins; H14: an empty answer changes nothing', async () => {
    const one = await startDevice()
    const typed = await typeIn(one.user_code)
    await signIn(server, { ...typed, scope: ['openid', 'offline', 'read'] })
    hook.on('/token', claims({ tier: 'gold', from_consent: 'hook' }, { role: 'admin' }))
    const granted = await poll(one.device_code)
    expect((await introspect(server, granted.body.access_token)).ext).toEqual({ tier: 'gold', from_consent: 'at' })
    expect(claimsOf(granted.body.id_token)).toMatchObject({ role: 'admin', from_consent: 'id' })
    expect(hook.callsTo('/token')).toHaveLength(1)
    expect(told()).toMatchObject({
      session: { id_token: { id_token_claims: { nonce: '' } } },
      request: { grant_types: [DEVICE], granted_scopes: ['openid', 'offline', 'read'] },
    })
    expect(Object.keys(told().session.id_token.expires_at).toSorted()).toEqual([
      'access_token',
      'device_code',
      'refresh_token',
      'user_code',
    ])

    const two = await startDevice()
    await signIn(server, { ...(await typeIn(two.user_code)), scope: ['openid', 'offline', 'read'] })
    hook.on('/token', { json: {} })
    const kept = await poll(two.device_code)
    expect((await introspect(server, kept.body.access_token)).ext).toEqual({ from_consent: 'at' })
    expect(claimsOf(kept.body.id_token)).toMatchObject({ sid: expect.any(String) })
  })

  test('H35: an ID token of the front channel has what was consented to, and the hook is not asked until the code comes', async () => {
    const url = authorizationUrl(server, {
      client_id: client.client_id,
      scope: 'openid',
      response_type: 'code id_token',
      nonce: 'a-nonce-that-is-long-enough',
    })
    hook.on('/token', claims({}, { role: 'admin' }))
    const landed = new URLSearchParams((await signIn(server, { url })).location?.hash.slice(1))
    const front = claimsOf(landed.get('id_token') ?? '')
    expect(front).toMatchObject({ from_consent: 'id' })
    expect(front).not.toHaveProperty('role')
    expect(hook.calls).toHaveLength(0)
    const form = { grant_type: 'authorization_code', code: landed.get('code') ?? '', redirect_uri: CALLBACK }
    expect(claimsOf((await token(server, client, form)).body.id_token)).toMatchObject({ role: 'admin' })
  })

  test('H52: large numbers and every letter arrive as they were given, by a hook or a consent, also after a refresh', async () => {
    const own = await register(server, { access_token_strategy: 'jwt' })
    const given = '{"id":9007199254740993,"list":[18446744073709551615],"name":"Zoë 🎉 \\u0000"}'
    hook.on('/token', { body: `{"session":{"access_token":${given},"id_token":${given}}}` })
    const url = authorizationUrl(server, { client_id: own.client_id, scope: 'openid offline' })
    const browser = new Browser()
    const login = await browser.go(url)
    const accepted = await server.oauth2.acceptOAuth2LoginRequest({
      loginChallenge: login.location?.searchParams.get('login_challenge') ?? '',
      acceptOAuth2LoginRequest: { subject: 'alice' },
    })
    const consent = await browser.go(accepted.data.redirect_to)
    const challenge = consent.location?.searchParams.get('consent_challenge') ?? ''
    const agreed = await fetch(
      `${server.adminUrl}/admin/oauth2/auth/requests/consent/accept?consent_challenge=${challenge}`,
      {
        method: 'PUT',
        body: '{"grant_scope":["openid","offline"],"session":{"access_token":{"consented":12345678901234567890}}}',
      },
    )
    const { redirect_to: back }: { readonly redirect_to: string } = JSON.parse(await agreed.text())
    const code = (await browser.go(back)).location?.searchParams.get('code') ?? ''
    const first = await token(server, own, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    const payloadOf = (jwt: string) => Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()
    const introspected = async (value: string) =>
      (
        await fetch(`${server.adminUrl}/admin/oauth2/introspect`, {
          method: 'POST',
          body: new URLSearchParams({ token: value }),
        })
      ).text()
    const exact = ['"id":9007199254740993', '"list":[18446744073709551615]', '"name":"Zoë 🎉 \\u0000"']
    const inAll = async (
      tokens: { readonly access_token: string; readonly id_token: string },
      texts: readonly string[],
    ) => {
      for (const text of texts) {
        expect(payloadOf(tokens.access_token)).toContain(text)
        expect(await introspected(tokens.access_token)).toContain(text)
      }
      for (const text of exact) expect(payloadOf(tokens.id_token)).toContain(text)
    }
    await inAll(first.body, [...exact, '"consented":12345678901234567890'])
    hook.on('/token', { status: 204 })
    await inAll((await refresh(server, own, first.body.refresh_token)).body, exact)
    expect(hook.callsTo('/token').at(-1)?.body).toContain('"id":9007199254740993')
  })

  test('H43: claims of an ID token nobody asked for hurt nobody', async () => {
    hook.on('/token', claims({ tier: 'gold' }, { role: 'admin' }))
    const { status, body } = await tokensFor(server, client, 'offline read')
    expect(status).toBe(200)
    expect(body).not.toHaveProperty('id_token')
    expect((await introspect(server, body.access_token)).ext).toMatchObject({ tier: 'gold' })
  })

  test('H45: a wrong proof, a foreign code and a wrong address are refused before anybody is told', async () => {
    const other = await register(server)
    const challenge = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from('v'.repeat(43)))).toString(
      'base64url',
    )
    const url = authorizationUrl(server, {
      client_id: client.client_id,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const code = (await signIn(server, { url })).location?.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: 'v'.repeat(43) }
    for (const [who, wrong] of [
      [client, { code_verifier: 'w'.repeat(43) }],
      [client, { redirect_uri: `${CALLBACK}/x` }],
      [other, {}],
    ] as const)
      expect((await token(server, who, { ...form, ...wrong })).body.error).toBe('invalid_grant')
    expect(hook.calls).toHaveLength(0)
    expect((await token(server, client, form)).status).toBe(200)
  })

  test('H47: of two refreshes with one token and a slow hook, one gets tokens, and they work', async () => {
    const { body } = await tokensFor(server, client)
    hook.on('/token', { status: 204, delay: 60 })
    const answers = await Promise.all([1, 2].map(() => refresh(server, client, body.refresh_token)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    expect((await introspect(server, winners[0]?.body.access_token ?? '')).active).toBe(true)
  })

  test('R2: two hundred refreshes at once with a hook of 50 ms: none fails, none waits for another', async () => {
    const chains: string[] = []
    for (let n = 0; n < 200; n++) chains.push((await tokensFor(server, client)).body.refresh_token)
    hook.reset()
    const open = { now: 0, most: 0 }
    hook.on('/token', (_call, response) => {
      open.most = Math.max(open.most, ++open.now)
      setTimeout(() => {
        open.now--
        response.writeHead(204).end()
      }, 50)
    })
    const statuses = await Promise.all(chains.map(async (each) => (await refresh(server, client, each)).status))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(hook.callsTo('/token')).toHaveLength(200)
    // However busy the machine is: they do not stand in a row.
    expect(open.most).toBeGreaterThan(10)
  }, 120_000)

  test('H12, H51: once the hook is gone its last claims stay; a wrong one is not taken', async () => {
    const own = await startOAuth2Server({ dialect, config: { oauth2: { token_hook: hook.url('/token') } } })
    try {
      const one = await register(own)
      const { body } = await tokensFor(own, one)
      hook.on('/token', claims({ tier: 'gold' }))
      const next = await refresh(own, one, body.refresh_token)
      await expect(own.reload({ oauth2: { token_hook: '/relative' } })).rejects.toThrow(/token_hook/)
      const calls = hook.calls.length
      await own.reload({})
      const last = await refresh(own, one, next.body.refresh_token)
      expect(hook.calls).toHaveLength(calls)
      expect((await introspect(own, last.body.access_token)).ext).toEqual({ tier: 'gold' })
    } finally {
      await own.close()
    }
  })
})

test('H53: what a hook of Hydra’s kind came to stands in the log of actions, without its credentials', async () => {
  const hook = await startReceiver()
  const url = hook.url('/token?tenant=1').replace('://', '://user:the-password@')
  const auth = { type: 'api_key', config: { in: 'header', name: 'X-Key', value: 'the-key-of-the-hook' } }
  const server = await startOAuth2Server({ config: { oauth2: { token_hook: { url, auth } } } })
  try {
    const client = await register(server)
    const answers: readonly ReceiverAnswer[] = [
      claims({ tier: 'gold' }),
      { status: 204 },
      { status: 403 },
      { status: 500 },
    ]
    for (const answer of answers) {
      hook.on('/token', answer)
      await token(server, client, { grant_type: 'client_credentials' })
    }
    expect(server.records).toMatchObject(
      ['amended', 'proceeded', 'denied', 'failed'].map((outcome) => ({
        outcome,
        actionId: 'oauth2.token_hook',
        where: 'oauth2.token_hook',
        trigger: 'token.before.client_credentials',
        endpoint: hook.url('/token'),
      })),
    )
    expect(server.records.map(({ attempts }) => attempts.map(({ status }) => status))).toEqual([
      [200],
      [204],
      [403],
      [500, 500, 500],
    ])
    expect(hook.calls[0]?.headers).toMatchObject({ 'x-key': 'the-key-of-the-hook' })
    expect(JSON.stringify([server.records, server.logged])).not.toMatch(/the-password|the-key-of-the-hook|tenant/)
  } finally {
    await server.close()
    await hook.close()
  }
})

test('H25: a hook that nobody serves is tried three times, and uses nothing up', async () => {
  const port = await freePort()
  const hook = `http://127.0.0.1:${port}/`
  const server = await startOAuth2Server()
  try {
    const client = await register(server)
    const { body } = await tokensFor(server, client)
    await server.reload({ oauth2: { token_hook: hook, expose_internal_errors: true } })
    const failed = await refresh(server, client, body.refresh_token)
    expect(failed.status).toBe(500)
    expect(failed.body).toMatchObject({ error: 'server_error' })
    expect(failed.body.error_description).toMatch(/^An error occurred while executing the token hook\./)
    await server.reload({})
    expect((await refresh(server, client, body.refresh_token)).status).toBe(200)
  } finally {
    await server.close()
  }
})

test('H55: a hook of more than ten seconds is waited for, and its answer arrives', async () => {
  const hook = await startReceiver()
  const server = await startOAuth2Server({ config: { oauth2: { token_hook: hook.url('/token') } } })
  try {
    const client = await register(server)
    hook.on('/token', { json: { session: { access_token: { tier: 'gold' } } }, delay: 10_300 })
    const { status, body } = await token(server, client, { grant_type: 'client_credentials' })
    expect(status).toBe(200)
    expect((await introspect(server, body.access_token)).ext).toEqual({ tier: 'gold' })
  } finally {
    await server.close()
    await hook.close()
  }
}, 20_000)
