import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, PERSON, startTestApp, type TestApp, webHook } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { codeTo, linkTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, namesIn, saidIn, type Somebody, somebody, textIn, valueIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const NEW_PASSWORD = 'another-horse-with-9-batteries'
const MINUTES = 60_000
const WRONG = (code: string) => (code === '000000' ? '111111' : '000000')

describe.each(DIALECTS)('recovery on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0
  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  afterEach(async () => {
    receiver.reset()
    await app.reload(fiveFlows())
  })

  const person = async () => {
    const email = `ann-${++count}@example.test`
    await somebody(app, 'api').signUp(email)
    return email
  }
  const asked = async (client: Somebody['client'], email: string, query = '') => {
    const ann = somebody(app, client)
    const started = await ann.start('recovery', query)
    const sent = await ann.submit(started.flow, { method: 'code', email })
    return { ann, started, sent }
  }

  test.each(CLIENTS)('%s: a code from a mail leads back in, to the settings, and to a new password', async (client) => {
    const email = await person()
    const { ann, started, sent } = await asked(client, email)
    expect(started.flow).toMatchObject({ state: 'choose_method', active: 'code' })
    expect(namesIn(started.flow)).toEqual(['csrf_token', 'email', 'method'])
    expect(sent.status).toBe(client === 'form' ? 303 : 200)
    expect(sent.flow).toMatchObject({ id: started.flow.id, state: 'sent_email', active: 'code' })
    expect(namesIn(sent.flow)).toEqual(['csrf_token', 'code', 'method', 'method', 'email'])
    expect(saidIn(sent.flow)).toEqual(['1060003'])

    const code = await codeTo(app, email)
    const wrong = await ann.submit(sent.flow, { method: 'code', code: WRONG(code) })
    expect(wrong.status).toBe(client === 'form' ? 303 : 200)
    expect(saidIn(wrong.flow)).toEqual(['4060006'])

    const right = await ann.submit(wrong.flow, { method: 'code', code })
    expect(right.status).toBe(client === 'form' ? 303 : 422)
    if (client !== 'form') expect(at(right.json, 'error.id')).toBe('browser_location_change_required')
    expect(right.location).toContain('http://ui.example.test/settings?flow=')
    if (client === 'api') return
    expect(saidIn(right.flow)).toEqual(['1060001'])
    expect((await ann.whoami()).json).toMatchObject({
      authenticator_assurance_level: 'aal1',
      authentication_methods: [{ method: 'code_recovery', aal: 'aal1' }],
      identity: { verifiable_addresses: [{ value: email, verified: true, status: 'completed' }] },
    })
    const saved = await ann.submit(right.flow, { method: 'password', password: NEW_PASSWORD })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect((await somebody(app, 'api').signIn(email, NEW_PASSWORD)).status).toBe(200)
  })

  test.each(['api', 'ajax'] as const)('%s: with continue_with transitions the next step is named', async (client) => {
    await app.reload(fiveFlows({}, {}, { feature_flags: { use_continue_with_transitions: true } }))
    const email = await person()
    const { ann, sent } = await asked(client, email)
    const right = await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    expect([right.status, right.flow.state]).toEqual([200, 'passed_challenge'])
    expect(listIn(right.json, 'continue_with').map((step) => at(step, 'action'))).toEqual(
      client === 'api' ? ['set_ory_session_token', 'show_settings_ui'] : ['show_settings_ui'],
    )
    const settings = listIn(right.json, 'continue_with').at(-1)
    const seen = await ann.see('settings', textIn(settings, 'flow.id'))
    expect([seen.flow.type, saidIn(seen.flow)]).toEqual([client === 'api' ? 'api' : 'browser', ['1060001']])
    expect((await ann.whoami()).status).toBe(200)
  })

  test.each(CLIENTS)('%s: skip_settings leads straight on', async (client) => {
    const email = await person()
    const { ann, sent } = await asked(client, email, '?skip_settings=true')
    const right = await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    if (client === 'form') expect([right.status, right.location]).toEqual([303, 'http://ui.example.test/'])
    else expect([right.status, right.flow.state]).toEqual([200, 'passed_challenge'])
    if (client !== 'api') expect((await ann.whoami()).status).toBe(200)
  })

  test.each(CLIENTS)('%s: nobody can see whether an address is known', async (client) => {
    const email = await person()
    const known = await asked(client, email)
    const unknown = await asked(client, 'nobody@example.test')
    const shape = ({ sent }: Awaited<ReturnType<typeof asked>>) => [
      sent.status,
      sent.flow.state,
      namesIn(sent.flow),
      saidIn(sent.flow),
    ]
    expect(shape(unknown)).toEqual(shape(known))
    expect(await mailsTo(app, 'nobody@example.test')).toHaveLength(0)
    let flow = unknown.sent.flow
    for (let i = 0; i < 5; i++) {
      const wrong = await unknown.ann.submit(flow, { method: 'code', code: '123456' })
      expect(saidIn(wrong.flow)).toEqual(['4060006'])
      flow = wrong.flow
    }
    const over = await unknown.ann.submit(flow, { method: 'code', code: '123456' })
    expect(saidIn(over.flow)).toEqual(['4000001'])
  })

  test('who nobody knows is written to only where that is wanted', async () => {
    await app.reload(fiveFlows({ recovery: { enabled: true, notify_unknown_recipients: true } }))
    await asked('api', 'stranger@example.test')
    expect((await mailsTo(app, 'stranger@example.test')).map(({ template }) => template)).toEqual([
      'recovery_code_invalid',
    ])
  })

  test.each(CLIENTS)('%s: after five wrong codes the right one is refused, and a new flow says why', async (client) => {
    const email = await person()
    const { ann, sent } = await asked(client, email)
    const code = await codeTo(app, email)
    let flow = sent.flow
    for (let i = 0; i < 5; i++) flow = (await ann.submit(flow, { method: 'code', code: WRONG(code) })).flow
    const over = await ann.submit(flow, { method: 'code', code })
    expect(over.status).toBe(303)
    expect(over.location).toContain(
      client === 'form' ? 'http://ui.example.test/recovery?flow=' : '/self-service/recovery/flows?id=',
    )
    expect(over.flow.id).not.toBe(flow.id)
    expect(saidIn(over.flow)).toEqual(['4000001'])
    // The new flow is this client's own: it can be used.
    expect(saidIn((await ann.submit(over.flow, { method: 'code', email })).flow)).toEqual(['1060003'])
  })

  test('another code in an exhausted flow buys no more guesses', async () => {
    const email = await person()
    const { ann, sent } = await asked('api', email)
    const code = await codeTo(app, email)
    for (let i = 0; i < 5; i++) await ann.submit(sent.flow, { method: 'code', code: WRONG(code) })
    await ann.submit(sent.flow, { method: 'code', email })
    const over = await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    expect([over.status, saidIn(over.flow)]).toEqual([303, ['4000001']])
  })

  test.each(CLIENTS)('%s: a new code makes the old one worthless', async (client) => {
    const email = await person()
    const { ann, sent } = await asked(client, email)
    const old = await codeTo(app, email)
    const resent = await ann.submit(sent.flow, { method: 'code', email: valueIn(sent.flow, 'email') })
    expect(await mailsTo(app, email)).toHaveLength(3)
    const fresh = await codeTo(app, email)
    if (fresh !== old)
      expect(saidIn((await ann.submit(resent.flow, { method: 'code', code: old })).flow)).toEqual(['4060006'])
    const right = await ann.submit(resent.flow, { method: 'code', code: fresh })
    expect(right.status).toBe(client === 'form' ? 303 : 422)
  })

  test.each(CLIENTS)('%s: a code that is too old is a wrong one', async (client) => {
    await app.reload(fiveFlows({}, { code: { enabled: true, config: { lifespan: '10m' } } }))
    const email = await person()
    const { ann, sent } = await asked(client, email)
    app.turn(11 * MINUTES)
    expect(saidIn((await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })).flow)).toEqual([
      '4060006',
    ])
  })

  test.each(['code', 'link'] as const)(
    'a %s that was sent to an address lets nobody in once that is theirs no more',
    async (use) => {
      await app.reload(fiveFlows({ recovery: { enabled: true, use, ui_url: 'http://ui.example.test/recovery' } }))
      const email = await person()
      const ann = somebody(app, 'form')
      const sent = await ann.submit((await ann.start('recovery')).flow, { method: use, email })
      const secret = use === 'code' ? await codeTo(app, email) : await linkTo(app, email)

      const admin = httpClient({ keepsCookies: false })
      const found = await admin.get(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
      const moved = await admin.send(`${app.adminUrl}/admin/identities/${textIn(JSON.parse(found.text), '0.id')}`, {
        method: 'PUT',
        body: {
          schema_id: textIn(JSON.parse(found.text), '0.schema_id'),
          state: 'active',
          traits: { email: `new-${email}` },
        },
      })
      expect(moved.status).toBe(200)
      const tried = use === 'code' ? await ann.submit(sent.flow, { method: use, code: secret }) : await ann.open(secret)
      expect(saidIn(tried.flow)).toEqual([use === 'code' ? '4060006' : '4060004'])
      expect((await ann.whoami()).status).toBe(401)
    },
  )

  test.each(CLIENTS)('%s: an expired flow is replaced, without asking the actions before it', async (client) => {
    const hooked = { enabled: true, lifespan: '10m', before: { hooks: [webHook(receiver.url('/before'))] } }
    await app.reload(fiveFlows({ recovery: hooked }))
    const email = await person()
    const { ann, sent } = await asked(client, email)
    expect(receiver.callsTo('/before')).toHaveLength(1)
    app.turn(11 * MINUTES)
    const late = await ann.submit(sent.flow, { method: 'code', code: '123456' })
    expect([late.status, saidIn(late.flow)]).toEqual([303, ['4060005']])
    expect(receiver.callsTo('/before')).toHaveLength(1)
    const seen = await ann.see('recovery', textIn(sent.flow, 'id'))
    expect(seen.status).toBe(410)
    expect(at(seen.json, 'error.id')).toBe(client === 'api' ? 'self_service_flow_expired' : undefined)
  })

  test('with continue_with transitions an expired or exhausted flow names its successor', async () => {
    await app.reload(
      fiveFlows(
        { recovery: { enabled: true, lifespan: '10m' } },
        {},
        { feature_flags: { use_continue_with_transitions: true } },
      ),
    )
    const email = await person()
    const { ann, sent } = await asked('api', email)
    const code = await codeTo(app, email)
    for (let i = 0; i < 5; i++) await ann.submit(sent.flow, { method: 'code', code: WRONG(code) })
    const over = await ann.submit(sent.flow, { method: 'code', code })
    expect(over.status).toBe(400)
    expect(at(over.json, 'error.details.continue_with.0.action')).toBe('show_recovery_ui')
    app.turn(11 * MINUTES)
    const late = await ann.submit(sent.flow, { method: 'code', code })
    expect([late.status, at(late.json, 'error.id')]).toEqual([410, 'self_service_flow_expired'])
    expect(at(late.json, 'error.details.continue_with.0.flow.id')).toBe(late.json.use_flow_id)
  })

  test.each(CLIENTS)('%s: a completed flow is not completed again', async (client) => {
    const email = await person()
    const { ann, sent } = await asked(client, email)
    const code = await codeTo(app, email)
    await ann.submit(sent.flow, { method: 'code', code })
    ann.http.cookies.delete('ory_kratos_session')
    const again = await somebody(app, 'api').submit(sent.flow, { method: 'code', code })
    expect(again.status).toBe(303)
    if (client === 'api') expect(saidIn(again.flow)).toEqual(['4000001'])
  })

  test('the same code from ten requests at once lets one of them in', async () => {
    const email = await person()
    const { ann, sent } = await asked('api', email)
    const code = await codeTo(app, email)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ann.submit(sent.flow, { method: 'code', code })))
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(1)
    const sessions = await httpClient({ keepsCookies: false }).get(
      `${app.adminUrl}/admin/identities?credentials_identifier=${email}`,
    )
    expect(sessions.status).toBe(200)
  })

  test('ten wrong codes at once count ten times', async () => {
    const email = await person()
    const { ann, sent } = await asked('api', email)
    const code = await codeTo(app, email)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ann.submit(sent.flow, { method: 'code', code: WRONG(code) })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(5)
    expect((await ann.submit(sent.flow, { method: 'code', code })).status).toBe(303)
  })

  test.each(['ajax', 'form'] as const)('%s: a form without its token is refused, and costs nothing', async (client) => {
    const email = await person()
    const { ann, sent } = await asked(client, email)
    const refused = await ann.submit(
      { ui: { action: textIn(sent.flow, 'ui.action'), nodes: [] } },
      { method: 'code', code: '1' },
    )
    if (client === 'ajax')
      expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
    else expect(refused.location).toContain('/error?id=')
    const right = await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    expect(right.location).toContain('/settings?flow=')
  })

  test.each(CLIENTS)('%s: whoever is signed in has nothing to recover', async (client) => {
    const email = await person()
    const ann = somebody(app, client)
    const before = await ann.start('recovery')
    await ann.signIn(email)
    const start = await ann.start('recovery')
    const submit = await ann.submit(before.flow, { method: 'code', email })
    if (client === 'form') {
      expect([start.status, start.location]).toEqual([302, 'http://ui.example.test/'])
    } else {
      expect([start.status, at(start.json, 'error.id')]).toEqual([400, 'session_already_available'])
      expect([submit.status, at(submit.json, 'error.id')]).toEqual([400, 'session_already_available'])
    }
  })

  test.each(CLIENTS)('%s: a recovery that is switched off says so', async (client) => {
    await app.reload(fiveFlows({ recovery: { enabled: false } }))
    const off = await somebody(app, client).start('recovery')
    if (client === 'form') expect(off.location).toContain('/error?id=')
    else
      expect([off.status, at(off.json, 'error.reason')]).toEqual([
        400,
        'Recovery is not allowed because it was disabled.',
      ])
  })

  test.each(CLIENTS)('%s: a method that is switched off is not found', async (client) => {
    const email = await person()
    const { ann, started } = await asked(client, email)
    await app.reload(fiveFlows({}, { code: { enabled: false }, link: { enabled: true } }))
    const off = await ann.submit(started.flow, { method: 'code', email })
    if (client === 'form') expect(off.location).toContain('/error?id=')
    else expect(off.status).toBe(404)
  })

  test.each(CLIENTS)('%s: a form that names no method can be sent again', async (client) => {
    const email = await person()
    const ann = somebody(app, client)
    const { flow } = await ann.start('recovery')
    const none = await ann.submit(flow, { email })
    expect(saidIn(none.flow)).toEqual(['4010005'])
    expect(saidIn((await ann.submit(none.flow, { method: 'code', email })).flow)).toEqual(['1060003'])
  })

  test.each([
    ['nothing', {}, 'email: 4000002'],
    ['what is no address', { email: 'nonsense' }, 'email: 4000040'],
    ['ten thousand characters', { email: `${'a'.repeat(10_000)}@example.test` }, 'email: 4000040'],
    ['a look-alike of the at sign', { email: 'ann＠example.test' }, 'email: 4000040'],
    ['a hidden character', { email: 'ann\u200b@example.test' }, 'email: 4000040'],
    ['a list', { email: ['ann@example.test'] }, 'email: 4000002'],
    ['a number', { email: 7 }, 'email: 4000002'],
    ['a code before there is one', { code: '123456' }, 'email: 4000002'],
  ])('%s is no address to send a code to', async (_name, fields: JsonObject, said) => {
    const ann = somebody(app, 'api')
    const { flow } = await ann.start('recovery')
    const wrong = await ann.submit(flow, { method: 'code', ...fields })
    expect([wrong.status, saidIn(wrong.flow)]).toEqual([400, [said]])
  })

  describe('by link', () => {
    const byLink = () => fiveFlows({ recovery: { enabled: true, use: 'link', lifespan: '1h' } })

    test.each(CLIENTS)('%s: a link from a mail signs in, in any browser, and once', async (client) => {
      await app.reload(byLink())
      const email = await person()
      const ann = somebody(app, client)
      const started = await ann.start('recovery')
      expect([started.flow.active, namesIn(started.flow)]).toEqual(['link', ['csrf_token', 'email', 'method']])
      const sent = await ann.submit(started.flow, { method: 'link', email })
      expect([sent.flow.state, saidIn(sent.flow)]).toEqual(['sent_email', ['1060002']])
      const link = await linkTo(app, email)

      const elsewhere = somebody(app, 'form')
      const opened = await elsewhere.open(link)
      expect([opened.status, saidIn(opened.flow)]).toEqual([303, ['1060001']])
      expect(at((await elsewhere.whoami()).json, 'authentication_methods.0.method')).toBe('link_recovery')
      expect(
        saidIn((await elsewhere.submit(opened.flow, { method: 'password', password: NEW_PASSWORD })).flow),
      ).toEqual(['1050001'])
      const again = await somebody(app, 'ajax').open(link)
      expect([again.status, saidIn(again.flow)]).toEqual([303, ['4060004']])
    })

    test('a wrong link says so in a new flow, and leaves the right one as it is', async () => {
      await app.reload(byLink())
      const email = await person()
      const ann = somebody(app, 'form')
      await ann.submit((await ann.start('recovery')).flow, { method: 'link', email })
      const link = await linkTo(app, email)
      const wrong = await somebody(app, 'form').open(link.replace(/token=.*/, 'token=nonsense'))
      expect(saidIn(wrong.flow)).toEqual(['4060004'])
      expect(saidIn((await somebody(app, 'form').open(link)).flow)).toEqual(['1060001'])
    })
  })

  describe('with actions', () => {
    const hooked = (flows: JsonObject) => fiveFlows(flows)
    const refusal = {
      status: 400,
      json: { messages: [{ messages: [{ id: 7001, text: 'not today', type: 'error' }] }] },
    }
    const parse = { response: { parse: true } }

    test.each(CLIENTS)('%s: a refusal after it consumes nothing', async (client) => {
      await app.reload(
        hooked({ recovery: { enabled: true, after: { hooks: [webHook(receiver.url('/after'), parse)] } } }),
      )
      receiver.on('/after', refusal, { json: {} })
      const email = await person()
      const { ann, sent } = await asked(client, email)
      const code = await codeTo(app, email)
      const refused = await ann.submit(sent.flow, { method: 'code', code })
      expect(refused.status).toBe(client === 'form' ? 303 : 400)
      expect([refused.flow.id, saidIn(refused.flow)]).toEqual([sent.flow.id, ['7001']])
      expect((await ann.whoami()).status).toBe(401)
      const right = await ann.submit(refused.flow, { method: 'code', code })
      expect(right.location).toContain('/settings?flow=')
      expect(receiver.callsTo('/after').map(({ body }) => at(JSON.parse(body), 'flow.state'))).toEqual([
        'passed_challenge',
        'passed_challenge',
      ])
    })

    test.each(CLIENTS)('%s: a refusal before the settings it opens consumes nothing either', async (client) => {
      await app.reload(hooked({ settings: { before: { hooks: [webHook(receiver.url('/before'), parse)] } } }))
      receiver.on('/before', refusal, { json: {} })
      const email = await person()
      const { ann, sent } = await asked(client, email)
      const code = await codeTo(app, email)
      const refused = await ann.submit(sent.flow, { method: 'code', code })
      if (client === 'form') expect(refused.location).toContain('/error?id=')
      else
        expect([refused.status, at(refused.json, 'error.id'), at(refused.json, 'error.reason')]).toEqual([
          403,
          'action_denied',
          'not today',
        ])
      expect((await ann.whoami()).status).toBe(401)
      const seen = await ann.see('recovery', textIn(sent.flow, 'id'))
      const right = await ann.submit(seen.flow, { method: 'code', code })
      expect(right.location).toContain('/settings?flow=')
      expect(at(JSON.parse(receiver.callsTo('/before').at(-1)?.body ?? ''), 'session.identity.traits.email')).toBe(
        email,
      )
    })

    test('revoke_active_sessions ends every session but the new one', async () => {
      await app.reload(hooked({ recovery: { enabled: true, after: { hooks: [{ hook: 'revoke_active_sessions' }] } } }))
      const email = await person()
      const old = somebody(app, 'ajax')
      await old.signIn(email)
      const { ann, sent } = await asked('ajax', email)
      await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
      expect([(await old.whoami()).status, (await ann.whoami()).status]).toEqual([401, 200])
    })
  })

  describe('by an administrator', () => {
    const admin = httpClient({ keepsCookies: false })
    const idOf = async (email: string) => {
      const { text } = await admin.get(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
      return textIn(JSON.parse(text), '0.id')
    }
    const make = (kind: 'code' | 'link', body: JsonObject) =>
      admin.send(`${app.adminUrl}/admin/recovery/${kind}`, { body })

    test('a code works in a browser that has never been here, even where recovery is switched off', async () => {
      await app.reload(fiveFlows({ recovery: { enabled: false, ui_url: 'http://ui.example.test/recovery' } }))
      const email = await person()
      const made = await make('code', { identity_id: await idOf(email), expires_in: '30m' })
      expect([made.status, textIn(made.json, 'recovery_code')]).toEqual([201, expect.stringMatching(/^\d{6}$/)])
      const ann = somebody(app, 'form')
      const flow = await ann.open(
        textIn(made.json, 'recovery_link').replace(
          'http://ui.example.test/recovery?flow',
          `${app.publicUrl}/self-service/recovery/flows?id`,
        ),
      )
      expect([flow.flow.state, namesIn(flow.flow)]).toEqual(['sent_email', ['code', 'method']])
      const right = await ann.submit(flow.flow, { method: 'code', code: textIn(made.json, 'recovery_code') })
      expect(saidIn(right.flow)).toEqual(['1060001'])
      // Nobody has read the address.
      expect(at((await ann.whoami()).json, 'identity.verifiable_addresses.0.verified')).toBe(false)
    })

    test('a link signs in once', async () => {
      const email = await person()
      const made = await make('link', { identity_id: await idOf(email) })
      expect(made.status).toBe(200)
      const link = textIn(made.json, 'recovery_link')
      expect(link).toMatch(new RegExp(`^${app.publicUrl}/self-service/recovery\\?flow=.+&token=.+$`))
      expect(saidIn((await somebody(app, 'form').open(link)).flow)).toEqual(['1060001'])
      expect(saidIn((await somebody(app, 'form').open(link)).flow)).toEqual(['4060004'])
    })

    test.each([
      ['code', { identity_id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }, 404],
      ['code', {}, 404],
      ['link', { identity_id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }, 400],
      ['code', { identity_id: 'me', expires_in: '-1h' }, 400],
      ['code', { identity_id: 'me', expires_in: 'soon' }, 400],
      ['code', { identity_id: 'me', flow_type: 'phone' }, 400],
    ] as const)('a %s for %j is answered %i', async (kind, body, status) => {
      expect((await make(kind, body)).status).toBe(status)
    })

    test('no links where the method is switched off', async () => {
      await app.reload(fiveFlows({}, { link: { enabled: false } }))
      expect((await make('link', { identity_id: await idOf(await person()) })).status).toBe(404)
    })
  })
})

