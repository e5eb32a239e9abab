import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { withCodes } from '../code/base.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, namesIn, saidIn, somebody, textIn, valueIn } from '../somebody.ts'

const PROVIDER: JsonObject = {
  id: 'up',
  provider: 'generic',
  client_id: 'us',
  issuer_url: 'http://127.0.0.1:1',
  mapper_url: `base64://${Buffer.from('{ identity: { traits: {} } }').toString('base64')}`,
}
const passkey = {
  enabled: true,
  config: { rp: { id: '127.0.0.1', display_name: 'Us', origins: ['http://127.0.0.1'] } },
}
const oidc = { enabled: true, config: { providers: [PROVIDER] } }

describe.each(DIALECTS)('who somebody is, first, on %s', (dialect) => {
  let app: TestApp
  let hooks: Receiver
  let count = 0
  beforeAll(async () => {
    hooks = await startReceiver()
    app = await startTestApp({ dialect, config: withCodes({ hooks: hooks.url(), methods: { passkey, oidc } }) })
    await app.reload({ selfservice: { flows: { login: { style: 'identifier_first' } } } })
  })
  afterAll(async () => {
    await app.close()
    await hooks.close()
  })
  const address = () => `ann-${++count}@example.test`
  const byPassword = async () => {
    const email = address()
    await somebody(app, 'api').signUp(email)
    return email
  }
  const byCode = async () => {
    const email = address()
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('registration')).flow, { method: 'code', traits: { email } })
    await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email), traits: { email } })
    return email
  }
  const groups = (flow: JsonObject) =>
    listIn(flow, 'ui.nodes').map(
      (node) => `${textIn(node, 'group')}/${textIn(node, 'attributes.name') || textIn(node, 'attributes.id')}`,
    )

  test.each(CLIENTS)('%s: the identifier, then what this person can do', async (client) => {
    const email = await byPassword()
    hooks.reset()
    const ann = somebody(app, client)
    const { flow } = await ann.start('login')
    expect(groups(flow)).toEqual([
      'identifier_first/identifier',
      'identifier_first/method',
      'oidc/provider',
      'default/csrf_token',
      ...(client === 'api' ? [] : ['webauthn/webauthn_script']),
      'passkey/passkey_login',
      'passkey/passkey_challenge',
    ])
    const second = await ann.submit(flow, { method: 'identifier_first', identifier: email })
    expect(second.status).toBe(client === 'form' ? 303 : 400)
    expect(second.flow.active).toBe('identifier_first')
    expect(groups(second.flow)).toEqual([
      'identifier_first/identifier',
      'default/csrf_token',
      'password/password',
      'password/method',
      'code/method',
    ])
    expect(textIn(listIn(second.flow, 'ui.nodes')[0], 'attributes.type')).toBe('hidden')
    expect(valueIn(second.flow, 'identifier')).toBe(email)

    const wrong = await ann.submit(second.flow, {
      method: 'password',
      identifier: email,
      password: 'not-the-one-at-all',
    })
    expect(saidIn(wrong.flow)).toEqual(['4000006'])
    expect(hooks.calls.map(({ path }) => path.replace(/^\/+/, ''))).toEqual(['login.before'])
    const done = await ann.submit(wrong.flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(done.status).toBe(client === 'form' ? 303 : 200)
    expect((await ann.whoami()).status).toBe(200)
  })

  test('who can do nothing but a code has one sent at once', async () => {
    const email = await byCode()
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('login')).flow, { method: 'identifier_first', identifier: email })
    expect(sent.status).toBe(400)
    expect(sent.flow.state).toBe('sent_email')
    expect(saidIn(sent.flow)).toEqual(['1010014'])
    expect(groups(sent.flow)[0]).toBe('identifier_first/identifier')
    const done = await ann.submit(sent.flow, { method: 'code', identifier: email, code: await codeTo(app, email) })
    expect(done.status).toBe(200)
  })

  test.each(['nobody@example.test', ''])('nobody is called %j', async (identifier) => {
    const ann = somebody(app, 'ajax')
    const { flow } = await ann.start('login')
    const told = await ann.submit(flow, { method: 'identifier_first', identifier })
    expect(told.status).toBe(400)
    expect(saidIn(told.flow)).toEqual(['identifier: 4000037'])
    expect(groups(told.flow)).toEqual(groups(flow))
  })

  test('a refresh asks for proof at once', async () => {
    const email = await byPassword()
    const ann = somebody(app, 'api')
    const { flow } = await ann.start('login')
    await ann.submit(flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(namesIn((await ann.start('login', '?refresh=true')).flow)).toContain('password')
  })

  test('the step is sent from its own page', async () => {
    const ann = somebody(app, 'ajax')
    const { flow } = await ann.start('login')
    const forged = await ann.http.send(textIn(flow, 'ui.action'), {
      headers: { accept: 'application/json' },
      body: { method: 'identifier_first', identifier: 'ann@example.test' },
    })
    expect(forged.status).toBe(403)
  })
})

describe('who has an account is not told by the first step', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ profile: 'safe', config: withCodes({ methods: { passkey } }) })
    await app.reload({ selfservice: { flows: { login: { style: 'identifier_first' } } } })
  })
  afterAll(() => app.close())

  test('everybody is shown the same, whatever they have', async () => {
    await somebody(app, 'api').signUp('ann@example.test')
    const bob = somebody(app, 'ajax')
    const traits = { email: 'bob@example.test' }
    const sent = await bob.submit((await bob.start('registration')).flow, { method: 'code', traits })
    await bob.submit(sent.flow, { method: 'code', code: await codeTo(app, traits.email), traits })
    const answers = []
    for (const identifier of ['ann@example.test', 'bob@example.test', 'nobody@example.test']) {
      const who = somebody(app, 'ajax')
      const told = await who.submit((await who.start('login')).flow, { method: 'identifier_first', identifier })
      answers.push([told.status, told.flow.state, saidIn(told.flow), namesIn(told.flow)])
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(await mailsTo(app, 'nobody@example.test')).toEqual([])
  })
})
