import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import {
  authorizationUrl,
  Browser,
  claimsOf,
  introspect,
  type OAuth2TestServer,
  register,
  startOAuth2Server,
  token,
  tokensFor,
} from './server.ts'

/** What an SDK call was answered that failed. */
const failure = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  const response = typeof error === 'object' && error !== null && 'response' in error ? error.response : null
  return typeof response === 'object' && response !== null && 'status' in response && 'data' in response
    ? { status: response.status, data: response.data }
    : error
}

describe.each(DIALECTS)('on %s, with the official SDK', (dialect) => {
  let server: OAuth2TestServer

  beforeAll(async () => {
    server = await startOAuth2Server({ dialect })
  })
  afterAll(() => server.close())

  test('clients are made, read, replaced, patched and deleted', async () => {
    const { oauth2 } = server
    const made = await oauth2.createOAuth2Client({
      oAuth2Client: { client_id: 'chosen', client_name: 'One', scope: 'a b' },
    })
    expect(made.status).toBe(201)
    expect(made.headers['location']).toBe('/admin/clients/chosen')
    expect(made.data.client_secret).toHaveLength(26)
    expect(await failure(oauth2.createOAuth2Client({ oAuth2Client: { client_id: 'chosen' } }))).toMatchObject({
      status: 409,
    })
    const { data: read } = await oauth2.getOAuth2Client({ id: 'chosen' })
    expect(read).toMatchObject({ client_name: 'One', scope: 'a b', redirect_uris: [], subject_type: 'public' })
    expect(read).not.toHaveProperty('client_secret')
    const { data: replaced } = await oauth2.setOAuth2Client({ id: 'chosen', oAuth2Client: { client_name: 'Two' } })
    expect(replaced).toMatchObject({ client_name: 'Two', scope: 'offline_access offline openid' })
    const { data: patched } = await oauth2.patchOAuth2Client({
      id: 'chosen',
      jsonPatch: [
        { op: 'replace', path: '/client_name', value: 'Three' },
        { op: 'add', path: '/metadata/team', value: 'blue' },
      ],
    })
    expect(patched).toMatchObject({ client_name: 'Three', metadata: { team: 'blue' } })
    expect(
      await failure(
        oauth2.patchOAuth2Client({ id: 'chosen', jsonPatch: [{ op: 'replace', path: '/client_id', value: 'x' }] }),
      ),
    ).toMatchObject({ status: 404 })
    const { data: lived } = await oauth2.setOAuth2ClientLifespans({
      id: 'chosen',
      oAuth2ClientTokenLifespans: { client_credentials_grant_access_token_lifespan: '90m' },
    })
    expect(lived.client_credentials_grant_access_token_lifespan).toBe('1h30m0s')
    expect((await oauth2.deleteOAuth2Client({ id: 'chosen' })).status).toBe(204)
    expect(await failure(oauth2.getOAuth2Client({ id: 'chosen' }))).toEqual({
      status: 404,
      data: { error: 'Unable to locate the resource', error_description: '' },
    })
  })

  test('clients are listed by pages, each with a link to the next one', async () => {
    for (const name of ['p', 'p', 'p']) await register(server, { client_name: name })
    const seen: string[] = []
    let path: string | null = '/admin/clients?client_name=p&page_size=2'
    while (path !== null) {
      const answer = await fetch(`${server.adminUrl}${path}`)
      const link = answer.headers.get('link') ?? ''
      expect(link).toContain('rel="first"')
      const page: readonly { readonly client_id: string }[] = JSON.parse(await answer.text())
      seen.push(...page.map(({ client_id: id }) => id))
      path = /<([^>]+)>; rel="next"/.exec(link)?.[1] ?? null
    }
    expect(new Set(seen).size).toBe(3)
    expect((await fetch(`${server.adminUrl}/clients?page_token=nonsense`)).status).toBe(400)
  })

  test.each([
    [{ client_secret: 'short' }, 'invalid_client_metadata'],
    [{ redirect_uris: ['https://a.example.test/#x'] }, 'invalid_redirect_uri'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    [{ jwks: { keys: [] }, jwks_uri: 'https://a.example.test/keys' }, 'invalid_client_metadata'],
    [{ userinfo_signed_response_alg: 'HS256' }, 'invalid_client_metadata'],
    [{ subject_type: 'pairwise' }, 'invalid_client_metadata'],
    [{ access_token_strategy: 'paper' }, 'invalid_client_metadata'],
    [
      { redirect_uris: ['https://a.example.test/'], post_logout_redirect_uris: ['https://b.example.test/'] },
      'invalid_client_metadata',
    ],
    [{ allowed_cors_origins: ['ftp://a.example.test'] }, 'invalid_client_metadata'],
    [{ scope: 7 }, 'The request was malformed or contained invalid parameters'],
  ])('the client %j is refused', async (client, error) => {
    const answer = await fetch(`${server.adminUrl}/admin/clients`, { method: 'POST', body: JSON.stringify(client) })
    expect(answer.status).toBe(400)
    expect(JSON.parse(await answer.text())).toMatchObject({ error })
  })

  test('A3: a rotated secret counts beside the new one until it is deleted', async () => {
    const client = await register(server)
    const url = `${server.adminUrl}/admin/clients/${client.client_id}/secrets/rotate`
    const rotated: { readonly client_secret: string } = JSON.parse(await (await fetch(url, { method: 'POST' })).text())
    const works = async (secret: string) =>
      (await token(server, { ...client, client_secret: secret }, { grant_type: 'client_credentials' })).status
    expect([await works(client.client_secret), await works(rotated.client_secret)]).toEqual([200, 200])
    await fetch(url, { method: 'DELETE' })
    expect([await works(client.client_secret), await works(rotated.client_secret)]).toEqual([401, 200])
  })

  test('F7: a rejected login or consent is told to the client, with the app’s own words', async () => {
    const client = await register(server)
    const browser = new Browser()
    const first = await browser.go(authorizationUrl(server, { client_id: client.client_id, scope: 'openid' }))
    const rejected = await server.oauth2.rejectOAuth2LoginRequest({
      loginChallenge: first.location?.searchParams.get('login_challenge') ?? '',
      rejectOAuth2Request: { error: 'not_today', error_description: 'Come back tomorrow.' },
    })
    const landed = await browser.go(rejected.data.redirect_to)
    expect(Object.fromEntries(landed.location?.searchParams ?? [])).toMatchObject({
      error: 'not_today',
      error_description: 'Come back tomorrow.',
    })
  })

  test('F3: another subject than the remembered one begins again with a login', async () => {
    const client = await register(server)
    const browser = new Browser()
    await tokensFor(server, client, 'openid', { browser, login: { remember: true } })
    const first = await browser.go(authorizationUrl(server, { client_id: client.client_id, scope: 'openid' }))
    const accepted = await server.oauth2.acceptOAuth2LoginRequest({
      loginChallenge: first.location?.searchParams.get('login_challenge') ?? '',
      acceptOAuth2LoginRequest: { subject: 'bob' },
    })
    expect(new URL(accepted.data.redirect_to).searchParams.get('prompt')).toBe('login')
  })

  test.each([
    ['login', 'nonsense', 404],
    ['consent', 'nonsense', 404],
    ['logout', 'nonsense', 404],
    ['login', '', 400],
  ])('F8: the %s challenge "%s" is answered with %d', async (kind, challenge, status) => {
    const answer = await fetch(`${server.adminUrl}/admin/oauth2/auth/requests/${kind}?${kind}_challenge=${challenge}`)
    expect(answer.status).toBe(status)
  })

  test('F8: a challenge is good for its own purpose and its own time', async () => {
    const client = await register(server)
    const first = await new Browser().go(authorizationUrl(server, { client_id: client.client_id, scope: 'openid' }))
    const challenge = first.location?.searchParams.get('login_challenge') ?? ''
    expect(await failure(server.oauth2.getOAuth2ConsentRequest({ consentChallenge: challenge }))).toMatchObject({
      status: 404,
    })
    server.turn(31 * 60_000)
    expect(await failure(server.oauth2.getOAuth2LoginRequest({ loginChallenge: challenge }))).toMatchObject({
      status: 401,
      data: { error: 'request_unauthorized' },
    })
    server.turn(-31 * 60_000)
  })

  test('sessions are listed and ended', async () => {
    const client = await register(server)
    await tokensFor(server, client, 'openid', { subject: 'carol', login: { remember: true } })
    const { data } = await server.oauth2.listOAuth2ConsentSessions({ subject: 'carol' })
    const sid = data[0]?.consent_request?.login_session_id ?? ''
    expect((await server.oauth2.revokeOAuth2LoginSessions({ sid })).status).toBe(204)
    expect((await server.oauth2.revokeOAuth2LoginSessions({ subject: 'carol' })).status).toBe(204)
    expect(
      (
        await server.oauth2.revokeOAuth2ConsentSessions({
          consentRequestId: data[0]?.consent_request?.consent_request_id ?? '',
        })
      ).status,
    ).toBe(204)
    expect((await server.oauth2.listOAuth2ConsentSessions({ subject: 'carol' })).data).toEqual([])
    expect(await failure(server.oauth2.revokeOAuth2ConsentSessions({ subject: 'carol' }))).toMatchObject({
      status: 400,
    })
  })

  test('T15: a new key signs at once, and tokens of the old one stay good', async () => {
    const client = await register(server, { access_token_strategy: 'jwt' })
    const before = await tokensFor(server, client)
    const set = 'hydra.openid.id-token'
    const { data } = await server.jwk.createJsonWebKeySet({
      set,
      createJsonWebKeySet: { alg: 'RS256', use: 'sig', kid: 'next' },
    })
    expect(data.keys?.[0]).toMatchObject({ kid: 'next', kty: 'RSA', alg: 'RS256' })
    const after = await tokensFor(server, client)
    const kid = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid
    expect(kid(after.body.id_token)).toBe('next')
    const shown = (await server.wellknown.discoverJsonWebKeys()).data.keys ?? []
    expect(shown.map((key) => key.kid)).toEqual(expect.arrayContaining(['next', kid(before.body.id_token)]))
    expect(JSON.stringify(shown)).not.toMatch(/"d":/)
    expect(
      await failure(
        server.jwk.createJsonWebKeySet({ set, createJsonWebKeySet: { alg: 'RS256', use: 'sig', kid: 'next' } }),
      ),
    ).toMatchObject({ status: 409 })
    expect(
      await failure(
        server.jwk.createJsonWebKeySet({ set, createJsonWebKeySet: { alg: 'HS256', use: 'sig', kid: 'x' } }),
      ),
    ).toMatchObject({ status: 400 })
    expect((await server.jwk.deleteJsonWebKey({ set, kid: 'next' })).status).toBe(204)
    expect(await failure(server.jwk.getJsonWebKeySet({ set: 'nobody' }))).toMatchObject({ status: 404 })
  })

  test('T86: a trusted issuer’s assertion is exchanged once, within its scope', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
    const trust = {
      issuer: 'https://issuer.example.test',
      subject: 'alice',
      scope: ['read'],
      jwk,
      expires_at: '2099-01-01T00:00:00Z',
    }
    const body = JSON.stringify(trust)
    const url = `${server.adminUrl}/admin/trust/grants/jwt-bearer/issuers`
    const made = await fetch(url, { method: 'POST', body })
    expect(made.status).toBe(201)
    expect((await fetch(url, { method: 'POST', body })).status).toBe(409)
    expect((await fetch(url, { method: 'POST', body: JSON.stringify({ ...trust, subject: '' }) })).status).toBe(400)

    const client = await register(server)
    const assertion = (more: Record<string, unknown> = {}) =>
      new SignJWT({ jti: crypto.randomUUID(), ...more })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer('https://issuer.example.test')
        .setSubject(typeof more['subject'] === 'string' ? more['subject'] : 'alice')
        .setAudience(`${server.publicUrl}/oauth2/token`)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }
    const good = await assertion()
    const answer = await token(server, client, { ...grant, assertion: good, scope: 'read' })
    expect(answer.status).toBe(200)
    expect(await introspect(server, answer.body.access_token)).toMatchObject({
      active: true,
      sub: 'alice',
      scope: 'read',
    })
    expect((await token(server, client, { ...grant, assertion: good })).body.error).toBe('jti_known')
    expect((await token(server, client, { ...grant, assertion: await assertion(), scope: 'write' })).body.error).toBe(
      'invalid_scope',
    )
    expect((await token(server, client, { ...grant, assertion: await assertion({ subject: 'bob' }) })).body.error).toBe(
      'invalid_grant',
    )
    // B59: its clock may be a little ahead, not a minute and a half.
    const ahead = (seconds: number) =>
      assertion({ nbf: Math.floor(Date.now() / 1000) + seconds, jti: crypto.randomUUID() })
    expect((await token(server, client, { ...grant, assertion: await ahead(5) })).status).toBe(200)
    expect(await token(server, client, { ...grant, assertion: await ahead(90) })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: expect.stringContaining('not valid yet') },
    })
    const { id }: { readonly id: string } = JSON.parse(await made.text())
    expect((await fetch(`${url}/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await token(server, client, { ...grant, assertion: await assertion() })).body.error).toBe('invalid_grant')
  })

  test('T86: a client authenticates with its key, each assertion once', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'c1', alg: 'RS256', use: 'sig' }
    const client = await register(server, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'RS256', kid: 'c1' })
      .setIssuer(client.client_id)
      .setSubject(client.client_id)
      .setAudience(`${server.publicUrl}/oauth2/token`)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }
    expect((await token(server, {}, form)).status).toBe(200)
    expect((await token(server, {}, form)).status).not.toBe(200)
  })

  test('T13: a client’s own lifespans count', async () => {
    const client = await register(server, {
      client_credentials_grant_access_token_lifespan: '5m',
      refresh_token_grant_access_token_lifespan: '7m',
    })
    const own = await token(server, client, { grant_type: 'client_credentials' })
    expect(own.body.expires_in).toBe(300)
  })

  test('pages of the configured origins may call, and of a client’s own those that call for it', async () => {
    const cors = { enabled: true, allowed_origins: ['https://*.example.org'] }
    const own = await startOAuth2Server({ dialect, config: { serve: { public: { cors } } } })
    const client = await register(own, { allowed_cors_origins: ['https://spa.example.test'] })
    const allowed = async (origin: string, who: { readonly [name: string]: string } = client) => {
      const answer = await fetch(`${own.publicUrl}/oauth2/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({ ...who, grant_type: 'client_credentials' }),
      })
      return answer.headers.get('access-control-allow-origin')
    }
    expect(await allowed('https://www.example.org')).toBe('https://www.example.org')
    expect(await allowed('https://spa.example.test')).toBe('https://spa.example.test')
    expect(await allowed('https://spa.example.test', await register(own))).toBeNull()
    expect(await allowed('https://evil.example.test')).toBeNull()
    const preflight = await fetch(`${own.publicUrl}/oauth2/token`, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example.test', 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://spa.example.test')
    await own.close()
  })

  test('health, version, discovery and unknown paths are answered as Hydra’s', async () => {
    expect((await server.metadata.isReady()).data.status).toBe('ok')
    expect((await server.metadata.getVersion()).data.version).toBe('0.0.0-test')
    const { data } = await server.oidc.discoverOidcConfiguration()
    expect(data).toMatchObject({ issuer: `${server.publicUrl}/`, token_endpoint: `${server.publicUrl}/oauth2/token` })
    const unknown = await fetch(`${server.publicUrl}/version`)
    expect(unknown.status).toBe(404)
    expect(JSON.parse(await unknown.text())).toMatchObject({ error: { code: 404, message: 'Not Found' } })
  })

  test('T12: a client’s access tokens can be deleted, its refresh tokens stay', async () => {
    const client = await register(server)
    const { body } = await tokensFor(server, client)
    expect((await server.oauth2.deleteOAuth2Token({ clientId: client.client_id })).status).toBe(204)
    expect((await introspect(server, body.access_token)).active).toBe(false)
    expect(await introspect(server, body.refresh_token)).toMatchObject({ active: true, token_use: 'refresh_token' })
  })

  test('T14: a pairwise client knows people by a name of its own', async () => {
    const own = await startOAuth2Server({
      dialect,
      config: {
        oidc: {
          subject_identifiers: { supported_types: ['public', 'pairwise'], pairwise: { salt: 'a-salt-for-tests' } },
        },
      },
    })
    const client = await register(own, { subject_type: 'pairwise' })
    const { body } = await tokensFor(own, client)
    const sub = claimsOf(body.id_token)['sub']
    expect(sub).toMatch(/^[0-9a-f]{64}$/)
    expect(await introspect(own, body.access_token)).toMatchObject({ sub: 'alice', obfuscated_subject: sub })
    await own.close()
  })
})
