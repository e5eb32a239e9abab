import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DIALECTS, type Dialect, freshStore } from '../../test/stores.ts'
import { identityId } from '../core/ids.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { createPasswords } from '../crypto/passwords.ts'
import { createSeal } from '../crypto/seal.ts'
import { createIdentityBuilder } from '../identities/build.ts'
import { PERSON } from '../../test/person.ts'
import { createSchemas } from '../identities/schema.ts'
import { adminIdentityRoutes } from './admin-identity-routes.ts'
import { errorAnswer, toWireError } from './errors.ts'
import type { Answer, Exchange, Route } from './exchange.ts'

const hashers = {
  algorithm: 'bcrypt',
  bcrypt: { cost: 4 },
  argon2: { memory: 1024, iterations: 1, parallelism: 1, saltLength: 16, keyLength: 32 },
} as const

type Got = { readonly status: number; readonly headers: Answer['headers']; readonly body: unknown }

/** The routes on a fresh database, called without a socket. */
async function admin(dialect: Dialect, passwordless = false) {
  const { store } = await freshStore(dialect)
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) }
  const random = { bytes: (length: number) => randomBytes(length), uuid: () => randomUUID(), rowId: () => randomUUID() }
  const schemas = createSchemas({
    defaultSchemaId: 'default',
    schemas: [{ id: 'default', url: 'base64://', document: PERSON, selfserviceSelectable: false }],
  })
  const routes = adminIdentityRoutes({
    openToken: () => null,
    settings: {
      methods: {
        password: { enabled: true },
        oidc: { enabled: true },
        passkey: { enabled: true },
        webauthn: { enabled: true },
        totp: { enabled: true },
        lookup_secret: { enabled: true },
        code: { enabled: true, passwordless, mfa: false },
      },
      serve: { public: { baseUrl: 'http://id.example.test/' }, admin: { baseUrl: 'http://admin.example.test/' } },
    },
    schemas,
    buildIdentity: createIdentityBuilder({ schemas, random, clock }),
    passwords: createPasswords(hashers),
    cipher: createSeal(['a-cipher-of-32-characters-tests!'], 'totp key', random),
    store,
    clock,
    random,
  })
  const call = async (method: Route['method'], url: string, body?: unknown): Promise<Got> => {
    const answer = await answerOf(routes, method, url, body)
    const text = answer.body?.toString() ?? ''
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
  }
  const create = async (body: JsonObject) => {
    const { body: made } = await call('POST', '/admin/identities', body)
    if (!isJsonObject(made) || typeof made.id !== 'string') throw new Error(JSON.stringify(made))
    return { ...made, id: made.id }
  }
  return { call, create, store }
}

async function answerOf(
  routes: readonly Route[],
  method: Route['method'],
  url: string,
  body: unknown,
): Promise<Answer> {
  const { pathname, searchParams } = new URL(url, 'http://admin.example.test')
  for (const route of routes.filter((candidate) => candidate.method === method)) {
    const params = paramsOf(route.path, pathname)
    if (params === null) continue
    const raw = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    try {
      return await route.handle(
        exchange(method, pathname, searchParams, params, Buffer.isBuffer(body) ? body : Buffer.from(raw)),
      )
    } catch (thrown) {
      return errorAnswer(toWireError(thrown, 'ajax', 'reference'))
    }
  }
  throw new Error(`no route for ${method} ${pathname}`)
}

const exchange = (
  method: string,
  path: string,
  query: URLSearchParams,
  params: Exchange['params'],
  body: Buffer,
): Exchange => ({
  facts: { method, url: path, headers: {}, cookies: {}, clientIp: '', peer: '', userAgent: '', location: '' },
  path,
  query,
  params,
  body,
  header: () => null,
})

function paramsOf(pattern: string, path: string): Exchange['params'] | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return null
  const fits = wanted.every((part, i) => part.startsWith(':') || part === given[i])
  const named = wanted.flatMap((part, i) =>
    part.startsWith(':') ? [[part.slice(1), decodeURIComponent(given[i] ?? '')]] : [],
  )
  return fits ? Object.fromEntries(named) : null
}

