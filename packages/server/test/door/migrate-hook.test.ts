import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at, httpClient, textAt } from '../http-client.ts'
import { PASSWORD, startJourney } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'

const http = httpClient({ keepsCookies: false })
const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

const migrateHook = (url: string, config: JsonObject = {}, enabled = true): JsonObject => ({
  actions: { backoff: { base: '1ms' } },
  selfservice: {
    methods: {
      password: {
        config: {
          migrate_hook: {
            enabled,
            config: {
              url,
              headers: { 'X-Literal': '${not.a.template}' },
              auth: { type: 'api_key', config: { name: 'X-Key', value: 'hush-hush', in: 'header' } },
              ...config,
            },
          },
        },
      },
    },
  },
})

describe.each(DIALECTS)('a password that another system knows, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0
  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({ dialect, config: migrateHook(receiver.url('/migrate')) })
  })
  beforeEach(() => receiver.reset())
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const imported = async () => {
    const email = `moved-${++count}@example.test`
    const answer = await http.send(`${app.adminUrl}/admin/identities`, {
      body: {
        schema_id: 'default',
        traits: { email },
        credentials: { password: { config: { use_password_migration_hook: true } } },
      },
    })
    expect(answer.status).toBe(201)
    return { email, id: textAt(answer.json, 'id') }
  }
  const signIn = async (identifier: string, password = PASSWORD) =>
    (await startJourney(app.publicUrl, 'login', 'api')).submit({ method: 'password', identifier, password })

  test('is asked there once; once it matched it is known here', async () => {
    const { email, id } = await imported()
    receiver.on('/migrate', { json: { status: 'password_match' } })
    expect((await signIn(email)).status).toBe(200)
    const [call] = receiver.callsTo('/migrate')
    expect(JSON.parse(call?.body ?? '')).toEqual({ identifier: email, password: PASSWORD })
    expect(call?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-key': 'hush-hush',
      'x-literal': '${not.a.template}',
      'ory-webhook-trigger-id': expect.any(String),
    })

    receiver.on('/migrate', { status: 500 })
    expect((await signIn(email)).status).toBe(200)
    expect((await signIn(email, 'something else')).status).toBe(400)
    expect(receiver.callsTo('/migrate')).toHaveLength(1)
    const stored = await http.get(`${app.adminUrl}/admin/identities/${id}?include_credential=password`)
    expect(stored.text).not.toContain('use_password_migration_hook')
    const metrics = (await http.get(`${app.adminUrl}/metrics/prometheus`)).text
    expect(metrics).toContain('cardea_action_calls_total{action="migrate_hook"')
  })

  test.each([
    ['says no', { status: 403 }],
    ['says something else', { json: { status: 'password_mismatch' } }],
    ['does not answer JSON', { body: 'password_match' }],
    ['says too much', { json: { status: 'password_match', more: 'x'.repeat(1_024) } }],
  ])('is refused as any wrong one where the other system %s', async (_what, given) => {
    const { email } = await imported()
    receiver.on('/migrate', given)
    const answer = await signIn(email)
    expect([answer.status, at(answer.json, 'ui.messages.0.id')]).toEqual([400, 4000006])
    receiver.on('/migrate', { json: { status: 'password_match' } })
    expect((await signIn(email)).status).toBe(200)
  })

  test.each([
    [204, 1, 'password migration hook failed with status code 204'],
    [404, 1, 'password migration hook failed with status code 404'],
    [500, 3, 'calling the password migration hook failed'],
  ])('can not be told where the other system answers %i', async (status, calls, message) => {
    const { email } = await imported()
    receiver.on('/migrate', { status })
    const answer = await signIn(email)
    expect(answer.status).toBe(502)
    expect(answer.json).toMatchObject({
      error: {
        code: 502,
        message,
        reason: 'A third-party upstream service responded improperly. Please try again later.',
      },
    })
    expect(receiver.callsTo('/migrate')).toHaveLength(calls)
    const log = await http.get(`${app.adminUrl}/admin/actions/log`)
    expect(JSON.parse(log.text)[0]).toMatchObject({
      action_id: 'migrate_hook',
      outcome: 'failed',
      url: receiver.url('/migrate'),
    })
    expect(log.text).not.toContain(PASSWORD)
    expect(log.text).not.toContain('hush-hush')
  })

  test('that could not be asked about is no guess, and wipes out none that were made before', async () => {
    const { email } = await imported()
    const rates = { per_account: ['50/1h'], per_account_and_address: ['2/1h'], per_address: ['100/1h'] }
    const limits = { security: { rate_limits: { enabled: true, sign_in: rates } } }
    await app.reload({ ...migrateHook(receiver.url('/migrate')), ...limits })
    const statuses: number[] = []
    for (const status of [403, 500, 403, 403]) {
      receiver.on('/migrate', { status })
      statuses.push((await signIn(email, 'a-guess-of-somebody')).status)
    }
    await app.reload(migrateHook(receiver.url('/migrate')))
    expect(statuses).toEqual([400, 502, 400, 429])
  })

  test('goes to a template with the flow and the person, and no session', async () => {
    const { email, id } = await imported()
    const body = base64('function(ctx) { [k]: ctx[k] for k in std.objectFields(ctx) if k != "request_headers" }')
    await app.reload(migrateHook(receiver.url('/migrate'), { body, emit_analytics_event: false }))
    receiver.on('/migrate', { json: { status: 'password_match' } })
    expect((await signIn(email)).status).toBe(200)
    const [call] = receiver.callsTo('/migrate')
    const seen: JsonObject = JSON.parse(call?.body ?? '{}')
    expect(seen).toMatchObject({ identifier: email, password: PASSWORD, identity: { id }, flow: { type: 'api' } })
    expect(Object.keys(seen)).not.toContain('session')
    expect(Object.keys(seen)).not.toContain('trigger')
    expect(call?.headers['ory-webhook-trigger-id']).toBeUndefined()
  })

  test('fails the login where the template does, and the log keeps the password out', async () => {
    const { email } = await imported()
    const body = base64('function(ctx) error ctx.password')
    await app.reload(migrateHook(receiver.url('/migrate'), { body }))
    expect((await signIn(email)).status).toBe(502)
    const log = await http.get(`${app.adminUrl}/admin/actions/log`)
    expect(JSON.parse(log.text)[0]).toMatchObject({ detail: expect.stringContaining('[redacted]') })
    expect(JSON.stringify(app.logged)).not.toContain(PASSWORD)
  })

  test('that the algorithm does not read to its end lets in, and is asked again the next time', async () => {
    const { email } = await imported()
    await app.reload(migrateHook(receiver.url('/migrate')))
    receiver.on('/migrate', { json: { status: 'password_match' } })
    const long = 'long'.repeat(20)
    expect((await signIn(email, long)).status).toBe(200)
    receiver.on('/migrate', { status: 403 })
    expect((await signIn(email, long.slice(0, 72))).status).toBe(400)
    expect(receiver.callsTo('/migrate')).toHaveLength(2)
  })

  test('is refused where nobody may be asked any more, and the log says why', async () => {
    const { email, id } = await imported()
    await app.reload(migrateHook(receiver.url('/migrate'), {}, false))
    expect(at((await signIn(email)).json, 'ui.messages.0.id')).toBe(4000006)
    expect(app.logged).toContainEqual(
      expect.objectContaining({ event: 'migrate_hook_missing', fields: expect.objectContaining({ identity: id }) }),
    )
  })
})

test('the other system is not reached on an address that is refused', async () => {
  const receiver = await startReceiver()
  const app = await startTestApp({
    config: { ...migrateHook(receiver.url('/migrate')), clients: { http: { disallow_private_ip_ranges: true } } },
  })
  const email = 'guarded@example.test'
  await http.send(`${app.adminUrl}/admin/identities`, {
    body: {
      schema_id: 'default',
      traits: { email },
      credentials: { password: { config: { use_password_migration_hook: true } } },
    },
  })
  const login = await startJourney(app.publicUrl, 'login', 'api')
  const answer = await login.submit({ method: 'password', identifier: email, password: PASSWORD })
  expect([answer.status, receiver.calls.length]).toEqual([502, 0])
  await app.close()
  await receiver.close()
})
