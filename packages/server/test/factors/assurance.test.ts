import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { namesIn, saidIn, somebody, textIn } from '../somebody.ts'
import { again, codeOf, connectApp, factors, signedUp, startFactors, writeCodes } from './world.ts'

const RELAXED = factors(
  {},
  { settings: { ui_url: 'http://ui.example.test/settings', required_aal: 'aal1' } },
  { session: { whoami: { required_aal: 'aal1' } } },
)

describe.each(DIALECTS)('assurance on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startFactors(dialect)
  })
  beforeEach(() => app.reload(factors()))
  afterAll(() => app.close())

  const stepUp = (query = '') => `${app.publicUrl}/self-service/login/browser?aal=aal2${query}`
  const encoded = encodeURIComponent

  /** Somebody who has an app, and is signed in elsewhere with the password alone. */
  const halfway = async (client: (typeof CLIENTS)[number]) => {
    const { ann: owner, email } = await signedUp(app, 'ajax')
    const secret = await connectApp(owner)
    const { ann, answer } = await again(app, email, client)
    return { owner, ann, answer, email, secret }
  }
  const headers = { accept: 'application/json' }

  test.each([
    ['ajax', 422],
    ['form', 303],
  ] as const)('%s: the password alone leads to the second factor', async (client, status) => {
    const { ann, answer } = await halfway(client)
    expect(answer.status).toBe(status)
    expect(answer.location).toBe(stepUp())
    if (client === 'ajax') expect(at(answer.json, 'error.id')).toBe('browser_location_change_required')
    // They are signed in, only not far enough.
    const login = await ann.start('login', '?aal=aal2')
    expect(saidIn(login.flow)).toEqual(['1010004'])
  })

  test('api: who it is stays unsaid until the second factor is shown', async () => {
    const { ann, answer, email, secret } = await halfway('api')
    expect(answer.json).toMatchObject({ session: { identity: null, authenticator_assurance_level: 'aal1' } })
    expect(JSON.stringify(answer.json)).not.toContain(email)
    const { flow } = await ann.start('login', '?aal=aal2')
    const done = await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect(done.json).toMatchObject({
      session: { identity: { traits: { email } }, authenticator_assurance_level: 'aal2' },
    })
  })

  test('the wish where to go survives the second factor', async () => {
    const { email } = await halfway('ajax')
    const ann = somebody(app, 'form')
    const wish = 'https://allowed.example.test/shop'
    const { flow } = await ann.start('login', `?return_to=${encoded(wish)}`)
    const answer = await ann.submit(flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(answer.location).toBe(stepUp(`&return_to=${encoded(wish)}`))
  })

  test.each(CLIENTS)('%s: whoami, sessions and settings ask for it', async (client) => {
    const { ann, email } = await halfway(client)
    const refused = {
      error: { id: 'session_aal2_required', code: 403, details: { redirect_browser_to: stepUp() } },
      redirect_browser_to: stepUp(),
    }
    for (const path of ['/sessions/whoami', '/sessions']) {
      const answer = await ann.open(`${app.publicUrl}${path}`)
      expect([path, answer.status]).toEqual([path, 403])
      expect(answer.json).toMatchObject(refused)
      expect(answer.text).not.toContain(email)
    }
    const settings = await ann.start('settings')
    if (client === 'form') expect([settings.status, settings.location]).toEqual([303, stepUp()])
    else expect(settings.json).toMatchObject(refused)
  })

  test('signing out, and ending other sessions, need no second factor', async () => {
    const { ann, owner } = await halfway('ajax')
    const gone = await ann.http.send(`${app.publicUrl}/sessions`, { method: 'DELETE', headers })
    expect(gone.status).toBe(200)
    expect((await owner.whoami()).status).toBe(401)
    const logout = await ann.open(`${app.publicUrl}/self-service/logout/browser`)
    expect(logout.status).toBe(200)
  })

  test('a settings flow that was begun further up cannot be read or sent from below', async () => {
    const { owner, ann } = await halfway('ajax')
    const { flow } = await owner.start('settings')
    const id = textIn(flow, 'id')
    const seen = await ann.see('settings', id)
    const page = `http://ui.example.test/settings?flow=${id}`
    expect([seen.status, seen.location]).toEqual([403, stepUp(`&return_to=${encoded(page)}`)])
    const url = textIn(flow, 'ui.action')
    const sent = await ann.http.send(url, { headers, body: { method: 'password', password: 'a-brand-new-password-9' } })
    expect([sent.status, at(sent.json, 'redirect_browser_to')]).toEqual([403, stepUp(`&return_to=${encoded(url)}`)])
    // A start that says where to go afterwards comes back to itself.
    const start = `${app.publicUrl}/self-service/settings/browser?return_to=${encoded('https://allowed.example.test/x')}`
    expect((await ann.open(start)).location).toBe(stepUp(`&return_to=${encoded(start)}`))
  })

  test('recovery is no way around the second factor', async () => {
    const { email, secret } = await halfway('ajax')
    const thief = somebody(app, 'ajax')
    const { flow } = await thief.start('recovery')
    const sent = await thief.submit(flow, { method: 'code', email })
    const back = await thief.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
    expect(back.status).toBe(422)
    expect(back.flow).toMatchObject({ error: { id: 'session_aal2_required' } })
    expect((await thief.whoami()).status).toBe(403)
    expect((await thief.start('settings')).json).toMatchObject({ error: { id: 'session_aal2_required' } })
    // With the app in hand it goes on.
    const login = await thief.start('login', '?aal=aal2')
    await thief.submit(login.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    const settings = await thief.start('settings')
    const saved = await thief.submit(settings.flow, { method: 'password', password: 'a-brand-new-password-9' })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect((await thief.whoami()).json).toMatchObject({
      authentication_methods: [
        { method: 'code_recovery', aal: 'aal1' },
        { method: 'totp', aal: 'aal2' },
      ],
    })
  })

  test('where one factor is enough, nobody is asked, and everybody may go further', async () => {
    await app.reload(RELAXED)
    const { ann, answer, secret } = await halfway('ajax')
    expect(answer.status).toBe(200)
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal1' })
    expect((await ann.start('settings')).status).toBe(200)
    const { flow } = await ann.start('login', '?aal=aal2')
    await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })
  })

  test('a factor whose method is switched off is not asked for', async () => {
    const { ann } = await halfway('ajax')
    expect((await ann.whoami()).status).toBe(403)
    await app.reload(factors({ totp: { enabled: false } }))
    expect((await ann.whoami()).status).toBe(200)
  })

  test('an administrator takes the lost factor away', async () => {
    const { ann, email } = await halfway('ajax')
    const found = await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    const id = textIn(JSON.parse(await found.text()), '0.id')
    await fetch(`${app.adminUrl}/admin/identities/${id}/credentials/totp`, { method: 'DELETE' })
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal1' })
  })

  test.each(CLIENTS)('%s: whoever steps up keeps session and token, and is not asked again', async (client) => {
    const { ann, secret, email } = await halfway(client)
    await app.reload(RELAXED)
    const before = at((await ann.whoami()).json, 'id')
    await app.reload(factors())
    const { flow } = await ann.start('login', '?aal=aal2')
    const done = await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect(done.status).toBe(client === 'form' ? 303 : 200)
    expect((await ann.whoami()).json).toMatchObject({ id: before, identity: { traits: { email } } })
    const twice = await ann.start('login', '?aal=aal2')
    if (client === 'form') expect(twice.location).toBe('http://ui.example.test/')
    else expect(at(twice.json, 'error.id')).toBe('session_already_available')
    const refresh = await ann.start('login', '?aal=aal2&refresh=true')
    expect(saidIn(refresh.flow)).toEqual(['1010003'])
    expect(namesIn(refresh.flow)).toEqual(['csrf_token', 'totp_code', 'method'])
  })

  test('a step-up is bound to the session that asked, and to a session at all', async () => {
    const one = await halfway('ajax')
    const { flow } = await one.ann.start('login', '?aal=aal2')
    const two = await halfway('ajax')
    const url = textIn(flow, 'ui.action')
    const csrf_token = textIn(flow, 'ui.nodes.0.attributes.value')
    const code = codeOf(two.secret, Date.now())
    // Bob's browser, with Ann's page still open in it.
    for (const [name, value] of one.ann.http.cookies) {
      if (name.startsWith('csrf_token')) two.ann.http.cookies.set(name, value)
    }
    const body = { method: 'totp', totp_code: code, csrf_token }
    const crossed = await two.ann.http.send(url, { headers, body })
    expect([crossed.status, at(crossed.json, 'error.id')]).toEqual([403, 'security_identity_mismatch'])
    const nobody = somebody(app, 'ajax')
    const stranger = await nobody.http.send(url, { headers, body })
    expect([stranger.status, at(stranger.json, 'error.id')]).toEqual([401, 'session_aal1_required'])
    expect((await nobody.start('login', '?aal=aal2')).json).toMatchObject({ error: { id: 'session_aal1_required' } })
  })

  test('the first factor once more is no second one', async () => {
    const { ann, email } = await halfway('ajax')
    const { flow } = await ann.start('login', '?aal=aal2')
    const answer = await ann.submit(flow, { method: 'password', identifier: email, password: PASSWORD })
    expect(saidIn(answer.flow)).toEqual(['4010002'])
    const refresh = await ann.start('login', '?refresh=true')
    const again = await ann.submit(refresh.flow, { method: 'password', identifier: email, password: PASSWORD })
    expect([again.status, again.location]).toEqual([422, stepUp()])
    expect((await ann.whoami()).status).toBe(403)
  })

  test('several factors are offered together, and one is enough', async () => {
    const { ann: owner, email } = await signedUp(app, 'ajax')
    await connectApp(owner)
    const [code = ''] = await writeCodes(owner)
    const { ann } = await again(app, email, 'form')
    const { flow } = await ann.start('login', '?aal=aal2')
    expect(namesIn(flow)).toEqual(['csrf_token', 'totp_code', 'method', 'lookup_secret', 'method'])
    await ann.submit(flow, { method: 'lookup_secret', lookup_secret: code })
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })
  })

  test('the owner’s own session, which has shown the app, is never asked', async () => {
    const { owner } = await halfway('ajax')
    expect((await owner.whoami()).status).toBe(200)
    expect((await owner.start('settings')).status).toBe(200)
  })

  test.each(['totp', 'lookup_secret', 'webauthn', 'passkey'] as const)(
    '%s: setting it up asks for a recent sign-in',
    async (method) => {
      const { ann } = await signedUp(app, 'ajax')
      const { flow } = await ann.start('settings')
      app.turn(16 * 60_000)
      const fields = {
        totp: { totp_code: '123456' },
        lookup_secret: { lookup_secret_regenerate: true },
        webauthn: { webauthn_register: '{}' },
        passkey: { passkey_settings_register: '{}' },
      }[method]
      const answer = await ann.submit(flow, { method, ...fields })
      expect(answer.json).toMatchObject({ error: { id: 'session_refresh_required', code: 403 } })
    },
  )
})
