import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { createAuthenticator, type Fault } from '../authenticator.ts'
import { at } from '../http-client.ts'
import { namesIn, saidIn, somebody, textIn, type Told, valueIn } from '../somebody.ts'
import { adding, again, factors, nodeIn, optionsIn, ORIGIN, RP, signedUp, startFactors } from './world.ts'

const alone = factors({ webauthn: { enabled: true, config: { passwordless: true, rp: RP } } })

describe.each(DIALECTS)('security keys on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startFactors(dialect)
  })
  beforeEach(() => app.reload(factors()))
  afterAll(() => app.close())

  /** Somebody with a key that comes second. */
  const withKey = async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const key = createAuthenticator(ORIGIN)
    const saved = await adding(ann, (await ann.start('settings')).flow, key)
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    return { ann, email, key, saved }
  }

  const stepUp = async (email: string) => {
    const { ann } = await again(app, email, 'ajax')
    return { ann, flow: (await ann.start('login', '?aal=aal2')).flow }
  }

  test.each(['ajax', 'form'] as const)('S31, %s: a key is added, signs in second, and is removed', async (client) => {
    const { ann, email } = await signedUp(app, client)
    const key = createAuthenticator(ORIGIN)
    const started = await ann.start('settings')
    const options = optionsIn(started.flow, 'webauthn_register_trigger')
    expect(options).toMatchObject({
      publicKey: {
        rp: { id: 'example.test', name: 'Example' },
        authenticatorSelection: { userVerification: 'discouraged' },
      },
    })
    expect(nodeIn(started.flow, 'webauthn_register_trigger')).toMatchObject({
      attributes: {
        onclick: `window.oryWebAuthnRegistration(${valueIn(started.flow, 'webauthn_register_trigger')})`,
        onclickTrigger: 'oryWebAuthnRegistration',
      },
    })
    const saved = await adding(ann, started.flow, key)
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect(nodeIn(saved.flow, 'webauthn_remove')).toMatchObject({
      attributes: { disabled: false, value: key.held[0]?.id.toString('hex') },
      meta: { label: { id: 1050018, context: { display_name: 'my key' } } },
    })
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })

    const { ann: later } = await again(app, email, client)
    const { flow } = await later.start('login', '?aal=aal2')
    expect(namesIn(flow)).toEqual([
      'csrf_token',
      'identifier',
      'webauthn_login',
      'webauthn_script',
      'webauthn_login_trigger',
    ])
    await later.submit(flow, { webauthn_login: key.get(optionsIn(flow, 'webauthn_login_trigger')), identifier: email })
    expect((await later.whoami()).json).toMatchObject({
      authenticator_assurance_level: 'aal2',
      authentication_methods: [{ method: 'password' }, { method: 'webauthn', aal: 'aal2' }],
    })
    const settings = await later.start('settings')
    const gone = await later.submit(settings.flow, { webauthn_remove: valueIn(settings.flow, 'webauthn_remove') })
    expect(namesIn(gone.flow)).not.toContain('webauthn_remove')
    expect((await (await again(app, email, client)).ann.whoami()).status).toBe(200)
  })

  test('several keys: each is offered, none twice, each can go', async () => {
    const { ann, email, key, saved } = await withKey()
    expect(at(optionsIn(saved.flow, 'webauthn_register_trigger'), 'publicKey.excludeCredentials.0.id')).toBe(
      key.held[0]?.id.toString('base64url'),
    )
    const second = createAuthenticator(ORIGIN)
    const both = await adding(ann, saved.flow, second, {}, '<second>')
    expect(namesIn(both.flow).filter((name) => name === 'webauthn_remove')).toHaveLength(2)
    for (const each of [key, second]) {
      const { ann: later, flow } = await stepUp(email)
      const answer = each.get(optionsIn(flow, 'webauthn_login_trigger'))
      expect((await later.submit(flow, { webauthn_login: answer })).status).toBe(200)
    }
    const gone = await ann.submit(both.flow, { webauthn_remove: valueIn(both.flow, 'webauthn_remove') })
    expect(namesIn(gone.flow).filter((name) => name === 'webauthn_remove')).toHaveLength(1)
    const stranger = await ann.submit(gone.flow, { webauthn_remove: 'ab12' })
    expect(saidIn(stranger.flow)).toEqual(['webauthn_remove: 4000001'])
  })

  test.each<[string, Fault, string]>([
    ['another challenge', { challenge: 'AAAA' }, '4000043'],
    ['a broken signature', { garbage: 'signature' }, '4000043'],
    ['an unknown key', { id: 'AAAA' }, '4000043'],
    ['a counter that goes back', { counter: 0 }, '4000043'],
    ['a page of another origin', { origin: 'https://evil.test' }, '4000001'],
  ])('an answer with %s is refused, and the right one still taken', async (_name, fault, said) => {
    const { email, key } = await withKey()
    const { ann, flow } = await stepUp(email)
    const options = optionsIn(flow, 'webauthn_login_trigger')
    const refused = await ann.submit(flow, { webauthn_login: key.get(options, fault) })
    expect([refused.status, ...saidIn(refused.flow)]).toEqual([400, said])
    expect(nodeIn(refused.flow, 'webauthn_login')).not.toHaveProperty('attributes.value')
    expect((await ann.whoami()).status).toBe(403)
    expect((await ann.submit(flow, { webauthn_login: key.get(options, { counter: 9 }) })).status).toBe(200)
  })

  test('a wrong origin is named when a key is made, too', async () => {
    const { ann } = await signedUp(app, 'ajax')
    const answer = await adding(ann, (await ann.start('settings')).flow, createAuthenticator('https://evil.test'))
    expect([answer.status, ...saidIn(answer.flow)]).toEqual([400, '4000001'])
    expect(textIn(answer.flow, 'ui.messages.0.text')).toContain('"https://evil.test"')
  })

  test('an answer is good for its own flow, once', async () => {
    const { email, key } = await withKey()
    const first = await stepUp(email)
    const answer = key.get(optionsIn(first.flow, 'webauthn_login_trigger'))
    expect((await first.ann.submit(first.flow, { webauthn_login: answer })).status).toBe(200)
    const second = await stepUp(email)
    expect(saidIn((await second.ann.submit(second.flow, { webauthn_login: answer })).flow)).toEqual(['4000043'])
    const replayed = await first.ann.submit(first.flow, { webauthn_login: answer })
    expect(replayed.status).toBe(400)
  })

  test('raced, one answer signs in once', async () => {
    const { email, key } = await withKey()
    const { ann, flow } = await stepUp(email)
    const answer = key.get(optionsIn(flow, 'webauthn_login_trigger'))
    const all = await Promise.all(Array.from({ length: 4 }, () => ann.submit(flow, { webauthn_login: answer })))
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400])
  })

  test('a key cannot be added twice, nor with the answer of another flow', async () => {
    const { ann, key, saved } = await withKey()
    const { flow } = await ann.start('settings')
    const options = optionsIn(flow, 'webauthn_register_trigger')
    const answer = key.create(options)
    expect(saidIn((await ann.submit(saved.flow, { webauthn_register: answer })).flow)).toEqual(['4000001'])
    expect(saidIn((await ann.submit(flow, { webauthn_register: answer })).flow)).toEqual(['1050001'])
    // The challenge has been used up with the form that showed it.
    const again = await ann.submit(flow, { webauthn_register: answer })
    expect([again.status, ...saidIn(again.flow)]).toEqual([400, '4000001'])
  })

  test('native clients have no security keys', async () => {
    const { ann } = await signedUp(app, 'api')
    const { flow } = await ann.start('settings')
    expect(namesIn(flow).filter((name) => name.startsWith('webauthn'))).toEqual([])
    expect(saidIn((await ann.submit(flow, { method: 'webauthn' })).flow)).toEqual(['4010004'])
  })

  test('a key that comes second signs nobody in on its own', async () => {
    const { email, key } = await withKey()
    await app.reload(alone)
    const bob = somebody(app, 'ajax')
    const { flow } = await bob.start('login')
    expect(saidIn((await bob.submit(flow, { method: 'webauthn', identifier: email })).flow)).toEqual(['4000015'])
    // It is still asked for as the second one.
    const { ann, flow: second } = await stepUp(email)
    const answer = key.get(optionsIn(second, 'webauthn_login_trigger'))
    expect((await ann.submit(second, { webauthn_login: answer })).status).toBe(200)
  })

  describe('instead of a password', () => {
    beforeEach(() => app.reload(alone))
    let count = 0
    const signUp = async (key = createAuthenticator(ORIGIN)) => {
      count += 1
      const email = `key-${count}@example.test`
      const ann = somebody(app, 'ajax')
      const { flow } = await ann.start('registration')
      const answer = await ann.submit(flow, {
        traits: { email },
        webauthn_register: key.create(optionsIn(flow, 'webauthn_register_trigger')),
        webauthn_register_displayname: 'first',
      })
      return { ann, email, key, answer }
    }
    const ask = async (email: string, client: 'ajax' | 'form' = 'ajax') => {
      const ann = somebody(app, client)
      const { flow } = await ann.start('login')
      const asked = await ann.submit(flow, { method: 'webauthn', identifier: ` ${email.toUpperCase()}` })
      return { ann, asked }
    }
    const answered = (asked: Told, key: ReturnType<typeof createAuthenticator>, fault: Fault = {}): JsonObject => ({
      identifier: valueIn(asked.flow, 'identifier'),
      webauthn_login: key.get(optionsIn(asked.flow, 'webauthn_login_trigger'), fault),
    })

    test.each(['ajax', 'form'] as const)('S31, %s: sign up, sign in, and the last key stays', async (client) => {
      const { email, key, answer } = await signUp()
      expect(answer.json).toMatchObject({ session: { authentication_methods: [{ method: 'webauthn', aal: 'aal1' }] } })
      const { ann, asked } = await ask(email, client)
      expect(asked.status).toBe(client === 'form' ? 303 : 422)
      expect(saidIn(asked.flow)).toEqual(['1010012'])
      expect(namesIn(asked.flow)).toEqual([
        'identifier',
        'csrf_token',
        'webauthn_script',
        'webauthn_login_trigger',
        'webauthn_login',
      ])
      const wrong = await ann.submit(asked.flow, answered(asked, key, { garbage: 'signature' }))
      expect(saidIn(wrong.flow)).toEqual(['4000043'])
      await ann.submit(asked.flow, answered(asked, key))
      expect((await ann.whoami()).json).toMatchObject({
        authenticator_assurance_level: 'aal1',
        authentication_methods: [{ method: 'webauthn', aal: 'aal1' }],
      })

      const { flow } = await ann.start('settings')
      expect(nodeIn(flow, 'webauthn_remove')).toMatchObject({ attributes: { disabled: true } })
      const refused = await ann.submit(flow, { webauthn_remove: valueIn(flow, 'webauthn_remove') })
      expect(saidIn(refused.flow)).toEqual(['webauthn_remove: 4000001'])
      // With another way in it may go.
      await ann.submit(flow, { method: 'password', password: 'a-horse-with-9-batteries' })
      const free = await ann.start('settings')
      const gone = await ann.submit(free.flow, { webauthn_remove: valueIn(free.flow, 'webauthn_remove') })
      expect(saidIn(gone.flow)).toEqual(['1050001'])
    })

    test('strangers see a key for everybody where nobody may be found out, and it opens nothing', async () => {
      expect(saidIn((await ask('nobody@example.test')).asked.flow)).toEqual(['4000015'])
      const safe = await startTestApp({ dialect, profile: 'safe', config: alone })
      onTestFinished(() => safe.close())
      const offered = async () => {
        const eve = somebody(safe, 'ajax')
        const { flow } = await eve.start('login')
        const asked = await eve.submit(flow, { method: 'webauthn', identifier: 'nobody@example.test' })
        return { eve, asked, options: optionsIn(asked.flow, 'webauthn_login_trigger') }
      }
      const [first, second] = [await offered(), await offered()]
      expect([first.asked.status, ...saidIn(first.asked.flow)]).toEqual([422, '1010012'])
      // The same key every time: one that changed would give it away.
      const keyIn = (options: JsonObject) => textIn(options, 'publicKey.allowCredentials.0.id')
      expect(keyIn(first.options)).toMatch(/^[\w-]{43}$/)
      expect(keyIn(first.options)).toBe(keyIn(second.options))
      const key = createAuthenticator(ORIGIN)
      key.create({ publicKey: { rp: { id: 'example.test' }, user: { id: 'AAAA' }, challenge: 'AAAA' } })
      const tried = await first.eve.submit(first.asked.flow, {
        identifier: 'nobody@example.test',
        webauthn_login: key.get({ publicKey: { challenge: textIn(first.options, 'publicKey.challenge') } }),
      })
      expect(saidIn(tried.flow)).toEqual(['4000043'])
    })

    test('a missing name, and a name with the key of somebody else', async () => {
      const [ann, bob] = [await signUp(), await signUp()]
      const eve = somebody(app, 'ajax')
      const { flow } = await eve.start('login')
      expect(saidIn((await eve.submit(flow, { method: 'webauthn' })).flow)).toEqual(['identifier: 4000002'])
      const { ann: thief, asked } = await ask(ann.email)
      const stolen = await thief.submit(asked.flow, { ...answered(asked, bob.key) })
      expect(saidIn(stolen.flow)).toEqual(['4000043'])
      // The challenge was for Ann: Bob's own name does not make it his.
      const swapped = await thief.submit(asked.flow, { ...answered(asked, bob.key), identifier: bob.email })
      expect(swapped.json).toMatchObject({ session: { identity: { traits: { email: bob.email } } } })
    })

    test('an address that is taken, and traits that are wrong', async () => {
      const { email } = await signUp()
      const bob = somebody(app, 'ajax')
      const { flow } = await bob.start('registration')
      const key = createAuthenticator(ORIGIN)
      const webauthn_register = key.create(optionsIn(flow, 'webauthn_register_trigger'))
      expect(saidIn((await bob.submit(flow, { traits: { email }, webauthn_register })).flow)).toEqual(['4000007'])
      expect(saidIn((await bob.submit(flow, { traits: { email: 'nobody' }, webauthn_register })).flow)).toEqual([
        'traits.email: 4000040',
      ])
      expect(
        saidIn((await bob.submit(flow, { method: 'webauthn', traits: { email: 'x@example.test' } })).flow),
      ).toEqual(['webauthn_register: 4000002'])
    })
  })
})
