import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, httpClient } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { errorOf, minimalConfig } from '../minimal-config.ts'
import { listIn, saidIn, somebody, textIn } from '../somebody.ts'

const template = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

/** Cases of ory-actions.md §7, by their number, that are about the whole server; `ory-actions-cases.test.ts` says where the others are. */
describe.each(DIALECTS)('ory-actions.md §7, on %s', (dialect) => {
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

  const login = (after: JsonObject) => app.reload(fiveFlows({ login: { after } }))
  const hook = (path: string, config: JsonObject = {}) => webHook(receiver.url(path), config)
  const called = () => receiver.calls.map(({ path }) => path)
  const known = async () => {
    const email = `ann-${++people}@example.test`
    await somebody(app, 'api').signUp(email)
    return email
  }
  const signIn = async () => somebody(app, 'api').signIn(await known())

  test.each([
    ['13: the list of the method alone', [hook], ['/b']],
    ['15: an empty list of the method is none', [], ['/a']],
    ['16: one of kinds that do nothing is none', [() => ({ hook: 'b2b_sso' })], ['/a']],
  ])('%s', async (_, own, expected) => {
    await login({ hooks: [hook('/a')], password: { hooks: own.map((make) => make('/b')) } })
    expect((await signIn()).status).toBe(200)
    expect(called()).toEqual(expected)
  })

  test('24: after a refusal nobody else is asked', async () => {
    receiver.on('/a', { status: 400 })
    await login({ hooks: [hook('/a'), hook('/b')] })
    expect((await signIn()).status).toBe(502)
    expect(called()).toEqual(['/a'])
  })

  test('38: what a list does before its refusal is not done: other sessions stay', async () => {
    const email = await known()
    const other = somebody(app, 'api')
    await other.signIn(email)
    receiver.on('/a', { status: 400 })
    await login({ hooks: [{ hook: 'revoke_active_sessions' }, hook('/a')] })
    expect((await somebody(app, 'api').signIn(email)).status).toBe(502)
    expect((await other.whoami()).status).toBe(200)
  })

  test('58: at a refresh the session is the one that is there', async () => {
    await login({ hooks: [hook('/a')] })
    const email = `ann-${++people}@example.test`
    const ann = somebody(app, 'api')
    await ann.signUp(email)
    const id = textIn((await ann.whoami()).json, 'id')
    const { flow } = await ann.start('login', '?refresh=true')
    await ann.submit(flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(JSON.parse(receiver.calls[0]?.body ?? '')).toMatchObject({
      session: { id, identity: { traits: { email } } },
    })
  })

  test('56, 57: the ctx of a login has the keys of Ory, and ours beside them', async () => {
    const ours = ['client_ip', 'delivery', 'trigger']
    await app.reload(fiveFlows({ login: { before: { hooks: [hook('/before')] }, after: { hooks: [hook('/after')] } } }))
    await signIn()
    const [before = {}, after = {}] = receiver.calls.map(({ body }): JsonObject => JSON.parse(body))
    const keys = ['flow', 'request_cookies', 'request_headers', 'request_method', 'request_url']
    expect(Object.keys(before).toSorted()).toEqual([...keys, ...ours].toSorted())
    expect(Object.keys(after).toSorted()).toEqual([...keys, 'identity', 'session', ...ours].toSorted())
    // design.md §3, row 7: it is the real one.
    expect(at(after, 'session.id')).not.toBe('00000000-0000-0000-0000-000000000000')
  })

  test('64, 65: headers are lists of texts, and only those that are allowed', async () => {
    const email = await known()
    const headersOf = async (clients: JsonObject) => {
      receiver.reset()
      await app.reload({ ...fiveFlows({ login: { after: { hooks: [hook('/a')] } } }), clients })
      const http = httpClient({ keepsCookies: false })
      const { json } = await http.get(`${app.publicUrl}/self-service/login/api`)
      await http.send(textIn(json, 'ui.action'), {
        headers: { 'x-foo': 'bar', authorization: 'Bearer x', 'user-agent': 'test/1' },
        body: { method: 'password', identifier: email, password: PASSWORD },
      })
      const ctx: JsonObject = JSON.parse(receiver.calls[0]?.body ?? '{}')
      return at(ctx, 'request_headers')
    }
    expect(await headersOf({})).toMatchObject({ 'User-Agent': ['test/1'] })
    expect(Object.keys((await headersOf({})) ?? {})).not.toContain('Authorization')
    expect(Object.keys((await headersOf({})) ?? {})).not.toContain('X-Foo')
    expect(await headersOf({ web_hook: { header_allowlist: ['x-foo'] } })).toEqual({ 'X-Foo': ['bar'] })
  })

  test('71: the body is what go-jsonnet prints, to the byte', async () => {
    await login({ hooks: [hook('/a', { body: template('function(ctx) {b: 1, a: [], c: {}, d: 0.1}') })] })
    await signIn()
    expect(receiver.calls[0]?.body).toBe('{\n   "a": [ ],\n   "b": 1,\n   "c": { },\n   "d": 0.10000000000000001\n}\n')
  })

  test('72: a form is sorted and encoded', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await login({ hooks: [hook('/a', { headers, body: template('function(ctx) {b: "2 3", a: "1"}') })] })
    await signIn()
    expect(receiver.calls[0]?.body).toBe('a=1&b=2+3')
  })

  test('81: a template that fails refuses a sign-in that waits for it, and no other', async () => {
    const body = template('function(ctx) error "nope"')
    await login({ hooks: [hook('/a', { body })] })
    expect((await signIn()).status).toBe(400)
    await login({ hooks: [hook('/a', { body, response: { ignore: true } })] })
    expect((await signIn()).status).toBe(200)
    expect(called()).toEqual([])
  })

  test('83: a template without end is stopped, and the next one runs', async () => {
    await login({ hooks: [hook('/a', { body: template('local f(x) = f(x + 1) tailstrict; f(0)') })] })
    const from = performance.now()
    expect((await signIn()).status).toBe(400)
    expect(performance.now() - from).toBeLessThan(8_000)
    await login({ hooks: [hook('/a')] })
    expect((await signIn()).status).toBe(200)
  })

  test('87: 500, 500, 200: three requests with one id and one body, and the person is in', async () => {
    await app.reload({
      ...fiveFlows({ login: { after: { hooks: [hook('/a')] } } }),
      actions: { backoff: { base: '10ms', jitter: false } },
    })
    receiver.on('/a', { status: 500 }, { status: 500 }, { status: 200 })
    expect((await signIn()).status).toBe(200)
    const of = (name: string) => new Set(receiver.calls.map(({ headers }) => headers[name]))
    expect([of('ory-webhook-trigger-id').size, of('ory-webhook-request-id').size]).toEqual([1, 3])
    expect(new Set(receiver.calls.map(({ body }) => body)).size).toBe(1)
  })

  test('90, 91, 92, 106, 107, 108: what a refusal needs to be one', async () => {
    const words = { messages: [{ instance_ptr: '#/', messages: [{ id: 1, text: 'No.', type: 'error' }] }] }
    const outcome = async (config: JsonObject, answer: JsonObject & { readonly status: number }) => {
      receiver.reset()
      receiver.on('/a', answer)
      await app.reload({
        ...fiveFlows({ login: { after: { hooks: [hook('/a', config)] } } }),
        actions: { backoff: { base: '10ms', jitter: false } },
      })
      const email = await known()
      const { status, json } = await somebody(app, 'ajax').signIn(email)
      return [status, at(json, 'ui.messages.0.text') ?? null, receiver.calls.length]
    }
    const parse = { response: { parse: true } }
    expect(await outcome({}, { status: 404 })).toEqual([502, null, 1])
    expect(await outcome(parse, { status: 501, json: words })).toEqual([400, 'No.', 1])
    expect(await outcome(parse, { status: 503, json: words })).toEqual([500, null, 3])
    expect(await outcome(parse, { status: 400, json: { messages: [] } })).toEqual([500, null, 1])
    expect(await outcome(parse, { status: 400, body: 'no' })).toEqual([500, null, 1])
    expect(await outcome({}, { status: 400, json: words })).toEqual([502, null, 1])
  })

  test('102, 105: a field the form lacks is added to it, and what is no error is an info', async () => {
    const entry = { instance_ptr: '#/traits/email', messages: [{ id: 7, text: 'Hm.', type: 'success' }] }
    receiver.on('/a', { status: 400, json: { messages: [entry] } })
    await login({ hooks: [hook('/a', { response: { parse: true } })] })
    const { status, json } = await somebody(app, 'ajax').signIn(await known())
    expect(status).toBe(400)
    const nodes = at(json, 'ui.nodes')
    const node = Array.isArray(nodes) ? nodes.find((each) => textIn(each, 'attributes.name') === 'traits.email') : null
    expect(node).toMatchObject({ messages: [{ id: 7, text: 'Hm.', type: 'info' }] })
  })

  test('110: an empty 200 is enough where the answer may only refuse', async () => {
    const hooks = [hook('/a', { can_interrupt: true })]
    await app.reload(fiveFlows({ registration: { after: { password: { hooks } } } }))
    expect((await somebody(app, 'api').signUp(`ann-${++people}@example.test`)).status).toBe(200)
    expect(called()).toEqual(['/a'])
  })

  test('138, 139: nobody waits for a queued call, slow or failing', async () => {
    receiver.on('/slow', { status: 200, delay: 2_000 })
    receiver.on('/failing', { status: 500 })
    const ignore = { response: { ignore: true } }
    const email = await known()
    await login({ hooks: [hook('/slow', ignore), hook('/failing', ignore)] })
    const from = performance.now()
    expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
    expect(performance.now() - from).toBeLessThan(1_900)
    await Promise.all([receiver.waitFor('/slow'), receiver.waitFor('/failing')])
    await expect.poll(() => app.logged.some(({ event }) => event === 'delivery_postponed')).toBe(true)
  })

  test('142: who goes away while a sign-in is asked about has signed in all the same, with a session nobody holds', async () => {
    receiver.on('/a', { status: 200, delay: 300 })
    const email = await known()
    await login({ hooks: [hook('/a')] })
    const client = httpClient({ keepsCookies: false })
    const { json } = await client.get(`${app.publicUrl}/self-service/login/api`)
    const given = new AbortController()
    const sent = fetch(textIn(json, 'ui.action'), {
      method: 'POST',
      signal: given.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'password', identifier: email, password: PASSWORD }),
    }).catch(() => null)
    await receiver.waitFor('/a')
    given.abort()
    await sent
    const { text } = await client.get(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    const sessions = `${app.adminUrl}/admin/identities/${textIn(JSON.parse(text), '0.id')}/sessions`
    // That of the sign-up, and that of the sign-in.
    await expect.poll(async () => listIn({ all: JSON.parse((await client.get(sessions)).text) }, 'all').length).toBe(2)
    expect(receiver.callsTo('/a')).toHaveLength(1)
  })

  test('143: who goes away while an awaited call is made is stored, and the call is completed', async () => {
    receiver.on('/a', { status: 200, delay: 300 })
    await app.reload(fiveFlows({ registration: { after: { password: { hooks: [hook('/a')] } } } }))
    const email = `ann-${++people}@example.test`
    const { json } = await httpClient({ keepsCookies: false }).get(`${app.publicUrl}/self-service/registration/api`)
    const given = new AbortController()
    const sent = fetch(textIn(json, 'ui.action'), {
      method: 'POST',
      signal: given.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'password', password: PASSWORD, traits: { email } }),
    }).catch(() => null)
    await receiver.waitFor('/a')
    given.abort()
    await sent
    await app.reload(fiveFlows())
    await expect.poll(async () => (await somebody(app, 'api').signIn(email)).status).toBe(200)
    expect(receiver.callsTo('/a')).toHaveLength(1)
  })
})

