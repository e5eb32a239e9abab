import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, namesIn, saidIn, type Somebody, somebody, textIn, valueIn } from '../somebody.ts'
import { withCodes } from './base.ts'

const other = (code: string) => (code === '000000' ? '111111' : '000000')

describe.each(DIALECTS)('codes instead of passwords, on %s', (dialect) => {
  let app: TestApp
  let hooks: Receiver
  let count = 0
  beforeAll(async () => {
    hooks = await startReceiver()
    app = await startTestApp({ dialect, config: withCodes({ hooks: hooks.url() }) })
  })
  afterAll(async () => {
    await app.close()
    await hooks.close()
  })
  beforeEach(() => hooks.reset())

  const told = () => hooks.calls.map(({ path }) => path.replace(/^\/+/, ''))
  const bodyOf = (trigger: string) => JSON.parse(hooks.calls.find(({ path }) => path.endsWith(trigger))?.body ?? '{}')
  const address = () => `ann-${++count}@example.test`
  const signedUp = async () => {
    const email = address()
    await somebody(app, 'api').signUp(email)
    hooks.reset()
    return email
  }
  const ok = (client: Somebody['client']) => (client === 'form' ? 303 : 200)
  const refused = (client: Somebody['client']) => (client === 'form' ? 303 : 400)

  test.each(CLIENTS)('%s: a sign-up by code: wrong, again, right; the address is verified', async (client) => {
    const email = address()
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    expect(namesIn(flow)).toContain('method')
    const traits = { email, name: { first: 'Ann' } }
    const sent = await ann.submit(flow, { method: 'code', traits })
    expect(sent.status).toBe(refused(client))
    expect(sent.flow).toMatchObject({ state: 'sent_email', active: 'code' })
    expect(saidIn(sent.flow)).toEqual(['1040005'])
    expect(namesIn(sent.flow).slice(-4)).toEqual(['method', 'code', 'method', 'resend'])
    expect(valueIn(sent.flow, 'traits.email')).toBe(email)
    const first = await codeTo(app, email)
    const wrong = await ann.submit(sent.flow, { method: 'code', code: other(first), traits })
    expect(saidIn(wrong.flow)).toEqual(['4040003'])

    const again = await ann.submit(wrong.flow, { method: 'code', resend: 'code', traits })
    expect(saidIn(again.flow)).toEqual(['1040005'])
    expect(saidIn((await ann.submit(again.flow, { method: 'code', code: first, traits })).flow)).toEqual(['4040003'])
    expect(told()).toEqual(['registration.before'])
    const done = await ann.submit(again.flow, {
      method: 'code',
      code: await codeTo(app, email),
      traits,
      transient_payload: { by: 'code' },
    })
    expect(done.status).toBe(ok(client))
    expect((await ann.whoami()).json).toMatchObject({
      authentication_methods: [{ method: 'code', aal: 'aal1' }],
      identity: { traits, verifiable_addresses: [{ value: email, verified: true, status: 'completed' }] },
    })
    expect(told()).toEqual(['registration.before', 'registration.after.code'])
    expect(bodyOf('registration.after.code')).toMatchObject({
      flow: { active: 'code', state: 'passed_challenge', transient_payload: { by: 'code' } },
    })
    // The code itself is nobody else's business.
    expect(JSON.stringify(bodyOf('registration.after.code'))).not.toContain(await codeTo(app, email))
    expect((await mailsTo(app, email)).map(({ template }) => template)).toEqual([
      'registration_code_valid',
      'registration_code_valid',
    ])
  })

  test.each(CLIENTS)('%s: a sign-in by code: wrong, right, and never again', async (client) => {
    const email = await signedUp()
    const ann = somebody(app, client)
    const { flow } = await ann.start('login')
    const sent = await ann.submit(flow, { method: 'code', identifier: `  ${email.toUpperCase()}` })
    expect(sent.status).toBe(refused(client))
    expect(saidIn(sent.flow)).toEqual(['1010014'])
    expect(namesIn(sent.flow)).toEqual([
      'identifier',
      'method',
      'code',
      'method',
      'resend',
      ...(client === 'api' ? [] : ['csrf_token']),
    ])
    const code = await codeTo(app, email)
    const wrong = await ann.submit(sent.flow, { method: 'code', code: other(code), identifier: email })
    expect(saidIn(wrong.flow)).toEqual(['4010008'])
    expect(namesIn(wrong.flow)).toEqual(['csrf_token', 'identifier', 'code', 'resend', 'method', 'method'])
    expect(told()).toEqual(['login.before'])
    const done = await ann.submit(wrong.flow, { method: 'code', code, identifier: email })
    expect(done.status).toBe(ok(client))
    expect((await ann.whoami()).json).toMatchObject({
      authentication_methods: [{ method: 'code', aal: 'aal1' }],
      identity: { verifiable_addresses: [{ value: email, verified: true }] },
    })
    expect(told()).toEqual(['login.before', 'login.after.code'])
    expect(bodyOf('login.after.code')).toMatchObject({ flow: { state: 'passed_challenge', active: 'code' } })
    const replayed = await somebody(app, client).submit(wrong.flow, { method: 'code', code, identifier: email })
    expect(replayed.json).not.toHaveProperty('session_token')
    expect(replayed.json).not.toHaveProperty('session')
  })

  test('who it is must be said with the code, and be who the code was sent to', async () => {
    const [email, eve] = [await signedUp(), await signedUp()]
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
    const code = await codeTo(app, email)
    expect(saidIn((await ann.submit(sent.flow, { method: 'code', code })).flow)).toEqual(['identifier: 4000002'])
    expect(saidIn((await ann.submit(sent.flow, { method: 'code', code, identifier: eve })).flow)).toEqual(['4010008'])
    expect((await ann.submit(sent.flow, { method: 'code', code, identifier: email })).status).toBe(200)
  })

  test('after five wrong codes the right one is none any more, and a new one does not help in that flow', async () => {
    const email = await signedUp()
    const ann = somebody(app, 'ajax')
    const { flow } = await ann.start('login')
    let last = (await ann.submit(flow, { method: 'code', identifier: email })).flow
    const code = await codeTo(app, email)
    for (let i = 0; i < 5; i++) {
      last = (await ann.submit(last, { method: 'code', code: other(code), identifier: email })).flow
      expect(saidIn(last)).toEqual(['4010008'])
    }
    const tooOften = await ann.submit(last, { method: 'code', code, identifier: email })
    expect(saidIn(tooOften.flow)).toEqual(['4000001'])
    await ann.submit(tooOften.flow, { method: 'code', identifier: email, resend: 'code' })
    const fresh = await ann.submit(tooOften.flow, { method: 'code', code: await codeTo(app, email), identifier: email })
    expect(saidIn(fresh.flow)).toEqual(['4000001'])
    expect((await ann.whoami()).status).toBe(401)
  })

  test('guesses that are made at the same moment are all counted', async () => {
    const email = await signedUp()
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
    const code = await codeTo(app, email)
    await Promise.all(
      Array.from({ length: 8 }, () => ann.submit(sent.flow, { method: 'code', code: other(code), identifier: email })),
    )
    expect(saidIn((await ann.submit(sent.flow, { method: 'code', code, identifier: email })).flow)).toEqual(['4000001'])
  })

  test('a code has an end', async () => {
    const email = await signedUp()
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
    const code = await codeTo(app, email)
    await app.reload(
      withCodes({ hooks: hooks.url(), code: { passwordless_enabled: true, config: { lifespan: '1m' } } }),
    )
    const late = await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
    const soonOver = await codeTo(app, email)
    app.turn(61_000)
    expect(saidIn((await ann.submit(late.flow, { method: 'code', code: soonOver, identifier: email })).flow)).toEqual([
      '4010008',
    ])
    expect((await ann.submit(sent.flow, { method: 'code', code, identifier: email })).status).toBe(200)
    await app.reload(withCodes({ hooks: hooks.url() }))
  })

  test('a code of one flow is none in another', async () => {
    const email = await signedUp()
    const [ann, eve] = [somebody(app, 'ajax'), somebody(app, 'ajax')]
    await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
    const code = await codeTo(app, email)
    const hers = await eve.submit((await eve.start('login')).flow, { method: 'code', identifier: email })
    expect(saidIn((await eve.submit(hers.flow, { method: 'code', code, identifier: email })).flow)).toEqual(['4010008'])
  })

  test('nobody has this address', async () => {
    const ann = somebody(app, 'ajax')
    const { flow } = await ann.start('login')
    const unknown = await ann.submit(flow, { method: 'code', identifier: 'nobody@example.test' })
    expect(unknown.status).toBe(400)
    expect(saidIn(unknown.flow)).toEqual(['4000035'])
    expect(await mailsTo(app, 'nobody@example.test')).toEqual([])
  })

  test('other traits than those the code was sent for are refused; so is an address that is taken', async () => {
    const email = address()
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('registration')).flow, { method: 'code', traits: { email } })
    const code = await codeTo(app, email)
    const swapped = await ann.submit(sent.flow, { method: 'code', code, traits: { email, name: { first: 'Eve' } } })
    expect(saidIn(swapped.flow)).toEqual(['4000036'])
    await somebody(app, 'api').signUp(email)
    expect(saidIn((await ann.submit(sent.flow, { method: 'code', code, traits: { email } })).flow)).toEqual(['4000007'])
  })

  test('each of two addresses gets a code of its own, and only the one that answers is verified', async () => {
    const [email, second] = [address(), address()]
    const ann = somebody(app, 'ajax')
    const traits = { email, second }
    const sent = await ann.submit((await ann.start('registration')).flow, { method: 'code', traits })
    expect((await codeTo(app, email)) === (await codeTo(app, second))).toBe(false)
    expect((await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, second), traits })).status).toBe(200)
    const addresses = listIn((await ann.whoami()).json, 'identity.verifiable_addresses')
    expect(addresses.map((each) => [at(each, 'value'), at(each, 'verified')])).toEqual([
      [email, false],
      [second, true],
    ])
  })

  test('traits that are wrong are said before anything is sent', async () => {
    const ann = somebody(app, 'ajax')
    const wrong = await ann.submit((await ann.start('registration')).flow, {
      method: 'code',
      traits: { email: 'nothing' },
    })
    expect(saidIn(wrong.flow)).toEqual(['traits.email: 4000040'])
  })

  test('a refresh by code', async () => {
    const email = await signedUp()
    const ann = somebody(app, 'ajax')
    await ann.signIn(email)
    const before = (await ann.whoami()).json
    app.turn(60_000)
    const { flow } = await ann.start('login', '?refresh=true')
    expect(namesIn(flow)).toEqual(['csrf_token', 'identifier', 'method', 'password', 'method'])
    const sent = await ann.submit(flow, { method: 'code', identifier: email })
    expect(saidIn(sent.flow)).toEqual(['1010025'])
    expect(
      (await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email), identifier: email })).status,
    ).toBe(200)
    const after = (await ann.whoami()).json
    expect(after.id).toBe(before.id)
    expect(listIn(after, 'authentication_methods').map((each) => textIn(each, 'method'))).toEqual(['password', 'code'])
  })

  test('a refresh that lets an address be chosen', async () => {
    await app.reload(withCodes({ hooks: hooks.url(), more: { feature_flags: { refresh_login_choose_address: true } } }))
    const email = await signedUp()
    const ann = somebody(app, 'ajax')
    await ann.signIn(email)
    const { flow } = await ann.start('login', '?refresh=true')
    expect(valueIn(flow, 'address')).toBe(email)
    const sent = await ann.submit(flow, { address: email })
    expect(saidIn(sent.flow)).toEqual(['1010025'])
    expect(
      (await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email), identifier: email })).status,
    ).toBe(200)
    await app.reload(withCodes({ hooks: hooks.url() }))
  })
})

