import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import { startReceiver } from '../receiver.ts'
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

// More cases of ory-oauth2.md §7: tokens and flows that flows.test.ts leaves out.

const GRANT = { grant_type: 'authorization_code', redirect_uri: CALLBACK }

describe.each(DIALECTS)('on %s', (dialect) => {
  let server: OAuth2TestServer
  let client: TestClient

  beforeAll(async () => {
    server = await startOAuth2Server({ dialect })
    client = await register(server)
  })
  afterAll(() => server.close())

  const url = (more: { readonly [name: string]: string } = {}) =>
    authorizationUrl(server, { client_id: client.client_id, scope: 'openid', ...more })
  /** What the login app is told about a request. */
  const asked = async (browser: Browser, address: string) => {
    const { location } = await browser.go(address)
    const loginChallenge = location?.searchParams.get('login_challenge') ?? ''
    if (loginChallenge === '') return { error: location?.searchParams.get('error') }
    return (await server.oauth2.getOAuth2LoginRequest({ loginChallenge })).data
  }

  test('T1: who did not ask for openid gets no ID token, at first or later', async () => {
    const { body } = await tokensFor(server, client, 'offline read')
    const next = await refresh(server, client, body.refresh_token)
    expect(next.status).toBe(200)
    for (const tokens of [body, next.body]) expect(tokens).not.toHaveProperty('id_token')
  })

  test.each([
    ['offline', {}, true],
    ['offline_access', {}, true],
    ['read', {}, false],
    ['offline', { grant_types: ['authorization_code'] }, false],
  ])('T7: the scope "%s" of a client with %j brings a refresh token: %s', async (scope, more, isGiven) => {
    const own = await register(server, more)
    const { status, body } = await tokensFor(server, own, scope)
    expect(status).toBe(200)
    expect('refresh_token' in body).toBe(isGiven)
  })

  test('T9: a JWT that was revoked is worth nothing, though its signature is good', async () => {
    const own = await register(server, { access_token_strategy: 'jwt' })
    const { body } = await tokensFor(server, own)
    expect((await introspect(server, body.access_token)).active).toBe(true)
    const form = new URLSearchParams({ ...own, token: body.access_token })
    expect((await fetch(`${server.publicUrl}/oauth2/revoke`, { method: 'POST', body: form })).status).toBe(200)
    expect(await introspect(server, body.access_token)).toEqual({ active: false })
    expect((await refresh(server, own, body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('T13: each grant has lifespans of its own', async () => {
    const own = await register(server, {
      authorization_code_grant_access_token_lifespan: '11m',
      authorization_code_grant_id_token_lifespan: '12m',
      authorization_code_grant_refresh_token_lifespan: '13m',
      refresh_token_grant_access_token_lifespan: '14m',
      refresh_token_grant_id_token_lifespan: '15m',
      refresh_token_grant_refresh_token_lifespan: '16m',
      client_credentials_grant_access_token_lifespan: '17m',
      implicit_grant_id_token_lifespan: '18m',
    })
    const minutes = (until: unknown) => Math.round((Number(until) - Date.now() / 1000) / 60)
    const livesFor = async (value: string) => minutes((await introspect(server, value)).exp)
    const { body } = await tokensFor(server, own)
    expect([
      await livesFor(body.access_token),
      minutes(claimsOf(body.id_token)['exp']),
      await livesFor(body.refresh_token),
    ]).toEqual([11, 12, 13])
    const next = await refresh(server, own, body.refresh_token)
    expect([
      await livesFor(next.body.access_token),
      minutes(claimsOf(next.body.id_token)['exp']),
      await livesFor(next.body.refresh_token),
    ]).toEqual([14, 15, 16])
    const alone = await token(server, own, { grant_type: 'client_credentials' })
    expect(await livesFor(alone.body.access_token)).toBe(17)
    const hybrid = await signIn(server, {
      url: url({ client_id: own.client_id, response_type: 'code id_token', nonce: 'a-nonce-that-is-long-enough' }),
    })
    const front = new URLSearchParams(hybrid.location?.hash.slice(1)).get('id_token') ?? ''
    expect(minutes(claimsOf(front)['exp'])).toBe(18)
  })

  test('F4: prompt=none without a consent is told so; with another prompt it is a contradiction', async () => {
    const browser = new Browser()
    await signIn(server, { url: url(), browser, login: { remember: true } })
    const none = await signIn(server, { url: url({ prompt: 'none' }), browser })
    expect(none.location?.searchParams.get('error')).toBe('consent_required')
    const both = await signIn(server, { url: url({ prompt: 'none login' }), browser })
    expect(both.location?.searchParams.get('error')).toBe('login_required')
    const nobody = await new Browser().go(url({ prompt: 'none' }))
    expect(nobody.location?.searchParams.get('error')).toBe('login_required')
  })

  test('F6: prompt=login and a max_age that has passed ask for a sign-in, which is a new one', async () => {
    const browser = new Browser()
    const exchange = async (address: string) => {
      const landed = await signIn(server, { url: address, browser, login: { remember: true } })
      const code = landed.location?.searchParams.get('code') ?? ''
      return claimsOf((await token(server, client, { ...GRANT, code })).body.id_token)
    }
    const first = await exchange(url())
    expect(await asked(browser, url())).toMatchObject({ skip: true })
    for (const prompt of ['login', 'select_account'])
      expect(await asked(browser, url({ prompt }))).toMatchObject({ skip: false, subject: '' })
    expect(await asked(browser, url({ max_age: '3600' }))).toMatchObject({ skip: true })
    server.turn(120_000)
    expect(await asked(browser, url({ max_age: '60' }))).toMatchObject({ skip: false })
    expect(await asked(browser, url({ max_age: '60', prompt: 'none' }))).toEqual({ error: 'login_required' })
    const second = await exchange(url({ max_age: '60' }))
    server.turn(-120_000)
    expect(second['sid']).not.toBe(first['sid'])
    expect(Number(second['auth_time']) - Number(first['auth_time'])).toBeGreaterThanOrEqual(119)
  })

  test('F6: a consent that is remembered is asked for again with prompt=consent, and not with prompt=login', async () => {
    const browser = new Browser()
    await signIn(server, { url: url(), browser, login: { remember: true }, consent: { remember: true } })
    expect((await signIn(server, { url: url({ prompt: 'consent' }), browser })).shown?.skip).toBe(false)
    await signIn(server, { url: url(), browser, login: { remember: true }, consent: { remember: true } })
    const again = await signIn(server, { url: url({ prompt: 'login' }), browser, login: { remember: true } })
    expect(again.shown?.skip).toBe(true)
  })

  test('F7: a consent that is rejected is told with the app’s own words', async () => {
    const browser = new Browser()
    const login = await browser.go(url())
    const accepted = await server.oauth2.acceptOAuth2LoginRequest({
      loginChallenge: login.location?.searchParams.get('login_challenge') ?? '',
      acceptOAuth2LoginRequest: { subject: 'alice' },
    })
    const consent = await browser.go(accepted.data.redirect_to)
    const rejected = await server.oauth2.rejectOAuth2ConsentRequest({
      consentChallenge: consent.location?.searchParams.get('consent_challenge') ?? '',
      rejectOAuth2Request: { error: 'not_allowed', error_description: 'Your plan has no API.', error_hint: 'Upgrade.' },
    })
    const landed = await browser.go(rejected.data.redirect_to)
    expect(Object.fromEntries(landed.location?.searchParams ?? [])).toMatchObject({
      error: 'not_allowed',
      error_description: 'Your plan has no API. Upgrade.',
      state: 'a-state-that-is-long-enough',
    })
  })

  test('F10: the scope of a token is what was agreed to, not what was asked for', async () => {
    const { body } = await tokensFor(server, client, 'openid offline read', { scope: ['offline'] })
    expect(body.scope).toBe('offline')
    expect(body).not.toHaveProperty('id_token')
    expect((await introspect(server, body.access_token)).scope).toBe('offline')
    const nothing = await tokensFor(server, client, 'read', { scope: [] })
    expect(nothing.status).toBe(200)
    expect(await introspect(server, nothing.body.access_token)).not.toHaveProperty('scope')
  })

  test('F13: who was refreshed with an emptying hook can still sign out with that ID token', async () => {
    const hook = await startReceiver()
    hook.on('/token', { json: {} })
    const own = await startOAuth2Server({ dialect, config: { oauth2: { token_hook: hook.url('/token') } } })
    try {
      const one = await register(own)
      const browser = new Browser()
      const { body } = await tokensFor(own, one, 'openid offline', { browser, login: { remember: true } })
      const next = await refresh(own, one, body.refresh_token)
      const hint = encodeURIComponent(next.body.id_token)
      const landed = await browser.go(`${own.publicUrl}/oauth2/sessions/logout?id_token_hint=${hint}`)
      const logoutChallenge = landed.location?.searchParams.get('logout_challenge') ?? ''
      expect((await own.oauth2.getOAuth2LogoutRequest({ logoutChallenge })).data).toMatchObject({
        subject: 'alice',
        rp_initiated: true,
        sid: claimsOf(body.id_token)['sid'],
      })
    } finally {
      await own.close()
      await hook.close()
    }
  })

  test('A2: consents are withdrawn one, all of a client or all of a person at a time, and only with one clear word', async () => {
    const subject = `dora-${dialect}`
    const other = await register(server)
    const made = async (who: TestClient) => (await tokensFor(server, who, 'openid offline', { subject })).body
    const revoke = (query: string) =>
      fetch(`${server.adminUrl}/admin/oauth2/auth/sessions/consent?${query}`, { method: 'DELETE' })
    const isActive = async ({ access_token: value }: { readonly access_token: string }) =>
      (await introspect(server, value)).active

    const [one, two, three] = [await made(client), await made(client), await made(other)]
    const { data } = await server.oauth2.listOAuth2ConsentSessions({ subject })
    expect(data).toHaveLength(3)
    const newest = data[0]?.consent_request?.consent_request_id ?? ''
    expect((await revoke(`consent_request_id=${newest}`)).status).toBe(204)
    expect([await isActive(one), await isActive(two), await isActive(three)]).toEqual([true, true, false])
    expect((await revoke(`subject=${subject}&client=${client.client_id}`)).status).toBe(204)
    expect([await isActive(one), await isActive(two)]).toEqual([false, false])
    const four = await made(other)
    expect((await revoke(`subject=${subject}&all=true`)).status).toBe(204)
    expect(await isActive(four)).toBe(false)
    for (const wrong of [`subject=${subject}`, '', 'all=true', `subject=${subject}&all=true&client=x`])
      expect((await revoke(wrong)).status).toBe(400)
    expect((await revoke('subject=nobody&all=true')).status).toBe(204)
  })

  test('A4: clients may register themselves only where that is allowed, and not everything', async () => {
    const post = (at: OAuth2TestServer, body: object) =>
      fetch(`${at.publicUrl}/oauth2/register`, { method: 'POST', body: JSON.stringify(body) })
    expect((await post(server, {})).status).toBe(404)
    const open = await startOAuth2Server({
      dialect,
      config: { oidc: { dynamic_client_registration: { enabled: true } } },
    })
    try {
      for (const field of [
        { client_secret: 'a-chosen-secret' },
        { metadata: { a: 1 } },
        { access_token_strategy: 'jwt' },
        { skip_consent: true },
        { skip_logout_consent: true },
      ])
        expect((await post(open, field)).status).toBe(400)
      type Registered = { readonly client_id: string; readonly registration_access_token: string }
      const made: Registered = JSON.parse(await (await post(open, { client_id: 'mine', client_name: 'x' })).text())
      expect(made.client_id).not.toBe('mine')
      const at = `${open.publicUrl}/oauth2/register/${made.client_id}`
      const call = (method: string, bearer: string, body?: object) =>
        fetch(at, {
          method,
          headers: { authorization: `Bearer ${bearer}` },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      expect((await call('PUT', made.registration_access_token, { client_secret: 'another-secret' })).status).toBe(403)
      const put: Registered = JSON.parse(
        await (await call('PUT', made.registration_access_token, { client_name: 'y' })).text(),
      )
      expect(put.registration_access_token).not.toBe(made.registration_access_token)
      expect((await call('GET', made.registration_access_token)).status).toBe(401)
      const shown = await (await call('GET', put.registration_access_token)).text()
      expect(shown).not.toMatch(/client_secret"|registration_access_token|metadata/)
      expect(JSON.parse(shown)).toMatchObject({ client_name: 'y' })
    } finally {
      await open.close()
    }
  })

  test.each([
    [{ issuer: '' }, 400],
    [{ jwk: undefined }, 400],
    [{ expires_at: undefined }, 400],
    [{ subject: undefined, allow_any_subject: false }, 400],
    [{ allow_any_subject: true }, 400],
    [{ scope: undefined }, 201],
  ])('A5: a trusted issuer with %j is answered with %d', async (change, status) => {
    const trust = {
      issuer: `https://${JSON.stringify(change).length}-${dialect}.example.test`,
      subject: 'alice',
      scope: ['read'],
      jwk: { kty: 'OKP', crv: 'Ed25519', kid: 'k', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', alg: 'EdDSA' },
      expires_at: '2099-01-01T00:00:00Z',
      ...change,
    }
    const post = () =>
      fetch(`${server.adminUrl}/admin/trust/grants/jwt-bearer/issuers`, { method: 'POST', body: JSON.stringify(trust) })
    expect((await post()).status).toBe(status)
    if (status === 201) expect((await post()).status).toBe(409)
  })
})
