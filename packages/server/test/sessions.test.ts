import { createHmac } from 'node:crypto'
import { exportJWK, exportSPKI, generateKeyPair, importSPKI, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from './app.ts'
import { at, httpClient, textAt } from './http-client.ts'
import { PASSWORD, register, startJourney } from './journeys.ts'

const DAY = 86_400_000
const http = httpClient({ keepsCookies: false })

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

/** Somebody with a token, and what the server says of them. */
async function signUp(app: TestApp, email: string) {
  const { json } = await register(app.publicUrl, email)
  return {
    token: textAt(json, 'session_token'),
    sessionId: textAt(json, 'session.id'),
    identityId: textAt(json, 'identity.id'),
  }
}

async function signIn(app: TestApp, email: string): Promise<string> {
  const journey = await startJourney(app.publicUrl, 'login', 'api')
  return textAt(
    (await journey.submit({ method: 'password', identifier: email, password: PASSWORD })).json,
    'session_token',
  )
}

const whoami = (app: TestApp, token: string, query = '') =>
  http.get(`${app.publicUrl}/sessions/whoami${query}`, { 'x-session-token': token })

const parse = (text: string): Json => JSON.parse(text)
const listOf = (text: string): readonly JsonObject[] => JSON.parse(text)
const idsOf = (text: string) => listOf(text).map(({ id }) => id)

/** The URL of a relation in a Link header. */
const linkTo = (headers: Headers, rel: string) =>
  new RegExp(`<([^>]*)>; rel="${rel}"`).exec(headers.get('link') ?? '')?.[1] ?? null

describe.each(DIALECTS)('sessions on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ dialect })
  })
  afterAll(() => app.close())

  const admin = (path: string, method = 'GET', body?: JsonObject) =>
    http.send(`${app.adminUrl}${path}`, { method, ...(body === undefined ? {} : { body }) })

  test('people page through their other sessions by the links, and meet each once', async () => {
    const ann = await signUp(app, 'pages@example.test')
    const others = new Set<string>()
    for (let i = 0; i < 5; i++) {
      others.add(textAt((await whoami(app, await signIn(app, 'pages@example.test'))).json, 'id'))
    }
    const seen: unknown[] = []
    let path: string | null = '/sessions?page_size=2'
    let pages = 0
    while (path !== null) {
      const page = await http.get(`${app.publicUrl}${path}`, { 'x-session-token': ann.token })
      expect(page.headers.get('x-total-count')).toBe('5')
      seen.push(...idsOf(page.text))
      path = linkTo(page.headers, 'next')
      pages += 1
    }
    expect(pages).toBe(3)
    expect(seen).toHaveLength(5)
    expect(new Set(seen)).toEqual(others)
    // By number, pages 0 and 1 are the same first page (ory-identity-api.md §9.4), and the links lead back.
    const numbered = async (page: number) =>
      http.get(`${app.publicUrl}/sessions?per_page=2&page=${page}`, { 'x-session-token': ann.token })
    for (const [page, from] of [
      [0, 0],
      [1, 0],
      [2, 2],
      [3, 4],
      [4, 6],
    ] as const) {
      expect(idsOf((await numbered(page)).text), `page ${page}`).toEqual(seen.slice(from, from + 2))
    }
    const third = await numbered(3)
    expect(linkTo(third.headers, 'next')).toBeNull()
    const back = await http.get(`${app.publicUrl}${linkTo(third.headers, 'prev')}`, { 'x-session-token': ann.token })
    expect(idsOf(back.text)).toEqual(seen.slice(2, 4))

    const wrong = await http.get(`${app.publicUrl}/sessions?page_token=nonsense`, { 'x-session-token': ann.token })
    expect(wrong.status).toBe(400)
  })

  test('an administrator sees one person’s sessions with their notes, ended ones too, and deletes them', async () => {
    const ann = await signUp(app, 'of-one@example.test')
    await admin(`/admin/identities/${ann.identityId}`, 'PUT', {
      traits: { email: 'of-one@example.test' },
      metadata_admin: { vip: true },
    })
    const second = await signIn(app, 'of-one@example.test')
    await http.send(`${app.publicUrl}/sessions`, { method: 'DELETE', headers: { 'x-session-token': second } })

    const path = `/admin/identities/${ann.identityId}/sessions`
    const all = await admin(path)
    expect(all.headers.get('x-total-count')).toBe('2')
    expect(linkTo(all.headers, 'first')).toMatch(/^\/admin\/identities\/[-0-9a-f]{36}\/sessions\?page=0&page_size=2&/)
    expect(listOf(all.text).map(({ active }) => active)).toEqual([true, false])
    expect(at(parse(all.text), '0.identity')).toMatchObject({ metadata_admin: { vip: true }, schema_url: '' })
    expect(at(parse(all.text), '0.identity')).not.toHaveProperty('verifiable_addresses')
    expect(idsOf((await admin(`${path}?active=false`)).text)).toEqual([ann.sessionId])
    expect((await admin(`${path}?active=perhaps`)).status).toBe(400)

    expect((await admin(path, 'DELETE')).status).toBe(204)
    expect((await admin(path)).text.trim()).toBe('[]')
    expect((await admin(path, 'DELETE')).status).toBe(404)
    expect((await admin(`/admin/sessions/${ann.sessionId}`)).status).toBe(404)
    expect((await whoami(app, second)).status).toBe(401)
  })

  test('one session is read, with what is asked for, and revoked', async () => {
    const ann = await signUp(app, 'one@example.test')
    const path = `/admin/sessions/${ann.sessionId}`
    expect((await admin(path)).json).toMatchObject({ id: ann.sessionId, identity: null, devices: [] })
    const full = (await admin(`${path}?expand=Identity&expand=DEVICES`)).json
    expect(full).toMatchObject({
      identity: { id: ann.identityId, metadata_admin: null, verifiable_addresses: [{}] },
      devices: [{ location: '' }],
    })
    expect((await admin(`${path}?expand=everything`)).status).toBe(400)
    expect((await admin('/admin/sessions/nonsense')).status).toBe(400)
    expect((await admin('/admin/sessions/7e57e57e-7e57-4e57-8e57-7e57e57e57e5')).status).toBe(404)

    expect((await admin(path, 'DELETE')).status).toBe(204)
    expect((await admin(path)).json).toMatchObject({ active: false })
    expect((await whoami(app, ann.token)).status).toBe(401)
    expect((await admin('/admin/sessions/7e57e57e-7e57-4e57-8e57-7e57e57e57e5', 'DELETE')).status).toBe(404)
  })

  test('everybody’s sessions come newest first, page by page, each once', async () => {
    for (let i = 0; i < 3; i++) await signUp(app, `all-${i}@example.test`)
    const all = await admin('/admin/sessions?expand=identity')
    expect(at(parse(all.text), '0')).toMatchObject({ devices: null, identity: { metadata_admin: null } })
    expect(at(parse((await admin('/admin/sessions')).text), '0')).toMatchObject({ devices: null, identity: null })
    const seen: unknown[] = []
    let path: string | null = '/admin/sessions?page_size=2'
    while (path !== null) {
      const page = await admin(path)
      seen.push(...idsOf(page.text))
      path = linkTo(page.headers, 'next')
    }
    expect(seen).toEqual(idsOf(all.text))
    expect(seen.length).toBeGreaterThan(2)
    const live = listOf((await admin('/admin/sessions?active=true')).text)
    expect(live.every(({ active }) => active === true)).toBe(true)
    for (const query of ['page_size=x', 'page_token=x', 'active=x']) {
      expect((await admin(`/admin/sessions?${query}`)).status, query).toBe(400)
    }
  })

  test.each([
    [{}, 'an empty body'],
    [{ action: 'disable' }, 'nothing named'],
    [{ action: 'explode', sessions: ['7e57e57e-7e57-4e57-8e57-7e57e57e57e5'] }, 'another action'],
    [{ action: 'disable', sessions: ['*'] }, 'a star where ids belong'],
    [{ action: 'disable', sessions: [] }, 'an empty list'],
    [{ action: 'delete', sessions: ['7e57e57e-7e57-4e57-8e57-7e57e57e57e5'], identities: ['*'] }, 'both lists'],
    [
      { action: 'delete', identities: Array.from({ length: 501 }, () => '7e57e57e-7e57-4e57-8e57-7e57e57e57e5') },
      '501',
    ],
  ])('%j is no order to end sessions: %s', async (body, _why) => {
    expect((await admin('/admin/sessions', 'POST', body)).status).toBe(400)
  })

  test('many sessions are disabled or deleted at once', async () => {
    const [ann, bob, cat] = [
      await signUp(app, 'many-a@example.test'),
      await signUp(app, 'many-b@example.test'),
      await signUp(app, 'many-c@example.test'),
    ]
    const order = (body: JsonObject) => admin('/admin/sessions', 'POST', body)
    expect((await order({ action: 'disable', sessions: [ann.sessionId] })).json).toEqual({ processed: 1, more: false })
    expect((await whoami(app, ann.token)).status).toBe(401)
    expect((await order({ action: 'delete', identities: [bob.identityId] })).json).toEqual({
      processed: 1,
      more: false,
    })
    expect((await admin(`/admin/sessions/${bob.sessionId}`)).status).toBe(404)
    expect((await whoami(app, cat.token)).status).toBe(200)
    expect((await order({ action: 'disable', identities: ['*'] })).json).toMatchObject({ more: false })
    expect((await whoami(app, cat.token)).status).toBe(401)
    expect((await order({ action: 'disable', identities: ['*'] })).json).toEqual({ processed: 0, more: false })
  })

  test('an extended session outlives its cookie: the next look at it brings a new one, and a revoked one is not extended', async () => {
    await register(app.publicUrl, 'longer@example.test')
    const browser = httpClient({ keepsCookies: true })
    const journey = await startJourney(app.publicUrl, 'login', 'ajax', { http: browser })
    const login = await journey.submit({ method: 'password', identifier: 'longer@example.test', password: PASSWORD })
    const id = textAt(login.json, 'session.id')
    const look = () => browser.get(`${app.publicUrl}/sessions/whoami`, { accept: 'application/json' })
    expect((await look()).headers.getSetCookie()).toEqual([])

    app.turn(3_600_000)
    const extended = await admin(`/admin/sessions/${id}/extend`, 'PATCH')
    expect(
      Date.parse(textAt(extended.json, 'expires_at')) - Date.parse(textAt(login.json, 'session.expires_at')),
    ).toBeGreaterThan(3_590_000)
    const [line = ''] = (await look()).headers.getSetCookie()
    expect(line).toMatch(/^ory_kratos_session=[^;]+; Max-Age=86(399|400)/)
    expect((await look()).headers.getSetCookie()).toEqual([])

    await admin(`/admin/sessions/${id}`, 'DELETE')
    const ended = await admin(`/admin/sessions/${id}/extend`, 'PATCH')
    expect(ended.json).toMatchObject({ active: false })
    app.turn(DAY + 1)
    const gone = await signUp(app, 'expired@example.test')
    app.turn(DAY + 1)
    const late = await admin(`/admin/sessions/${gone.sessionId}/extend`, 'PATCH')
    expect(late.json).toMatchObject({ active: false })
  })
})

