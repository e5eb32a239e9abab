import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient } from '../http-client.ts'
import { type ReceivedCall, type Receiver, startReceiver } from '../receiver.ts'
import { textIn } from '../somebody.ts'

/** Longer than the outbox needs for a call that is due. */
const quiet = (time = 2_500) =>
  new Promise((resolve) => {
    setTimeout(resolve, time)
  })

/** A receiver that answers each change with a change, and so calls itself for ever. */
describe.each(DIALECTS)('a receiver that causes the event it is told of, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  const client = httpClient({ keepsCookies: false })
  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({
      dialect,
      config: { actions: { on: { identity: { updated: { hooks: [webHook(receiver.url('/updated'))] } } } } },
    })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => receiver.reset())

  const made = async (email: string) => {
    const { json } = await client.send(`${app.adminUrl}/admin/identities`, {
      body: { schema_id: 'default', traits: { email } },
    })
    return textIn(json, 'id')
  }
  let count = 0
  const change = (id: string, headers: { readonly [name: string]: string }) =>
    client.send(`${app.adminUrl}/admin/identities/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify([{ op: 'replace', path: '/metadata_public', value: { count: ++count } }]),
    })
  const answersWithAChange = (headersOf: (call: ReceivedCall) => { readonly [name: string]: string }) =>
    receiver.on('/updated', (call, response) => {
      const ctx: JsonObject = JSON.parse(call.body)
      void change(textIn(ctx, 'identity.id'), headersOf(call)).then(() => response.writeHead(204).end())
    })

  test.each([
    [
      'the webhook-id it was called with',
      ({ headers }: ReceivedCall) => ({ 'webhook-id': headers['webhook-id'] ?? '' }),
    ],
    [
      'the traceparent, as tracing does by itself',
      ({ headers }: ReceivedCall) => ({ traceparent: headers['traceparent'] ?? '' }),
    ],
  ])('is stopped when it passes on %s: three calls follow from the first', async (name, headersOf) => {
    answersWithAChange(headersOf)
    const id = await made(`${name.length}-${dialect}@example.test`)
    await change(id, {})
    await receiver.waitFor('/updated', 4, 15_000)
    await quiet()
    expect(receiver.callsTo('/updated')).toHaveLength(4)
    // What it wanted was done all the same; only the call about it was not made.
    const stored = await client.get(`${app.adminUrl}/admin/identities/${id}`)
    expect(stored.json.metadata_public).toEqual({ count })
    expect(app.logged.filter(({ event, fields }) => event === 'cascade_stopped' && fields.identity === id)).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ trigger: 'on.identity.updated', depth: 4, cause: expect.any(String) }),
      }),
    ])
  })

  test('an id that names no delivery of ours is nobody’s, and a change of somebody’s own is told at any depth', async () => {
    receiver.on('/updated', { status: 204 })
    const id = await made(`stranger-${dialect}@example.test`)
    for (const headers of [
      { 'webhook-id': '0193a000-0000-7000-8000-000000000000' },
      { 'webhook-id': 'not an id' },
      { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
      { traceparent: 'rubbish' },
    ]) {
      expect((await change(id, headers)).status).toBe(200)
    }
    await receiver.waitFor('/updated', 4, 10_000)
  })
})

test('on the public listener nobody is believed: a stranger must not keep a call from being made', async () => {
  const receiver = await startReceiver()
  const hooks = [webHook(receiver.url('/created'))]
  const app = await startTestApp({ config: { actions: { on: { identity: { created: { hooks } } } } } })
  const client = httpClient({ keepsCookies: false })
  const signUp = async (email: string, headers: { readonly [name: string]: string }) => {
    const { json } = await client.get(`${app.publicUrl}/self-service/registration/api`)
    const body = { method: 'password', password: 'correct-horse-7-batteries', traits: { email } }
    return client.send(textIn(json, 'ui.action'), { headers, body })
  }
  await signUp('ann-0@example.test', {})
  for (let depth = 1; depth <= 5; depth++) {
    const calls = await receiver.waitFor('/created', depth)
    await signUp(`ann-${depth}@example.test`, { 'webhook-id': calls.at(-1)?.headers['webhook-id'] ?? '' })
  }
  await receiver.waitFor('/created', 6)
  await app.close()
  await receiver.close()
})