const at = '2026-01-02T03:04:05.000Z'
const credential = (type: string, version: number) => ({
  type,
  identifiers: ['ann@example.test'],
  version,
  created_at: at,
  updated_at: at,
})
const address = { id: expect.any(String), value: 'ann@example.test', via: 'email', created_at: at, updated_at: at }

describe.each(DIALECTS)('on %s', (dialect) => {
  test('a new identity comes back whole, with credentials but without their secrets', async () => {
    const { call } = await admin(dialect)
    const made = await call('POST', '/admin/identities', {
      schema_id: 'default',
      external_id: 'x-1',
      traits: { email: 'Ann@Example.test' },
      metadata_public: { p: 1 },
      metadata_admin: { a: 1 },
      credentials: { password: { config: { password: 'Tr1cky-Horse-Battery-9' } } },
      recovery_addresses: [{ value: 'ann@example.test', via: 'email' }],
    })
    expect(made.status).toBe(201)
    const id = isJsonObject(made.body) && typeof made.body.id === 'string' ? made.body.id : ''
    expect(made.headers.location).toBe(`http://admin.example.test/identities/${id}`)
    expect(made.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      external_id: 'x-1',
      schema_id: 'default',
      schema_url: 'http://id.example.test/schemas/ZGVmYXVsdA',
      state: 'active',
      state_changed_at: at,
      traits: { email: 'Ann@Example.test' },
      verifiable_addresses: [{ ...address, verified: false, status: 'pending' }],
      recovery_addresses: [address],
      metadata_public: { p: 1 },
      metadata_admin: { a: 1 },
      created_at: at,
      updated_at: at,
      organization_id: null,
      credentials: {
        password: credential('password', 0),
        webauthn: credential('webauthn', 0),
        code: credential('code', 1),
      },
    })
    const stored = await call('GET', `/admin/identities/${id}`)
    expect(stored.body).toMatchObject({ credentials: { password: credential('password', 1) } })
    const open = await call('GET', `/admin/identities/${id}?include_credential=password`)
    expect(open.body).toMatchObject({
      credentials: { password: { config: { hashed_password: expect.stringMatching(/^\$2[aby]\$04\$/) } } },
    })
    const external = await call('GET', '/admin/identities/by/external/x-1')
    expect(external.body).toEqual(stored.body)
  })

  test('unset metadata_admin is left out after POST and PUT and null everywhere else', async () => {
    const { call, create } = await admin(dialect)
    const made = await create({ traits: { email: 'ann@example.test' } })
    expect(made).not.toHaveProperty('metadata_admin')
    const url = `/admin/identities/${made.id}`
    expect((await call('PUT', url, { traits: { email: 'ann@example.test' } })).body).not.toHaveProperty(
      'metadata_admin',
    )
    expect((await call('GET', url)).body).toHaveProperty('metadata_admin', null)
    expect((await call('PATCH', url, [])).body).toHaveProperty('metadata_admin', null)
  })

  test('replacing takes what is said and clears what is not', async () => {
    const { call, create } = await admin(dialect)
    const { id } = await create({
      external_id: 'x',
      traits: { email: 'ann@example.test' },
      metadata_admin: 1,
      credentials: { password: { config: { password: 'Tr1cky-Horse-Battery-9' } } },
    })
    const replaced = await call('PUT', `/admin/identities/${id}`, {
      traits: { email: 'ben@example.test', name: { first: 'Ben' } },
      unknown_members: 'are ignored here',
    })
    expect(replaced.status).toBe(200)
    expect(replaced.body).toMatchObject({
      state: 'active',
      traits: { email: 'ben@example.test', name: { first: 'Ben' } },
      verifiable_addresses: [{ value: 'ben@example.test', verified: false }],
      credentials: { password: { identifiers: ['ben@example.test'] }, code: { identifiers: ['ben@example.test'] } },
    })
    expect(replaced.body).not.toHaveProperty('external_id')
    expect((await call('GET', `/admin/identities?credentials_identifier=BEN@example.test`)).body).toHaveLength(1)
    expect((await call('GET', `/admin/identities?credentials_identifier=ann@example.test`)).body).toEqual([])
    const kept = await call('GET', `/admin/identities/${id}?include_credential=password`)
    expect(kept.body).toMatchObject({ credentials: { password: { config: { hashed_password: expect.any(String) } } } })
  })

  test('what a patch brings is kept as a secret: keys of apps are sealed, and passwords have to be hashes', async () => {
    const { call, create, store } = await admin(dialect)
    const { id } = await create({
      traits: { email: 'ann@example.test' },
      credentials: { password: { config: { password: 'a-horse-with-9-batteries' } } },
    })
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const url = `otpauth://totp/Old:ann?secret=${secret}&issuer=Old`
    const patch = (path: string, value: unknown, op = 'add') =>
      call('PATCH', `/admin/identities/${id}`, [{ op, path, value }])
    const seen = () => call('GET', `/admin/identities/${id}?include_credential=totp&include_credential=password`)
    expect(
      (await patch('/credentials/totp', { type: 'totp', identifiers: [id], config: { totp_url: url } })).status,
    ).toBe(200)
    const sealed = JSON.stringify((await seen()).body)
    expect(sealed).toContain('totp_url')
    expect(sealed).not.toContain(secret)
    const stored = JSON.stringify(await store.identities.find(identityId(id)))
    expect(stored).not.toContain(secret)
    // What was sealed before is not sealed once more.
    expect((await patch('/credentials/totp/identifiers/0', 'same-key')).status).toBe(200)
    expect(
      (await patch('/credentials/totp/config/totp_url', 'otpauth://totp/x?secret=1', 'replace')).body,
    ).toMatchObject({
      error: { reason: expect.stringContaining('totp_url must be an otpauth') },
    })
    expect((await patch('/credentials/totp/config/totp_url', secret, 'replace')).status).toBe(400)
    expect((await patch('/credentials/totp/config/totp_url', { url }, 'replace')).status).toBe(400)
    expect((await patch('/credentials/password/config/hashed_password', 'in clear', 'replace')).body).toMatchObject({
      error: { reason: 'The imported password does not match any known hash format.' },
    })
    const hash = '$2a$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde'
    expect((await patch('/credentials/password/config/hashed_password', hash, 'replace')).status).toBe(200)
    expect(JSON.stringify((await seen()).body)).toContain('hashed_password')
  })

  test('a patch changes single members, and nothing out of its reach', async () => {
    const { call, create } = await admin(dialect)
    const { id } = await create({ traits: { email: 'ann@example.test', name: { first: 'R' } } })
    const patched = await call('PATCH', `/admin/identities/${id}`, [
      { op: 'add', path: '/metadata_public', value: { x: [1] } },
      { op: 'replace', path: '/traits/name/first', value: 'P' },
      { op: 'replace', path: '/state_changed_at', value: 'ignored' },
      { op: 'replace', path: '/traits/email', value: 'Cleo@example.test' },
    ])
    expect(patched.status).toBe(200)
    expect(patched.body).toMatchObject({
      metadata_public: { x: [1] },
      traits: { email: 'Cleo@example.test', name: { first: 'P' } },
      recovery_addresses: [{ value: 'cleo@example.test' }],
    })
    const refusals: readonly (readonly [readonly unknown[], unknown])[] = [
      [
        [{ op: 'replace', path: '/id', value: 'x' }],
        { message: 'patch includes denied path: /id', reason: 'failed to apply JSON patch' },
      ],
      [[{ op: 'replace', path: '/ID', value: 'x' }], { message: 'patch includes denied path: /ID' }],
      [[{ op: 'replace', path: '/credentials', value: {} }], { message: 'patch includes denied path: /credentials' }],
      [
        [{ op: 'add', path: '/credentials/oidc/config', value: {} }],
        { message: 'patch includes denied path: /credentials/oidc/config' },
      ],
      [[{ op: 'move', from: '/id', path: '/traits/email' }], { message: 'patch includes denied path: /id' }],
      [[{ op: 'replace', path: '', value: {} }], { message: 'patch includes denied path: /' }],
      [[{ op: 'test', path: '/state', value: 'active' }], { message: 'unsupported operation: test' }],
      [[{ op: 'remove', path: '/traits/nobody' }], { reason: 'failed to apply JSON patch' }],
      [[{ op: 'replace', path: '/state', value: 'odd' }], { reason: 'identity state is not valid' }],
      [
        [{ op: 'replace', path: '/traits/age', value: 1 }],
        { reason: 'I[#/traits/age] S[#/properties/traits/properties/age/minimum] must be >= 13 but found 1' },
      ],
      [[{ op: 'add', path: '/traits/__proto__', value: { polluted: true } }], { code: 400 }],
    ]
    for (const [body, error] of refusals) {
      const refused = await call('PATCH', `/admin/identities/${id}`, body)
      expect(refused.status, JSON.stringify(body)).toBe(400)
      expect(refused.body).toMatchObject({ error })
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect((await call('GET', `/admin/identities/${id}`)).body).toMatchObject({ id, traits: { name: { first: 'P' } } })
  })

  test.each<[string, unknown, number, unknown]>([
    ['an unknown schema', { schema_id: 'nope', traits: {} }, 400, { reason: 'Unable to find JSON Schema ID: nope' }],
    [
      'traits that are wrong in several ways',
      { schema_id: 'default', traits: { age: 2, email: 'x' } },
      400,
      {
        message: 'The request was malformed or contained invalid parameters',
        reason: [
          'I[#/traits] S[#/properties/traits] validation failed',
          '  I[#/traits/email] S[#/properties/traits/properties/email] validation failed',
          '    I[#/traits/email] S[#/properties/traits/properties/email/format] "x" is not valid "email"',
          '    I[#/traits/email] S[#/properties/traits/properties/email/minLength] length must be >= 3, but got 1',
          "    I[#/traits/email] S[#/properties/traits/properties/email] mail: missing '@' or angle-addr",
          '  I[#/traits/age] S[#/properties/traits/properties/age/minimum] must be >= 13 but found 2',
        ].join('\n'),
      },
    ],
    [
      'an odd state',
      { traits: { email: 'a@example.test' }, state: 'odd' },
      400,
      { reason: 'identity state is not valid' },
    ],
    [
      'an unknown member',
      { traits: { email: 'a@example.test' }, foo: 1 },
      400,
      { message: 'json: unknown field "foo"' },
    ],
    [
      'an unknown member deep inside',
      { traits: { email: 'a@example.test' }, credentials: { password: { config: { pass: 'x' } } } },
      400,
      { message: 'json: unknown field "pass"' },
    ],
    [
      'an unknown hash',
      {
        traits: { email: 'a@example.test' },
        credentials: { password: { config: { hashed_password: '$nonsense$abc' } } },
      },
      400,
      { reason: 'The imported password does not match any known hash format.' },
    ],
    ['no traits', {}, 400, { reason: 'I[#/traits] S[#/properties/traits/type] expected object, but got null' }],
    ['a list', [], 400, { code: 400 }],
    ['broken JSON', '{"traits":', 400, { reason: 'The body is not valid JSON.' }],
    ['nothing', undefined, 400, { reason: 'The body is not valid JSON.' }],
    ['a NUL', { traits: { email: 'a\u0000@example.test' } }, 400, { reason: 'The body holds a NUL character.' }],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, { reason: 'The body is not valid UTF-8.' }],
    [
      'a wrong type',
      { traits: { email: 'a@example.test' }, external_id: 7 },
      400,
      { reason: '"external_id" must be string.' },
    ],
    [
      'an external id for which no index has room',
      { traits: { email: 'a@example.test' }, external_id: 'x'.repeat(10_000) },
      400,
      { code: 400 },
    ],
    [
      'a key that reaches behind the object',
      '{"traits":{"email":"a@example.test","__proto__":{"polluted":true}}}',
      400,
      {
        reason: 'I[#/traits] S[#/properties/traits/additionalProperties] additionalProperties "__proto__" not allowed',
      },
    ],
  ])('%s creates nothing', async (_, body, status, error) => {
    const { call } = await admin(dialect)
    const refused = await call('POST', '/admin/identities', body)
    expect(refused.body).toMatchObject({ error })
    expect(refused.status).toBe(status)
    expect((await call('GET', '/admin/identities')).body).toEqual([])
  })

  test('what belongs to somebody else is a conflict, worded by what was attempted', async () => {
    const { call, create } = await admin(dialect)
    await create({ external_id: 'x', traits: { email: 'ann@example.test' } })
    const { id } = await create({ traits: { email: 'ben@example.test' } })
    const conflict = { code: 409, status: 'Conflict' }
    const created = { ...conflict, reason: 'This identity conflicts with another identity that already exists.' }
    const sameEmail = await call('POST', '/admin/identities', { traits: { email: 'ANN@example.test' } })
    expect([sameEmail.status, sameEmail.body]).toEqual([
      409,
      { error: { ...created, message: 'The resource could not be created due to a conflict' } },
    ])
    const sameId = await call('POST', '/admin/identities', { external_id: 'x', traits: { email: 'c@example.test' } })
    expect(sameId.body).toMatchObject({ error: created })
    const stolen = await call('PUT', `/admin/identities/${id}`, { traits: { email: 'ann@example.test' } })
    expect([stolen.status, stolen.body]).toEqual([
      409,
      {
        error: {
          ...conflict,
          message: 'Unable to insert or update resource because a resource with that value exists already',
        },
      },
    ])
  })

  test.each([
    ['GET', 'not-a-uuid'],
    ['GET', '7e57e57e-7e57-4e57-8e57-7e57e57e57e5'],
    ['DELETE', '7e57e57e-7e57-4e57-8e57-7e57e57e57e5'],
    ['DELETE', 'not-a-uuid'],
    ['GET', 'by/external/nobody'],
    ['GET', 'by/external/%00'],
  ] as const)('%s %s is not found', async (method, path) => {
    const { call } = await admin(dialect)
    const missing = await call(method, `/admin/identities/${path}`)
    expect(missing.body).toEqual({
      error: { code: 404, status: 'Not Found', message: 'Unable to locate the resource' },
    })
  })

  test('a deleted identity is gone, and its address is free again', async () => {
    const { call, create } = await admin(dialect)
    const { id } = await create({ traits: { email: 'ann@example.test' } })
    expect((await call('DELETE', `/admin/identities/${id}`)).status).toBe(204)
    expect((await call('GET', `/admin/identities/${id}`)).status).toBe(404)
    expect((await call('POST', '/admin/identities', { traits: { email: 'ann@example.test' } })).status).toBe(201)
  })

  test('a list is read page by page, each identity exactly once', async () => {
    const { call, create } = await admin(dialect)
    const made: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      made.push((await create({ traits: { email: `${name}@example.test` } })).id)
    const seen: string[] = []
    let url: string | undefined = '/admin/identities?page_size=2&z=1&a=2'
    let pages = 0
    while (url !== undefined) {
      const { body, headers } = await call('GET', url)
      const entries = Array.isArray(body) ? body : []
      for (const entry of entries) {
        expect(entry).not.toHaveProperty('credentials')
        seen.push(entry.id)
      }
      expect(headers.link).toMatch(
        /^<\/admin\/identities\?a=2&page_size=2&page_token=00000000-0000-0000-0000-000000000000&z=1>; rel="first"/,
      )
      url = /<([^>]+)>; rel="next"/.exec(headers.link ?? '')?.[1]
      pages++
    }
    expect(pages).toBe(3)
    expect(seen).toEqual(made.toSorted())

    const numbered = await call('GET', '/admin/identities?page=1&per_page=2')
    expect(Array.isArray(numbered.body) && numbered.body.map(({ id }) => id)).toEqual(made.toSorted().slice(2, 4))
    expect(numbered.headers.link).toBe(
      [
        '</admin/identities?page=0&per_page=2>; rel="first"',
        '</admin/identities?page=2&per_page=2>; rel="next"',
        '</admin/identities?page=0&per_page=2>; rel="prev"',
        '</admin/identities?page=2&per_page=2>; rel="last"',
      ].join(','),
    )
    expect(numbered.headers['x-total-count']).toBe('5')
    const filtered = await call('GET', `/admin/identities?page=0&per_page=1&ids=${made[0]}&ids=${made[1]}`)
    expect(filtered.headers['x-total-count']).toBe('2')
  })

  test('an identity is found by any of its identifiers, as people and as other houses spell them', async () => {
    const { call, create } = await admin(dialect)
    const { id } = await create({
      traits: { email: 'ann@example.test' },
      credentials: { oidc: { config: { providers: [{ provider: 'mock', subject: 'Sub-7' }] } } },
    })
    await create({ traits: { email: 'ben@example.test' } })
    for (const identifier of [' ANN@example.test ', 'mock:Sub-7']) {
      const { body } = await call('GET', `/admin/identities?credentials_identifier=${encodeURIComponent(identifier)}`)
      expect(body).toEqual([
        expect.objectContaining({ id, credentials: expect.objectContaining({ oidc: expect.anything() }) }),
      ])
    }
    for (const identifier of ['mock:sub-7', 'nobody', '%00', '']) {
      expect((await call('GET', `/admin/identities?credentials_identifier=${identifier}`)).body).toEqual([])
    }
    const byId = await call('GET', `/admin/identities?ids=${id}&ids=7e57e57e-7e57-4e57-8e57-7e57e57e57e5`)
    expect(byId.body).toEqual([expect.objectContaining({ id })])
    expect((await call('GET', '/admin/identities?organization_id=x')).body).toEqual([])
  })

  test.each([
    ['ids=x', 'Invalid UUID value `x` for parameter `ids`.'],
    [
      'ids=7e57e57e-7e57-4e57-8e57-7e57e57e57e5&credentials_identifier=a',
      'You cannot combine multiple filters in this API',
    ],
    ['page_size=many', 'page_size must be a number, not "many".'],
    ['page_token=x', 'The page token is invalid.'],
    ['page=9&per_page=500', 'page must be a number, and page times per_page at most 1000.'],
    ['include_credential=pin', 'Invalid value `pin` for parameter `include_credential`.'],
  ])('listing with %s is refused', async (query, reason) => {
    const { call } = await admin(dialect)
    const refused = await call('GET', `/admin/identities?${query}`)
    expect([refused.status, refused.body]).toEqual([400, { error: expect.objectContaining({ reason }) }])
  })

  test('a batch stores what can be stored, and says of each entry what became of it', async () => {
    const { call, create } = await admin(dialect)
    await create({ traits: { email: 'ann@example.test' } })
    const patchId = '7e57e57e-7e57-4e57-8e57-7e57e57e57e5'
    const { status, body } = await call('PATCH', '/admin/identities', {
      identities: [
        { patch_id: patchId, create: { traits: { email: 'ben@example.test' } } },
        { create: { traits: { email: 'ann@example.test' } } },
        { create: { traits: { email: 'x' } } },
        {},
      ],
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      identities: [
        { action: 'create', patch_id: patchId, identity: expect.any(String) },
        {
          action: 'error',
          error: { code: 409, status: 'Conflict', message: 'The resource could not be created due to a conflict' },
        },
        {
          action: 'error',
          error: expect.objectContaining({ code: 400, reason: expect.stringContaining('"x" is not valid') }),
        },
        null,
      ],
    })
    for (const empty of [{}, { identities: [] }]) {
      expect((await call('PATCH', '/admin/identities', empty)).body).toEqual({ identities: [] })
    }
    const spoiled = await call('PATCH', '/admin/identities', {
      identities: [{ create: { traits: { email: 'new@example.test' } } }, { create: { foo: 1 } }],
    })
    expect([spoiled.status, spoiled.body]).toEqual([
      400,
      { error: expect.objectContaining({ code: 500, message: 'json: unknown field "foo"' }) },
    ])
    const tooMany = await call('PATCH', '/admin/identities', { identities: Array.from({ length: 1001 }, () => ({})) })
    expect(tooMany.status).toBe(400)
    expect((await call('GET', '/admin/identities')).body).toHaveLength(2)
  })

  test('the last way to sign in can not be taken away, a second one can', async () => {
    const { call, create } = await admin(dialect)
    const password = { config: { password: 'Tr1cky-Horse-Battery-9' } }
    const providers = [
      { provider: 'mock', subject: 'ann' },
      { provider: 'other', subject: 'ann' },
    ]
    const { id } = await create({
      traits: { email: 'ann@example.test' },
      credentials: {
        password,
        oidc: { config: { providers } },
        lookup_secret: { config: { codes: [{ code: 'abcd1234' }] } },
      },
    })
    const path = `/admin/identities/${id}/credentials`
    const remove = async (rest: string) => {
      const { status, body } = await call('DELETE', `${path}/${rest}`)
      return body === null ? status : body
    }
    const error = (reason: string) => ({ error: expect.objectContaining({ code: 400, reason }) })
    expect(await remove('code')).toEqual(error('Credentials type code cannot be deleted.'))
    expect(await remove('nonsense')).toMatchObject({ error: { code: 404 } })
    expect(await remove('totp')).toMatchObject({ error: { code: 404 } })
    expect(await remove('lookup_secret')).toBe(204)
    expect(await remove('oidc')).toEqual(error('You must provide an identifier to delete this credential.'))
    expect(await remove('oidc?identifier=mock:ben')).toMatchObject({ error: { code: 404 } })
    expect(await remove('password')).toBe(204)
    expect(await remove('oidc?identifier=mock:ann')).toBe(204)
    expect(await remove('oidc?identifier=other:ann')).toEqual(
      error('You cannot remove the last first factor credential.'),
    )
    const left = await call('GET', `/admin/identities/${id}?include_credential=oidc&include_credential=password`)
    expect(left.body).toMatchObject({
      credentials: {
        oidc: { identifiers: ['other:ann'], config: { providers: [{ provider: 'other' }] } },
        password: { config: {} },
      },
    })
  })

  test.each([
    [false, 400],
    [true, 204],
  ])('a code counts as a way to sign in if it is passwordless: %s', async (passwordless, status) => {
    const { call, create } = await admin(dialect, passwordless)
    const { id } = await create({
      traits: { email: 'ann@example.test' },
      credentials: { password: { config: { password: 'Tr1cky-Horse-Battery-9' } } },
    })
    expect((await call('DELETE', `/admin/identities/${id}/credentials/password`)).status).toBe(status)
  })

  test('an address told to be verified is, unless it is nobody’s trait', async () => {
    const { create } = await admin(dialect)
    const made = await create({
      traits: { email: 'Ann@example.test' },
      verifiable_addresses: [
        { value: 'ann@example.test', via: 'email', verified: true, status: 'completed' },
        { value: 'other@example.test', via: 'email', verified: true, status: 'completed' },
      ],
    })
    expect(made).toHaveProperty('verifiable_addresses', [
      { ...address, verified: true, status: 'completed', verified_at: at },
    ])
  })

  test('two who change an identity at the same moment both get their way', async () => {
    const { call, create } = await admin(dialect)
    const { id } = await create({ traits: { email: 'ann@example.test' } })
    const url = `/admin/identities/${id}`
    const answers = await Promise.all([
      call('PATCH', url, [{ op: 'add', path: '/metadata_public', value: 1 }]),
      call('PATCH', url, [{ op: 'add', path: '/traits/age', value: 40 }]),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await call('GET', url)).body).toMatchObject({ metadata_public: 1, traits: { age: 40 } })
  })
})
