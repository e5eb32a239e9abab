import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { codeTo, linkTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, namesIn, saidIn, type Somebody, somebody, textIn, valueIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const MINUTES = 60_000
const WRONG = (code: string) => (code === '000000' ? '111111' : '000000')

describe.each(DIALECTS)('verification on %s', (dialect) => {
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

  /** Somebody with an address nobody has written to: verification was off when they came. */
  const person = async () => {
    const email = `ann-${++count}@example.test`
    const ann = somebody(app, 'api')
    await ann.signUp(email)
    return { email, ann }
  }
  const addressOf = async (ann: Somebody) => at((await ann.whoami()).json, 'identity.verifiable_addresses.0')
  const asked = async (client: Somebody['client'], email: string, query = '') => {
    const whoever = somebody(app, client)
    const started = await whoever.start('verification', query)
    const sent = await whoever.submit(started.flow, { method: 'code', email })
    return { whoever, started, sent }
  }

  test.each(CLIENTS)('%s: a code from a mail verifies the address, signed in or not', async (client) => {
    const { email, ann } = await person()
    const { whoever, started, sent } = await asked(client, email, '?return_to=https://allowed.example.test/done')
    expect(started.flow).toMatchObject({ state: 'choose_method', active: 'code' })
    expect(namesIn(started.flow)).toEqual(client === 'api' ? ['email', 'method'] : ['email', 'method', 'csrf_token'])
    expect([sent.flow.state, saidIn(sent.flow)]).toEqual(['sent_email', ['1080003']])
    expect(namesIn(sent.flow)).toEqual(
      client === 'api' ? ['method', 'code', 'method', 'email'] : ['method', 'code', 'method', 'csrf_token', 'email'],
    )
    const code = await codeTo(app, email)
    const wrong = await whoever.submit(sent.flow, { method: 'code', code: WRONG(code) })
    expect([wrong.status, saidIn(wrong.flow)]).toEqual([client === 'form' ? 303 : 200, ['4070006']])

    const right = await whoever.submit(wrong.flow, { code })
    expect([right.status, right.flow.state, saidIn(right.flow)]).toEqual([
      client === 'form' ? 303 : 200,
      'passed_challenge',
      ['1080002'],
    ])
    expect(right.flow).toMatchObject({ ui: { method: 'GET', action: 'https://allowed.example.test/done' } })
    expect(namesIn(right.flow)).toEqual(['csrf_token', 'continue'])
    expect(await addressOf(ann)).toMatchObject({ value: email, verified: true, status: 'completed' })

    const again = await whoever.submit(wrong.flow, { method: 'code', code })
    if (client === 'form') expect(saidIn(again.flow)).toEqual(['4070002'])
    else expect([again.status, at(again.json, 'error.id')]).toEqual([410, 'self_service_flow_replaced'])
    const next =
      client === 'form' ? again.flow : (await whoever.see('verification', textIn(again.json, 'use_flow_id'))).flow
    expect(saidIn(next)).toEqual(['4070002'])
    expect(saidIn((await whoever.submit(next, { method: 'code', email })).flow)).toEqual(['1080003'])
  })

  test.each(CLIENTS)('%s: the link of the mail fills the code in, in whatever browser it is opened', async (client) => {
    const { email, ann } = await person()
    const { whoever, sent } = await asked(client, email)
    const link = await linkTo(app, email)
    expect(link).toContain(`${app.publicUrl}/self-service/verification?code=`)
    if (client === 'api') return
    const same = await whoever.open(link)
    expect([same.status, same.location]).toEqual([
      303,
      `http://ui.example.test/verification?flow=${textIn(sent.flow, 'id')}`,
    ])

    const phone = somebody(app, 'form')
    const elsewhere = await phone.open(link)
    expect(valueIn(elsewhere.flow, 'code')).toBe(await codeTo(app, email))
    expect(await addressOf(ann)).toMatchObject({ verified: false })
    const right = await phone.submit(elsewhere.flow, { method: 'code', code: valueIn(elsewhere.flow, 'code') })
    expect(right.flow.state).toBe('passed_challenge')
  })

  test('a link with a wrong code takes a flow from nobody, and counts as a try', async () => {
    const { email } = await person()
    const { whoever, sent } = await asked('ajax', email)
    const link = await linkTo(app, email)
    const code = await codeTo(app, email)
    const wrong = link.replace(/code=\d+/, `code=${WRONG(code)}`)
    for (let i = 0; i < 5; i++) await somebody(app, 'form').open(wrong)
    const over = await whoever.submit(sent.flow, { method: 'code', code })
    expect([over.status, at(over.json, 'error.id')]).toEqual([410, 'self_service_flow_replaced'])
  })

  test.each(CLIENTS)('%s: after five wrong codes a new flow says why', async (client) => {
    const { email, ann } = await person()
    const { whoever, sent } = await asked(client, email)
    const code = await codeTo(app, email)
    let { flow } = sent
    for (let i = 0; i < 5; i++) flow = (await whoever.submit(flow, { method: 'code', code: WRONG(code) })).flow
    const over = await whoever.submit(flow, { method: 'code', code })
    expect(over.status).toBe(client === 'form' ? 303 : 410)
    const next =
      client === 'form' ? over.flow : (await whoever.see('verification', textIn(over.json, 'use_flow_id'))).flow
    expect(saidIn(next)).toEqual(['4000001'])
    expect(await addressOf(ann)).toMatchObject({ verified: false })
  })

  test.each(CLIENTS)('%s: an expired flow leads to a new one', async (client) => {
    await app.reload(fiveFlows({ verification: { lifespan: '10m' } }))
    const { email } = await person()
    const { whoever, sent } = await asked(client, email)
    app.turn(11 * MINUTES)
    const late = await whoever.submit(sent.flow, { method: 'code', code: '123456' })
    expect([late.status, saidIn(late.flow)]).toEqual([303, ['4070005']])
    expect(late.location).toContain(client === 'form' ? '/verification?flow=' : '/self-service/verification/flows?id=')
  })

  test('nobody can see whether an address is known; what is no e-mail address is taken for a phone', async () => {
    const { email } = await person()
    const known = await asked('ajax', email)
    const unknown = await asked('ajax', 'nobody@example.test')
    expect([unknown.sent.status, namesIn(unknown.sent.flow), saidIn(unknown.sent.flow)]).toEqual([
      known.sent.status,
      namesIn(known.sent.flow),
      saidIn(known.sent.flow),
    ])
    expect(await mailsTo(app, 'nobody@example.test')).toHaveLength(0)
    expect(saidIn((await asked('ajax', '+4930123456')).sent.flow)).toEqual(['1080004'])
    expect(saidIn((await asked('ajax', 'nonsense')).sent.flow)).toEqual(['1080004'])
  })

  test('a stranger is written to only where that is wanted', async () => {
    await app.reload(fiveFlows({ verification: { notify_unknown_recipients: true } }))
    await asked('api', 'stranger@example.test')
    expect((await mailsTo(app, 'stranger@example.test')).map(({ template }) => template)).toEqual([
      'verification_code_invalid',
    ])
  })

  test.each([
    ['nothing', {}, 'email: 4000002'],
    ['ten thousand characters', { email: 'a'.repeat(10_000) }, 'email: 4000017'],
    ['an object', { email: { a: 1 } }, 'email: 4000002'],
  ])('%s cannot be verified', async (_name, fields: JsonObject, said) => {
    const ann = somebody(app, 'api')
    const wrong = await ann.submit((await ann.start('verification')).flow, { method: 'code', ...fields })
    expect([wrong.status, saidIn(wrong.flow)]).toEqual([400, [said]])
  })

  test('the same code from ten requests at once verifies once, and ten hooks hear of it at most once', async () => {
    await app.reload(
      fiveFlows({
        verification: { after: { hooks: [webHook(receiver.url('/told'), { response: { ignore: true } })] } },
      }),
    )
    const { email } = await person()
    const { whoever, sent } = await asked('api', email)
    const code = await codeTo(app, email)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => whoever.submit(sent.flow, { method: 'code', code })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(9)
    await receiver.waitFor('/told')
    expect(receiver.callsTo('/told')).toHaveLength(1)
  })

  test.each(CLIENTS)('%s: a refusal by an action after it consumes nothing', async (client) => {
    const parse = { response: { parse: true } }
    await app.reload(fiveFlows({ verification: { after: { hooks: [webHook(receiver.url('/after'), parse)] } } }))
    const messages = [{ messages: [{ id: 7002, text: 'not today', type: 'error' }] }]
    receiver.on('/after', { status: 400, json: { messages } }, { json: {} })
    const { email, ann } = await person()
    const { whoever, sent } = await asked(client, email)
    const code = await codeTo(app, email)
    const refused = await whoever.submit(sent.flow, { method: 'code', code })
    expect(refused.status).toBe(client === 'form' ? 303 : 400)
    expect([refused.flow.id, refused.flow.state, saidIn(refused.flow)]).toEqual([sent.flow.id, 'sent_email', ['7002']])
    expect(await addressOf(ann)).toMatchObject({ verified: false })
    const right = await whoever.submit(refused.flow, { method: 'code', code })
    expect(right.flow.state).toBe('passed_challenge')
    expect(await addressOf(ann)).toMatchObject({ verified: true })
  })

  test.each(CLIENTS)('%s: switched off, it says so', async (client) => {
    await app.reload(fiveFlows({ verification: { enabled: false } }))
    const off = await somebody(app, client).start('verification')
    if (client === 'form') expect(off.location).toContain('/error?id=')
    else
      expect([off.status, at(off.json, 'error.reason')]).toEqual([
        400,
        'Verification is not allowed because it was disabled.',
      ])
  })

  describe('by link', () => {
    const byLink = (flows: JsonObject = {}) => fiveFlows({ verification: { use: 'link' }, ...flows })

    test.each(CLIENTS)('%s: opening it verifies, in any browser, and once', async (client) => {
      await app.reload(byLink())
      const { email, ann } = await person()
      const whoever = somebody(app, client)
      const started = await whoever.start('verification')
      const sent = await whoever.submit(started.flow, { method: 'link', email })
      expect([sent.flow.active, saidIn(sent.flow)]).toEqual(['link', ['1080001']])
      const link = await linkTo(app, email)
      const phone = somebody(app, 'form')
      const opened = await phone.open(link)
      expect([opened.status, opened.flow.state, saidIn(opened.flow)]).toEqual([303, 'passed_challenge', ['1080002']])
      expect(await addressOf(ann)).toMatchObject({ verified: true })
      expect(saidIn((await phone.open(link)).flow)).toEqual(['4070001'])
    })
  })

  describe('that nobody asked for', () => {
    test.each(CLIENTS)(
      '%s: a sign-up writes to its address, and is led there where an action says so',
      async (client) => {
        await app.reload(
          fiveFlows({
            registration: { after: { password: { hooks: [{ hook: 'session' }, { hook: 'show_verification_ui' }] } } },
          }),
        )
        const email = `new-${++count}@example.test`
        const ann = somebody(app, client)
        const after = 'https://allowed.example.test/welcome'
        const done = await ann.signUp(email, {}, `?after_verification_return_to=${after}`)
        expect((await mailsTo(app, email)).map(({ template }) => template)).toEqual(['verification_code_valid'])
        const step = listIn(done.json, 'continue_with').find((each) => at(each, 'action') === 'show_verification_ui')
        const id = client === 'form' ? textIn(done.flow, 'id') : textIn(step, 'flow.id')
        if (client === 'form') expect(done.location).toContain('http://ui.example.test/verification?flow=')
        else expect(textIn(step, 'flow.verifiable_address')).toBe(email)
        expect(textIn(step, 'flow.url') !== '').toBe(client === 'ajax')

        const seen = await ann.see('verification', id)
        expect([seen.flow.state, saidIn(seen.flow)]).toEqual(['sent_email', ['1080003']])
        const right = await ann.submit(seen.flow, { method: 'code', code: await codeTo(app, email) })
        expect(right.flow).toMatchObject({ state: 'passed_challenge', ui: { action: after } })
      },
    )

    test('a sign-up that is refused writes to nobody', async () => {
      const parse = { response: { parse: true } }
      await app.reload(
        fiveFlows({ registration: { after: { password: { hooks: [webHook(receiver.url('/no'), parse)] } } } }),
      )
      receiver.on('/no', { status: 400, json: { messages: [{ messages: [{ id: 1, text: 'no', type: 'error' }] }] } })
      const email = `refused-${++count}@example.test`
      expect((await somebody(app, 'api').signUp(email)).status).toBe(400)
      expect(await mailsTo(app, email)).toHaveLength(0)
    })

    test.each(CLIENTS)('%s: require_verified_address lets nobody in before, and leads there', async (client) => {
      await app.reload(fiveFlows({ login: { after: { password: { hooks: [{ hook: 'require_verified_address' }] } } } }))
      const { email } = await person()
      const bob = somebody(app, client)
      const refused = await bob.signIn(email)
      expect((await bob.whoami()).status).toBe(401)
      let { flow } = refused
      if (client === 'form') {
        expect([refused.status, refused.location]).toEqual([
          303,
          `http://ui.example.test/verification?flow=${textIn(flow, 'id')}`,
        ])
      } else {
        expect(refused.status).toBe(403)
        expect(refused.json).toMatchObject({
          error: {
            id: 'session_verified_address_required',
            code: 400,
            status: 'Bad Request',
            details: { continue_with: [{ action: 'show_verification_ui', flow: { verifiable_address: email } }] },
          },
        })
        flow = (await bob.see('verification', textIn(refused.json, 'error.details.continue_with.0.flow.id'))).flow
      }
      await bob.submit(flow, { method: 'code', code: await codeTo(app, email) })
      const inside = await bob.signIn(email)
      expect(inside.status).toBe(client === 'form' ? 303 : 200)
      expect((await bob.whoami()).status).toBe(200)
    })

    test('with the old flag it is a word in the form', async () => {
      await app.reload(
        fiveFlows(
          { login: { after: { password: { hooks: [{ hook: 'require_verified_address' }] } } } },
          {},
          {
            feature_flags: { legacy_require_verified_login_error: true },
          },
        ),
      )
      const { email } = await person()
      const refused = await somebody(app, 'api').signIn(email)
      expect([refused.status, saidIn(refused.flow)]).toEqual([400, ['4000010']])
    })

    test.each(CLIENTS)(
      '%s: the verification action writes when somebody signs in, and show_verification_ui leads there',
      async (client) => {
        await app.reload(
          fiveFlows({ login: { after: { hooks: [{ hook: 'verification' }, { hook: 'show_verification_ui' }] } } }),
        )
        const { email } = await person()
        const before = (await mailsTo(app, email)).length
        const bob = somebody(app, client)
        const done = await bob.signIn(email)
        expect(await mailsTo(app, email)).toHaveLength(before + 1)
        expect((await bob.whoami()).status).toBe(200)
        const id =
          client === 'form'
            ? textIn(done.flow, 'id')
            : textIn(done.json, `continue_with.${client === 'ajax' ? 1 : 0}.flow.id`)
        const { flow } = await bob.see('verification', id)
        expect((await bob.submit(flow, { method: 'code', code: await codeTo(app, email) })).flow.state).toBe(
          'passed_challenge',
        )
        const again = await somebody(app, client).signIn(email)
        expect(again.status).toBe(client === 'form' ? 303 : 200)
        expect(await mailsTo(app, email)).toHaveLength(before + 1)
      },
    )
  })

  describe('of a new address that waits for it', () => {
    const held = (more: JsonObject = {}) =>
      fiveFlows({
        settings: {
          after: {
            profile: {
              hooks: [
                { hook: 'verify_new_address' },
                { hook: 'notify_previous_addresses', config: { recipients: 'removed' } },
                webHook(receiver.url('/changed'), { response: { ignore: true } }),
              ],
            },
          },
        },
        ...more,
      })
    const changing = async (client: Somebody['client']) => {
      await app.reload(held())
      const email = `ann-${++count}@example.test`
      const other = `other-${email}`
      const ann = somebody(app, client)
      await ann.signUp(email)
      const { flow } = await ann.start('settings')
      const wait = await ann.submit(flow, { method: 'profile', traits: { email: other, name: { first: 'Ann' } } })
      const id = client === 'form' ? textIn(wait.flow, 'id') : textIn(wait.json, 'continue_with.0.flow.id')
      return { ann, email, other, wait, verification: (await ann.see('verification', id)).flow, settings: flow }
    }

    test.each(CLIENTS)('%s: nothing changes until its code has come back; then everything does', async (client) => {
      const { ann, email, other, wait, verification } = await changing(client)
      if (client === 'form') expect(wait.location).toContain('http://ui.example.test/verification?flow=')
      else expect([wait.status, wait.flow.state]).toEqual([200, 'show_form'])
      expect((await ann.whoami()).json).toMatchObject({ identity: { traits: { email } } })
      expect(receiver.callsTo('/changed')).toHaveLength(0)

      const code = await codeTo(app, other)
      expect(saidIn((await ann.submit(verification, { method: 'code', code: WRONG(code) })).flow)).toEqual(['4070006'])
      const right = await ann.submit(verification, { method: 'code', code })
      expect(right.flow.state).toBe('passed_challenge')
      expect((await ann.whoami()).json).toMatchObject({
        identity: {
          traits: { email: other, name: { first: 'Ann' } },
          verifiable_addresses: [{ value: other, verified: true, status: 'completed' }],
        },
      })
      expect((await mailsTo(app, email)).at(-1)?.template).toBe('verifiable_address_changed')
      const [told] = await receiver.waitFor('/changed')
      const ctx = JSON.parse(told?.body ?? '')
      expect(ctx).toMatchObject({
        trigger: { flow: 'settings', phase: 'after', method: 'profile' },
        flow: { state: 'show_form' },
        identity: { traits: { email: other } },
        previous_identity: { traits: { email } },
      })
      expect((await somebody(app, 'api').signIn(other)).status).toBe(200)
    })

    test('it dies with the session that asked for it', async () => {
      const { ann, email, other, verification } = await changing('ajax')
      const bob = somebody(app, 'api')
      const token = textIn((await bob.signIn(email)).json, 'session_token')
      await bob.http.send(`${app.publicUrl}/sessions`, { method: 'DELETE', headers: { 'x-session-token': token } })
      const dead = await ann.submit(verification, { method: 'code', code: await codeTo(app, other) })
      expect([dead.status, saidIn(dead.flow)]).toEqual([200, ['4070006']])
    })

    test('another change in between makes it void', async () => {
      const { ann, email, other, verification } = await changing('api')
      await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email, newsletter: true } })
      const dead = await ann.submit(verification, { method: 'code', code: await codeTo(app, other) })
      expect(saidIn(dead.flow)).toEqual(['4070006'])
      expect((await ann.whoami()).json).toMatchObject({ identity: { traits: { email, newsletter: true } } })
    })

    test('an address that somebody else has taken meanwhile is theirs', async () => {
      const { ann, other, verification } = await changing('api')
      const code = await codeTo(app, other)
      await somebody(app, 'api').signUp(other)
      const late = await ann.submit(verification, { method: 'code', code })
      expect([late.status, saidIn(late.flow)]).toEqual([400, ['4000007']])
    })

    test('an address that somebody has already is refused at once', async () => {
      await app.reload(held())
      const { email: taken } = await person()
      const { ann } = await person()
      const refused = await ann.submit((await ann.start('settings')).flow, {
        method: 'profile',
        traits: { email: taken },
      })
      expect([refused.status, saidIn(refused.flow)]).toEqual([400, ['4000007']])
    })

    test('a change that is no change of address is made at once', async () => {
      await app.reload(held())
      const { email, ann } = await person()
      const saved = await ann.submit((await ann.start('settings')).flow, {
        method: 'profile',
        traits: { email, newsletter: true },
      })
      expect(saidIn(saved.flow)).toEqual(['1050001'])
    })
  })
})
