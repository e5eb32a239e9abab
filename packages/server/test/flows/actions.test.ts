import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { FLOWS } from '../../src/core/trigger.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, saidIn, type Somebody, somebody, textIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const NEW_PASSWORD = 'another-horse-with-9-batteries'
const parse = { response: { parse: true } }
const queue = { response: { ignore: true } }
const refusal = (text: string, instance_ptr = '') => ({
  status: 400,
  json: { messages: [{ instance_ptr, messages: [{ id: 7001, text, type: 'error' }] }] },
})

describe.each(DIALECTS)('actions around all flows on %s', (dialect) => {
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

  const signedUp = async (client: Somebody['client'] = 'api') => {
    const email = `ann-${++count}@example.test`
    const ann = somebody(app, client)
    await ann.signUp(email)
    return { ann, email }
  }
  const told = (path: string) => receiver.callsTo(path).map(({ body }): JsonObject => JSON.parse(body))

  describe('a refusal before a flow reaches whoever wanted to start it', () => {
    test.each(FLOWS.flatMap((flow) => CLIENTS.map((client) => [flow, client] as const)))(
      '%s, %s',
      async (flow, client) => {
        const ann = flow === 'settings' ? (await signedUp(client)).ann : somebody(app, client)
        await app.reload(fiveFlows({ [flow]: { before: { hooks: [webHook(receiver.url('/no'), parse)] } } }))
        receiver.on('/no', refusal('closed on Sundays'))
        const refused = await ann.start(flow)
        if (client === 'form') {
          const id = new URL(refused.location).searchParams.get('id') ?? ''
          expect(refused.status).toBe(303)
          const { json } = await httpClient({ keepsCookies: false }).get(
            `${app.publicUrl}/self-service/errors?id=${id}`,
          )
          expect(json).toMatchObject({ error: { id: 'action_denied', code: 403, reason: 'closed on Sundays' } })
        } else {
          expect([refused.status, refused.json]).toMatchObject([
            403,
            {
              error: {
                id: 'action_denied',
                reason: 'closed on Sundays',
                details: { messages: [{ text: 'closed on Sundays', id: 7001 }] },
              },
            },
          ])
        }
      },
    )
  })

  test.each(['profile', 'password'] as const)(
    'after settings by %s an action may refuse, and nothing is saved',
    async (method) => {
      const { ann, email } = await signedUp('ajax')
      await app.reload(
        fiveFlows({ settings: { after: { [method]: { hooks: [webHook(receiver.url('/no'), parse)] } } } }),
      )
      receiver.on('/no', refusal('not this one', '#/traits/email'), { json: {} })
      const form: JsonObject =
        method === 'profile'
          ? { method, traits: { email: `other-${email}`, newsletter: true }, transient_payload: { from: 'shop' } }
          : { method, password: NEW_PASSWORD, transient_payload: { from: 'shop' } }
      const { flow } = await ann.start('settings')
      const refused = await ann.submit(flow, form)
      expect([refused.status, saidIn(refused.flow)]).toEqual([400, ['traits.email: 7001']])
      expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
      expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
      expect(await mailsTo(app, `other-${email}`)).toHaveLength(0)

      const saved = await ann.submit(refused.flow, form)
      expect(saidIn(saved.flow)).toEqual(['1050001'])
      expect(told('/no')).toMatchObject([
        {
          flow: { state: 'show_form', transient_payload: { from: 'shop' } },
          session: { identity: { traits: { email } } },
          previous_identity: { traits: { email } },
        },
        {},
      ])
    },
  )

  test('an action of the default list that may decide is asked after settings and registration too', async () => {
    const hooks = [webHook(receiver.url('/asked'), parse)]
    await app.reload(
      fiveFlows({
        settings: { after: { hooks } },
        // An empty list of the method is no list.
        registration: { after: { password: { hooks: [] }, hooks } },
      }),
    )
    receiver.on('/asked', refusal('not today'), { json: {} }, refusal('not today'), { json: {} })
    const email = `global-${++count}@example.test`
    expect((await somebody(app, 'api').signUp(email)).status).toBe(400)
    expect((await somebody(app, 'api').signUp(email)).status).toBe(200)
    const ann = somebody(app, 'api')
    await ann.signIn(email)
    const { flow } = await ann.start('settings')
    const change = { method: 'profile', traits: { email, newsletter: true } }
    expect((await ann.submit(flow, change)).status).toBe(400)
    expect((await ann.submit(flow, change)).status).toBe(200)
  })

  test('what an action amends in settings is saved, and what follows from it too', async () => {
    await app.reload(
      fiveFlows({ settings: { after: { profile: { hooks: [webHook(receiver.url('/amend'), parse)] } } } }),
    )
    const { ann, email } = await signedUp()
    const amended = `amended-${email}`
    receiver.on('/amend', { json: { identity: { traits: { email: amended }, metadata_public: { plan: 'gold' } } } })
    const { flow } = await ann.start('settings')
    await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
    expect((await ann.whoami()).json).toMatchObject({
      identity: {
        traits: { email: amended },
        metadata_public: { plan: 'gold' },
        verifiable_addresses: [{ value: amended, status: 'sent' }],
      },
    })
    expect((await somebody(app, 'api').signIn(amended)).status).toBe(200)
  })

  test('an amendment does not get around proving who one is', async () => {
    await app.reload(
      fiveFlows({ settings: { after: { profile: { hooks: [webHook(receiver.url('/amend'), parse)] } } } }),
    )
    const { ann, email } = await signedUp()
    receiver.on('/amend', { json: { identity: { traits: { email: `amended-${email}` } } } })
    app.turn(16 * 60_000)
    const { flow } = await ann.start('settings')
    const refused = await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
    expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
  })

  test('a plain action after settings is told what was saved, once it is; its failure fails the answer only', async () => {
    await app.reload(fiveFlows({ settings: { after: { profile: { hooks: [webHook(receiver.url('/told'))] } } } }))
    const { ann, email } = await signedUp('ajax')
    receiver.on('/told', {}, { status: 400 })
    const { flow } = await ann.start('settings')
    expect((await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })).status).toBe(200)
    expect(told('/told')).toMatchObject([
      {
        flow: { state: 'success', ui: { messages: [{ id: 1050001 }] }, identity: { traits: { email } } },
        identity: { traits: { newsletter: true } },
      },
    ])
    const failed = await ann.submit(flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
    expect(failed.status).toBe(502)
    expect(at((await ann.whoami()).json, 'identity.traits.name.first')).toBe('Ann')
  })

  test('actions that are alike, or share an id in lists that run together, are each told once', async () => {
    const alike = webHook(receiver.url('/told'), queue)
    const patient = webHook(receiver.url('/told'), { ...queue, timeout: '2s' })
    const named = webHook(receiver.url('/told'), { ...queue, id: 'crm' })
    const after = { hooks: [named], profile: { hooks: [alike, patient, named], merge: 'append' } }
    await app.reload(fiveFlows({ settings: { after } }))
    const { ann, email } = await signedUp()
    receiver.reset()
    await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email, newsletter: true } })
    const calls = await receiver.waitFor('/told', 4)
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(4)
  })

  test('precedence: a list that only gates leaves the default one standing in the profile ory, and replaces it where strict', async () => {
    const settings = {
      after: {
        profile: { hooks: [{ hook: 'verify_new_address' }] },
        hooks: [webHook(receiver.url('/default'), queue)],
      },
    }
    const change = async () => {
      const { ann, email } = await signedUp()
      receiver.reset()
      await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email, newsletter: true } })
    }
    await app.reload(fiveFlows({ settings }, {}, { actions: { precedence: 'ory' } }))
    await change()
    await receiver.waitFor('/default')
    await app.reload(fiveFlows({ settings }, {}, { actions: { precedence: 'strict' } }))
    await change()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(receiver.callsTo('/default')).toHaveLength(0)
  })

  test('what is sent along reaches the actions of its own submission, by every method', async () => {
    const hooks = [webHook(receiver.url('/told'))]
    await app.reload(
      fiveFlows({
        settings: { after: { hooks } },
        recovery: { after: { hooks } },
        verification: { after: { hooks } },
      }),
    )
    const { ann, email } = await signedUp()
    const transient_payload = { from: 'shop' }
    const settings = await ann.start('settings')
    await ann.submit(settings.flow, { method: 'profile', traits: { email, newsletter: true }, transient_payload })
    await ann.submit(settings.flow, { method: 'password', password: NEW_PASSWORD, transient_payload })
    for (const name of ['verification', 'recovery'] as const) {
      const bob = somebody(app, 'api')
      const sent = await bob.submit((await bob.start(name)).flow, {
        method: 'code',
        email,
        transient_payload: { a: 1 },
      })
      const code = await codeTo(app, email)
      await bob.submit(sent.flow, { method: 'code', code, transient_payload })
    }
    expect(told('/told').map((ctx) => at(ctx, 'flow.transient_payload'))).toEqual([
      transient_payload,
      transient_payload,
      transient_payload,
      transient_payload,
    ])
  })

  test('revoke_active_sessions spares the session at hand, and nobody else’s', async () => {
    const hooks = [{ hook: 'revoke_active_sessions' }]
    await app.reload(
      fiveFlows({ login: { after: { password: { hooks } } }, settings: { after: { password: { hooks } } } }),
    )
    const { ann: old, email } = await signedUp()
    const { ann: other } = await signedUp()
    const phone = somebody(app, 'ajax')
    const wrong = await phone.signIn(email, 'wrong')
    expect([wrong.status, (await old.whoami()).status]).toEqual([400, 200])
    await phone.signIn(email)
    expect([(await old.whoami()).status, (await phone.whoami()).status]).toEqual([401, 200])

    await app.reload(fiveFlows({ settings: { after: { password: { hooks } } } }))
    const tablet = somebody(app, 'api')
    await tablet.signIn(email)
    await phone.submit((await phone.start('settings')).flow, { method: 'password', password: NEW_PASSWORD })
    expect([(await tablet.whoami()).status, (await phone.whoami()).status, (await other.whoami()).status]).toEqual([
      401, 200, 200,
    ])
  })

  test.each(CLIENTS)(
    '%s: show_verification_ui after a profile names the verification of the new address',
    async (client) => {
      await app.reload(fiveFlows({ settings: { after: { profile: { hooks: [{ hook: 'show_verification_ui' }] } } } }))
      const { ann, email } = await signedUp(client)
      const { flow } = await ann.start('settings')
      const saved = await ann.submit(flow, { method: 'profile', traits: { email: `other-${email}` } })
      // Settings have no place of their own to lead a browser to.
      if (client === 'form') expect(saved.location).toContain('/settings?flow=')
      else {
        const [step] = listIn(saved.json, 'continue_with')
        expect(step).toMatchObject({ action: 'show_verification_ui', flow: { verifiable_address: `other-${email}` } })
        expect(textIn(step, 'flow.url') !== '').toBe(client === 'ajax')
      }
    },
  )

  test('notify_previous_addresses tells the address that was given up, and nobody of any other change', async () => {
    const hook = { hook: 'notify_previous_addresses' }
    await app.reload(fiveFlows({ settings: { after: { profile: { hooks: [hook] } } } }))
    const { ann, email } = await signedUp()
    const { flow } = await ann.start('settings')
    const before = (await mailsTo(app, email)).length
    await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
    expect(await mailsTo(app, email)).toHaveLength(before)
    await ann.submit(flow, { method: 'profile', traits: { email: `other-${email}` } })
    const after = (await mailsTo(app, email)).slice(before)
    expect(after.map(({ template }) => template)).toEqual(['verifiable_address_changed'])
  })

  test('whose account is switched off is told so when they recover, and gets no session', async () => {
    const { email } = await signedUp()
    const admin = httpClient({ keepsCookies: false })
    const { text } = await admin.get(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    const ann = somebody(app, 'ajax')
    const sent = await ann.submit((await ann.start('recovery')).flow, { method: 'code', email })
    await admin.send(`${app.adminUrl}/admin/identities/${textIn(JSON.parse(text), '0.id')}`, {
      method: 'PUT',
      body: { schema_id: 'default', state: 'inactive', traits: { email } },
    })
    const refused = await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    expect(saidIn(refused.flow)).toEqual(['4010011'])
    expect((await ann.whoami()).status).toBe(401)
  })

  test('a password that is set while somebody proves who they are is not lost and not doubled', async () => {
    const { ann, email } = await signedUp('ajax')
    const flows = await Promise.all([ann.start('settings'), ann.start('settings')])
    const passwords = ['first-new-horse-battery', 'second-new-horse-battery']
    const answers = await Promise.all(
      flows.map(({ flow }, i) => ann.submit(flow, { method: 'password', password: passwords[i] ?? '' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const works = await Promise.all([PASSWORD, ...passwords].map((each) => somebody(app, 'api').signIn(email, each)))
    expect(works.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})
