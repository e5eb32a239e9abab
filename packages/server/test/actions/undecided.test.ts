import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody, textIn } from '../somebody.ts'

const refusal = {
  status: 400,
  json: { messages: [{ messages: [{ id: 1, text: 'Not today.', type: 'error' }] }] },
}
/** Short waits between the tries of a queued call. */
const soon = { retry: { min: '1s', max: '1s' } }

describe.each(DIALECTS)('a receiver that gives no decision, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let people = 0
  const client = httpClient({ keepsCookies: false })
  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({ dialect })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => receiver.reset())

  const nobody = () => `ann-${++people}@example.test`
  const login = (hooks: readonly JsonObject[], more: JsonObject = {}) =>
    app.reload({ ...more, selfservice: { flows: { login: { after: { password: { hooks } } } } } })
  const gate = (path: string, config: JsonObject = {}) =>
    webHook(receiver.url(path), { response: { parse: true }, attempts: 1, ...config })
  const known = async (metadata: JsonObject[string] = null) => {
    const email = nobody()
    const { json } = await client.send(`${app.adminUrl}/admin/identities`, {
      body: {
        schema_id: 'default',
        traits: { email },
        metadata_admin: metadata,
        credentials: { password: { config: { password: PASSWORD } } },
      },
    })
    return { email, id: textIn(json, 'id') }
  }
  const adminOf = async (id: string) => (await client.get(`${app.adminUrl}/admin/identities/${id}`)).json.metadata_admin

  test('on_failure: queue lets the person in; what it refuses later stands in metadata_admin, and is told as a change', async () => {
    await login([gate('/gate', { id: 'risk', on_failure: 'queue', ...soon })], {
      actions: { on: { identity: { updated: { hooks: [webHook(receiver.url('/updated'))] } } } },
    })
    const { email, id } = await known({ tier: 'gold' })
    receiver.on('/gate', { status: 503 }, { status: 503 }, refusal)
    expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
    const calls = await receiver.waitFor('/gate', 3, 10_000)
    // The same call all along, as far as the receiver can tell.
    expect(new Set(calls.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1)
    const [told] = await receiver.waitFor('/updated')
    expect(JSON.parse(told?.body ?? '')).toMatchObject({ changed: ['/metadata_admin'], identity: { id } })
    expect(await adminOf(id)).toEqual({
      tier: 'gold',
      action_denials: {
        risk: {
          delivery: calls[0]?.headers['webhook-id'],
          trigger: 'login.after.password',
          reason: 'Not today.',
          denied_at: expect.any(String),
        },
      },
    })
    expect(
      app.logged.find(({ event, fields }) => event === 'denied_later' && fields.identity === id)?.fields,
    ).toMatchObject({
      action: 'risk',
      said: 'Not today.',
    })
    // A refusal is an answer: it is not asked again.
    await new Promise((resolve) => {
      setTimeout(resolve, 1_500)
    })
    expect(receiver.callsTo('/gate')).toHaveLength(3)
  })

  test('what it agrees to later, or fails at, flags nobody', async () => {
    await login([gate('/gate', { on_failure: 'queue', ...soon })])
    const { email, id } = await known()
    receiver.on('/gate', { status: 503 }, { status: 200, json: {} })
    await somebody(app, 'api').signIn(email)
    await receiver.waitFor('/gate', 2, 10_000)
    const plain = await known()
    await login([webHook(receiver.url('/plain'), { attempts: 1, on_failure: 'queue', ...soon })])
    receiver.on('/plain', { status: 503 }, { status: 403 })
    await somebody(app, 'api').signIn(plain.email)
    await receiver.waitFor('/plain', 2, 10_000)
    expect(await adminOf(id)).toBeNull()
    expect(await adminOf(plain.id)).toBeNull()
  })

  test('metadata_admin that is no object is left alone, and the log says so', async () => {
    await login([gate('/gate', { on_failure: 'queue', ...soon })])
    const { email, id } = await known(['a', 'list'])
    receiver.on('/gate', { status: 503 }, refusal)
    await somebody(app, 'api').signIn(email)
    await receiver.waitFor('/gate', 2, 10_000)
    await expect
      .poll(() => app.logged.some(({ event, fields }) => event === 'denial_not_flagged' && fields.identity === id))
      .toBe(true)
    expect(await adminOf(id)).toEqual(['a', 'list'])
  })

  test('on_failure: continue lets the person in, and nobody is asked again', async () => {
    await login([gate('/gate', { on_failure: 'continue' })])
    const { email } = await known()
    receiver.on('/gate', { status: 503 })
    expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
    await new Promise((resolve) => {
      setTimeout(resolve, 1_500)
    })
    expect(receiver.callsTo('/gate')).toHaveLength(1)
  })

  test.each([
    ['deny', 400],
    ['continue', 200],
    ['queue', 200],
  ])('beyond its concurrency a call counts as failed at once: on_failure %s answers %s', async (on_failure, status) => {
    await login([gate('/slow', { concurrency: 1, timeout: '4s', on_failure, ...soon })])
    const [first, second] = [await known(), await known()]
    receiver.on('/slow', { status: 204, delay: 2_000 }, { status: 204 })
    const slow = somebody(app, 'api').signIn(first.email)
    await receiver.waitFor('/slow')
    const from = performance.now()
    expect((await somebody(app, 'api').signIn(second.email)).status).toBe(status)
    expect(performance.now() - from).toBeLessThan(1_500)
    expect((await slow).status).toBe(200)
    // The place is free again.
    expect((await somebody(app, 'api').signIn(first.email)).status).toBe(200)
    expect(app.logged.findLast(({ event }) => event.startsWith('action_failed'))?.fields.detail).toBe(
      '1 calls of this action are under way already (concurrency)',
    )
  })

  test('the same for calls that are awaited: they are made later', async () => {
    const hook = webHook(receiver.url('/slow'), {
      concurrency: 1,
      timeout: '4s',
      attempts: 1,
      on_failure: 'queue',
      ...soon,
    })
    await app.reload({ selfservice: { flows: { registration: { after: { password: { hooks: [hook] } } } } } })
    receiver.on('/slow', { status: 204, delay: 2_000 }, { status: 204 })
    const slow = somebody(app, 'api').signUp(nobody())
    await receiver.waitFor('/slow')
    const from = performance.now()
    expect((await somebody(app, 'api').signUp(nobody())).status).toBe(200)
    expect(performance.now() - from).toBeLessThan(1_500)
    expect((await slow).status).toBe(200)
    await receiver.waitFor('/slow', 2, 10_000)
  })

  test('a step that is tried again with the same input has the same webhook-id, with another one it has not', async () => {
    const hooks = [gate('/first', { body: 'none' }), gate('/second', { body: 'none' }), { hook: 'session' }]
    await app.reload({ selfservice: { flows: { registration: { after: { password: { hooks } } } } } })
    receiver.on('/first', { status: 204 })
    receiver.on('/second', refusal, { status: 503 }, refusal, { status: 204 })
    const ann = somebody(app, 'api')
    const { flow } = await ann.start('registration')
    const [email, other] = [nobody(), nobody()]
    const submit = (address: string) =>
      ann.submit(flow, { method: 'password', password: PASSWORD, traits: { email: address } })
    await submit(email)
    await submit(email)
    await submit(other)
    const last = await submit(email)
    expect(last.status).toBe(200)
    const ids = receiver.callsTo('/first').map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(4)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    expect(ids[3]).toBe(ids[0])
    const seconds = receiver.callsTo('/second').map(({ headers }) => headers['webhook-id'])
    expect(seconds[0]).not.toBe(ids[0])
    // Each try is a line of its own in the log of actions.
    const log = await client.get(`${app.adminUrl}/admin/actions/log?flow=${textIn(flow, 'id')}`)
    const lines: readonly JsonObject[] = JSON.parse(log.text)
    expect(lines.filter((line) => textIn(line, 'where').endsWith('[0]'))).toHaveLength(4)
  })
})
