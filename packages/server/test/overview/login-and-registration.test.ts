import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { FLOWS } from '../../src/core/trigger.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, textAt } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { listIn, type Somebody, somebody } from '../somebody.ts'

const ALLOWED = { status: 204 }
const REFUSAL = { messages: [{ messages: [{ id: 7, text: 'Not today.', type: 'error' }] }] }

/** Statements of the overview about actions around login and registration, by the numbers of their list. */
describe.each(DIALECTS)('what the overview says of login and registration, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0

  /** A check before every flow, one after login, one after registration; and what else stands after login. */
  const configured = (...afterLogin: readonly JsonObject[]): JsonObject => {
    const check = (path: string) => webHook(receiver.url(path), { response: { parse: true } })
    const before = (flow: string) => ({ before: { hooks: [check(`/before-${flow}`)] } })
    return fiveFlows({
      ...Object.fromEntries(FLOWS.map((flow) => [flow, before(flow)])),
      login: { ...before('login'), after: { hooks: [check('/after-login'), ...afterLogin] } },
      registration: {
        ...before('registration'),
        after: { password: { hooks: [check('/after-registration'), { hook: 'session' }] } },
      },
    })
  }

  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({ dialect, config: configured() })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(async () => {
    forget()
    await app.reload(configured())
  })

  /** From now on every check lets everybody through. */
  const forget = () => {
    receiver.reset()
    for (const path of [...FLOWS.map((flow) => `/before-${flow}`), '/after-login', '/after-registration']) {
      receiver.on(path, ALLOWED)
    }
  }
  const called = () => receiver.calls.map(({ path }) => path)
  const known = async () => {
    const email = `ann-${++count}@example.test`
    const signedUp = await somebody(app, 'api').signUp(email)
    forget()
    return { email, id: textAt(signedUp.json, 'identity.id') }
  }
  const sessionsOf = async (id: string) =>
    JSON.parse(await (await fetch(`${app.adminUrl}/admin/identities/${id}/sessions?active=true`)).text())
  const identities = async (email: string) =>
    JSON.parse(await (await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)).text())

  describe.each(CLIENTS)('for %s clients', (client) => {
    test.each(FLOWS)(
      'S14: a check before %s can refuse it: no flow is there, and the person reads why',
      async (flow) => {
        const ann = somebody(app, client)
        if (flow === 'settings') await ann.signUp(`ann-${++count}@example.test`)
        forget()
        receiver.on(`/before-${flow}`, { status: 400, json: REFUSAL })
        const refused = await ann.start(flow)
        expect(called()).toEqual([`/before-${flow}`])
        expect(refused.flow['ui']).toBeUndefined()
        if (client === 'form') {
          const shown = await ann.http.get(
            `${app.publicUrl}/self-service/errors?id=${URL.parse(refused.location)?.searchParams.get('id') ?? ''}`,
          )
          expect(shown.json).toMatchObject({ error: { code: 403, reason: 'Not today.' } })
        } else {
          expect(refused.status).toBe(403)
          expect(refused.json).toMatchObject({ error: { id: 'action_denied', reason: 'Not today.' } })
        }
        receiver.on(`/before-${flow}`, ALLOWED)
        expect(at((await ann.start(flow)).flow, 'ui.method')).toBe('POST')
      },
    )

    test('S17, S19: what stands before login and registration runs when the flow starts, once, and not at its submission', async () => {
      const ann = somebody(app, client)
      const login = await ann.start('login')
      expect(called()).toEqual(['/before-login'])
      await ann.submit(login.flow, { method: 'password', identifier: 'nobody@example.test', password: 'x' })
      expect(called()).toEqual(['/before-login'])

      await ann.start('registration')
      expect(called()).toEqual(['/before-login', '/before-registration'])
    })

    test('S18: what stands after login runs once the person is authenticated and before a session is issued', async () => {
      const { email, id } = await known()
      const before = (await sessionsOf(id)).length
      const ann = somebody(app, client)
      receiver.on('/after-login', { status: 400, json: REFUSAL })
      const wrong = await ann.signIn(email, 'not-the-password')
      expect([called(), listIn(wrong.flow, 'ui.messages').length]).toEqual([['/before-login'], 1])

      forget()
      receiver.on('/after-login', { status: 400, json: REFUSAL })
      const refused = await ann.signIn(email)
      expect(called()).toEqual(['/before-login', '/after-login'])
      expect(JSON.parse(receiver.callsTo('/after-login')[0]?.body ?? '')).toMatchObject({ identity: { id } })
      expect(JSON.stringify(refused.flow)).toContain('Not today.')
      expect((await ann.whoami()).status).toBe(401)
      expect(await sessionsOf(id)).toHaveLength(before)

      receiver.on('/after-login', ALLOWED)
      await ann.signIn(email)
      expect((await ann.whoami()).status).toBe(200)
      expect(await sessionsOf(id)).toHaveLength(before + 1)
    })

    test('S20, S28: what stands after registration runs when a sign-up with a password succeeds, and no sooner', async () => {
      const email = `ann-${++count}@example.test`
      const ann = somebody(app, client)
      const { flow } = await ann.start('registration')
      await ann.submit(flow, { method: 'password', password: 'short', traits: { email } })
      expect(called()).toEqual(['/before-registration'])
      expect(await identities(email)).toEqual([])

      await ann.signUp(email)
      expect(called()).toEqual(['/before-registration', '/before-registration', '/after-registration'])
      expect(await identities(email)).toHaveLength(1)
      expect((await ann.whoami()).status).toBe(200)
    })

    test('S34: revoke_active_sessions ends the other sessions at a sign-in', async () => {
      const { email } = await known()
      const [here, there] = [somebody(app, client), somebody(app, client)]
      await here.signIn(email)
      await there.signIn(email)
      expect(await seenBy(here, there)).toEqual([200, 200])
      await app.reload(configured({ hook: 'revoke_active_sessions' }))
      const third = somebody(app, client)
      await third.signIn(email)
      expect(await seenBy(here, there, third)).toEqual([401, 401, 200])
    })

    test('S35: require_verified_address lets in whose address is verified, and nobody else', async () => {
      const { email } = await known()
      await app.reload(configured({ hook: 'require_verified_address' }))
      const ann = somebody(app, client)
      await ann.signIn(email)
      expect((await ann.whoami()).status).toBe(401)

      const verifier = somebody(app, 'api')
      const sent = await verifier.submit((await verifier.start('verification')).flow, { method: 'code', email })
      await verifier.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
      await ann.signIn(email)
      expect((await ann.whoami()).status).toBe(200)
    })
  })
})

const seenBy = async (...people: readonly Somebody[]) =>
  Promise.all(people.map(async (each) => (await each.whoami()).status))
