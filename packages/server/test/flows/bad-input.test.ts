import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { saidIn, type Somebody, somebody, textIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const FLOWS = ['settings', 'recovery', 'verification'] as const
const UNKNOWN = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'

describe.each(DIALECTS)('bad input on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(() => app.close())

  const ready = async (client: Somebody['client'], flow: (typeof FLOWS)[number]) => {
    const ann = somebody(app, client)
    const email = `ann-${++count}@example.test`
    const signed = flow === 'settings' ? await ann.signUp(email) : null
    return { ann, email, token: textIn(signed?.json, 'session_token'), flow: (await ann.start(flow)).flow }
  }

  const bodies: readonly (readonly [string, string, string | Buffer])[] = [
    ['no JSON', 'application/json', 'method=code'],
    ['half a JSON', 'application/json', '{"method":"code"'],
    ['a list', 'application/json', '[]'],
    ['a text', 'text/plain', 'method=code'],
    ['no type at all', '', '{}'],
    ['nothing', 'application/json', ''],
    ['bytes that are no UTF-8', 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['a NUL', 'application/json', '{"method":"code","email":"a\\u0000@example.test"}'],
    ['nesting without end', 'application/json', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ]
  test.each(FLOWS.flatMap((flow) => bodies.map((body) => [flow, ...body] as const)))(
    '%s with %s says so in the form, which can be used afterwards',
    async (name, _what, type, body) => {
      const { ann, email, token, flow } = await ready('api', name)
      const sent = await ann.http.send(textIn(flow, 'ui.action'), {
        headers: {
          accept: 'application/json',
          'content-type': type,
          ...(token === '' ? {} : { 'x-session-token': token }),
        },
        body,
      })
      expect([sent.status, saidIn(sent.json)]).toEqual([400, ['4000001']])
      const fields = name === 'settings' ? { method: 'profile', traits: { email } } : { method: 'code', email }
      expect((await ann.submit(flow, fields)).status).toBe(200)
    },
  )

  test.each(FLOWS.flatMap((flow) => CLIENTS.map((client) => [flow, client] as const)))(
    '%s, %s: a flow that is unknown, malformed or of another kind is not found',
    async (name, client) => {
      const { ann } = await ready(client, name)
      const other = await ann.start(name === 'verification' ? 'settings' : 'verification')
      const verification = name === 'verification' ? (await somebody(app, client).start('recovery')).flow : other.flow
      const action = (id: string) => ({ ui: { action: `${app.publicUrl}/self-service/${name}?flow=${id}` } })
      for (const [id, status] of [
        [UNKNOWN, 404],
        [textIn(verification, 'id'), 404],
        ['nonsense', 400],
      ] as const) {
        const answer = await ann.submit(action(id), { method: 'code' })
        if (client === 'form') expect(answer.location).toContain('/error?id=')
        else expect(answer.status).toBe(status)
        expect((await ann.see(name, id)).status).toBe(404)
      }
    },
  )

  test.each(['recovery', 'verification'] as const)(
    '%s of another browser is neither seen nor submitted',
    async (name) => {
      const { flow } = await ready('ajax', name)
      const bob = somebody(app, 'ajax')
      await bob.start(name)
      const seen = await bob.see(name, textIn(flow, 'id'))
      expect([seen.status, at(seen.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
      const sent = await bob.submit(flow, { method: 'code', email: 'bob@example.test' })
      expect([sent.status, at(sent.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
    },
  )

  test.each(FLOWS)('%s for a native client is refused to a browser that is tricked into posting it', async (name) => {
    const { ann, email, token, flow } = await ready('api', name)
    const fields = name === 'settings' ? { method: 'profile', traits: { email } } : { method: 'code', email }
    const tricked = await ann.http.send(textIn(flow, 'ui.action'), {
      headers: { accept: 'application/json', origin: 'https://evil.example.test', 'x-session-token': token },
      body: fields,
    })
    expect([tricked.status, saidIn(tricked.json)]).toEqual([400, ['4000001']])
  })

  test.each(
    FLOWS.flatMap((flow) =>
      [
        '//evil.example.test',
        'javascript:alert(1)',
        'https://evil.example.test/',
        'http://ui.example.test@evil.test/',
      ].map((url) => [flow, url] as const),
    ),
  )('%s does not start for a return_to of %s', async (name, url) => {
    const { ann } = await ready('ajax', name)
    const refused = await ann.start(name, `?return_to=${encodeURIComponent(url)}`)
    expect([refused.status, at(refused.json, 'error.id')]).toEqual([400, 'self_service_flow_return_to_forbidden'])
  })

  test.each([
    ['a lone surrogate', { name: { first: '\ud800' } }],
    ['a trait nobody knows', { nope: 1 }],
    ['a prototype', JSON.parse('{"__proto__":{"a":1}}')],
    ['a list where an object is expected', { name: ['Ann'] }],
    ['a text where a yes or no is expected', { newsletter: 'on' }],
  ])('a profile with %s is never a failure of the server', async (_what, traits) => {
    const { ann, email, flow } = await ready('api', 'settings')
    const sent = await ann.submit(flow, { method: 'profile', traits: { email, ...traits } })
    expect([200, 400]).toContain(sent.status)
    expect((await ann.whoami()).status).toBe(200)
  })

  test.each([
    ['a number', 1],
    ['a list', [1]],
    ['a text', 'shop'],
  ])('%s is no transient_payload', async (_what, transient_payload) => {
    const { ann, email, flow } = await ready('api', 'recovery')
    const sent = await ann.submit(flow, { method: 'code', email, transient_payload })
    expect([sent.status, saidIn(sent.flow)]).toEqual([400, ['transient_payload: 4000026']])
  })
})
