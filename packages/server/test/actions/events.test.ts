import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { httpClient } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody, textIn } from '../somebody.ts'

const template = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

/** Long enough for the outbox to have made every call it has. */
const quiet = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 1_500)
  })

describe.each(DIALECTS)('what is told of events, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let people = 0
  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => receiver.reset())

  const on = (events: JsonObject) => app.reload({ actions: { on: events } })
  const hooks = (...all: readonly JsonObject[]) => ({ hooks: all })
  const client = httpClient({ keepsCookies: false })
  const create = (body: JsonObject) =>
    client.send(`${app.adminUrl}/admin/identities`, { body: { schema_id: 'default', ...body } })
  const nobody = () => `ann-${++people}@example.test`

  test('the ctx of a change says who it was, who it is, and where they differ', async () => {
    await on({ identity: { updated: hooks(webHook(receiver.url('/updated'))) } })
    const ann = somebody(app, 'api')
    const email = nobody()
    await ann.signUp(email)
    const { flow } = await ann.start('settings')
    await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
    const [call] = await receiver.waitFor('/updated')
    const ctx: JsonObject = JSON.parse(call?.body ?? '')
    expect(ctx).toMatchObject({
      trigger: { phase: 'on', event: 'identity.updated' },
      identity: { traits: { email, newsletter: true } },
      previous_identity: { traits: { email } },
      changed: ['/traits/newsletter'],
      flow_id: textIn(flow, 'id'),
      request_method: 'POST',
      client_ip: '127.0.0.1',
    })
    expect(call?.body).not.toContain('metadata_admin')
    expect(call?.body).not.toContain('hashed_password')
  })

  test('`when` chooses among changes', async () => {
    const config = { when: 'std.member(ctx.changed, "/state")', body: template('function(ctx) ctx.identity.state') }
    await on({ identity: { updated: hooks(webHook(receiver.url('/state'), config)) } })
    const made = await create({ traits: { email: nobody() } })
    const change = (state: string, newsletter: boolean) =>
      client.send(`${app.adminUrl}/admin/identities/${textIn(made.json, 'id')}`, {
        method: 'PUT',
        body: { schema_id: 'default', state, traits: { email: nobody(), newsletter } },
      })
    await change('active', true)
    await change('inactive', true)
    await receiver.waitFor('/state')
    await quiet()
    expect(receiver.callsTo('/state').map(({ body }) => body)).toEqual(['"inactive"\n'])
  })

  test('nothing is told of what was not stored', async () => {
    await on({ identity: { created: hooks(webHook(receiver.url('/created'))) } })
    const email = nobody()
    expect((await create({ traits: { email } })).status).toBe(201)
    expect((await create({ traits: { email } })).status).toBe(409)
    await somebody(app, 'api').signUp(email)
    await receiver.waitFor('/created')
    await quiet()
    expect(receiver.callsTo('/created')).toHaveLength(1)
  })

  test('of two that end one session at once, one tells it', async () => {
    await on({ session: { revoked: hooks(webHook(receiver.url('/revoked'))) } })
    const ann = somebody(app, 'api')
    await ann.signUp(nobody())
    const id = textIn((await ann.whoami()).json, 'id')
    const end = () => client.send(`${app.adminUrl}/admin/sessions/${id}`, { method: 'DELETE' })
    await Promise.all([end(), end(), end(), end()])
    const [call] = await receiver.waitFor('/revoked')
    await quiet()
    expect(receiver.callsTo('/revoked')).toHaveLength(1)
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      trigger: { phase: 'on', event: 'session.revoked' },
      session: { id, active: false, identity: {} },
    })
  })

  test('of a deleted person the last state is told', async () => {
    await on({ identity: { deleted: hooks(webHook(receiver.url('/deleted'))) } })
    const email = nobody()
    const made = await create({ traits: { email }, metadata_public: { plan: 'free' } })
    await client.send(`${app.adminUrl}/admin/identities/${textIn(made.json, 'id')}`, { method: 'DELETE' })
    const [call] = await receiver.waitFor('/deleted')
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      identity: { id: textIn(made.json, 'id'), traits: { email }, metadata_public: { plan: 'free' } },
    })
  })

  test('of an address the address is told, and that of an imported one too', async () => {
    await on({ address: { verified: hooks(webHook(receiver.url('/verified'))) } })
    const email = nobody()
    await create({
      traits: { email },
      verifiable_addresses: [{ value: email, via: 'email', verified: true, status: 'completed' }],
    })
    const [call] = await receiver.waitFor('/verified')
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ address: { value: email, via: 'email', verified: true } })
  })

  test('a template that fails holds nobody up, and is a line in the log', async () => {
    const broken = webHook(receiver.url('/broken'), { body: template('function(ctx) error "no"') })
    await on({ identity: { created: hooks(broken, webHook(receiver.url('/whole'))) } })
    expect((await create({ traits: { email: nobody() } })).status).toBe(201)
    await receiver.waitFor('/whole')
    expect(receiver.callsTo('/broken')).toHaveLength(0)
    expect(app.logged).toContainEqual(
      expect.objectContaining({
        event: 'template_failed',
        fields: expect.objectContaining({ where: 'on.identity.created.hooks[0]' }),
      }),
    )
  })

  test('a receiver that is down keeps neither people nor administrators', async () => {
    await on({ identity: { created: hooks(webHook('http://127.0.0.1:1/')) } })
    const ann = somebody(app, 'api')
    expect((await ann.signUp(nobody())).status).toBe(200)
    expect(
      (await create({ traits: { email: nobody() }, credentials: { password: { config: { password: PASSWORD } } } }))
        .status,
    ).toBe(201)
  })
})