/** Two mail addresses that are to be verified, or none, beside what people sign in with. */
const schemaWith = (verifiable: boolean): JsonObject => {
  const verification = verifiable ? { verification: { via: 'email' } } : {}
  const address = (more: JsonObject) => ({
    type: 'string',
    format: 'email',
    'ory.sh/kratos': { ...more, ...verification },
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: {
          email: address({ credentials: { password: { identifier: true } } }),
          second: address({}),
          name: { type: 'string' },
        },
      },
    },
  }
}

describe('ory-actions.md §7, with other schemas', () => {
  let app: TestApp
  let people = 0
  const configured = (flows: JsonObject, verifiable: boolean, more: JsonObject = {}) => {
    const url = template(JSON.stringify(schemaWith(verifiable)))
    const identity = { default_schema_id: 'own', schemas: [{ id: 'own', url }] }
    return fiveFlows(flows, {}, { identity, ...more })
  }
  const newcomer = async (more: JsonObject = {}) => {
    const email = `own-${++people}@example.test`
    const ann = somebody(app, 'ajax')
    const signedUp = await ann.signUp(email, more)
    return { ann, email, signedUp }
  }
  beforeAll(async () => {
    app = await startTestApp({ config: configured({}, true) })
  })
  afterAll(() => app.close())

  test('34: with the old flag every address is written to, and each is named as a next step', async () => {
    await app.reload(configured({}, true, { feature_flags: { legacy_continue_with_verification_ui: true } }))
    const { email, signedUp } = await newcomer({ second: `second-${people}@example.test` })
    const shown = listIn(signedUp.json, 'continue_with').filter((step) => at(step, 'action') === 'show_verification_ui')
    expect(shown.map((step) => at(step, 'flow.verifiable_address')).toSorted(byText)).toEqual(
      [email, `second-${people - 1}@example.test`].toSorted(byText),
    )
  })

  test('42: where there is no address to verify, require_verified_address says that it is a mistake', async () => {
    const hooks = [{ hook: 'require_verified_address' }]
    await app.reload(configured({ login: { after: { password: { hooks } } } }, false))
    const { email } = await newcomer()
    const answer = await somebody(app, 'ajax').signIn(email)
    expect([answer.status, at(answer.json, 'error.id')]).toEqual([500, 'invalid_configuration'])
  })

  test('51, 53: verify_new_address takes one new address at a time, and none of an old session', async () => {
    const settings = {
      privileged_session_max_age: '15m',
      after: { profile: { hooks: [{ hook: 'verify_new_address' }] } },
    }
    await app.reload(configured({ settings }, true))
    const { ann, email } = await newcomer()
    const change = async (traits: JsonObject) => {
      const { flow } = await ann.start('settings')
      return ann.submit(flow, { method: 'profile', traits })
    }
    const two = await change({ email: `other-${email}`, second: `more-${email}` })
    expect([two.status, saidIn(two.flow)]).toEqual([200, ['4050002']])
    app.turn(16 * 60_000)
    const late = await change({ email: `other-${email}` })
    expect([late.status, at(late.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
    expect(at((await ann.whoami()).json, 'identity.traits')).toEqual({ email })
  })

  test('55: a courier that is broken keeps nobody from changing an address', async () => {
    const after = { profile: { hooks: [{ hook: 'notify_previous_addresses', config: { recipients: 'all' } }] } }
    await app.reload(
      configured({ settings: { after } }, true, {
        courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' } },
      }),
    )
    const { ann, email } = await newcomer()
    const { flow } = await ann.start('settings')
    const saved = await ann.submit(flow, { method: 'profile', traits: { email: `other-${email}` } })
    expect([saved.status, at(saved.flow, 'state')]).toEqual([200, 'success'])
  })
})

const byText = (a: unknown, b: unknown) => (String(a) < String(b) ? -1 : 1)

describe('ory-actions.md §7, at start', () => {
  const errorWith = (flows: JsonObject) =>
    errorOf(JSON.stringify({ ...minimalConfig, selfservice: { ...minimalConfig.selfservice, flows } }))

  test('1: a web_hook without its config', async () => {
    expect(await errorWith({ login: { before: { hooks: [{ hook: 'web_hook' }] } } })).toContain(
      'selfservice.flows.login.before.hooks[0].config.url',
    )
  })

  test('9: recipients nobody knows', async () => {
    const hooks = [{ hook: 'notify_previous_addresses', config: { recipients: 'foo' } }]
    const error = await errorWith({ settings: { after: { profile: { hooks } } } })
    expect(error).toContain('selfservice.flows.settings.after.profile.hooks[0].config.recipients')
    expect(error).toContain('removed, all_verified, all')
  })
})
