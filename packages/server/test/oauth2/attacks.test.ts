import { createHmac, createPublicKey } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

// Threats T73 to T86 and bad inputs B58, B59 of reliability.md.

const VERIFIER = 'v'.repeat(43)
const challengeOf = async (verifier: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(verifier))).toString('base64url')

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

let server: OAuth2TestServer
let client: TestClient

beforeAll(async () => {
  server = await startOAuth2Server({ config: { strategies: { access_token: 'jwt' } } })
  client = await register(server)
})
afterAll(() => server.close())

describe('redirects', () => {
  test.each([
    `${CALLBACK}/`,
    `${CALLBACK}?x=1`,
    `${CALLBACK}#fragment`,
    `${CALLBACK}/../callback`,
    `${CALLBACK}%2f`,
    `${CALLBACK}%00`,
    `${CALLBACK}\\`,
    ` ${CALLBACK}`,
    CALLBACK.toUpperCase(),
    'http://127.0.0.1:5556/callback',
    'https://127.0.0.1:5555/callback',
    'http://127.0.0.1.evil.example.test:5555/callback',
    'http://127.0.0.1:5555@evil.example.test/callback',
    'http://evil.example.test/?u=http://127.0.0.1:5555/callback',
    'http://evil.example.test\\@127.0.0.1:5555/callback',
    '//evil.example.test/callback',
    '/callback',
    'javascript:alert(1)',
    'data:text/html,hello',
    'http://localhost:5555/callback',
    'http://[::1]:5555/callback',
    'http://2130706433:5555/callback',
    'null',
  ])('T73, B58: nobody is sent to "%s"', async (redirectUri) => {
    const url = authorizationUrl(server, { client_id: client.client_id, scope: 'openid', redirect_uri: redirectUri })
    const landed = await new Browser().go(url)
    expect(landed.location?.href).toMatch(/^http:\/\/ui\.example\.test\/error\?error=/)
  })

  test('B58: a parameter that comes twice is refused', async () => {
    const url = `${authorizationUrl(server, { client_id: client.client_id, scope: 'openid' })}&redirect_uri=http%3A%2F%2Fevil.example.test%2F`
    const landed = await new Browser().go(url)
    expect(landed.location?.host).not.toBe('evil.example.test')
    expect(landed.location?.searchParams.get('error')).toBe('invalid_request')
  })

  test('F11: an unknown client is told to nobody but the person', async () => {
    const landed = await new Browser().go(authorizationUrl(server, { client_id: 'nobody', scope: 'openid' }))
    expect(landed.location?.href).toMatch(/^http:\/\/ui\.example\.test\/error\?error=invalid_client/)
  })

  test.each([
    ['response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ['scope', { scope: 'openid admin' }, 'invalid_scope'],
    ['audience', { audience: 'https://other.example.test' }, 'invalid_request'],
    ['state', { state: 'short' }, 'invalid_state'],
    ['code_challenge_method', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
    ['request', { request: 'not.a.jwt' }, 'invalid_request_object'],
    ['request_uri', { request_uri: 'https://evil.example.test/' }, 'request_uri_not_supported'],
  ])('B58, F11: a wrong %s is told to the client', async (_name, more, error) => {
    const landed = await new Browser().go(
      authorizationUrl(server, { client_id: client.client_id, scope: 'openid', ...more }),
    )
    const answer = landed.location
    expect(`${answer?.origin}${answer?.pathname}`).toBe(CALLBACK)
    expect(new URLSearchParams(answer?.search || answer?.hash.slice(1)).get('error')).toBe(error)
  })
})

describe('codes', () => {
  const code = async (more: { readonly [name: string]: string } = {}, own = client) => {
    const landed = await signIn(server, {
      url: authorizationUrl(server, { client_id: own.client_id, scope: 'openid offline', ...more }),
    })
    return landed.location?.searchParams.get('code') ?? ''
  }
  const exchange = (form: { readonly [name: string]: string }, own: Partial<TestClient> = client) =>
    token(server, own, { grant_type: 'authorization_code', redirect_uri: CALLBACK, ...form })

  test('T74, H54: without its verifier, or with another, a code is worth nothing, and stays so', async () => {
    const given = await code({ code_challenge: await challengeOf(VERIFIER), code_challenge_method: 'S256' })
    expect((await exchange({ code: given })).body.error).toBe('invalid_grant')
    expect((await exchange({ code: given, code_verifier: 'w'.repeat(43) })).body.error).toBe('invalid_grant')
    expect((await exchange({ code: given })).body.error).toBe('invalid_grant')
    expect((await exchange({ code: given, code_verifier: VERIFIER })).status).toBe(200)
  })

  test('T74: a verifier for a code that has no challenge is refused', async () => {
    expect((await exchange({ code: await code(), code_verifier: VERIFIER })).body.error).toBe('invalid_grant')
  })

  test('a code belongs to its client and to its address', async () => {
    const other = await register(server)
    const given = await code()
    expect((await exchange({ code: given }, other)).body.error).toBe('invalid_grant')
    expect((await exchange({ code: given, redirect_uri: `${CALLBACK}/x` })).body.error).toBe('invalid_grant')
    expect((await exchange({ code: given })).status).toBe(200)
  })

  test('a refresh token belongs to its client', async () => {
    const other = await register(server)
    const { body } = await tokensFor(server, client)
    expect((await refresh(server, other, body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(server, client, body.refresh_token)).status).toBe(200)
  })

  test.each([
    ['another secret', { client_secret: 'wrong-secret' }, 401, 'invalid_client'],
    ['no secret', { client_secret: '' }, 401, 'invalid_client'],
    ['nobody', { client_id: 'nobody' }, 401, 'invalid_client'],
  ])('B59: %s gets no token', async (_name, change, status, error) => {
    const answer = await exchange({ code: await code() }, { ...client, ...change })
    expect(answer).toMatchObject({ status, body: { error } })
  })

  test.each([
    ['client_secret_basic', 'client_secret_post'],
    ['client_secret_post', 'client_secret_basic'],
  ])(
    'B59: a secret of a client that is registered for %s does not count by %s, and the answer says so',
    async (own, other) => {
      const one = await register(server, { token_endpoint_auth_method: own })
      const by = (method: string) => {
        const basic = Buffer.from(`${one.client_id}:${one.client_secret}`).toString('base64')
        const isBasic = method === 'client_secret_basic'
        return fetch(`${server.publicUrl}/oauth2/token`, {
          method: 'POST',
          headers: isBasic ? { authorization: `Basic ${basic}` } : {},
          body: new URLSearchParams({ grant_type: 'client_credentials', ...(isBasic ? {} : one) }),
        })
      }
      expect((await by(own)).status).toBe(200)
      const refused = await by(other)
      expect(refused.status).toBe(401)
      expect(JSON.parse(await refused.text())).toMatchObject({
        error: 'invalid_client',
        error_description: expect.stringContaining(`value to accept "${other}"`),
      })
    },
  )

  test('an authorization by a client that has not that grant is refused', async () => {
    const own = await register(server, { grant_types: ['client_credentials'] })
    const answer = await exchange({ code: 'anything' }, own)
    expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
  })

  test.each([
    ['an unknown grant', { grant_type: 'magic' }],
    ['H34: a password', { grant_type: 'password', username: 'a', password: 'b' }],
    ['nothing', {}],
  ])('%s is an invalid request', async (_name, form) => {
    expect((await token(server, client, form)).body.error).toBe('invalid_request')
  })

  test('T84: codes and tokens lie in no cache and leave by no Referer', async () => {
    const landed = await signIn(server, {
      url: authorizationUrl(server, { client_id: client.client_id, scope: 'openid' }),
    })
    expect(landed.status).toBe(303)
    expect(landed.headers.get('cache-control')).toBe('no-store')
    expect(landed.headers.get('referrer-policy')).toBe('no-referrer')
    const answer = await exchange({ code: landed.location?.searchParams.get('code') ?? '' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('pragma')).toBe('no-cache')
  })
})

describe('tokens', () => {
  const userinfo = async (value: string) =>
    (await fetch(`${server.publicUrl}/userinfo`, { headers: { authorization: `Bearer ${value}` } })).status

  test('T78: a token is good for what it is, and for nothing else', async () => {
    const { code, body } = await tokensFor(server, client)
    for (const value of [
      code,
      body.refresh_token,
      body.id_token,
      textOf(claimsOf(body.access_token)['jti']),
      '',
      'x.y.z',
    ]) {
      expect(await userinfo(value)).toBe(401)
    }
    expect(await introspect(server, body.id_token)).toEqual({ active: false })
    expect(await userinfo(body.access_token)).toBe(200)
    expect((await refresh(server, client, body.access_token)).body.error).toBe('invalid_grant')
  })

  test('T79: no forged token passes, however it is signed', async () => {
    const { body } = await tokensFor(server, client)
    const [head = '', payload = '', signature = ''] = body.access_token.split('.')
    const header: { readonly kid: string } = JSON.parse(Buffer.from(head, 'base64url').toString())
    const { data } = await server.wellknown.discoverJsonWebKeys()
    const own = (data.keys ?? []).find(({ kid }) => kid === header.kid)
    const pem = createPublicKey({ key: { kty: 'RSA', n: own?.n ?? '', e: own?.e ?? '' }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const foreign = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(foreign.publicKey)
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const hmac = (alg: string, key: string | Buffer) => {
      const first = encode({ ...header, alg })
      return `${first}.${payload}.${createHmac('sha256', key).update(`${first}.${payload}`).digest('base64url')}`
    }
    const claims = claimsOf(body.access_token)
    const signed = (more: object) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', ...more }).sign(foreign.privateKey)
    const forged = [
      `${encode({ ...header, alg: 'none' })}.${payload}.`,
      `${encode({ ...header, alg: 'None' })}.${payload}.${signature}`,
      hmac('HS256', pem),
      hmac('HS256', ''),
      hmac('HS256', Buffer.from(own?.n ?? '', 'base64url')),
      await signed({ kid: header.kid }),
      await signed({ kid: '../../../dev/null' }),
      await signed({ jwk }),
      await signed({ kid: header.kid, jku: 'https://evil.example.test/keys' }),
      await signed({ kid: header.kid, x5u: 'https://evil.example.test/cert' }),
      `${head}.${encode({ ...claims, sub: 'mallory' })}.${signature}`,
      `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${head}.${payload}.`,
      `${head}..${signature}`,
    ]
    for (const value of forged) {
      expect(await introspect(server, value)).toEqual({ active: false })
      expect(await userinfo(value)).toBe(401)
    }
    expect((await introspect(server, body.access_token)).active).toBe(true)
  })

  test('T82: nobody is signed out by a hint that is not ours, and nobody without being asked', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    const hint = await new SignJWT({ sid: 'x', sub: 'alice' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(`${server.publicUrl}/`)
      .setAudience(client.client_id)
      .sign(privateKey)
    const forged = await new Browser().go(`${server.publicUrl}/oauth2/sessions/logout?id_token_hint=${hint}`)
    expect(forged.location?.href).toMatch(/^http:\/\/ui\.example\.test\/error\?error=invalid_request/)
    const open = await new Browser().go(
      `${server.publicUrl}/oauth2/sessions/logout?post_logout_redirect_uri=${encodeURIComponent('http://evil.example.test/')}`,
    )
    expect(open.location?.host).toBe('ui.example.test')
  })

  test('a token is revoked by its own client alone, and whatever is sent is answered alike', async () => {
    const other = await register(server)
    const { body } = await tokensFor(server, client)
    const revoke = (who: Partial<TestClient>, value: string) =>
      fetch(`${server.publicUrl}/oauth2/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ ...who, token: value }),
      })
    const foreign = await revoke(other, body.access_token)
    const unknown = await revoke(other, 'nothing')
    expect([foreign.status, await foreign.text()]).toEqual([unknown.status, await unknown.text()])
    expect((await introspect(server, body.access_token)).active).toBe(true)
    expect((await revoke({}, body.access_token)).status).toBe(400)
    expect((await revoke(client, body.access_token)).status).toBe(200)
    expect((await introspect(server, body.access_token)).active).toBe(false)
  })

  test('the database holds no token, code or secret that could be used', async () => {
    const { code, body } = await tokensFor(server, client)
    const stored = JSON.stringify([
      await server.store.oauth2.clients.find(client.client_id),
      await server.store.oauth2.keys.ofSet('hydra.openid.id-token'),
    ])
    for (const value of [code, body.refresh_token, client.client_secret]) expect(stored).not.toContain(value)
    expect(stored).not.toMatch(/"d":/)
  })
})

describe('in profile safe', () => {
  test('T74, T75, B58: PKCE is asked for, and the answer says who gives it', async () => {
    const safe = await startOAuth2Server({ profile: 'safe' })
    const own = await register(safe)
    const without = await new Browser().go(authorizationUrl(safe, { client_id: own.client_id, scope: 'openid' }))
    expect(without.location?.searchParams.get('error')).toBe('invalid_request')
    const url = authorizationUrl(safe, {
      client_id: own.client_id,
      scope: 'openid',
      code_challenge: await challengeOf(VERIFIER),
      code_challenge_method: 'S256',
    })
    const landed = await signIn(safe, { url })
    expect(landed.location?.searchParams.get('iss')).toBe(`${safe.publicUrl}/`)
    const { data } = await safe.oidc.discoverOidcConfiguration()
    expect(data).toMatchObject({
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
    })
    await safe.close()
  })

  test('the admin API answers its own host alone, or who has a token', async () => {
    const safe = await startOAuth2Server({ profile: 'safe' })
    const foreign = await fetch(`${safe.adminUrl}/admin/clients`, { headers: { origin: 'https://evil.example.test' } })
    expect(foreign.status).toBe(403)
    expect((await fetch(`${safe.adminUrl}/admin/clients`)).status).toBe(200)
    await safe.close()
    const key = 'a-bearer-token-for-admins'
    const keyed = await startOAuth2Server({
      profile: 'safe',
      config: { serve: { admin: { auth: { bearer_tokens: [key] } } } },
    })
    expect((await fetch(`${keyed.adminUrl}/admin/clients`)).status).toBe(401)
    expect(
      (await fetch(`${keyed.adminUrl}/admin/clients`, { headers: { authorization: `Bearer ${key}` } })).status,
    ).toBe(200)
    await keyed.close()
  })
})
