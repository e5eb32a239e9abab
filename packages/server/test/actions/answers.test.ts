import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, httpClient, textAt } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

/** What an answer that is parsed changes of a person (ory-actions.md §4.9, cases 109 to 121), through the real server. */
describe.each(DIALECTS)('answers that amend, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  const counted = { people: 0 }
  const newEmail = () => `person-${++counted.people}@example.test`
  const parsed = () => webHook(receiver.url('/hook'), { response: { parse: true } })

  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({
      dialect,
      config: fiveFlows({
        registration: { after: { password: { hooks: [parsed(), { hook: 'session' }] } } },
        settings: { after: { profile: { hooks: [parsed()] } } },
        login: { after: { hooks: [parsed()] } },
        recovery: { before: { hooks: [parsed()] } },
      }),
    })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => {
    receiver.reset()
    receiver.on('/hook', { status: 204 })
  })

  const stored = async (email: string): Promise<JsonObject> => {
    const url = `${app.adminUrl}/admin/identities?credentials_identifier=${encodeURIComponent(email)}`
    const found = JSON.parse((await httpClient({ keepsCookies: false }).get(url)).text)
    return found[0] ?? {}
  }
  const answering = (identity: unknown, status = 200) => receiver.on('/hook', { status, json: { identity } })
  const signUp = async (email: string, client: 'api' | 'ajax' = 'api') => somebody(app, client).signUp(email)
  const signsIn = async (email: string) => {
    receiver.on('/hook', { status: 204 })
    return (await somebody(app, 'api').signIn(email, PASSWORD)).status === 200
  }

  test.each([
    ['109: nothing', { body: '' }],
    ['a list', { body: '[]' }],
    ['118: an id that is none', { json: { identity: { id: 'abc' } } }],
    ['a time that is none', { json: { identity: { created_at: 'yesterday' } } }],
    ['traits too deep to be kept', { body: `{"identity":{"traits":${'['.repeat(70)}${']'.repeat(70)}}}` }],
  ])('%s is no answer, and nobody is stored', async (_name, answer) => {
    receiver.on('/hook', answer)
    const email = newEmail()
    const refused = await signUp(email)
    expect([refused.status, at(refused.json, 'error.code')]).toEqual([400, 500])
    expect(await stored(email)).toEqual({})
  })

  test.each([
    ['204', 204],
    ['112: 201', 201],
    ['202', 202],
  ])('%s changes nothing', async (_name, status) => {
    const email = newEmail()
    receiver.on('/hook', status === 204 ? { status } : { status, json: { identity: { metadata_admin: { k: 1 } } } })
    expect((await signUp(email)).status).toBe(200)
    expect(await stored(email)).toMatchObject({ metadata_admin: null })
  })

  test('111: metadata of both kinds is kept, the secret one for administrators only', async () => {
    const email = newEmail()
    answering({ metadata_public: { p: 1 }, metadata_admin: { k: 1 } })
    const answer = await signUp(email)
    expect(at(answer.json, 'identity.metadata_public')).toEqual({ p: 1 })
    expect(answer.text).not.toContain('metadata_admin')
    expect(await stored(email)).toMatchObject({ metadata_public: { p: 1 }, metadata_admin: { k: 1 } })
  })

  test('113: traits that lack what the schema wants are refused at the field', async () => {
    const email = newEmail()
    answering({ traits: { newsletter: true } })
    const refused = await signUp(email, 'ajax')
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('4000002')
    expect(await stored(email)).toEqual({})
  })

  test('114: another address becomes the one to sign in with, verified where the answer says so', async () => {
    const [typed, amended] = [newEmail(), newEmail()]
    answering({
      traits: { email: amended },
      verifiable_addresses: [
        { value: amended, via: 'email', verified: true, status: 'completed' },
        { value: 'unknown@example.test', via: 'email', verified: true },
      ],
    })
    expect((await signUp(typed)).status).toBe(200)
    expect(await stored(typed)).toEqual({})
    const person = await stored(amended)
    expect(person['verifiable_addresses']).toMatchObject([
      { value: amended, verified: true, status: 'completed', verified_at: expect.stringMatching(/^20/) },
    ])
    expect(await mailsTo(app, amended)).toEqual([])
    expect(await signsIn(amended)).toBe(true)
    expect(await signsIn(typed)).toBe(false)
  })

  test('115: somebody who is made inactive is told so', async () => {
    const email = newEmail()
    answering({ state: 'inactive' })
    const refused = await signUp(email, 'ajax')
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('4010011')
    expect(refused.headers.getSetCookie().join()).not.toMatch(/session=/)
    const person = await stored(email)
    expect(person).toMatchObject({ state: 'inactive' })
    const url = `${app.adminUrl}/admin/identities/${textAt(person, 'id')}/sessions`
    expect((await httpClient({ keepsCookies: false }).get(url)).text.trim()).toBe('[]')
    expect(await signsIn(email)).toBe(false)
  })

  test('116: a schema that is not there is refused', async () => {
    const email = newEmail()
    answering({ schema_id: 'nope' })
    const refused = await signUp(email, 'ajax')
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('4000001')
    expect(await stored(email)).toEqual({})
  })

  test('117: an external id is set, cleared, and taken once', async () => {
    const [first, second] = [newEmail(), newEmail()]
    answering({ external_id: `ext-${first}` })
    const ann = somebody(app, 'api')
    await ann.signUp(first)
    expect(await stored(first)).toMatchObject({ external_id: `ext-${first}` })
    const taken = await signUp(second, 'ajax')
    expect(taken.text).toContain('4000007')

    answering({ external_id: '' })
    const { flow } = await ann.start('settings')
    expect((await ann.submit(flow, { method: 'profile', traits: { email: first } })).status).toBe(200)
    expect(await stored(first)).not.toHaveProperty('external_id')
  })

  test('119: settings keep what is amended, and 120: an old session may not change an address this way', async () => {
    const [email, other] = [newEmail(), newEmail()]
    const ann = somebody(app, 'api')
    await ann.signUp(email)
    const rename = async () => {
      const { flow } = await ann.start('settings')
      return ann.submit(flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
    }
    answering({ metadata_public: { seen: true } })
    expect((await rename()).status).toBe(200)
    expect(await stored(email)).toMatchObject({ metadata_public: { seen: true }, traits: { name: { first: 'Ann' } } })

    app.turn(20 * 60_000)
    answering({ traits: { email: other } })
    const refused = await rename()
    expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
    expect(await stored(other)).toEqual({})
  })

  test('121: a login shows what is amended and does not keep it', async () => {
    const email = newEmail()
    await signUp(email)
    answering({ traits: { email, newsletter: true } })
    const ann = somebody(app, 'api')
    const answer = await ann.signIn(email)
    expect(at(answer.json, 'session.identity.traits.newsletter')).toBe(true)
    expect(await stored(email)).not.toMatchObject({ traits: { newsletter: true } })
    expect(at((await ann.whoami()).json, 'identity.traits.newsletter')).toBeUndefined()
  })

  test('before a flow there is nobody to amend (design.md §3, row 9)', async () => {
    answering({ traits: { email: 'x@example.test' } })
    expect((await somebody(app, 'api').start('recovery')).status).toBe(200)
  })

  test('S39, S40: several hooks see one another’s changes, and the last state is stored', async () => {
    await app.reload(
      fiveFlows({
        registration: {
          after: {
            hooks: [webHook(receiver.url('/never'))],
            password: {
              hooks: [
                webHook(receiver.url('/one'), { response: { parse: true } }),
                webHook(receiver.url('/two'), { response: { parse: true } }),
                webHook(receiver.url('/told'), { response: { ignore: true } }),
              ],
            },
          },
        },
      }),
    )
    receiver.on('/one', { json: { identity: { metadata_public: { step: 1 } } } })
    receiver.on('/two', { json: { identity: { metadata_public: { step: 2 } } } })
    const email = newEmail()
    await signUp(email)
    const [two] = receiver.callsTo('/two')
    expect(JSON.parse(two?.body ?? '').identity.metadata_public).toEqual({ step: 1 })
    const [told] = await receiver.waitFor('/told')
    expect(JSON.parse(told?.body ?? '').identity.metadata_public).toEqual({ step: 2 })
    expect(await stored(email)).toMatchObject({ metadata_public: { step: 2 } })
    expect(receiver.callsTo('/never')).toEqual([])
  })
})
