import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { listIn, namesIn, saidIn, type Somebody, somebody, textIn, valueIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const NEW_PASSWORD = 'another-horse-with-9-batteries'

describe.each(DIALECTS)('settings on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(() => app.close())

  const signedUp = async (client: Somebody['client']) => {
    const email = `ann-${++count}@example.test`
    const ann = somebody(app, client)
    await ann.signUp(email)
    return { ann, email }
  }
  const MINUTES = 60_000

  test.each(CLIENTS)('%s: a profile is changed, and the form comes back with it', async (client) => {
    const { ann, email } = await signedUp(client)
    const started = await ann.start('settings')
    expect(namesIn(started.flow)).toEqual([
      'csrf_token',
      'traits.email',
      'traits.name.first',
      'traits.newsletter',
      'method',
      'password',
      'method',
    ])
    expect(valueIn(started.flow, 'traits.email')).toBe(email)
    expect(at(started.flow, 'identity.traits.email')).toBe(email)

    const saved = await ann.submit(started.flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
    expect(saved.status).toBe(client === 'form' ? 303 : 200)
    expect(saved.flow).toMatchObject({ id: started.flow.id, state: 'success', identity: { traits: { email } } })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect(valueIn(saved.flow, 'traits.name.first')).toBe('Ann')
    expect(at((await ann.whoami()).json, 'identity.traits.name.first')).toBe('Ann')
    if (client === 'ajax') {
      expect(listIn(saved.json, 'continue_with').at(-1)).toEqual({
        action: 'redirect_browser_to',
        redirect_browser_to: `http://ui.example.test/settings?flow=${textIn(saved.flow, 'id')}`,
      })
    }
  })

  test.each(CLIENTS)('%s: wrong traits are said beside their fields, and nothing is saved', async (client) => {
    const { ann, email } = await signedUp(client)
    const { flow } = await ann.start('settings')
    const wrong = await ann.submit(flow, { method: 'profile', traits: { email: 'nobody' } })
    expect(wrong.status).toBe(client === 'form' ? 303 : 400)
    expect(saidIn(wrong.flow)).toEqual(['traits.email: 4000040'])
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
  })

  test.each(CLIENTS)(
    '%s: a flow that has saved something takes the next change, and an error is no success',
    async (client) => {
      const { ann, email } = await signedUp(client)
      const { flow } = await ann.start('settings')
      const saved = await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
      const wrong = await ann.submit(saved.flow, { method: 'password', password: 'short' })
      expect(saidIn(wrong.flow)).toEqual(['password: 4000032'])
      expect(wrong.flow.state).toBe('show_form')
      const right = await ann.submit(wrong.flow, { method: 'password', password: NEW_PASSWORD })
      expect(saidIn(right.flow)).toEqual(['1050001'])
      expect((await somebody(app, 'api').signIn(email)).status).toBe(400)
      expect((await somebody(app, 'api').signIn(email, NEW_PASSWORD)).status).toBe(200)
    },
  )

  test('the same password again is refused', async () => {
    const { ann } = await signedUp('api')
    const { flow } = await ann.start('settings')
    expect(saidIn((await ann.submit(flow, { method: 'password', password: PASSWORD })).flow)).toEqual([
      'password: 4000039',
    ])
  })

  test.each(CLIENTS)('%s: a new address is verified by a mail of its own, an unchanged one is not', async (client) => {
    const { ann, email } = await signedUp(client)
    await ann.submit((await ann.start('verification')).flow, { method: 'code', email })
    const before = (await mailsTo(app, email)).length
    const other = `new-${email}`
    await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email: other } })
    expect((await mailsTo(app, other)).map(({ template }) => template)).toEqual(['verification_code_valid'])
    expect(await mailsTo(app, email)).toHaveLength(before)
    expect(at((await ann.whoami()).json, 'identity.verifiable_addresses')).toMatchObject([
      { value: other, verified: false, status: 'sent' },
    ])
  })

  test.each(['ajax', 'form'] as const)(
    '%s: who signed in too long ago signs in again, and finds the change made',
    async (client) => {
      const { ann, email } = await signedUp(client)
      app.turn(16 * MINUTES)
      const { flow } = await ann.start('settings')
      const stale = await ann.submit(flow, { method: 'password', password: NEW_PASSWORD })
      expect(stale.status).toBe(client === 'form' ? 303 : 403)
      if (client === 'ajax') expect(at(stale.json, 'error.id')).toBe('session_refresh_required')
      const again = URL.parse(stale.location)
      expect(again?.searchParams.get('refresh')).toBe('true')
      expect(ann.http.cookies.has('ory_kratos_continuity')).toBe(true)
      expect((await somebody(app, 'api').signIn(email, NEW_PASSWORD)).status).toBe(400)

      const login = await ann.open(stale.location)
      expect(saidIn(login.flow)).toEqual(['1010003'])
      expect(valueIn(login.flow, 'identifier')).toBe(email)
      const back = await ann.submit(login.flow, { method: 'password', identifier: email, password: PASSWORD })
      const to = back.location || textIn(back.json, 'continue_with.0.redirect_browser_to')
      expect(to).toBe(textIn(flow, 'ui.action'))
      const saved = await ann.open(to)
      expect(saidIn(saved.flow)).toEqual(['1050001'])
      expect(ann.http.cookies.has('ory_kratos_continuity')).toBe(false)
      expect((await somebody(app, 'api').signIn(email, NEW_PASSWORD)).status).toBe(200)

      // The ticket is good once.
      ann.http.cookies.set('ory_kratos_continuity', 'anything')
      expect(saidIn((await ann.open(to)).flow)).toEqual(['4010004'])
    },
  )

  test('where no time at all is allowed, each change is confirmed once, and then made', async () => {
    await app.reload(fiveFlows({ settings: { privileged_session_max_age: '0s' } }))
    const { ann, email } = await signedUp('ajax')
    const { flow } = await ann.start('settings')
    const stale = await ann.submit(flow, { method: 'password', password: NEW_PASSWORD })
    expect([stale.status, at(stale.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
    const login = await ann.open(stale.location)
    await ann.submit(login.flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(saidIn((await ann.open(textIn(flow, 'ui.action'))).flow)).toEqual(['1050001'])
    const again = await ann.submit(flow, { method: 'password', password: PASSWORD })
    expect(again.status).toBe(403)
    await app.reload(fiveFlows())
  })

  test('what one person wanted is not done to another who signs in in their stead', async () => {
    const { ann } = await signedUp('ajax')
    const { email: bob } = await signedUp('api')
    app.turn(16 * MINUTES)
    const { flow } = await ann.start('settings')
    const stale = await ann.submit(flow, { method: 'password', password: NEW_PASSWORD })
    const login = await ann.open(stale.location)
    await ann.submit(login.flow, { method: 'password', identifier: bob, password: PASSWORD })
    const back = await ann.open(textIn(flow, 'ui.action'))
    expect([back.status, at(back.json, 'error.id')]).toEqual([403, 'security_identity_mismatch'])
    expect((await somebody(app, 'api').signIn(bob)).status).toBe(200)
  })

  test('a ticket of another browser takes nothing up, and neither does another site’s link', async () => {
    const { ann, email } = await signedUp('ajax')
    app.turn(16 * MINUTES)
    const { flow } = await ann.start('settings')
    await ann.submit(flow, { method: 'password', password: NEW_PASSWORD })
    const phone = somebody(app, 'ajax')
    await phone.signIn(email)
    const opened = await phone.open(textIn(flow, 'ui.action'))
    expect(saidIn(opened.flow)).toEqual(['4010004'])
    expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
  })

  test('a name may be changed by a session that is too old for credentials', async () => {
    const { ann, email } = await signedUp('api')
    app.turn(16 * MINUTES)
    const { flow } = await ann.start('settings')
    const saved = await ann.submit(flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    const refused = await ann.submit(saved.flow, { method: 'profile', traits: { email: `new-${email}` } })
    expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
  })

  test.each(CLIENTS)('%s: nobody gets to see or to submit the settings of somebody else', async (client) => {
    const { ann } = await signedUp(client)
    const { ann: bob } = await signedUp(client)
    const { flow } = await ann.start('settings')
    const seen = await bob.see('settings', textIn(flow, 'id'))
    expect([seen.status, at(seen.json, 'error.id')]).toEqual([403, 'security_identity_mismatch'])
    const sent = await bob.submit(flow, { method: 'password', password: NEW_PASSWORD })
    if (client === 'form') expect(sent.location).toContain('http://ui.example.test/error?id=')
    else expect([sent.status, at(sent.json, 'error.id')]).toEqual([403, 'security_identity_mismatch'])
  })

  test('without a session: native clients and scripts are told, browsers are led to the sign-in', async () => {
    const [api, ajax, form] = CLIENTS.map((client) => somebody(app, client))
    expect((await api?.start('settings'))?.json).toMatchObject({ error: { id: 'session_inactive', code: 401 } })
    expect((await ajax?.start('settings'))?.json).toMatchObject({
      error: { id: 'session_inactive' },
      CredentialsMissing: false,
    })
    const led = await form?.start('settings', '?return_to=https://allowed.example.test/x')
    expect(led?.location).toBe(
      `${app.publicUrl}/self-service/login/browser?return_to=https%3A%2F%2Fallowed.example.test%2Fx`,
    )
    const { ann } = await signedUp('form')
    const { flow } = await ann.start('settings')
    const seen = await form?.see('settings', textIn(flow, 'id'))
    expect([seen?.status, seen?.location]).toEqual([302, 'http://ui.example.test/login'])
    expect((await ajax?.see('settings', textIn(flow, 'id')))?.status).toBe(401)
  })

  test.each(CLIENTS)('%s: an expired flow is replaced by one that says so', async (client) => {
    const { ann } = await signedUp(client)
    const { flow } = await ann.start('settings')
    app.turn(61 * MINUTES)
    const late = await ann.submit(flow, { method: 'profile', traits: {} })
    if (client === 'form') {
      expect(saidIn(late.flow)).toEqual(['4050001'])
    } else {
      expect([late.status, at(late.json, 'error.id')]).toEqual([410, 'self_service_flow_expired'])
      expect(saidIn((await ann.see('settings', textIn(late.json, 'use_flow_id'))).flow)).toEqual(['4050001'])
    }
    const seen = await ann.see('settings', textIn(flow, 'id'))
    expect([seen.status, at(seen.json, 'error.id')]).toEqual([410, undefined])
  })

  test('two people who take one address at once: one has it, the other reads why not', async () => {
    const people = await Promise.all([signedUp('api'), signedUp('api')])
    const flows = await Promise.all(people.map(({ ann }) => ann.start('settings')))
    const email = `shared-${++count}@example.test`
    const answers = await Promise.all(
      people.map(({ ann }, i) => ann.submit(flows[i]?.flow ?? {}, { method: 'profile', traits: { email } })),
    )
    const said = answers.map(({ status, flow }) => `${status} ${saidIn(flow).join()}`)
    expect(said.toSorted()).toEqual(['200 1050001', '400 4000007'])
  })

  test('a code that verifies the new address can be used', async () => {
    const { ann, email } = await signedUp('ajax')
    const other = `new-${email}`
    await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email: other } })
    expect(await codeTo(app, other)).toMatch(/^\d{6}$/)
  })
})
