import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient, textAt } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const http = httpClient({ keepsCookies: false })
const code = (source: string) => `base64://${Buffer.from(source).toString('base64')}`
const BODY = code(`function(ctx) { email: ctx.identity.traits.email, api_token: 'hush-hush', card: { iban: 'DE00' } }`)

describe.each(DIALECTS)('actions and deliveries as administrators see them on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let signUp: { readonly flow: string; readonly identity: string }

  const hook = (path: string, config: JsonObject = {}) =>
    webHook(receiver.url(path), { id: path.slice(1), body: BODY, response: { ignore: true }, ...config })

  beforeAll(async () => {
    receiver = await startReceiver()
    receiver.on('/crm', { status: 200, json: { ok: true, session_token: 'hush-hush' } })
    receiver.on('/broken', { status: 400, headers: { 'content-type': 'text/plain' }, body: 'not like this' })
    app = await startTestApp({
      dialect,
      config: {
        actions: { log: { redact: ['**.iban'] } },
        selfservice: {
          flows: {
            login: {
              before: { hooks: [hook('/gate', { response: { parse: true }, body: code('function(ctx) {}') })] },
            },
            registration: {
              after: {
                hooks: [hook('/unused')],
                password: {
                  hooks: [
                    hook('/crm', { headers: { Authorization: 'Bearer hush-hush', 'X-Flow': '${ctx.flow.id}' } }),
                    hook('/broken'),
                    hook('/sometimes', { when: `ctx.identity.traits.email == 'other@example.test'` }),
                    hook('/off', { enabled: false }),
                    { hook: 'session' },
                  ],
                },
              },
            },
          },
        },
      },
    })
    const { json } = await somebody(app, 'api').signUp('ann@example.test')
    signUp = { identity: textAt(json, 'identity.id'), flow: '' }
    await vi.waitFor(async () => expect(await list('?status=delivered')).toHaveLength(1), 10_000)
    await vi.waitFor(async () => expect(await list('?status=dead')).toHaveLength(1), 10_000)
    signUp = { ...signUp, flow: textAt(await list(), '0.flow_id') }
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const admin = (path: string) => `${app.adminUrl}/admin${path}`
  const read = async (path: string) => {
    const { status, text } = await http.get(admin(path))
    expect([status, text]).toEqual([200, text])
    return JSON.parse(text)
  }
  const list = async (query = ''): Promise<readonly JsonObject[]> => read(`/deliveries${query}`)
  const post = (path: string, body: JsonObject = {}, method = 'POST') => http.send(admin(path), { method, body })
  const idOf = async (action: string) => textAt(await list(`?action=${action}`), '0.id')

  test('deliveries are listed newest first, by filters and page by page', async () => {
    expect(await list()).toMatchObject([
      { action_id: 'broken', status: 'dead', reason: 'answered 400', attempts: 1, finished_at: expect.any(String) },
      {
        action_id: 'crm',
        status: 'delivered',
        trigger: 'registration.after.password',
        flow_id: signUp.flow,
        identity_id: signUp.identity,
        endpoint: receiver.url('/crm'),
      },
    ])
    expect(
      await list(`?identity=${signUp.identity}&flow=${signUp.flow}&trigger=registration.after.password`),
    ).toHaveLength(2)
    expect(await list('?status=pending')).toEqual([])
    expect(await list('?since=2100-01-01')).toEqual([])
    expect(await list('?until=2000-01-01')).toEqual([])
    const first = await http.get(admin('/deliveries?page_size=1'))
    const next = /page_token=([^&>]+)[^>]*>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1]
    expect(await list(`?page_size=1&page_token=${next}`)).toMatchObject([{ action_id: 'crm' }])
  })

  test('one is shown in full, without secrets', async () => {
    const shown = await read(`/deliveries/${await idOf('crm')}`)
    expect(shown).toMatchObject({
      request: {
        method: 'POST',
        url: receiver.url('/crm'),
        headers: { authorization: '<redacted>', 'x-flow': signUp.flow },
        body: JSON.stringify({ api_token: '<redacted>', card: { iban: '<redacted>' }, email: 'ann@example.test' }),
      },
      tries: [
        {
          outcome: 'delivered',
          status: 200,
          timings_ms: { wait: expect.any(Number), tls: null },
          answer: { body: '{"ok":true,"session_token":"<redacted>"}', length: 39 },
        },
      ],
      action: { state: 'active' },
      ctx: { identity: { traits: { email: 'ann@example.test' } } },
    })
    expect(JSON.stringify(shown)).not.toContain('hush-hush')
    expect(receiver.callsTo('/crm')[0]?.headers['authorization']).toBe('Bearer hush-hush')
    const dead = await read(`/deliveries/${await idOf('broken')}`)
    expect(dead).toMatchObject({ tries: [{ status: 400, answer: { body: 'not like this' } }] })
  })

  test.each([
    ['/deliveries/nope', 400, 'Invalid UUID value'],
    ['/deliveries/00000000-0000-4000-8000-000000000000', 404, 'There is no delivery 00000000'],
    ['/deliveries?status=lost', 400, 'status must be one of pending, delivered, dead, cancelled'],
    ['/deliveries?who=x', 400, 'There is no filter `who`; there are action, trigger'],
    ['/actions/crmm', 404, 'There is no action crmm. Did you mean crm?'],
    ['/actions/explanations', 400, 'Name one of flow, identity and delivery'],
    ['/actions/explanations?flow=00000000-0000-4000-8000-000000000000', 404, 'Nothing is known of the flow'],
  ])('GET %s is answered %i', async (path, status, reason) => {
    const answer = await http.get(admin(path))
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(reason)
  })

  test('the same is told again with its id and bytes, or made anew with today’s template', async () => {
    const id = await idOf('crm')
    expect((await post(`/deliveries/${id}/redeliveries`)).status).toBe(201)
    const [first, second] = await receiver.waitFor('/crm', 2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.body).toBe(first?.body)
    await expect.poll(async () => (await read(`/deliveries/${id}`)).tries.length).toBe(2)

    const anew = await post(`/deliveries/${id}/redeliveries`, { as_new: true })
    expect(anew.json).toMatchObject({ status: 'pending', replay_of: id, action_id: 'crm' })
    const [, , third] = await receiver.waitFor('/crm', 3)
    expect(third?.headers['webhook-id']).toBe(textAt(anew.json, 'id'))
    expect(third?.body).toBe(first?.body)
    expect(await read(`/deliveries/${id}`)).toMatchObject({ replays: [textAt(anew.json, 'id')] })
  })

  test('many are told again, a page at a time; a dry run touches nothing', async () => {
    const filter = { status: 'dead', action: 'broken' }
    expect((await post('/deliveries/redeliveries', { filter, dry_run: true })).json).toMatchObject({
      matched: 1,
      replayed: [],
    })
    const before = receiver.callsTo('/broken').length
    const done = await post('/deliveries/redeliveries', { filter, page_size: 10 })
    expect(done.json).toEqual({ matched: 1, replayed: [await idOf('broken')], passed_over: [], next_page_token: null })
    await receiver.waitFor('/broken', before + 1)
    await expect.poll(async () => (await list('?status=dead')).length).toBe(1)
    for (const [body, reason] of [
      [{}, 'filter.status must say'],
      [{ filter: { status: 'dead', who: 'x' } }, 'There is no filter `who`'],
      [{ filter, page_size: 0 }, 'page_size must be'],
    ] as const) {
      const refused = await post('/deliveries/redeliveries', body)
      expect(refused.status).toBe(400)
      expect(refused.text).toContain(reason)
    }
  })

  test('every action is listed with where it runs, or why it does not, and how it stands', async () => {
    const actions: readonly JsonObject[] = await read('/actions')
    expect(actions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: 'crm',
          kind: 'web_hook',
          where: 'registration.after.password.hooks[0]',
          triggers: ['registration.after.password'],
          when_it_acts: 'queued',
          call: `POST ${receiver.url('/crm')}`,
          state: 'active',
          breaker: 'closed',
          pending: 0,
        }),
        expect.objectContaining({ id: 'off', triggers: [], idle: 'switched off: enabled: false' }),
        // The code method has no list of its own.
        expect.objectContaining({ id: 'unused', triggers: ['registration.after.code'], idle: null }),
      ]),
    )
  })

  test('a paused action keeps what it has to tell until it is resumed', async () => {
    const before = receiver.callsTo('/crm').length
    const paused = await post('/actions/crm/state', { state: 'paused', reason: 'they move', for: '2h' }, 'PUT')
    expect(paused.json).toMatchObject({ state: 'paused', reason: 'they move', until: expect.any(String) })
    const ben = await somebody(app, 'api').signUp('ben@example.test')
    expect(ben.status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const [waiting] = await list('?action=crm&status=pending')
    expect(waiting).toMatchObject({ attempts: 0 })
    const explained = await read(`/actions/explanations?delivery=${textAt(waiting, 'id')}`)
    expect(explained).toMatchObject({ ran: false, outcome: 'paused', why: expect.stringContaining('(they move)') })
    const metrics = await http.get(`${app.adminUrl}/metrics/prometheus`)
    expect(metrics.text).toContain('cardea_action_state{action="crm",state="paused"} 1')
    expect(metrics.text).toContain(
      `cardea_queue_deliveries{lane="call",action="crm",endpoint="${receiver.url('/crm')}"} 1`,
    )

    expect((await post('/actions/crm/state', { state: 'active' }, 'PUT')).json).toMatchObject({
      state: 'active',
      until: null,
    })
    await receiver.waitFor('/crm', before + 1)
  })

  test.each([
    [{ state: 'asleep' }, 'state must be one of active, paused, quarantined, disabled'],
    [{}, 'state must be one of'],
    [{ state: 'paused', for: 'soon' }, 'for must be a duration'],
    [{ state: 'paused', until: '2000-01-01' }, 'until must be a time that is still to come'],
    [{ state: 'active', for: '1h' }, 'An action that is active stays so'],
  ])('the state %j is refused', async (body, reason) => {
    const answer = await post('/actions/crm/state', body, 'PUT')
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(reason)
  })

  test('what waits can be ended by hand, what is finished cannot', async () => {
    await post('/actions/crm/state', { state: 'paused' }, 'PUT')
    await somebody(app, 'api').signUp('cid@example.test')
    const id = await idOf('crm')
    const ended = await post(`/deliveries/${id}`, {}, 'DELETE')
    expect(ended.json).toMatchObject({ status: 'cancelled', reason: 'an administrator ended it' })
    expect((await post(`/deliveries/${id}`, {}, 'DELETE')).status).toBe(409)
    await post('/actions/crm/state', { state: 'active' }, 'PUT')
  })

  test('a dry run shows what would be sent for a recorded event, a given ctx or somebody made up', async () => {
    const calls = receiver.calls.length
    const recorded = await post('/actions/crm/dry-runs', { delivery: await idOf('broken') })
    expect(recorded.json).toMatchObject({
      outcome: 'call',
      sent: null,
      request: { headers: { authorization: '<redacted>' } },
    })
    const ctx = { identity: { traits: { email: 'dee@example.test' } }, flow: { id: 'f' } }
    const given = await post('/actions/crm/dry-runs', { ctx })
    expect(given.json).toMatchObject({ from: 'the given ctx', request: { body: expect.stringContaining('dee@') } })
    const other = await post('/actions/crm/dry-runs', {
      ctx,
      template: 'function(ctx) { only: ctx.identity.traits.email }',
    })
    expect(JSON.parse(textAt(other.json, 'request.body'))).toEqual({ only: 'dee@example.test' })
    expect((await post('/actions/sometimes/dry-runs', { ctx })).json).toMatchObject({
      outcome: 'skipped',
      request: null,
    })
    expect((await post('/actions/crm/dry-runs', { ctx, template: 'error "cancel"' })).json).toMatchObject({
      outcome: 'cancelled',
    })
    const failed = await post('/actions/crm/dry-runs', { ctx, template: 'function(ctx) ctx.nope' })
    expect(failed.json).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('nope') })
    expect((await post('/actions/gate/dry-runs')).json).toMatchObject({ from: 'somebody made up, at login.before' })
    expect(receiver.calls).toHaveLength(calls)
  })

  test('a test event is sent at once, with the secrets of the action, and told from what has happened', async () => {
    receiver.on('/gate', { status: 202, body: 'thanks' })
    const { json } = await post('/actions/gate/dry-runs', { send: true })
    expect(json).toMatchObject({
      outcome: 'call',
      sent: { status: 202, answer: { body: 'thanks' }, timings_ms: expect.any(Object) },
    })
    expect(receiver.callsTo('/gate').at(-1)?.headers).toMatchObject({
      'cardea-trial': 'true',
      'webhook-id': expect.any(String),
    })
  })

  test('what there is nothing to try about says so', async () => {
    const off = await post('/actions/off/dry-runs')
    expect([off.status, off.text]).toEqual([409, expect.stringContaining('switched off: enabled: false')])
    expect((await post('/actions/nobody/dry-runs')).status).toBe(404)
    expect((await post('/actions/crm/dry-runs', { ctx: 'x' })).status).toBe(400)
    expect((await post('/actions/crm/dry-runs', { trigger: 'login.before' })).text).toContain('trigger must be one of')
  })

  test('a flow is explained by the plan that was in force then', async () => {
    await app.reload({
      selfservice: { flows: { registration: { after: { password: { hooks: [{ hook: 'session' }] } } } } },
    })
    const explained = await read(`/actions/explanations?flow=${signUp.flow}`)
    expect(explained).toMatchObject({
      state: { name: 'registration', stands: 'completed' },
      steps: [
        {
          trigger: 'registration.after.password',
          outcome: 'proceeded',
          actions: expect.arrayContaining([
            expect.objectContaining({ action_id: 'crm', ran: true, outcome: 'delivered' }),
            expect.objectContaining({
              action_id: 'broken',
              ran: true,
              outcome: 'dead',
              why: expect.stringContaining('answered 400'),
            }),
            expect.objectContaining({
              action_id: 'sometimes',
              ran: false,
              outcome: 'skipped',
              why: `its condition was false: ctx.identity.traits.email == 'other@example.test'`,
            }),
            expect.objectContaining({
              action_id: 'off',
              ran: false,
              outcome: 'left_out',
              why: 'switched off: enabled: false',
            }),
            expect.objectContaining({
              action_id: 'unused',
              ran: false,
              why: 'the list of password replaces the default list (merge: override)',
            }),
            expect.objectContaining({ kind: 'session', ran: true, outcome: 'proceeded' }),
          ]),
        },
      ],
    })
    const person = await read(`/actions/explanations?identity=${signUp.identity}`)
    expect(person.steps).toHaveLength(1)
    await app.reload({})
  })

  test('a denial says who was never reached, and a flow nobody completed says so', async () => {
    receiver.on('/gate', {
      status: 403,
      json: { messages: [{ messages: [{ id: 1, text: 'closed today', type: 'error' }] }] },
    })
    const refused = await somebody(app, 'api').start('login')
    expect(refused.status).toBe(403)
    const calls: readonly JsonObject[] = await read('/actions/log?action=gate&outcome=denied')
    const explained = await read(`/actions/explanations?flow=${textAt(calls, '0.flow_id')}`)
    expect(explained.steps[0]).toMatchObject({
      outcome: 'denied',
      actions: [{ action_id: 'gate', outcome: 'denied', why: expect.stringContaining('closed today') }],
    })

    const open = await somebody(app, 'api').start('registration')
    const waiting = await read(`/actions/explanations?flow=${textAt(open.flow, 'id')}`)
    expect(waiting).toMatchObject({
      state: { stands: 'open' },
      steps: [],
      never: expect.arrayContaining([
        expect.objectContaining({
          trigger: 'registration.after.password',
          why: expect.stringContaining('nobody has completed the flow yet'),
        }),
      ]),
    })
  })
})
