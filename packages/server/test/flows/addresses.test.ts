import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { listIn, saidIn, somebody, textIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const base64 = (value: unknown) => `base64://${Buffer.from(JSON.stringify(value)).toString('base64')}`

/** Two mail addresses and a phone, each to be verified; the phone comes before the second address. */
const schema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': {
            credentials: { password: { identifier: true } },
            verification: { via: 'email' },
            recovery: { via: 'email' },
          },
        },
        phone: { type: 'string', format: 'tel', 'ory.sh/kratos': { verification: { via: 'sms' } } },
        second: { type: 'string', format: 'email', 'ory.sh/kratos': { verification: { via: 'email' } } },
        nickname: {},
      },
      required: ['email'],
    },
  },
}

const sms = {
  id: 'sms',
  type: 'http',
  request_config: { url: 'http://127.0.0.1:1/', method: 'POST', body: base64({}) },
}

describe.each(DIALECTS)('addresses on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    const config = fiveFlows({}, {}, { courier: { channels: [sms] } })
    const identity = { default_schema_id: 'default', schemas: [{ id: 'default', url: base64(schema) }] }
    app = await startTestApp({ dialect, config: { ...config, identity } })
  })
  afterAll(() => app.close())

  test('the first unverified one in the order of the schema is written to at the sign-up, the next with the next change', async () => {
    const ann = somebody(app, 'api')
    const [email, second] = ['many@example.test', 'many-second@example.test']
    await ann.signUp(email, { second, phone: '+49 30 901820' })
    expect(await mailsTo(app, email)).toHaveLength(1)
    expect(await mailsTo(app, second)).toHaveLength(0)
    expect(await mailsTo(app, '+4930901820')).toHaveLength(0)
    const statuses = async () =>
      listIn((await ann.whoami()).json, 'identity.verifiable_addresses').map((each) => [
        textIn(each, 'value'),
        textIn(each, 'status'),
      ])
    expect(await statuses()).toEqual([
      [email, 'sent'],
      ['+4930901820', 'pending'],
      [second, 'pending'],
    ])
    const { flow } = await ann.start('settings')
    const traits = { email, second, phone: '+4930901820', nickname: 'Annie' }
    await ann.submit(flow, { method: 'profile', traits })
    expect(await mailsTo(app, '+4930901820')).toHaveLength(1)
    await ann.submit(flow, { method: 'password', password: 'another-horse-with-9-batteries' })
    expect(await mailsTo(app, second)).toHaveLength(1)
    await ann.submit(flow, { method: 'profile', traits: { ...traits, nickname: 'Ann' } })
    expect((await statuses()).map(([, status]) => status)).toEqual(['sent', 'sent', 'sent'])
  })

  test('a phone is verified by a text message, however it was typed', async () => {
    const ann = somebody(app, 'api')
    await ann.signUp('phone@example.test', { phone: '+1 (415) 555-2671' })
    expect(at((await ann.whoami()).json, 'identity.traits.phone')).toBe('+14155552671')
    const { flow } = await ann.start('verification')
    const sent = await ann.submit(flow, { method: 'code', email: '+1 415 555 2671' })
    expect(saidIn(sent.flow)).toEqual(['1080004'])
    const right = await ann.submit(sent.flow, { code: await codeTo(app, '+14155552671') })
    expect(saidIn(right.flow)).toEqual(['1080005'])
    expect(listIn((await ann.whoami()).json, 'identity.verifiable_addresses')).toMatchObject([
      { via: 'email', verified: false },
      { via: 'sms', value: '+14155552671', verified: true },
    ])
  })

  test('an address that stays keeps its state, one that goes and comes back has to answer again', async () => {
    const ann = somebody(app, 'api')
    const email = 'keeps@example.test'
    await ann.signUp(email)
    const { flow } = await ann.start('verification')
    const sent = await ann.submit(flow, { method: 'code', email })
    await ann.submit(sent.flow, { code: await codeTo(app, email) })
    const settings = await ann.start('settings')
    const verified = async () => at((await ann.whoami()).json, 'identity.verifiable_addresses.0.verified')
    await ann.submit(settings.flow, { method: 'profile', traits: { email: 'KEEPS@example.test' } })
    expect(await verified()).toBe(true)
    await ann.submit(settings.flow, { method: 'profile', traits: { email: 'leaves@example.test' } })
    await ann.submit(settings.flow, { method: 'profile', traits: { email } })
    expect(await verified()).toBe(false)
  })

  test.each([
    ['a number', 7, 'traits.email: 4000026'],
    ['a list', ['a@example.test'], 'traits.email: 4000026'],
    ['nothing', null, 'traits.email: 4000026'],
    ['a look-alike of the at sign', 'ann＠example.test', 'traits.email: 4000040'],
    ['a hidden character', 'ann\u200b@example.test', 'traits.email: 4000040'],
    ['ten thousand characters', `${'a'.repeat(10_000)}@example.test`, 'traits.email: 4000040'],
  ])('%s is no address', async (_name, email, said) => {
    const ann = somebody(app, 'api')
    await ann.signUp(`bad-${++count}@example.test`)
    const wrong = await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email } })
    expect(wrong.status).toBe(400)
    expect(saidIn(wrong.flow)).toContain(said)
  })

  test.each([
    ['the sign for kelvins', 'mi\u212ae'],
    ['a Cyrillic letter', 'mi\u043ae'],
    ['full-width letters', '\uff4d\uff49\uff4b\uff45'],
    ['a dotless letter', 'm\u0131ke'],
    ['a joiner in between', 'mi\u200dke'],
    ['a mark from right to left', '\u202emike'],
  ])(
    '%s in a typed address never has anything sent to it that is meant for the one it looks like',
    async (_what, spelt) => {
      count += 1
      const [own, typed] = [`mike-${count}@example.test`, `${spelt}-${count}@example.test`]
      await somebody(app, 'api').signUp(own)
      for (const name of ['recovery', 'verification'] as const) {
        const eve = somebody(app, 'ajax')
        await eve.submit((await eve.start(name)).flow, { method: 'code', email: typed })
      }
      const listed: unknown = JSON.parse(
        await (await fetch(`${app.adminUrl}/admin/courier/messages?page_size=250`)).text(),
      )
      const recipients = (Array.isArray(listed) ? listed : [])
        .map((message) => textIn(message, 'recipient'))
        .filter((recipient) => recipient.endsWith(`-${count}@example.test`))
      expect(new Set(recipients)).toEqual(new Set([own]))
    },
  )

  test('a composed and a decomposed spelling, and other capitals, are one address', async () => {
    expect((await somebody(app, 'api').signUp('mü@example.test')).status).toBe(200)
    const again = await somebody(app, 'api').signUp('MU\u0308@example.test')
    expect([again.status, saidIn(again.flow)]).toEqual([400, ['4000007']])
  })
})
