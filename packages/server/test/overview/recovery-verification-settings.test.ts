import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { at } from '../http-client.ts'
import { fiveFlows } from '../flows/base.ts'
import { CLIENTS } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { type Somebody, somebody } from '../somebody.ts'

/** Statements of the overview about actions around recovery, verification and settings, by the numbers of their list. */
describe.each(DIALECTS)('what the overview says, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0

  beforeAll(async () => {
    receiver = await startReceiver()
    const around = (flow: string) => ({
      before: { hooks: [webHook(receiver.url(`/before-${flow}`))] },
      after: { hooks: [webHook(receiver.url(`/after-${flow}`))] },
    })
    app = await startTestApp({
      dialect,
      config: fiveFlows({
        login: around('login'),
        registration: {
          ...around('registration'),
          after: { hooks: [webHook(receiver.url('/after-registration'))], password: { hooks: [] } },
        },
        recovery: around('recovery'),
        verification: around('verification'),
        settings: around('settings'),
      }),
    })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => receiver.reset())

  const told = (path: string): readonly JsonObject[] => receiver.callsTo(path).map(({ body }) => JSON.parse(body))
  const known = async (client: Somebody['client']) => {
    const email = `ann-${++count}@example.test`
    await somebody(app, 'api').signUp(email)
    receiver.reset()
    return { ann: somebody(app, client), email }
  }

  describe.each(CLIENTS)('for %s clients', (client) => {
    test('S6, S21, S22, S10: an action runs when a recovery starts, and one when it succeeds, with all a mail or a record needs', async () => {
      const { ann, email } = await known(client)
      const { flow } = await ann.start('recovery')
      expect(told('/before-recovery')).toMatchObject([
        { flow: { id: flow.id }, trigger: { flow: 'recovery', phase: 'before' } },
      ])
      const sent = await ann.submit(flow, { method: 'code', email })
      expect(told('/after-recovery')).toEqual([])
      await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
      expect(told('/before-recovery')).toHaveLength(1)
      expect(told('/after-recovery')).toMatchObject([
        { flow: { id: flow.id, state: 'passed_challenge' }, identity: { traits: { email }, id: expect.any(String) } },
      ])
    })

    test('S6, S25, S26, S11: an action runs when a verification starts, and one when the address is verified', async () => {
      const { ann, email } = await known(client)
      const { flow } = await ann.start('verification')
      expect(told('/before-verification')).toMatchObject([{ flow: { id: flow.id } }])
      const sent = await ann.submit(flow, { method: 'code', email })
      await ann.submit(sent.flow, { method: 'code', code: '000000' })
      expect(told('/after-verification')).toEqual([])
      await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
      expect(told('/after-verification')).toMatchObject([
        { identity: { verifiable_addresses: [{ value: email, verified: true }] } },
      ])
    })

    test('S6, S23, S24, S12, S37: an action runs when settings open, and one when a change succeeds, with what it was and is', async () => {
      const { ann, email } = await known(client)
      await ann.signIn(email)
      const { flow } = await ann.start('settings')
      expect(told('/before-settings')).toMatchObject([{ session: { identity: { traits: { email } } } }])
      await ann.submit(flow, { method: 'profile', traits: { email: 'nonsense' } })
      expect(told('/after-settings')).toEqual([])
      await ann.submit(flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
      const [ctx, ...others] = told('/after-settings')
      expect(others).toEqual([])
      expect([at(ctx, 'previous_identity.traits.name.first'), at(ctx, 'identity.traits.name.first')]).toEqual([
        undefined,
        'Ann',
      ])
    })
  })
})
