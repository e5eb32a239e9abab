import { Configuration, OAuth2Api } from '@ory/hydra-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { freePort } from '../free-port.ts'
import { startReceiver, type Receiver } from '../receiver.ts'
import { Browser, CALLBACK, claimsOf } from './server.ts'

// One process: people sign in on Cardea's pages for a client of Cardea's OAuth2 server.

describe.each(DIALECTS)('on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let oauth2Url: string
  let admin: OAuth2Api
  let client: { readonly client_id: string; readonly client_secret: string }
  const PASSWORD = 'a-long-enough-pass-phrase'

  beforeAll(async () => {
    receiver = await startReceiver()
    receiver.on('/claims', { json: { claims: { id_token: { set: { plan: 'pro' } } } } })
    const [open, adminPort] = [await freePort(), await freePort()]
    oauth2Url = `http://127.0.0.1:${open}`
    app = await startTestApp({
      dialect,
      config: {
        oauth2_server: {
          serve: { public: { host: '127.0.0.1', port: open }, admin: { host: '127.0.0.1', port: adminPort } },
          urls: { self: { issuer: `${oauth2Url}/`, admin: `http://127.0.0.1:${adminPort}/` } },
          tokens: {
            before_issue: { hooks: [{ hook: 'web_hook', config: { url: receiver.url('/claims'), method: 'POST' } }] },
          },
        },
      },
    })
    admin = new OAuth2Api(new Configuration({ basePath: `http://127.0.0.1:${adminPort}` }))
    client = await newClient()
    await register('ann@example.test')
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const newClient = async (more: JsonObject = {}) => {
    const { data } = await admin.createOAuth2Client({
      oAuth2Client: {
        client_name: 'The shop',
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: ['http://127.0.0.1:5555/bye'],
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'openid offline email',
        token_endpoint_auth_method: 'client_secret_post',
        ...more,
      },
    })
    return { client_id: data.client_id ?? '', client_secret: data.client_secret ?? '' }
  }

  type FlowJson = {
    readonly id: string
    readonly ui: {
      readonly action: string
      readonly nodes: readonly { readonly attributes: { readonly name: string; readonly value: string } }[]
    }
    readonly oauth2_login_challenge?: string
    readonly oauth2_login_request?: { readonly client: { readonly client_name: string } }
  }

  async function register(email: string): Promise<void> {
    const flow: FlowJson = JSON.parse(await (await fetch(`${app.publicUrl}/self-service/registration/api`)).text())
    const answer = await fetch(flow.ui.action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'password', password: PASSWORD, traits: { email } }),
    })
    expect(answer.status).toBe(200)
  }

  const authorize = (own = client, more: { readonly [name: string]: string } = {}) =>
    `${oauth2Url}/oauth2/auth?${new URLSearchParams({
      client_id: own.client_id,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid offline email',
      state: 'a-state-that-is-long-enough',
      ...more,
    }).toString()}`

  /** From the client's request to the sign-in form. */
  async function toForm(browser: Browser, url: string): Promise<FlowJson> {
    const first = await browser.go(url)
    expect(first.location?.pathname).toBe('/self-service/login/browser')
    const second = await browser.go(first.location?.href ?? '', { headers: { accept: 'text/html' } })
    const id = second.location?.searchParams.get('flow') ?? ''
    const shown = await browser.go(`${app.publicUrl}/self-service/login/flows?id=${id}`, {
      headers: { accept: 'application/json' },
    })
    const flow: FlowJson = JSON.parse(shown.text)
    return flow
  }

  const submit = (browser: Browser, flow: FlowJson, email: string, accept = 'text/html') => {
    const csrf = flow.ui.nodes.find(({ attributes }) => attributes.name === 'csrf_token')?.attributes.value ?? ''
    return browser.go(flow.ui.action, {
      method: 'POST',
      headers: { accept },
      body: new URLSearchParams({ method: 'password', identifier: email, password: PASSWORD, csrf_token: csrf }),
    })
  }

  const field = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

  const exchange = async (own: typeof client, location: URL | null) => {
    const answer = await fetch(`${oauth2Url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...own,
        grant_type: 'authorization_code',
        code: location?.searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
      }),
    })
    const body: { readonly id_token: string; readonly access_token: string } = JSON.parse(await answer.text())
    return body
  }

  test('somebody signs in, is asked once what the application may see, and its token has the hook’s claim', async () => {
    const browser = new Browser()
    const flow = await toForm(browser, authorize())
    expect(flow.oauth2_login_request?.client.client_name).toBe('The shop')
    const signedIn = await submit(browser, flow, 'ann@example.test')
    expect(signedIn.status).toBe(303)
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    expect(toConsent.location?.pathname).toBe('/ui/consent')
    const page = await browser.go(toConsent.location?.href ?? '')
    expect(page.status).toBe(200)
    expect(page.text).toContain('The shop asks for access')
    const form = new URLSearchParams([
      ['csrf_token', field(page.text, 'csrf_token')],
      ['consent_challenge', field(page.text, 'consent_challenge')],
      ['scope', 'openid'],
      ['scope', 'email'],
      ['remember', 'yes'],
      ['answer', 'allow'],
    ])
    const allowed = await browser.go(`${app.publicUrl}/ui/consent`, { method: 'POST', body: form })
    const landed = await browser.go(allowed.location?.href ?? '')
    const tokens = await exchange(client, landed.location)
    // `offline` was not ticked.
    expect(tokens).not.toHaveProperty('refresh_token')
    expect(claimsOf(tokens.id_token)).toMatchObject({ email: 'ann@example.test', plan: 'pro', amr: ['password'] })

    // The next time nobody is asked anything: the sign-in and the consent are remembered.
    const again = await browser.go(authorize(client, { scope: 'openid email' }))
    const accepted = await browser.go(again.location?.href ?? '', { headers: { accept: 'text/html' } })
    const consent = await browser.go(accepted.location?.href ?? '')
    const skipped = await browser.go(consent.location?.href ?? '')
    const silent = await browser.go(skipped.location?.href ?? '')
    expect(silent.location?.searchParams.get('code')).toBeTruthy()
  })

  test('a device is connected on Cardea’s own pages, and a code that is mistyped is asked for again', async () => {
    const television = await newClient({
      client_name: 'The television',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    })
    const post = async (path: string, form: { readonly [name: string]: string }) => {
      const body = new URLSearchParams({ ...television, ...form })
      const answer: { readonly [name: string]: string } = JSON.parse(
        await (await fetch(`${oauth2Url}/oauth2/${path}`, { method: 'POST', body })).text(),
      )
      return answer
    }
    const started = await post('device/auth', { scope: 'openid' })
    const browser = new Browser()
    const asked = await browser.go(started['verification_uri_complete'] ?? '')
    expect(asked.location?.pathname).toBe('/ui/device')
    const page = await browser.go(asked.location?.href ?? '')
    expect(page.text).toContain(`value="${started['user_code'] ?? ''}"`)
    const type = (text: string, code: string, csrf = field(text, 'csrf_token')) =>
      browser.go(`${app.publicUrl}/ui/device`, {
        method: 'POST',
        body: new URLSearchParams({
          csrf_token: csrf,
          device_challenge: field(text, 'device_challenge'),
          user_code: code,
        }),
      })
    // T81: nobody else’s page can connect their device for them.
    expect(
      (await type(page.text, started['user_code'] ?? '', '')).location?.searchParams.has('device_verifier'),
    ).not.toBe(true)
    const wrong = await type(page.text, 'BBBBBBBB')
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('This code is unknown')
    const right = await type(wrong.text, (started['user_code'] ?? '').toLowerCase())
    const signedIn = await submit(browser, await toForm(browser, right.location?.href ?? ''), 'ann@example.test')
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    const consent = await browser.go(toConsent.location?.href ?? '')
    expect(consent.text).toContain('The television asks for access')
    const allowed = await browser.go(`${app.publicUrl}/ui/consent`, {
      method: 'POST',
      body: new URLSearchParams({
        csrf_token: field(consent.text, 'csrf_token'),
        consent_challenge: field(consent.text, 'consent_challenge'),
        scope: 'openid',
        answer: 'allow',
      }),
    })
    const done = await browser.go(allowed.location?.href ?? '')
    expect(done.location?.pathname).toBe('/ui/device/done')
    expect((await browser.go(done.location?.href ?? '')).text).toContain('Your device is connected')
    const tokens = await post('token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: started['device_code'] ?? '',
    })
    expect(claimsOf(tokens['id_token'] ?? '')).toMatchObject({ plan: 'pro', amr: ['password'] })
    const over = await fetch(`${app.publicUrl}/ui/device?device_challenge=nonsense`)
    expect([over.status, (await over.text()).includes('This request is over')]).toEqual([400, true])
  })

  test('an application of the house is not asked about', async () => {
    const house = await newClient({ skip_consent: true })
    const browser = new Browser()
    const signedIn = await submit(browser, await toForm(browser, authorize(house)), 'ann@example.test')
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    const passed = await browser.go(toConsent.location?.href ?? '')
    const landed = await browser.go(passed.location?.href ?? '')
    expect(landed.location?.searchParams.get('code')).toBeTruthy()
  })

  test('T81: who refuses is brought back to the application with access_denied', async () => {
    const browser = new Browser()
    const own = await newClient()
    const signedIn = await submit(browser, await toForm(browser, authorize(own)), 'ann@example.test')
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    const page = await browser.go(toConsent.location?.href ?? '')
    const form = {
      csrf_token: field(page.text, 'csrf_token'),
      consent_challenge: field(page.text, 'consent_challenge'),
    }
    // Nobody else's page can agree for them.
    const forged = await browser.go(`${app.publicUrl}/ui/consent`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, csrf_token: '', answer: 'allow' }),
    })
    expect(forged.location?.searchParams.get('code') ?? null).toBeNull()
    const refused = await browser.go(`${app.publicUrl}/ui/consent`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, answer: 'deny' }),
    })
    const landed = await browser.go(refused.location?.href ?? '')
    expect(landed.location?.searchParams.get('error')).toBe('access_denied')
  })

  test('a consent belongs to who signed in: another browser can’t answer it', async () => {
    const browser = new Browser()
    const signedIn = await submit(browser, await toForm(browser, authorize(await newClient())), 'ann@example.test')
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    expect((await new Browser().go(toConsent.location?.href ?? '')).status).toBe(403)
  })

  test('a script is told where to send its browser', async () => {
    const browser = new Browser()
    const answer = await submit(browser, await toForm(browser, authorize()), 'ann@example.test', 'application/json')
    expect(answer.status).toBe(422)
    expect(JSON.parse(answer.text).redirect_browser_to).toContain('login_verifier=')
  })

  test.each([
    ['nonsense', 400],
    ['', 400],
  ])('the challenge "%s" is answered with %d', async (challenge, status) => {
    const answer = await fetch(`${app.publicUrl}/self-service/login/browser?login_challenge=${challenge}`, {
      headers: { accept: 'application/json' },
    })
    expect(answer.status).toBe(status)
  })

  test('signing out at the application ends both sessions', async () => {
    const browser = new Browser()
    const house = await newClient({ skip_consent: true })
    const signedIn = await submit(browser, await toForm(browser, authorize(house)), 'ann@example.test')
    const toConsent = await browser.go(signedIn.location?.href ?? '')
    const passed = await browser.go(toConsent.location?.href ?? '')
    const tokens = await exchange(house, (await browser.go(passed.location?.href ?? '')).location)
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: 'http://127.0.0.1:5555/bye',
    })
    const asked = await browser.go(`${oauth2Url}/oauth2/sessions/logout?${query.toString()}`)
    expect(asked.location?.pathname).toBe('/ui/sign-out')
    const page = await browser.go(asked.location?.href ?? '')
    const agreed = await browser.go(`${app.publicUrl}/ui/sign-out`, {
      method: 'POST',
      body: new URLSearchParams({
        csrf_token: field(page.text, 'csrf_token'),
        logout_challenge: field(page.text, 'logout_challenge'),
        answer: 'yes',
      }),
    })
    const done = await browser.go(agreed.location?.href ?? '')
    expect(done.location?.href).toBe('http://127.0.0.1:5555/bye')
    const whoami = await browser.go(`${app.publicUrl}/sessions/whoami`, { headers: { accept: 'application/json' } })
    expect(whoami.status).toBe(401)
  })
})
