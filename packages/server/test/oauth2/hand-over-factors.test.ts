import { Configuration, OAuth2Api } from '@ory/hydra-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { codeOf, connectApp, factors, nodeIn } from '../factors/world.ts'
import { freePort } from '../free-port.ts'
import { codeTo } from '../mails.ts'
import { namesIn, type Somebody, somebody, textIn } from '../somebody.ts'
import { PASSWORD } from '../journeys.ts'
import { CALLBACK, claimsOf } from './server.ts'

// What stands between a client's request and its tokens when one process does both: second factors, a sign-in that must
// be made anew, an address to verify first (ory-identity-api.md §12).

describe.each(DIALECTS)('on %s', (dialect) => {
  let app: TestApp
  let oauth2Url: string
  let ports: { readonly open: number; readonly admin: number }
  let client: { readonly client_id: string; readonly client_secret: string }
  let count = 0

  const config = (more: JsonObject = {}, selfservice: JsonObject = {}): JsonObject =>
    factors({}, selfservice, {
      session: { whoami: { required_aal: 'aal1' } },
      oauth2_server: {
        serve: {
          public: { host: '127.0.0.1', port: ports.open },
          admin: { host: '127.0.0.1', port: ports.admin },
        },
        urls: { self: { issuer: `${oauth2Url}/`, admin: `http://127.0.0.1:${ports.admin}/` } },
      },
      ...more,
    })

  beforeAll(async () => {
    ports = { open: await freePort(), admin: await freePort() }
    oauth2Url = `http://127.0.0.1:${ports.open}`
    app = await startTestApp({ dialect, config: config() })
    const admin = new OAuth2Api(new Configuration({ basePath: `http://127.0.0.1:${ports.admin}` }))
    const { data } = await admin.createOAuth2Client({
      oAuth2Client: {
        redirect_uris: [CALLBACK],
        scope: 'openid',
        token_endpoint_auth_method: 'client_secret_post',
        skip_consent: true,
      },
    })
    client = { client_id: data.client_id ?? '', client_secret: data.client_secret ?? '' }
  })
  afterAll(() => app.close())
  afterEach(() => app.reload(config()))

  const authorize = (more: { readonly [name: string]: string } = {}) =>
    `${oauth2Url}/oauth2/auth?${new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: 'a-state-that-is-long-enough',
      ...more,
    }).toString()}`

  /** Somebody with an authenticator app. */
  const person = async () => {
    const email = `ann-${++count}@example.test`
    const ann = somebody(app, 'api')
    await ann.signUp(email)
    return { email, secret: await connectApp(ann) }
  }
  /** From the client to whatever form stands first. */
  const toForm = async (browser: Somebody, more: { readonly [name: string]: string } = {}) =>
    browser.open((await browser.open(authorize(more))).location)
  const password = (browser: Somebody, flow: JsonObject, identifier: string) =>
    browser.submit(flow, { method: 'password', identifier, password: PASSWORD })
  /** From an accepted login to the claims of the ID token. */
  const claimsAt = async (browser: Somebody, location: string): Promise<JsonObject> => {
    let at = location
    while (!at.startsWith(CALLBACK)) {
      const next = (await browser.open(at)).location
      if (next === '') throw new Error(`nothing leads on from ${at}`)
      at = next
    }
    const answer = await fetch(`${oauth2Url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...client,
        grant_type: 'authorization_code',
        code: new URL(at).searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
      }),
    })
    const { id_token: idToken }: { readonly id_token: string } = JSON.parse(await answer.text())
    return claimsOf(idToken)
  }

  test('one factor is enough where nobody asks for more', async () => {
    const { email } = await person()
    const browser = somebody(app, 'form')
    const signedIn = await password(browser, (await toForm(browser)).flow, email)
    const claims = await claimsAt(browser, signedIn.location)
    expect(claims['amr']).toEqual(['password'])
    expect(claims).not.toHaveProperty('acr')
  })

  test.each([
    ['the client asks for aal2', { acr_values: 'aal2' }, {}, 'aal2'],
    ['the server asks for all there is', {}, { session: { whoami: { required_aal: 'highest_available' } } }, undefined],
  ])('%s: the login is accepted only after the second factor', async (_name, parameters, more, acr) => {
    await app.reload(config(more))
    const { email, secret } = await person()
    const browser = somebody(app, 'form')
    const half = await password(browser, (await toForm(browser, parameters)).flow, email)
    expect(half.location).not.toContain('login_verifier')
    expect(textIn(half.flow, 'requested_aal')).toBe('aal2')
    expect(textIn(half.flow, 'oauth2_login_challenge')).not.toBe('')
    const whole = await browser.submit(half.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect(whole.location).toContain('login_verifier')
    const claims = await claimsAt(browser, whole.location)
    expect(claims['amr']).toEqual(['password', 'totp'])
    expect(claims['acr']).toBe(acr)
  })

  test('a script is led through the second factor too', async () => {
    const { email, secret } = await person()
    const browser = somebody(app, 'ajax')
    const first = await browser.open(authorize({ acr_values: 'aal2' }))
    const half = await password(browser, (await browser.open(first.location)).flow, email)
    expect(half.status).toBe(422)
    expect(half.location).not.toContain('login_verifier')
    const whole = await browser.submit(half.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect([whole.status, whole.location.includes('login_verifier')]).toEqual([422, true])
  })

  test('who has no second factor gets aal1, and the client is told so', async () => {
    const email = `ben-${++count}@example.test`
    await somebody(app, 'api').signUp(email)
    const browser = somebody(app, 'form')
    const signedIn = await password(browser, (await toForm(browser, { acr_values: 'aal2' })).flow, email)
    expect((await claimsAt(browser, signedIn.location))['acr']).toBe('aal1')
  })

  test('who is remembered with one factor is asked for the other one alone, and then not again', async () => {
    const { email, secret } = await person()
    const browser = somebody(app, 'form')
    await claimsAt(browser, (await password(browser, (await toForm(browser)).flow, email)).location)
    const more = await toForm(browser, { acr_values: 'aal2' })
    expect(namesIn(more.flow)).toContain('totp_code')
    expect(namesIn(more.flow)).not.toContain('password')
    const whole = await browser.submit(more.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect((await claimsAt(browser, whole.location))['acr']).toBe('aal2')
    const silent = await browser.open((await browser.open(authorize({ acr_values: 'aal2' }))).location)
    expect((await claimsAt(browser, silent.location))['acr']).toBe('aal2')
  })

  test.each([{ prompt: 'login' }, { max_age: '0' }])(
    '%j: somebody who is signed in proves it anew, and a second factor is no way round it',
    async (parameters) => {
      const { email } = await person()
      const browser = somebody(app, 'form')
      const before = await claimsAt(browser, (await password(browser, (await toForm(browser)).flow, email)).location)
      app.turn(5_000)
      const first = await browser.open(authorize(parameters))
      const asked = await browser.open(first.location)
      expect(asked.flow).toMatchObject({ refresh: true })
      expect(namesIn(asked.flow)).toContain('password')
      const around = await browser.open(`${first.location}&aal=aal2`)
      expect(namesIn(around.flow)).toContain('password')
      const again = await password(browser, asked.flow, email)
      const after = await claimsAt(browser, again.location)
      app.turn(-5_000)
      expect(Number(after['auth_time'])).toBeGreaterThan(Number(before['auth_time']))
    },
  )

  const VERIFYING = {
    verification: { enabled: true, use: 'code', ui_url: 'http://ui.example.test/verification' },
    registration: { after: { password: { hooks: [{ hook: 'session' }, { hook: 'show_verification_ui' }] } } },
  }

  test('who signs up and must verify first comes back to the client from there', async () => {
    await app.reload(config({}, VERIFYING))
    const email = `eve-${++count}@example.test`
    const browser = somebody(app, 'form')
    const { location } = await browser.open(authorize())
    const form = await browser.open(location.replace('/login/', '/registration/'))
    const signedUp = await browser.submit(form.flow, { method: 'password', password: PASSWORD, traits: { email } })
    expect(signedUp.location).toContain('/verification?flow=')
    expect(signedUp.flow).toMatchObject({ state: 'sent_email' })
    // Nothing of what waits is shown.
    expect(JSON.stringify(signedUp.flow)).not.toContain('handsBack')
    const verified = await browser.submit(signedUp.flow, { method: 'code', code: await codeTo(app, email) })
    expect(verified.flow).toMatchObject({ state: 'passed_challenge' })
    const goOn = textIn(nodeIn(verified.flow, 'continue'), 'attributes.href')
    expect(goOn).toContain('login_verifier')
    expect((await claimsAt(browser, goOn))['amr']).toEqual(['password'])
  })

  test('a verification that takes longer than the client waits counts, and leads home', async () => {
    await app.reload(config({}, VERIFYING))
    const email = `eve-${++count}@example.test`
    const browser = somebody(app, 'form')
    const { location } = await browser.open(authorize())
    const form = await browser.open(location.replace('/login/', '/registration/'))
    const signedUp = await browser.submit(form.flow, { method: 'password', password: PASSWORD, traits: { email } })
    const code = await codeTo(app, email)
    app.turn(31 * 60_000)
    const verified = await browser.submit(signedUp.flow, { method: 'code', code })
    app.turn(-31 * 60_000)
    expect(verified.flow).toMatchObject({ state: 'passed_challenge' })
    expect(textIn(nodeIn(verified.flow, 'continue'), 'attributes.href')).not.toContain('login_verifier')
  })

  test('override_return_to leads who recovers on the way back to what the client asked for', async () => {
    const browser = somebody(app, 'form')
    expect((await toForm(browser)).flow).not.toHaveProperty('return_to')
    await app.reload(config({ oauth2_provider: { override_return_to: true } }))
    const url = authorize()
    const shown = await browser.open((await browser.open(url)).location)
    expect(shown.flow['return_to']).toBe(url)
  })
})