const base64 = (value: unknown) => `base64://${Buffer.from(JSON.stringify(value)).toString('base64')}`

/** Two addresses that lead back into one account. */
const twoAddresses = {
  ...PERSON,
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': { credentials: { password: { identifier: true } }, recovery: { via: 'email' } },
        },
        second: { type: 'string', format: 'email', 'ory.sh/kratos': { recovery: { via: 'email' } } },
      },
      required: ['email'],
    },
  },
}

describe('recovery with a choice of addresses', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({
      config: {
        ...fiveFlows({}, {}, { feature_flags: { choose_recovery_address: true, use_continue_with_transitions: true } }),
        identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: base64(twoAddresses) }] },
      },
    })
    await somebody(app, 'api').signUp('one@example.test')
    await somebody(app, 'api').signUp('ann@example.test', { second: 'second@example.test' })
  })
  afterAll(() => app.close())

  const asked = async (recovery_address: string) => {
    const ann = somebody(app, 'ajax')
    const started = await ann.start('recovery')
    expect(started.flow.state).toBe('recovery_awaiting_address')
    return { ann, sent: await ann.submit(started.flow, { method: 'code', recovery_address }) }
  }

  test.each(['one@example.test', 'nobody@example.test'])('%s looks as if a code had been sent', async (address) => {
    const { sent } = await asked(address)
    expect([sent.status, sent.flow.state, saidIn(sent.flow)]).toEqual([200, 'recovery_awaiting_code', ['1060004']])
    expect(namesIn(sent.flow)).toEqual([
      'csrf_token',
      'code',
      'method',
      'method',
      'recovery_confirm_address',
      'recovery_address',
      'screen',
    ])
  })

  test('of several addresses one is chosen, masked; another than the one that was typed has to be typed too', async () => {
    const { ann, sent } = await asked('ann@example.test')
    expect([sent.flow.state, saidIn(sent.flow)]).toEqual(['recovery_awaiting_address_choice', ['1060006']])
    const buttons = listIn(sent.flow, 'ui.nodes').filter(
      (node) => textIn(node, 'attributes.name') === 'recovery_select_address',
    )
    expect(buttons.map((node) => textIn(node, 'meta.label.text'))).toEqual([
      'an****@example.test',
      'se****@example.test',
    ])
    const other = textIn(buttons[1], 'attributes.value')
    const chosen = await ann.submit(sent.flow, { method: 'code', recovery_select_address: other })
    expect([chosen.flow.state, saidIn(chosen.flow)]).toEqual(['recovery_confirming_address', ['1060005']])

    const wrong = await ann.submit(chosen.flow, { method: 'code', recovery_confirm_address: 'third@example.test' })
    expect([wrong.flow.state, saidIn(wrong.flow)]).toEqual(['recovery_awaiting_code', ['1060004']])
    expect(await mailsTo(app, 'third@example.test')).toHaveLength(0)

    const back = await ann.submit(wrong.flow, { method: 'code', screen: 'previous' })
    expect(back.flow.state).toBe('recovery_awaiting_address_choice')
    const again = await ann.submit(back.flow, { method: 'code', recovery_select_address: other })
    const right = await ann.submit(again.flow, { method: 'code', recovery_confirm_address: 'second@example.test' })
    const resent = await ann.submit(right.flow, { method: 'code', recovery_confirm_address: 'second@example.test' })
    expect(await mailsTo(app, 'second@example.test')).toHaveLength(2)
    const done = await ann.submit(resent.flow, { method: 'code', code: await codeTo(app, 'second@example.test') })
    expect([done.status, done.flow.state]).toEqual([200, 'passed_challenge'])
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe('ann@example.test')
  })

  test('the address that was typed needs no second typing', async () => {
    const { ann, sent } = await asked('ann@example.test')
    const own = valueIn(sent.flow, 'recovery_select_address')
    const chosen = await ann.submit(sent.flow, { method: 'code', recovery_select_address: own })
    expect(chosen.flow.state).toBe('recovery_awaiting_code')
    const done = await ann.submit(chosen.flow, { method: 'code', code: await codeTo(app, 'ann@example.test') })
    expect(done.flow.state).toBe('passed_challenge')
  })

  test('back without a choice is back to the address', async () => {
    const { ann, sent } = await asked('one@example.test')
    const back = await ann.submit(sent.flow, { method: 'code', screen: 'previous' })
    expect([back.flow.state, namesIn(back.flow)]).toEqual([
      'recovery_awaiting_address',
      ['csrf_token', 'recovery_address', 'method'],
    ])
  })
})