describe('what the configuration says of sessions', () => {
  const start = async (config: JsonObject) => startTestApp({ config })

  test('a session is extended no earlier than allowed, and the answer may be left out', async () => {
    const app = await start({
      session: { earliest_possible_extend: '1h' },
      feature_flags: { faster_session_extend: true },
    })
    const ann = await signUp(app, 'ann@example.test')
    const ends = async () => textAt((await whoami(app, ann.token)).json, 'expires_at')
    const extend = () => http.send(`${app.adminUrl}/admin/sessions/${ann.sessionId}/extend`, { method: 'PATCH' })
    const before = await ends()
    expect((await extend()).status).toBe(204)
    expect(await ends()).toBe(before)
    app.turn(DAY - 3_500_000)
    expect((await extend()).status).toBe(204)
    expect(await ends()).not.toBe(before)
    await app.close()
  })

  test('whoami says how long it may be kept, but not of a token or of wrong credentials', async () => {
    const app = await start({ feature_flags: { cacheable_sessions: true, cacheable_sessions_max_age: '10m' } })
    const ann = await signUp(app, 'ann@example.test')
    const kept = async (headers: { [name: string]: string }) =>
      (await http.get(`${app.publicUrl}/sessions/whoami`, headers)).headers.get('ory-session-cache-for')
    expect(await kept({ 'x-session-token': ann.token })).toBe('600')
    expect(await kept({})).toBe('60')
    expect(await kept({ 'x-session-token': 'ory_st_nonsense' })).toBeNull()
    app.turn(DAY - 90_000)
    expect(Number(await kept({ 'x-session-token': ann.token }))).toBeLessThanOrEqual(90)
    await app.close()
  })

  test('a session is shown as a signed token, with claims of a mapper that cannot say who it is about', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), kid: 'key-1', alg: 'ES256', use: 'sig' }
    const keys = base64(JSON.stringify({ keys: [jwk] }))
    const shared = 'a-secret-of-thirty-two-characters'
    const oct = { kty: 'oct', kid: 'h', alg: 'HS256', k: Buffer.from(shared).toString('base64url') }
    const mapper = `local claims = std.extVar('claims');
      local session = std.extVar('session');
      { claims: { iss: claims.iss + 'mapped', schema: session.identity.schema_id, sub: 'somebody else' } }`
    const app = await start({
      session: {
        whoami: {
          tokenizer: {
            templates: {
              plain: { jwks_url: keys, ttl: '5m' },
              mapped: { jwks_url: keys, claims_mapper_url: base64(mapper) },
              external: { jwks_url: keys, subject_source: 'external_id' },
              shared: { jwks_url: base64(JSON.stringify({ keys: [oct] })) },
              keyless: { jwks_url: base64('{"keys":[]}') },
              broken: { jwks_url: keys, claims_mapper_url: base64('{ claims: error "no" }') },
              aimless: { jwks_url: keys, claims_mapper_url: base64('{ other: 1 }') },
            },
          },
        },
      },
      feature_flags: { cacheable_sessions: true },
    })
    const ann = await signUp(app, 'ann@example.test')
    const verifyingKey = await importSPKI(await exportSPKI(publicKey), 'ES256')
    const tokenOf = async (template: string) => {
      const answer = await whoami(app, ann.token, `?tokenize_as=${template}`)
      expect(answer.headers.has('ory-session-cache-for')).toBe(false)
      expect(answer.json).toMatchObject({ id: ann.sessionId })
      return textAt(answer.json, 'tokenized')
    }
    const { payload, protectedHeader } = await jwtVerify(await tokenOf('plain'), verifyingKey)
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'key-1' })
    expect(payload).toEqual({
      iss: `${app.publicUrl}/`,
      sub: ann.identityId,
      sid: ann.sessionId,
      jti: expect.stringMatching(/^[-0-9a-f]{36}$/),
      iat: expect.any(Number),
      nbf: payload.iat,
      exp: (payload.iat ?? 0) + 300,
    })
    const mapped = (await jwtVerify(await tokenOf('mapped'), verifyingKey)).payload
    expect(mapped).toMatchObject({ iss: `${app.publicUrl}/mapped`, sub: ann.identityId, schema: 'default' })
    expect(mapped.exp).toBe((mapped.iat ?? 0) + 60)

    const [head = '', body = '', signature] = (await tokenOf('shared')).split('.')
    expect(signature).toBe(createHmac('sha256', shared).update(`${head}.${body}`).digest('base64url'))

    for (const template of ['nope', 'toString', 'keyless', 'broken', 'aimless', 'external']) {
      expect((await whoami(app, ann.token, `?tokenize_as=${template}`)).status, template).toBe(400)
    }
    await http.send(`${app.adminUrl}/admin/identities/${ann.identityId}`, {
      method: 'PUT',
      body: { traits: { email: 'ann@example.test' }, external_id: 'crm-7' },
    })
    expect((await jwtVerify(await tokenOf('external'), verifyingKey)).payload.sub).toBe('crm-7')
    await app.close()
  })

  test('a refresh shows the device it was done on, which is not kept, and hands out the token or cookie again', async () => {
    const app = await start({})
    const ann = await signUp(app, 'ann@example.test')
    const native = httpClient({ keepsCookies: false })
    const asked = await native.get(`${app.publicUrl}/self-service/login/api?refresh=true`, {
      'x-session-token': ann.token,
    })
    const again = await native.send(`${app.publicUrl}/self-service/login?flow=${textAt(asked.json, 'id')}`, {
      headers: { 'x-session-token': ann.token, 'user-agent': 'Another/2' },
      body: { method: 'password', identifier: 'ann@example.test', password: PASSWORD },
    })
    expect(again.json).toMatchObject({
      session_token: ann.token,
      session: { id: ann.sessionId, devices: [{}, { user_agent: 'Another/2' }] },
    })
    expect(at((await whoami(app, ann.token)).json, 'devices')).toHaveLength(1)

    const browser = httpClient({ keepsCookies: true })
    const first = await startJourney(app.publicUrl, 'login', 'ajax', { http: browser })
    await first.submit({ method: 'password', identifier: 'ann@example.test', password: PASSWORD })
    const refresh = await startJourney(app.publicUrl, 'login', 'ajax', { http: browser, query: '?refresh=true' })
    const renewed = await refresh.submit({ method: 'password', identifier: 'ann@example.test', password: PASSWORD })
    expect(renewed.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['ory_kratos_session'])
    await app.close()
  })
})