describe.each(DIALECTS)('a code as the second factor, on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({
      dialect,
      config: withCodes({
        code: { mfa_enabled: true },
        methods: { totp: { enabled: true } },
        flows: { settings: { ui_url: 'http://ui.example.test/settings', required_aal: 'highest_available' } },
      }),
    })
  })
  afterAll(() => app.close())

  const signedIn = async (client: Somebody['client'], second = false) => {
    const email = `two-${++count}@example.test`
    const traits = second ? { second: `other-${count}@example.test` } : {}
    await somebody(app, 'api').signUp(email, traits)
    const ann = somebody(app, client)
    const first = await ann.signIn(email)
    return { ann, email, first, other: `other-${count}@example.test` }
  }

  test.each(CLIENTS)(
    '%s: after the password a code is wanted, and sent at once where there is one address',
    async (client) => {
      const { ann, email, first } = await signedIn(client)
      expect((await ann.whoami()).status).toBe(403)
      if (client !== 'api') expect(first.location).toContain('aal=aal2')
      const stepUp = await ann.start('login', '?aal=aal2')
      expect(stepUp.flow).toMatchObject({ state: 'sent_email', requested_aal: 'aal2', active: 'code' })
      expect(saidIn(stepUp.flow)).toEqual(['1010025'])
      const code = await codeTo(app, email)
      expect(saidIn((await ann.submit(stepUp.flow, { method: 'code', code: other(code) })).flow)).toEqual(['4010008'])
      const done = await ann.submit(stepUp.flow, { method: 'code', code })
      expect(done.status).toBe(client === 'form' ? 303 : 200)
      expect((await ann.whoami()).json).toMatchObject({
        authenticator_assurance_level: 'aal2',
        authentication_methods: [
          { method: 'password', aal: 'aal1' },
          { method: 'code', aal: 'aal2' },
        ],
      })
    },
  )

  test('of two addresses one is chosen; somebody else’s is not sent to', async () => {
    const { ann, email, other: mine } = await signedIn('ajax', true)
    const { flow } = await ann.start('login', '?aal=aal2')
    expect(
      listIn(flow, 'ui.nodes').flatMap((node) =>
        textIn(node, 'attributes.name') === 'address' ? [textIn(node, 'attributes.value')] : [],
      ),
    ).toEqual([email, mine])
    expect(saidIn(flow)).toEqual(['1010004'])
    const theirs = await signedIn('ajax')
    expect(saidIn((await ann.submit(flow, { method: 'code', address: theirs.email })).flow)).toEqual(['4000035'])
    const sent = await ann.submit(flow, { address: mine })
    expect(textIn(listIn(sent.flow, 'ui.nodes')[0], 'attributes.name')).toBe('identifier')
    expect(valueIn(sent.flow, 'identifier')).toBe(mine)
    expect((await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, mine) })).status).toBe(200)
    expect((await ann.whoami()).status).toBe(200)
  })

  test('`via` restricts it to one trait', async () => {
    const { ann, other: mine } = await signedIn('ajax', true)
    const { flow } = await ann.start('login', '?aal=aal2&via=second')
    expect(flow.state).toBe('sent_email')
    expect(valueIn(flow, 'identifier')).toBe(mine)
  })

  test('a code signs nobody in on its own here', async () => {
    const email = `alone-${++count}@example.test`
    await somebody(app, 'api').signUp(email)
    const ann = somebody(app, 'ajax')
    const { flow } = await ann.start('login')
    expect(namesIn(flow)).toEqual(['csrf_token', 'identifier', 'password', 'method'])
    expect(saidIn((await ann.submit(flow, { method: 'code', identifier: email })).flow)).toEqual(['4010002'])
    expect(await mailsTo(app, email)).toHaveLength(1)
    expect((await ann.signIn(email, PASSWORD)).status).toBe(422)
  })
})

describe('who has an account is not told', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ profile: 'safe', config: withCodes() })
  })
  afterAll(() => app.close())

  test('a code that nobody was sent is awaited like any other', async () => {
    await somebody(app, 'api').signUp('ann@example.test')
    const answers = []
    for (const identifier of ['ann@example.test', 'nobody@example.test']) {
      const who = somebody(app, 'ajax')
      const sent = await who.submit((await who.start('login')).flow, { method: 'code', identifier })
      const wrong = await who.submit(sent.flow, { method: 'code', code: '000000', identifier })
      answers.push([sent.status, saidIn(sent.flow), namesIn(sent.flow), wrong.status, saidIn(wrong.flow)])
    }
    expect(answers[1]).toEqual(answers[0])
    expect(await mailsTo(app, 'nobody@example.test')).toEqual([])
  })
})
