import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, type TestApp } from '../app.ts'
import { isJsonObject, type Json } from '../../src/core/json.ts'
import { createAuthenticator, type Fault } from '../authenticator.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { namesIn, saidIn, somebody, textIn, valueIn } from '../somebody.ts'
import { addingPasskey, factors, nodeIn, optionsIn, ORIGIN, RP, signedUp, startFactors } from './world.ts'

describe.each(DIALECTS)('passkeys on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startFactors(dialect)
  })
  beforeEach(() => app.reload(factors()))
  afterAll(() => app.close())

  const signUp = async (client: (typeof CLIENTS)[number] = 'ajax', fault: Fault = {}) => {
    count += 1
    const email = `passkey-${count}@example.test`
    const key = createAuthenticator(ORIGIN)
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    const data = optionsIn(flow, 'passkey_create_data')
    expect(data).toMatchObject({ displayNameFieldName: 'traits.email', displayNameFieldNames: ['traits.email'] })
    const options = at(data, 'credentialOptions')
    const passkey_register = key.create(isJsonObject(options) ? options : {}, fault)
    const answer = await ann.submit(flow, { traits: { email }, passkey_register })
    return { ann, email, key, answer, flow, passkey_register }
  }

  const signIn = async (
    client: (typeof CLIENTS)[number],
    key: ReturnType<typeof createAuthenticator>,
    fault: Fault = {},
  ) => {
    const ann = somebody(app, client)
    const { flow } = await ann.start('login')
    const passkey_login = key.get(optionsIn(flow, 'passkey_challenge'), fault)
    return { ann, flow, passkey_login, answer: await ann.submit(flow, { passkey_login }) }
  }

  test.each(CLIENTS)('%s: sign up, sign in without saying who one is, and the last passkey stays', async (client) => {
    const { email, key } = await signUp(client)
    const { ann } = await signIn(client, key)
    expect((await ann.whoami()).json).toMatchObject({
      authentication_methods: [{ method: 'passkey', aal: 'aal1' }],
      identity: { traits: { email } },
    })
    const { flow } = await ann.start('settings')
    expect(nodeIn(flow, 'passkey_remove')).toMatchObject({
      attributes: { disabled: true, value: key.held[0]?.id.toString('hex') },
      meta: { label: { id: 1050020, context: { display_name: email } } },
    })
    const refused = await ann.submit(flow, { passkey_remove: valueIn(flow, 'passkey_remove') })
    expect(saidIn(refused.flow)).toEqual(['passkey_remove: 4000001'])
  })

  test.each(CLIENTS)('%s: passkeys are added to a password and removed from it', async (client) => {
    const { ann, email } = await signedUp(app, client)
    const [one, two] = [createAuthenticator(ORIGIN), createAuthenticator(ORIGIN)]
    const first = await addingPasskey(ann, (await ann.start('settings')).flow, one)
    expect(saidIn(first.flow)).toEqual(['1050001'])
    const both = await addingPasskey(ann, first.flow, two)
    expect(namesIn(both.flow).filter((name) => name === 'passkey_remove')).toHaveLength(2)
    // Both know their person by the same name.
    expect(one.held[0]?.userHandle).toBe(two.held[0]?.userHandle)
    expect(at(optionsIn(both.flow, 'passkey_create_data'), 'publicKey.user.name')).toBe(email)
    for (const key of [one, two]) {
      const { ann: later } = await signIn(client, key)
      expect((await later.whoami()).json).toMatchObject({ identity: { traits: { email } } })
    }
    const left = await ann.submit(both.flow, { passkey_remove: valueIn(both.flow, 'passkey_remove') })
    const none = await ann.submit(left.flow, { passkey_remove: valueIn(left.flow, 'passkey_remove') })
    expect(namesIn(none.flow)).not.toContain('passkey_remove')
    expect(saidIn((await signIn('ajax', one)).answer.flow)).toEqual(['4000015'])
    // A passkey is no second factor.
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal1' })
  })

  test('a form sent without the script leads back to its page', async () => {
    const bob = somebody(app, 'ajax')
    const { flow } = await bob.start('login')
    const answer = await bob.submit(flow, { method: 'passkey' })
    expect(answer.status).toBe(422)
    expect(answer.location).toBe(`http://ui.example.test/login?flow=${textIn(flow, 'id')}`)
  })

  test.each<[string, Fault, string]>([
    ['another challenge', { challenge: 'AAAA' }, '4000043'],
    ['a broken signature', { garbage: 'signature' }, '4000043'],
    ['a counter that goes back', { counter: 0 }, '4000043'],
    ['a person nobody knows', { userHandle: 'bm9ib2R5' }, '4000015'],
    ['a page of another origin', { origin: 'https://evil.test' }, '4000001'],
    ['another relying party', { rpId: 'evil.test' }, '4000043'],
    ['nobody present', { withoutPresence: true }, '4000043'],
  ])('an answer with %s is refused', async (_name, fault, said) => {
    const { key } = await signUp()
    const { answer, ann } = await signIn('ajax', key, fault)
    expect([answer.status, ...saidIn(answer.flow)]).toEqual([400, said])
    expect((await ann.whoami()).status).toBe(401)
  })

  test('an answer is good once, and for the flow it was asked for in', async () => {
    const { key } = await signUp()
    const { passkey_login, answer, flow } = await signIn('ajax', key)
    expect(answer.status).toBe(200)
    const thief = somebody(app, 'ajax')
    const other = await thief.start('login')
    expect(saidIn((await thief.submit(other.flow, { passkey_login })).flow)).toEqual(['4000043'])
    expect((await thief.submit(flow, { passkey_login })).status).toBe(400)
    expect((await thief.whoami()).status).toBe(401)
  })

  test('an answer that made a passkey makes no second person', async () => {
    const { passkey_register, answer } = await signUp()
    expect(answer.status).toBe(200)
    const thief = somebody(app, 'api')
    const { flow: other } = await thief.start('registration')
    const copied = await thief.submit(other, { traits: { email: 'copied@example.test' }, passkey_register })
    expect([copied.status, ...saidIn(copied.flow)]).toEqual([400, '4000001'])
  })

  test('who must be verified is not let in unverified', async () => {
    const { key } = await signUp()
    await app.reload(
      factors({
        passkey: { enabled: true, config: { rp: RP, authenticator_selection: { user_verification: 'required' } } },
      }),
    )
    expect(saidIn((await signIn('ajax', key, { withoutVerification: true })).answer.flow)).toEqual(['4000043'])
    expect((await signIn('ajax', key)).answer.status).toBe(200)
    const refused = await signUp('ajax', { withoutVerification: true })
    expect(saidIn(refused.answer.flow)).toEqual(['4000001'])
  })

  test('a refresh asks for one’s own passkeys', async () => {
    const { ann, key } = await signUp()
    const { flow } = await ann.start('login', '?refresh=true')
    const options = optionsIn(flow, 'passkey_challenge')
    expect(at(options, 'publicKey.allowCredentials.0.id')).toBe(key.held[0]?.id.toString('base64url'))
    const answer = await ann.submit(flow, { passkey_login: key.get(options, { userHandle: '' }) })
    expect(answer.json).toMatchObject({
      session: { authentication_methods: [{ method: 'passkey' }, { method: 'passkey' }] },
    })
  })

  test('imported passkeys sign in', async () => {
    const { email, key } = await signUp()
    const url = `${app.adminUrl}/admin/identities?credentials_identifier=${email}&include_credential=passkey`
    const listed: Json = JSON.parse(await (await fetch(url)).text())
    const config = at(listed, '0.credentials.passkey.config') ?? null
    expect(textIn(listed, '0.credentials.passkey.identifiers.0')).toMatch(/^[\w-]{64}$/)
    await fetch(`${app.adminUrl}/admin/identities/${textIn(listed, '0.id')}`, { method: 'DELETE' })
    expect(saidIn((await signIn('ajax', key)).answer.flow)).toEqual(['4000015'])
    const body = {
      schema_id: 'default',
      traits: { email },
      credentials: { passkey: { config } },
    }
    const made = await fetch(`${app.adminUrl}/admin/identities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(made.status).toBe(201)
    expect((await signIn('ajax', key)).answer.status).toBe(200)
  })
})
