import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import { type Receiver, type ReceiverAnswer, startReceiver } from '../receiver.ts'
import {
  authorizationUrl,
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

// The cases of ory-oauth2.md §7; the letter and number is the row there.

const claims = (access: object, id: object = {}): ReceiverAnswer => ({
  json: { session: { access_token: access, id_token: id } },
})

describe.each(DIALECTS)('on %s', (dialect) => {
  let hook: Receiver
  let server: OAuth2TestServer
  let client: TestClient

  beforeAll(async () => {
    hook = await startReceiver()
    server = await startOAuth2Server({
      dialect,
      config: { oauth2: { token_hook: hook.url('/token') }, actions: { timeout: '2s' } },
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
  const bodyOf = async (scope?: string) => (await tokensFor(server, client, scope)).body

  test('H1, H56: a code exchange adds the hook’s claims, and what was consented to wins', async () => {
    hook.on('/token', claims({ tier: 'gold', from_consent: 'hook' }, { role: 'admin', from_consent: 'hook' }))
    const tokens = await bodyOf()
    expect((await introspect(server, tokens.access_token)).ext).toEqual({ tier: 'gold', from_consent: 'at' })
    const id = claimsOf(tokens.id_token)
    expect(id).toMatchObject({ role: 'admin', from_consent: 'id' })
    expect(id['sid']).toBeTypeOf('string')
  })

  test('H2, T10: a JWT shows the same claims as its introspection', async () => {
    hook.on('/token', claims({ tier: 'gold' }))
    const jwtClient = await register(server, { access_token_strategy: 'jwt' })
    const { body } = await tokensFor(server, jwtClient)
    const own = claimsOf(body.access_token)
    expect(own).toMatchObject({
      ext: { tier: 'gold', from_consent: 'at' },
      scp: ['openid', 'offline', 'read'],
      sub: 'alice',
    })
    expect((await introspect(server, body.access_token)).ext).toEqual(own['ext'])
    // Its id alone is no credential.
    expect(await introspect(server, typeof own['jti'] === 'string' ? own['jti'] : 'none')).toEqual({ active: false })
  })

  test('H3, H4, H5: what a code exchange tells the hook', async () => {
    await bodyOf()
    expect(hook.callsTo('/token').at(-1)).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=UTF-8' },
    })
    expect(told()).toMatchObject({
      session: {
        extra: { from_consent: 'at' },
        id_token: { subject: 'alice', id_token_claims: { ext: { from_consent: 'id' } } },
      },
      request: {
        client_id: client.client_id,
        grant_types: ['authorization_code'],
        granted_scopes: ['openid', 'offline', 'read'],
        payload: { grant_type: ['authorization_code'], client_id: [client.client_id] },
      },
    })
    expect(Object.keys(told().request.payload)).toEqual(['grant_type', 'client_id'])
  })

  test('H9, H10, H11, H12, H13: claims of a refresh stay until they are replaced', async () => {
    const tokens = await bodyOf()
    hook.on('/token', claims({ round: 1 }, { round: 1 }))
    const one = await refresh(server, client, tokens.refresh_token)
    expect((await introspect(server, one.body.access_token)).ext).toEqual({ round: 1 })
    expect(claimsOf(one.body.id_token)).toMatchObject({ round: 1 })
    hook.on('/token', { status: 204 })
    const two = await refresh(server, client, one.body.refresh_token)
    expect(told().session).toMatchObject({ extra: { round: 1 }, id_token: { id_token_claims: { ext: { round: 1 } } } })
    expect((await introspect(server, two.body.access_token)).ext).toEqual({ round: 1 })
    const anew = await bodyOf()
    expect((await introspect(server, anew.access_token)).ext).toEqual({ from_consent: 'at' })
  })

  test('H14, H15: an empty answer empties the claims of a refresh, never the sid', async () => {
    const tokens = await bodyOf()
    hook.on('/token', { json: {} })
    const next = await refresh(server, client, tokens.refresh_token)
    expect(await introspect(server, next.body.access_token)).not.toHaveProperty('ext')
    const id = claimsOf(next.body.id_token)
    expect(id).not.toHaveProperty('from_consent')
    expect(id['sid']).toBe(claimsOf(tokens.id_token)['sid'])
  })

  test.each([
    ['H16: nothing', { status: 200 }],
    ['H17: a list for a map', { json: { session: { access_token: [] } } }],
    ['HTML', { status: 200, body: '<html></html>', headers: { 'content-type': 'text/html' } }],
    ['H20: 400', { status: 400 }],
    ['H20: 201', { status: 201 }],
    ['H20: 501', { status: 501 }],
    ['H26: a redirect', { status: 302, headers: { location: 'http://elsewhere.example.test/' } }],
    ['H27: six megabytes', { status: 200, body: Buffer.alloc(6 * 1024 * 1024, ' ') }],
  ] satisfies [string, ReceiverAnswer][])(
    '%s is a server error, told once, and nothing is used up',
    async (_name, answer) => {
      const tokens = await bodyOf()
      const before = hook.callsTo('/token').length
      hook.on('/token', answer)
      const failed = await refresh(server, client, tokens.refresh_token)
      expect(failed).toMatchObject({
        status: 500,
        body: { error: 'server_error', error_description: 'The token hook target responded with an error.' },
      })
      expect(hook.callsTo('/token').length).toBe(before + 1)
      hook.on('/token', { status: 204 })
      expect((await refresh(server, client, tokens.refresh_token)).status).toBe(200)
    },
  )

  test('H18: a refused exchange leaves the code and its PKCE challenge as they were', async () => {
    const verifier = 'v'.repeat(43)
    const challenge = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(verifier))).toString('base64url')
    const url = authorizationUrl(server, {
      client_id: client.client_id,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const landed = await signIn(server, { url })
    const form = {
      grant_type: 'authorization_code',
      code: landed.location?.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
    }
    hook.on('/token', { status: 403 })
    const refused = await token(server, client, { ...form, code_verifier: verifier })
    expect(refused).toMatchObject({ status: 403, body: { error: 'access_denied' } })
    hook.on('/token', { status: 204 })
    expect((await token(server, client, form)).body.error).toBe('invalid_grant')
    expect((await token(server, client, { ...form, code_verifier: 'w'.repeat(43) })).body.error).toBe('invalid_grant')
    expect((await token(server, client, { ...form, code_verifier: verifier })).status).toBe(200)
  })

  test('H19: a refused refresh leaves both tokens as they were', async () => {
    const tokens = await bodyOf()
    hook.on('/token', { status: 403 })
    expect((await refresh(server, client, tokens.refresh_token)).status).toBe(403)
    expect((await introspect(server, tokens.access_token)).active).toBe(true)
    hook.on('/token', { status: 204 })
    expect((await refresh(server, client, tokens.refresh_token)).status).toBe(200)
  })

  test.each([
    ['H21: 500', { status: 500 }],
    ['429', { status: 429 }],
  ] satisfies [string, ReceiverAnswer][])('%s is tried three times', async (_name, answer) => {
    hook.on('/token', answer)
    const failed = await token(server, client, { grant_type: 'client_credentials' })
    expect(failed).toMatchObject({
      status: 500,
      body: { error_description: 'An error occurred while executing the token hook.' },
    })
    expect(hook.callsTo('/token')).toHaveLength(3)
  })

  test('H22: the third try may succeed', async () => {
    hook.on('/token', { status: 500 }, { status: 503 }, claims({ tier: 'gold' }))
    const { body } = await token(server, client, { grant_type: 'client_credentials' })
    expect((await introspect(server, body.access_token)).ext).toEqual({ tier: 'gold' })
  })

  test('H24: a hook that hangs is given up within its budget', async () => {
    hook.on('/token', () => {})
    const failed = await token(server, client, { grant_type: 'client_credentials' })
    expect(failed).toMatchObject({ status: 500, body: { error: 'server_error' } })
  })

  test('H28, H29: a client that speaks for itself', async () => {
    await token(server, client, { grant_type: 'client_credentials', scope: 'read' })
    expect(told()).toMatchObject({
      session: {
        id_token: { subject: client.client_id, id_token_claims: { aud: null, amr: null, ext: null, sub: '' } },
        extra: {},
      },
      request: { granted_scopes: ['read'], requested_scopes: ['read'], grant_types: ['client_credentials'] },
    })
    await token(server, client, { grant_type: 'client_credentials' })
    expect(told().request).toMatchObject({ requested_scopes: null, granted_scopes: [] })
    hook.on('/token', { status: 403 })
    expect((await token(server, client, { grant_type: 'client_credentials' })).status).toBe(403)
  })

  test('H40: nobody sets what only the server sets, and who tries is written down', async () => {
    hook.on('/token', claims({}, { sub: 'mallory', iss: 'https://evil.example.test', exp: 1, sid: 'x', good: true }))
    const id = claimsOf((await bodyOf()).id_token)
    expect(id).toMatchObject({ sub: 'alice', iss: `${server.publicUrl}/`, good: true })
    expect(id['sid']).not.toBe('x')
    expect(
      server.logged.some(
        ({ event, fields }) => event === 'reserved_claim_refused' && JSON.stringify(fields).includes('sub'),
      ),
    ).toBe(true)
  })

  test('H44: userinfo tells the new claims, without those of the token itself', async () => {
    const tokens = await bodyOf()
    hook.on('/token', claims({}, { role: 'admin' }))
    const next = await refresh(server, client, tokens.refresh_token)
    const answer = await fetch(`${server.publicUrl}/userinfo`, {
      headers: { authorization: `Bearer ${next.body.access_token}` },
    })
    const person = JSON.parse(await answer.text())
    expect(person).toMatchObject({ sub: 'alice', role: 'admin' })
    for (const name of ['sid', 'nonce', 'at_hash', 'exp', 'jti']) expect(person).not.toHaveProperty(name)
  })

  test('H45: who gets no token anyway is not told about', async () => {
    await token(server, { ...client, client_secret: 'wrong' }, { grant_type: 'client_credentials' })
    await token(server, client, { grant_type: 'authorization_code', code: 'nope', redirect_uri: CALLBACK })
    await refresh(server, client, 'nope')
    await token(server, client, { grant_type: 'client_credentials', scope: 'admin' })
    expect(hook.calls).toHaveLength(0)
  })

  test('H46: of three exchanges of one code with a slow hook one gets tokens that work', async () => {
    hook.on('/token', { status: 204, delay: 80 })
    const landed = await signIn(server, {
      url: authorizationUrl(server, { client_id: client.client_id, scope: 'openid offline' }),
    })
    const form = {
      grant_type: 'authorization_code',
      code: landed.location?.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
    }
    const answers = await Promise.all([1, 2, 3].map(() => token(server, client, form)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    expect((await introspect(server, winners[0]?.body.access_token ?? '')).active).toBe(true)
  })

  test('H48: if the client hangs up nothing is used up', async () => {
    const tokens = await bodyOf()
    hook.on('/token', { status: 204, delay: 150 })
    const controller = new AbortController()
    const call = fetch(`${server.publicUrl}/oauth2/token`, {
      method: 'POST',
      signal: controller.signal,
      body: new URLSearchParams({ ...client, grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
    })
    setTimeout(() => controller.abort(), 50)
    await expect(call).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 250))
    hook.on('/token', { status: 204 })
    expect((await refresh(server, client, tokens.refresh_token)).status).toBe(200)
  })

  test('T2: a refreshed ID token is of the same sign-in', async () => {
    const tokens = await bodyOf()
    const next = await refresh(server, client, tokens.refresh_token)
    const [before, after] = [claimsOf(tokens.id_token), claimsOf(next.body.id_token)]
    for (const name of ['auth_time', 'acr', 'amr', 'nonce', 'sid', 'rat']) expect(after[name]).toEqual(before[name])
    expect(after['jti']).not.toBe(before['jti'])
    expect(after['at_hash']).not.toBe(before['at_hash'])
  })

  test('T8: a scope the client has lost can’t be refreshed until it has it again', async () => {
    const own = await register(server)
    const { body } = await tokensFor(server, own)
    const patch = (scope: string) =>
      server.oauth2.patchOAuth2Client({
        id: own.client_id,
        jsonPatch: [{ op: 'replace', path: '/scope', value: scope }],
      })
    await patch('openid offline')
    expect((await refresh(server, own, body.refresh_token)).body.error).toBe('invalid_scope')
    await patch('openid offline read')
    expect((await refresh(server, own, body.refresh_token)).status).toBe(200)
  })
})

describe('with other configurations', () => {
  let hook: Receiver
  beforeAll(async () => {
    hook = await startReceiver()
  })
  afterAll(() => hook.close())
  afterEach(() => hook.reset())

  const withServer = async (
    config: Parameters<typeof startOAuth2Server>[0],
    run: (server: OAuth2TestServer, client: TestClient) => Promise<void>,
  ) => {
    const server = await startOAuth2Server(config)
    try {
      await run(server, await register(server))
    } finally {
      await server.close()
    }
  }
  const key = (place: 'header' | 'cookie') => ({
    url: hook.url('/token'),
    auth: { type: 'api_key', config: { in: place, name: 'X-Key', value: 'the-secret-of-the-hook' } },
  })

  test.each([
    ['header', 'x-key', 'the-secret-of-the-hook'],
    ['cookie', 'cookie', 'X-Key=the-secret-of-the-hook'],
  ] as const)('H6, H53: the key goes along in a %s, and into no log', async (place, header, value) => {
    hook.on('/token', { status: 500 })
    await withServer(
      { config: { oauth2: { token_hook: key(place), expose_internal_errors: true } } },
      async (server, client) => {
        const failed = await token(server, client, { grant_type: 'client_credentials' })
        expect(hook.callsTo('/token')[0]?.headers[header]).toBe(value)
        expect(JSON.stringify([server.logged, failed.body])).not.toContain('the-secret-of-the-hook')
      },
    )
  })

  test('H36, H37, H38, H39: the older hook is asked at refresh alone, first, and its no is final', async () => {
    const oauth2 = { token_hook: hook.url('/token'), refresh_token_hook: hook.url('/refresh') }
    await withServer({ config: { oauth2 } }, async (server, client) => {
      hook.on('/token', { status: 204 })
      hook.on('/refresh', claims({ by: 'older', both: 'older' }))
      const { body } = await tokensFor(server, client)
      expect(hook.callsTo('/refresh')).toHaveLength(0)
      hook.on('/token', (call, response) => {
        expect(JSON.parse(call.body).session.extra).toEqual({ by: 'older', both: 'older' })
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ session: { access_token: { both: 'newer' } } }))
      })
      const next = await refresh(server, client, body.refresh_token)
      expect((await introspect(server, next.body.access_token)).ext).toEqual({ both: 'newer' })
      const payload = JSON.parse(hook.callsTo('/refresh')[0]?.body ?? '{}')
      expect(Object.keys(payload)).toEqual([
        'subject',
        'session',
        'requester',
        'client_id',
        'granted_scopes',
        'granted_audience',
      ])
      hook.on('/refresh', { status: 403 })
      const before = hook.callsTo('/token').length
      expect((await refresh(server, client, next.body.refresh_token)).status).toBe(403)
      expect(hook.callsTo('/token')).toHaveLength(before)
    })
  })

  test.each([
    [true, false, { ext: { role: 'x', sub: 'y', tier: 'z' }, role: 'x' }],
    [false, false, { role: 'x' }],
    [false, true, { role: 'x', ext: { sub: 'y', tier: 'z' } }],
    [true, true, { ext: { role: 'x', sub: 'y', tier: 'z' }, role: 'x' }],
  ])('H41, H42: claims at the top level, mirrored %s, preserved %s', async (mirror, preserve, expected) => {
    hook.on('/token', claims({ role: 'x', sub: 'y', tier: 'z' }))
    const oauth2 = {
      token_hook: hook.url('/token'),
      allowed_top_level_claims: ['role', 'sub'],
      mirror_top_level_claims: mirror,
      preserve_ext_claims: preserve,
    }
    await withServer({ config: { oauth2, strategies: { access_token: 'jwt' } } }, async (server, client) => {
      const { body } = await token(server, client, { grant_type: 'client_credentials' })
      const own = claimsOf(body.access_token)
      expect(own).toMatchObject({ ...expected, sub: client.client_id })
      expect('ext' in own).toBe('ext' in expected)
      expect((await introspect(server, body.access_token)).ext).toEqual({ role: 'x', sub: 'y', tier: 'z' })
      // The same for a code, and after a refresh.
      const signedIn = await tokensFor(server, client)
      const refreshed = await refresh(server, client, signedIn.body.refresh_token)
      for (const { body: tokens } of [signedIn, refreshed]) {
        expect(claimsOf(tokens.access_token)).toMatchObject({ ...expected, sub: 'alice' })
        expect('ext' in claimsOf(tokens.access_token)).toBe('ext' in expected)
      }
    })
  })

  test('H50: a hook on a private address is refused where those are, unless it is listed', async () => {
    hook.on('/token', { status: 204 })
    const oauth2 = { token_hook: hook.url('/token') }
    const guarded = { http: { disallow_private_ip_ranges: true } }
    await withServer({ config: { oauth2, clients: guarded } }, async (server, client) => {
      expect((await token(server, client, { grant_type: 'client_credentials' })).status).toBe(500)
      expect(hook.calls).toHaveLength(0)
    })
    const listed = { http: { ...guarded.http, private_ip_exception_urls: [hook.url('/token')] } }
    await withServer({ config: { oauth2, clients: listed } }, async (server, client) => {
      expect((await token(server, client, { grant_type: 'client_credentials' })).status).toBe(200)
    })
  })

  test('H51: another hook is called from the next request on', async () => {
    hook.on('/one', { status: 204 })
    hook.on('/two', { status: 204 })
    await withServer({ config: { oauth2: { token_hook: hook.url('/one') } } }, async (server, client) => {
      await token(server, client, { grant_type: 'client_credentials' })
      await server.reload({ oauth2: { token_hook: hook.url('/two') } })
      await token(server, client, { grant_type: 'client_credentials' })
      expect([hook.callsTo('/one').length, hook.callsTo('/two').length]).toEqual([1, 1])
    })
  })

  test.each([
    [
      'without a place for the key',
      { url: 'http://a.example.test/', auth: { type: 'api_key', config: { name: 'x', value: 'y' } } },
    ],
    ['of another type', { url: 'http://a.example.test/', auth: { type: 'basic_auth', config: {} } }],
    ['without an address', {}],
    ['at a relative address', '/hook'],
  ])('H7: a hook %s keeps the server from starting', async (_name, tokenHook) => {
    await expect(startOAuth2Server({ config: { oauth2: { token_hook: tokenHook } } })).rejects.toThrow(
      /oauth2\.token_hook/,
    )
  })

  test('T5, T6: within its grace a used refresh token works again, as often as configured', async () => {
    const grant = { refresh_token: { rotation_grace_period: '60s', rotation_grace_reuse_count: 2 } }
    await withServer({ config: { oauth2: { grant } } }, async (server, client) => {
      const { body } = await tokensFor(server, client)
      const one = await refresh(server, client, body.refresh_token)
      const two = await refresh(server, client, body.refresh_token)
      expect([one.status, two.status]).toEqual([200, 200])
      expect((await introspect(server, one.body.access_token)).active).toBe(true)
      expect((await refresh(server, client, body.refresh_token)).status).toBe(400)
      expect((await introspect(server, two.body.access_token)).active).toBe(false)
    })
  })

  test('H49: if the database fails after the hook, the refresh token still works', async () => {
    const failing = { isOn: false }
    const server = await startOAuth2Server({
      wrap: (store) => ({
        ...store,
        commit: (effects) => (failing.isOn ? Promise.reject(new Error('the disk is full')) : store.commit(effects)),
      }),
    })
    const client = await register(server)
    const { body } = await tokensFor(server, client)
    failing.isOn = true
    expect(await refresh(server, client, body.refresh_token)).toMatchObject({
      status: 500,
      body: { error: 'server_error' },
    })
    failing.isOn = false
    expect((await introspect(server, body.access_token)).active).toBe(true)
    expect((await refresh(server, client, body.refresh_token)).status).toBe(200)
    await server.close()
  })
})
