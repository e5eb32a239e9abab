import * as oidc from 'openid-client'
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

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

describe.each(DIALECTS)('on %s', (dialect) => {
  let server: OAuth2TestServer
  let client: TestClient

  beforeAll(async () => {
    server = await startOAuth2Server({ dialect, config: { oidc: { dynamic_client_registration: { enabled: true } } } })
    client = await register(server)
  })
  afterAll(() => server.close())

  const discover = () =>
    oidc.discovery(
      new URL(server.publicUrl),
      client.client_id,
      undefined,
      oidc.ClientSecretPost(client.client_secret),
      {
        execute: [oidc.allowInsecureRequests],
      },
    )

  test('T3, T16: a client signs somebody in with PKCE, reads userinfo, refreshes and revokes, all checked by its library', async () => {
    const config = await discover()
    const verifier = oidc.randomPKCECodeVerifier()
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid offline read',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'a-state-that-is-long-enough',
      nonce: 'a-nonce-that-is-long-enough',
    })
    const landed = await signIn(server, { url: url.href })
    const tokens = await oidc.authorizationCodeGrant(
      config,
      landed.location ?? new URL('http://nowhere.example.test'),
      {
        pkceCodeVerifier: verifier,
        expectedState: 'a-state-that-is-long-enough',
        expectedNonce: 'a-nonce-that-is-long-enough',
        idTokenExpected: true,
      },
    )
    expect(tokens.claims()).toMatchObject({ sub: 'alice', from_consent: 'id', acr: '1', amr: ['pwd'] })
    const person = await oidc.fetchUserInfo(config, tokens.access_token, 'alice')
    expect(person).toMatchObject({ sub: 'alice', from_consent: 'id' })
    expect(person).not.toHaveProperty('sid')

    const next = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.claims()?.sub).toBe('alice')
    expect(await introspect(server, tokens.access_token)).toEqual({ active: false })
    await oidc.tokenRevocation(config, next.access_token)
    expect(await introspect(server, next.access_token)).toEqual({ active: false })
    // Either token takes the other along (ory-oauth2.md T16).
    await expect(oidc.refreshTokenGrant(config, next.refresh_token ?? '')).rejects.toThrow()
  })

  test('T11: a client speaks for itself, with a scope and an audience it may have', async () => {
    const config = await discover()
    const tokens = await oidc.clientCredentialsGrant(config, { scope: 'read', audience: 'https://api.example.test' })
    expect(await introspect(server, tokens.access_token)).toMatchObject({
      active: true,
      sub: client.client_id,
      scope: 'read',
      aud: ['https://api.example.test'],
      token_use: 'access_token',
    })
    expect(await introspect(server, tokens.access_token, 'write')).toEqual({ active: false })
  })

  test('F14: a device gets its tokens once somebody has typed its code and agreed', async () => {
    const config = await discover()
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid offline read' })
    const poll = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code }
    expect((await token(server, client, poll)).body.error).toBe('authorization_pending')

    const browser = new Browser()
    const first = await browser.go(`${server.publicUrl}/oauth2/device/verify`)
    const challenge = first.location?.searchParams.get('device_challenge') ?? ''
    const wrong = await server.oauth2
      .acceptUserCodeRequest({ deviceChallenge: challenge, acceptDeviceUserCodeRequest: { user_code: 'AAAAAAAA' } })
      .catch((error: { response: { status: number; data: { error: string } } }) => error.response)
    expect(wrong).toMatchObject({ status: 400, data: { error: 'invalid_request' } })
    const accepted = await server.oauth2.acceptUserCodeRequest({
      deviceChallenge: challenge,
      acceptDeviceUserCodeRequest: { user_code: device.user_code },
    })
    const landed = await signIn(server, {
      url: accepted.data.redirect_to,
      browser,
      scope: ['openid', 'offline', 'read'],
    })
    expect(landed.location?.href).toBe(`http://ui.example.test/device/done?client_id=${client.client_id}`)
    expect(landed.shown?.oidc_context).toBeNull()

    const granted = await token(server, client, poll)
    expect(granted.status).toBe(200)
    expect(claimsOf(granted.body.id_token)).toMatchObject({ sub: 'alice', from_consent: 'id' })
    expect((await token(server, client, poll)).body.error).toBe('invalid_grant')
  })

  test('a hybrid request answers with an ID token whose c_hash fits the code', async () => {
    const url = authorizationUrl(server, {
      client_id: client.client_id,
      scope: 'openid',
      response_type: 'code id_token',
      nonce: 'a-nonce-that-is-long-enough',
    })
    const landed = await signIn(server, { url })
    const answer = new URLSearchParams(landed.location?.hash.slice(1))
    const claims = claimsOf(answer.get('id_token') ?? '')
    expect(claims).toMatchObject({ sub: 'alice', nonce: 'a-nonce-that-is-long-enough' })
    expect(claims['c_hash']).toBeTypeOf('string')
    const exchanged = await token(server, client, {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: CALLBACK,
    })
    expect(exchanged.status).toBe(200)
  })

  test('T76, B59: a used code is refused and takes its tokens along', async () => {
    const { code, body } = await tokensFor(server, client)
    const again = await token(server, client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await introspect(server, body.access_token)).toEqual({ active: false })
    expect((await refresh(server, client, body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('of three who exchange one code at the same time, one gets tokens, and they are good', async () => {
    const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid offline' })
    const landed = await signIn(server, { url })
    const code = landed.location?.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    const answers = await Promise.all([1, 2, 3].map(() => token(server, client, form)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(2)
  })

  test('H47: of four who refresh with one token at the same time, one gets tokens', async () => {
    const { body } = await tokensFor(server, client)
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(server, client, body.refresh_token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('T4, B59: a refresh token that comes again revokes the whole chain', async () => {
    const { body } = await tokensFor(server, client)
    const next = await refresh(server, client, body.refresh_token)
    expect(await introspect(server, body.refresh_token)).toEqual({ active: false })
    expect((await refresh(server, client, body.refresh_token)).body.error).toBe('invalid_grant')
    expect(await introspect(server, next.body.access_token)).toEqual({ active: false })
    expect((await refresh(server, client, next.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('F1, F2, F5: a remembered login and consent need no page, but both apps are still asked', async () => {
    const browser = new Browser()
    const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid read' })
    const first = await signIn(server, { url, browser, login: { remember: true }, consent: { remember: true } })
    expect(first.shown?.skip).toBe(false)
    const login = await browser.go(url)
    const challenge = login.location?.searchParams.get('login_challenge') ?? ''
    const { data } = await server.oauth2.getOAuth2LoginRequest({ loginChallenge: challenge })
    expect(data).toMatchObject({ skip: true, subject: 'alice' })
    const second = await signIn(server, { url, browser })
    expect(second.shown?.skip).toBe(true)
    const silent = await signIn(server, { url: `${url}&prompt=none`, browser })
    expect(silent.location?.searchParams.get('code')).toBeTruthy()
  })

  test('nobody is asked silently who is not there', async () => {
    const url = `${authorizationUrl(server, { client_id: client.client_id, scope: 'openid' })}&prompt=none`
    const landed = await new Browser().go(url)
    expect(landed.location?.searchParams.get('error')).toBe('login_required')
  })

  test('F9: a consent verifier works once and only in its own browser', async () => {
    const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid' })
    const browser = new Browser()
    const landed = await signIn(server, { url, browser })
    expect(landed.location?.searchParams.get('code')).toBeTruthy()
    const first = await browser.go(url)
    const loginChallenge = first.location?.searchParams.get('login_challenge') ?? ''
    const login = await server.oauth2.acceptOAuth2LoginRequest({
      loginChallenge,
      acceptOAuth2LoginRequest: { subject: 'alice' },
    })
    const second = await browser.go(login.data.redirect_to)
    const consentChallenge = second.location?.searchParams.get('consent_challenge') ?? ''
    const consent = await server.oauth2.acceptOAuth2ConsentRequest({
      consentChallenge,
      acceptOAuth2ConsentRequest: { grant_scope: ['openid'] },
    })
    const foreign = await new Browser().go(consent.data.redirect_to)
    expect(foreign.location?.searchParams.get('error')).toBe('request_forbidden')
    // A stranger's attempt has burnt nothing (ory-oauth2.md F9).
    const own = await browser.go(consent.data.redirect_to)
    expect(own.location?.searchParams.get('code')).toBeTruthy()
    const again = await browser.go(consent.data.redirect_to)
    expect(again.location?.searchParams.get('error')).toBe('access_denied')
  })

  test('a withdrawn consent takes its tokens along', async () => {
    const { body } = await tokensFor(server, client, 'openid offline', { subject: 'bob' })
    const { data } = await server.oauth2.listOAuth2ConsentSessions({ subject: 'bob' })
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({ grant_scope: ['openid', 'offline'], session: { id_token: { from_consent: 'id' } } })
    await server.oauth2.revokeOAuth2ConsentSessions({ subject: 'bob', client: client.client_id })
    expect(await introspect(server, body.access_token)).toEqual({ active: false })
    expect((await refresh(server, client, body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('signing out ends the remembered login and tells the client where to go', async () => {
    const own = await register(server, { post_logout_redirect_uris: ['http://127.0.0.1:5555/bye'] })
    const browser = new Browser()
    const { body } = await tokensFor(server, own, 'openid offline', { browser, login: { remember: true } })
    const parameters = new URLSearchParams({
      id_token_hint: body.id_token,
      post_logout_redirect_uri: 'http://127.0.0.1:5555/bye',
      state: 'a-state',
    })
    const asked = await browser.go(`${server.publicUrl}/oauth2/sessions/logout?${parameters.toString()}`)
    const logoutChallenge = asked.location?.searchParams.get('logout_challenge') ?? ''
    const { data } = await server.oauth2.getOAuth2LogoutRequest({ logoutChallenge })
    expect(data).toMatchObject({ subject: 'alice', rp_initiated: true })
    const accepted = await server.oauth2.acceptOAuth2LogoutRequest({ logoutChallenge })
    const done = await browser.go(accepted.data.redirect_to)
    expect(done.location?.href).toBe('http://127.0.0.1:5555/bye?state=a-state')
    const url = authorizationUrl(server, { client_id: own.client_id, scope: 'openid' })
    const next = await browser.go(url)
    const loginChallenge = next.location?.searchParams.get('login_challenge') ?? ''
    expect((await server.oauth2.getOAuth2LoginRequest({ loginChallenge })).data.skip).toBe(false)
  })

  test('F12: every client of a session is told of its end: some directly, once and for sure, some by the browser', async () => {
    const receiver = await startReceiver()
    const own = await register(server, {
      backchannel_logout_uri: receiver.url('/logout'),
      frontchannel_logout_uri: 'http://127.0.0.1:5555/front',
    })
    const browser = new Browser()
    const { body } = await tokensFor(server, own, 'openid', { browser, login: { remember: true } })
    const asked = await browser.go(`${server.publicUrl}/oauth2/sessions/logout?id_token_hint=${body.id_token}`)
    const logoutChallenge = asked.location?.searchParams.get('logout_challenge') ?? ''
    const accepted = await server.oauth2.acceptOAuth2LogoutRequest({ logoutChallenge })
    const page = await browser.go(accepted.data.redirect_to)
    const sid = textOf(claimsOf(body.id_token)['sid'])
    expect(page.text).toContain(
      `http://127.0.0.1:5555/front?iss=${encodeURIComponent(`${server.publicUrl}/`)}&amp;sid=${sid}`,
    )
    const [call] = await receiver.waitFor('/logout')
    const logoutToken = new URLSearchParams(call?.body).get('logout_token') ?? ''
    const claims = claimsOf(logoutToken)
    expect(claims).toMatchObject({
      iss: `${server.publicUrl}/`,
      aud: [own.client_id],
      sid,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(claims).not.toHaveProperty('sub')
    expect(claims).not.toHaveProperty('nonce')
    // A logout token opens nothing (T78).
    expect(await introspect(server, logoutToken)).toEqual({ active: false })
    expect(receiver.callsTo('/logout')).toHaveLength(1)
    await receiver.close()
  })

  test('a client registers itself, and manages itself with the token it was given', async () => {
    const { data } = await server.oidc.createOidcDynamicClient({
      oAuth2Client: { client_name: 'self made', redirect_uris: [CALLBACK] },
    })
    const authorization = { headers: { authorization: `Bearer ${data.registration_access_token}` } }
    const url = `${server.publicUrl}/oauth2/register/${data.client_id}`
    expect((await fetch(url, authorization)).status).toBe(200)
    const refused = await fetch(`${server.publicUrl}/oauth2/register`, {
      method: 'POST',
      body: JSON.stringify({ skip_consent: true }),
    })
    expect(refused.status).toBe(400)
    expect((await fetch(url, { ...authorization, method: 'DELETE' })).status).toBe(204)
    expect((await fetch(url, authorization)).status).toBe(401)
  })

  test('codes and tokens end by the server’s own clock', async () => {
    const own = await startOAuth2Server({ dialect })
    const one = await register(own)
    const url = authorizationUrl(own, { client_id: one.client_id, scope: 'openid offline' })
    const landed = await signIn(own, { url })
    own.turn(11 * 60_000)
    const code = landed.location?.searchParams.get('code') ?? ''
    const late = await token(own, one, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    expect(late.body.error).toBe('invalid_grant')
    const device = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }
    const started = await fetch(`${own.publicUrl}/oauth2/device/auth`, {
      method: 'POST',
      body: new URLSearchParams(one),
    })
    const { device_code: deviceCode }: { readonly device_code: string } = JSON.parse(await started.text())
    own.turn(11 * 60_000)
    expect((await token(own, one, { ...device, device_code: deviceCode })).body.error).toBe('expired_token')
    const { body } = await tokensFor(own, one)
    own.turn(61 * 60_000)
    expect(await introspect(own, body.access_token)).toEqual({ active: false })
    expect((await refresh(own, one, body.refresh_token)).status).toBe(200)
    await own.close()
  })
})
