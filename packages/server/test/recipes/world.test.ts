import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { textAt } from './contract.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const SECRET = 'sk_test_hush-hush-never-shown'
const CHIMP = 'hush-hush-chimp-us21'

describe.each(DIALECTS)('connections on %s', (dialect) => {
  let app: TestApp
  let vendor: Receiver

  beforeAll(async () => {
    vendor = await startReceiver()
    vendor.on('/v1/customers', { json: { id: 'cus_1', object: 'customer' } })
    vendor.on('/v1/subscriptions', { status: 500 }, { json: { id: 'sub_1' } })
    vendor.on('/v1/customers/cus_1', { json: { id: 'cus_1' } })
    app = await startTestApp({
      dialect,
      env: { STRIPE_KEY: SECRET },
      config: {
        actions: {
          deliveries: { retry: { min: '10ms', max: '50ms' } },
          connections: {
            billing: {
              recipe: 'stripe',
              secrets: { api_key: 'env://STRIPE_KEY' },
              params: { trial_price: 'price_1' },
              base_url: vendor.url(''),
            },
            audience: {
              recipe: 'mailchimp',
              secrets: { api_key: CHIMP },
              params: { list_id: 'a1b2' },
              on: ['registration'],
              base_url: vendor.url('/chimp'),
            },
            team: { recipe: 'slack', secrets: { webhook_url: vendor.url('/slack/T0/B0/hush-hush') }, on: ['login'] },
            off: { recipe: 'zapier', secrets: { hook_url: vendor.url('/zap') }, enabled: false },
          },
          on: { identity: { updated: { hooks: [webHook(vendor.url('/updated'))] } } },
        },
      },
    })
  })
  afterAll(async () => {
    await app.close()
    await vendor.close()
  })

  const identityOf = async (email: string): Promise<unknown> => {
    const answer = await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    const found: unknown = await answer.json()
    return Array.isArray(found) ? found[0] : null
  }

  test('a registration makes a customer, keeps its id, and starts the trial; what failed goes on where it failed', async () => {
    await somebody(app, 'api').signUp('ann@example.test')
    const trials = await vendor.waitFor('/v1/subscriptions', 2)
    const made = vendor.callsTo('/v1/customers')
    expect(made).toHaveLength(1)
    expect(made[0]?.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      'content-type': 'application/x-www-form-urlencoded',
      'stripe-version': '2026-10-28.endive',
    })
    expect(new URLSearchParams(made[0]?.body).get('email')).toBe('ann@example.test')
    const [first, second] = trials
    expect(first?.body).toContain('customer=cus_1')
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key'])
    expect(first?.headers['idempotency-key']).not.toBe(made[0]?.headers['idempotency-key'])
    const ann = await identityOf('ann@example.test')
    expect(ann).toMatchObject({ metadata_admin: { stripe: { customer_id: 'cus_1' } } })
  })

  test('what an answer writes makes no other call, and nothing is told twice', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(vendor.callsTo('/updated')).toHaveLength(0)
    expect(vendor.callsTo('/v1/customers')).toHaveLength(1)
  })

  test('what was sent is seen, tried without sending it, and made anew with a key of its own', async () => {
    const listed = await (await fetch(`${app.adminUrl}/admin/deliveries?action=connection:billing`)).text()
    const [, id = ''] = /"id":"([0-9a-f-]{36})"/.exec(listed) ?? []
    const shown = await (await fetch(`${app.adminUrl}/admin/deliveries/${id}`)).text()
    expect(shown).toContain('/v1/customers')
    expect(shown).toContain('"step":"trial"')
    expect(shown).not.toContain('hush-hush')
    const post = (path: string, body: JsonObject) =>
      fetch(app.adminUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const dry = await (await post('/admin/actions/connection:billing/dry-runs', { delivery: id })).text()
    expect(dry).toContain('"outcome":"call"')
    expect(vendor.callsTo('/v1/customers')).toHaveLength(1)
    const anew = await post(`/admin/deliveries/${id}/redeliveries`, { as_new: true })
    expect(anew.status).toBe(201)
    const [first, second] = await vendor.waitFor('/v1/customers', 2)
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key'])
    await vendor.waitFor('/v1/subscriptions', 3)
  })

  test('an administrator’s deletion empties the customer', async () => {
    const ann = await identityOf('ann@example.test')
    await fetch(`${app.adminUrl}/admin/identities/${textAt(ann, 'id')}`, { method: 'DELETE' })
    const [call] = await vendor.waitFor('/v1/customers/cus_1')
    expect(new URLSearchParams(call?.body).get('metadata[identity_deleted]')).toBe('true')
  })

  test('without consent nothing is sent, and the log says so', async () => {
    expect(vendor.calls.some(({ path }) => path.startsWith('/chimp'))).toBe(false)
    expect(app.logged.filter(({ event }) => event === 'action_skipped').map(({ fields }) => fields.where)).toContain(
      'actions.connections.audience',
    )
  })

  test('wrong credentials pause the connection, and nothing is lost', async () => {
    vendor.on('/slack/T0/B0/hush-hush', { status: 403, body: 'invalid_token' }, { status: 200, body: 'ok' })
    await somebody(app, 'api').signUp('bob@example.test')
    await somebody(app, 'api').signIn('bob@example.test')
    await vendor.waitFor('/slack/T0/B0/hush-hush')
    const isPaused = () =>
      app.logged.some(({ event, fields }) => event === 'connection_paused' && fields.action === 'connection:team')
    for (let tried = 0; tried < 100 && !isPaused(); tried++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isPaused()).toBe(true)
    await somebody(app, 'api').signIn('bob@example.test')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(vendor.callsTo('/slack/T0/B0/hush-hush')).toHaveLength(1)
    await fetch(`${app.adminUrl}/admin/actions/connection:team/state`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'active' }),
    })
    const [first, second] = await vendor.waitFor('/slack/T0/B0/hush-hush', 3)
    expect(second?.body).toBe(first?.body)
  })

  test('what is switched off says nothing, and no secret is in any log or print-out', async () => {
    expect(vendor.callsTo('/zap')).toHaveLength(0)
    const texts = ['/admin/configuration', '/admin/actions/log'].map(async (path) =>
      (await fetch(`${app.adminUrl}${path}`)).text(),
    )
    const shown = [JSON.stringify(app.logged), ...(await Promise.all(texts))].join('\n')
    expect(shown).toContain('actions.connections.audience')
    expect(shown).not.toMatch(/hush-hush/)
    expect(JSON.stringify(app.logged)).toContain('connection:team')
  })
})
