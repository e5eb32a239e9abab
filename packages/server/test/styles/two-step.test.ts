import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { withCodes } from '../code/base.ts'
import { at } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, namesIn, saidIn, somebody, textIn, valueIn } from '../somebody.ts'

const ONE = ['csrf_token', 'traits.email', 'traits.second', 'traits.name.first', 'method']
const TWO = [
  'csrf_token',
  'traits.email',
  'traits.second',
  'traits.name.first',
  'method',
  'password',
  'method',
  'screen',
]

describe.each(DIALECTS)('a sign-up in two steps, on %s', (dialect) => {
  let app: TestApp
  let hooks: Receiver
  let count = 0
  beforeAll(async () => {
    hooks = await startReceiver()
    const config = withCodes({ hooks: hooks.url() })
    app = await startTestApp({ dialect, config })
    await app.reload({ selfservice: { flows: { registration: { style: 'profile_first' } } } })
  })
  afterAll(async () => {
    await app.close()
    await hooks.close()
  })
  const traitsOf = () => ({ email: `ann-${++count}@example.test`, name: { first: 'Ann' } })
  const typesIn = (flow: Parameters<typeof namesIn>[0]) =>
    listIn(flow, 'ui.nodes')
      .filter((node) => textIn(node, 'attributes.name').startsWith('traits.'))
      .map((node) => textIn(node, 'attributes.type'))

  test.each(CLIENTS)('%s: who somebody is, back, on, and a password', async (client) => {
    hooks.reset()
    const refused = client === 'form' ? 303 : 400
    const traits = traitsOf()
    const ann = somebody(app, client)
    const first = await ann.start('registration')
    expect(namesIn(first.flow)).toEqual(ONE)

    const second = await ann.submit(first.flow, { method: 'profile', traits, transient_payload: { a: '1' } })
    expect(second.status).toBe(refused)
    expect(saidIn(second.flow)).toEqual(['1040009'])
    expect(namesIn(second.flow)).toEqual(TWO)
    expect(typesIn(second.flow)).toEqual(['hidden', 'hidden', 'hidden'])
    expect(valueIn(second.flow, 'traits.email')).toBe(traits.email)

    const back = await ann.submit(second.flow, { screen: 'previous', traits })
    expect(back.status).toBe(refused)
    expect(namesIn(back.flow)).toEqual(ONE)
    expect(typesIn(back.flow)).toEqual(['email', 'email', 'text'])
    expect(valueIn(back.flow, 'traits.name.first')).toBe('Ann')
    expect(saidIn(back.flow)).toEqual([])

    const again = await ann.submit(back.flow, { method: 'profile', traits })
    const weak = await ann.submit(again.flow, { method: 'password', password: 'short', traits })
    expect(saidIn(weak.flow)).toEqual(['password: 4000032'])
    expect(typesIn(weak.flow)).toEqual(['hidden', 'hidden', 'hidden'])
    // Steps are no moment for actions.
    expect(hooks.calls.map(({ path }) => path.replace(/^\/+/, ''))).toEqual(['registration.before'])
    const done = await ann.submit(weak.flow, { method: 'password', password: PASSWORD, traits })
    expect(done.status).toBe(client === 'form' ? 303 : 200)
    expect(at((await ann.whoami()).json, 'identity.traits')).toEqual(traits)
  })

  test.each(['profile:back', 'profile'])('back as %s, and what is missing is said', async (method) => {
    const ann = somebody(app, 'ajax')
    const second = await ann.submit((await ann.start('registration')).flow, { method: 'profile', traits: traitsOf() })
    const missing = await ann.submit(second.flow, { method, screen: 'previous' })
    expect(saidIn(missing.flow)).toEqual(['traits.email: 4000002'])
  })

  test('wrong traits keep somebody at the first step', async () => {
    const ann = somebody(app, 'ajax')
    const wrong = await ann.submit((await ann.start('registration')).flow, {
      method: 'profile',
      traits: { email: 'nothing' },
    })
    expect(wrong.status).toBe(400)
    expect(saidIn(wrong.flow)).toEqual(['traits.email: 4000040'])
    expect(namesIn(wrong.flow)).toEqual(ONE)
  })

  test('by code, back to the choice, and by code after all', async () => {
    const traits = traitsOf()
    const ann = somebody(app, 'ajax')
    const second = await ann.submit((await ann.start('registration')).flow, { method: 'profile', traits })
    const sent = await ann.submit(second.flow, { method: 'code', traits })
    expect(namesIn(sent.flow).at(-1)).toBe('screen')
    const choice = await ann.submit(sent.flow, { method: 'code', screen: 'credential-selection', traits })
    expect(choice.flow.state).toBe('choose_method')
    expect(namesIn(choice.flow)).toEqual(TWO)
    const resent = await ann.submit(choice.flow, { method: 'code', traits })
    const done = await ann.submit(resent.flow, { method: 'code', code: await codeTo(app, traits.email), traits })
    expect(done.status).toBe(200)
    expect(at((await ann.whoami()).json, 'identity.traits')).toEqual(traits)
  })

  test('a client that knows everything at once needs no step', async () => {
    const traits = traitsOf()
    const ann = somebody(app, 'api')
    const done = await ann.submit((await ann.start('registration')).flow, {
      method: 'password',
      password: PASSWORD,
      traits,
    })
    expect(done.status).toBe(200)
  })

  test('without the profile method there is one step', async () => {
    await app.reload({
      selfservice: { methods: { profile: { enabled: false } }, flows: { registration: { style: 'profile_first' } } },
    })
    const { flow } = await somebody(app, 'ajax').start('registration')
    expect(namesIn(flow)).toEqual([
      'csrf_token',
      'traits.email',
      'traits.second',
      'traits.name.first',
      'method',
      'password',
      'method',
    ])
    await app.reload({ selfservice: { flows: { registration: { style: 'profile_first' } } } })
  })
})
