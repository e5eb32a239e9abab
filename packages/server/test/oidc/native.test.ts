import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { saidIn, somebody, textIn } from '../somebody.ts'
import { CLIENT } from '../upstream.ts'
import { type Stage, stage } from './walk.ts'

const RETURN = 'https://allowed.example.test/app'

describe.each(DIALECTS)('native apps and providers, on %s', (dialect) => {
  let here: Stage
  let count = 0
  beforeAll(async () => {
    // A row whose ID tokens are taken from apps, with the test's own provider behind it.
    here = await stage({ dialect, provider: { provider: 'google', additional_id_token_audiences: ['our-phone-app'] } })
  })
  afterAll(() => here.close())
  const account = () => ({ sub: `native-${++count}`, email: `native-${count}@example.test`, email_verified: true })

  const start = async (name: 'login' | 'registration') => {
    const app = somebody(here.app, 'api')
    const query = `?return_session_token_exchange_code=true&return_to=${encodeURIComponent(RETURN)}`
    const { flow } = await app.start(name, query)
    const initCode = textIn(flow, 'session_token_exchange_code')
    return { app, flow, initCode }
  }
  const browserThrough = async (url: string) =>
    httpClient({ keepsCookies: true }).get(await here.upstream.visit(url), { accept: 'text/html' })
  const exchange = (init: string, back: string) =>
    httpClient({ keepsCookies: false }).get(
      `${here.app.publicUrl}/sessions/token-exchange?init_code=${encodeURIComponent(init)}&return_to_code=${encodeURIComponent(back)}`,
    )

  test.each(['login', 'registration'] as const)(
    '%s: the browser brings the app a code, and two codes are a session, once',
    async (name) => {
      here.upstream.is(account())
      const { app, flow, initCode } = await start(name)
      expect(initCode.length).toBeGreaterThan(64)
      // Whoever sees the flow later does not see the app's code.
      expect((await app.see(name, textIn(flow, 'id'))).json).not.toHaveProperty('session_token_exchange_code')
      const sent = await app.submit(flow, { method: 'oidc', provider: 'up' })
      expect(sent.status).toBe(422)
      expect((await exchange(initCode, 'too-early')).status).toBe(404)

      const back = await browserThrough(sent.location)
      expect(back.status).toBe(303)
      expect(back.headers.getSetCookie().some((line) => line.includes('session='))).toBe(false)
      const target = new URL(back.headers.get('location') ?? '')
      expect(target.href.startsWith(RETURN)).toBe(true)
      const code = target.searchParams.get('code') ?? ''
      expect((await exchange(initCode, `${code}x`)).status).toBe(404)
      expect((await exchange(`${initCode}x`, code)).status).toBe(404)

      const given = await exchange(initCode, code)
      expect(given.status).toBe(200)
      const token = textIn(given.json, 'session_token')
      const mine = await app.http.get(`${here.app.publicUrl}/sessions/whoami`, { 'x-session-token': token })
      expect(at(mine.json, 'id')).toBe(at(given.json, 'session.id'))
      expect((await exchange(initCode, code)).status).toBe(404)
    },
  )

  test('what went wrong in the browser reaches the app as its flow', async () => {
    here.upstream.is(null)
    const { app, flow, initCode } = await start('login')
    const sent = await app.submit(flow, { method: 'oidc', provider: 'up' })
    const target = new URL((await browserThrough(sent.location)).headers.get('location') ?? '')
    expect(target.origin + target.pathname).toBe(RETURN)
    expect(target.searchParams.get('flow')).toBe(flow.id)
    const told = await exchange(initCode, target.searchParams.get('code') ?? '')
    expect(told.status).toBe(422)
    expect(saidIn(told.json)).toEqual(['4000001'])
  })

  test('an address that is taken leads the app to a login flow for linking', async () => {
    const olga = account()
    await somebody(here.app, 'ajax').signUp(olga.email)
    here.upstream.is(olga)
    const { app, flow, initCode } = await start('registration')
    const sent = await app.submit(flow, { method: 'oidc', provider: 'up' })
    const target = new URL((await browserThrough(sent.location)).headers.get('location') ?? '')
    expect(target.searchParams.get('no_org_ui')).toBe('true')
    const login = await app.see('login', target.searchParams.get('flow') ?? '')
    expect(saidIn(login.flow)).toEqual(['1010016'])
    const told = await exchange(initCode, target.searchParams.get('code') ?? '')
    expect(told.status).toBe(422)
    expect(told.json.id).toBe(login.flow.id)
  })

  const idToken = (claims: JsonObject = {}): Promise<string> =>
    here.upstream.sign({
      iss: here.upstream.issuer,
      aud: CLIENT.client_id,
      exp: Math.floor(Date.now() / 1000) + 600,
      nonce: 'a-nonce',
      ...claims,
    })
  const bring = async (token: string, more: JsonObject = { id_token_nonce: 'a-nonce' }) => {
    const app = somebody(here.app, 'api')
    const { flow } = await app.start('registration')
    return app.submit(flow, { method: 'oidc', provider: 'up', id_token: token, ...more })
  }

  test('an ID token of the provider signs up and in, for us and for our other audiences', async () => {
    const olga = account()
    const up = await bring(await idToken({ ...olga }))
    expect(up.status).toBe(200)
    expect(up.json).toMatchObject({
      identity: { traits: { email: olga.email } },
      session: { authentication_methods: [{ method: 'oidc', provider: 'up' }] },
    })
    const again = await bring(await idToken({ ...olga, aud: 'our-phone-app' }))
    expect(again.status).toBe(200)
    expect(at(again.json, 'session.identity.id')).toBe(at(up.json, 'identity.id'))
  })

  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub: 'x' })).toString('base64url')}.`
  const REFUSED: readonly (readonly [string, () => Promise<string>, number])[] = [
    ['for somebody else', async () => idToken({ sub: 'x', aud: 'another-client' }), 403],
    ['of another issuer', async () => idToken({ sub: 'x', iss: 'https://evil.example.test' }), 403],
    ['that has expired', async () => idToken({ sub: 'x', exp: Math.floor(Date.now() / 1000) - 3600 }), 403],
    ['that is not signed', () => Promise.resolve(none), 403],
    [
      'whose signature is of something else',
      async () => `${(await idToken({ sub: 'x' })).slice(0, -12)}AAAAAAAAAAAA`,
      403,
    ],
    ['that is no token', async () => 'nonsense', 403],
    ['made for another sign-in', async () => idToken({ sub: 'x', nonce: 'another' }), 502],
    ['without a nonce', async () => idToken({ sub: 'x', nonce: '' }), 502],
    ['without a subject', async () => idToken({}), 403],
  ]
  test.each(REFUSED)('an ID token %s is refused', async (_, make, status) => {
    const told = await bring(await make())
    expect(told.status).toBe(status)
    expect(told.json).not.toHaveProperty('session_token')
    if (status === 403) expect(textIn(told.json, 'error.reason')).toBe('Could not verify id_token')
    else expect(textIn(told.json, 'error.id')).toBe('upstream_error')
  })

  test('a nonce is not left out, and only a device that says so has none', async () => {
    expect((await bring(await idToken({ ...account() }), {})).status).toBe(502)
    expect((await bring(await idToken({ ...account(), nonce: '', nonce_supported: false }), {})).status).toBe(200)
    expect((await bring(await idToken({ ...account(), nonce: '', nonce_supported: true }), {})).status).toBe(502)
  })

  test('an ID token links an account to the one that is signed in, and a wrong one links nothing', async () => {
    const olga = account()
    const app = somebody(here.app, 'api')
    await app.signUp(`links-${++count}@example.test`)
    const mine = at((await app.whoami()).json, 'identity.id')
    const { flow } = await app.start('settings')
    const forged = await app.submit(flow, { link: 'up', id_token: await idToken({ ...olga, aud: 'another-client' }) })
    expect(forged.status).toBe(403)
    const replayed = await app.submit(flow, {
      link: 'up',
      id_token: await idToken({ ...olga }),
      id_token_nonce: 'other',
    })
    expect(replayed.status).toBe(502)
    const token = await idToken({ ...olga })
    const linked = await app.submit(flow, { method: 'oidc', link: 'up', id_token: token, id_token_nonce: 'a-nonce' })
    expect(linked.status).toBe(200)
    expect(saidIn(linked.json)).toEqual(['1050001'])
    expect(at((await bring(await idToken({ ...olga }))).json, 'session.identity.id')).toBe(mine)
  })

  test('a page can not sign a browser in with somebody else’s token', async () => {
    const ann = somebody(here.app, 'ajax')
    const { flow } = await ann.start('login')
    const forged = await ann.http.send(textIn(flow, 'ui.action'), {
      headers: { accept: 'application/json' },
      body: { method: 'oidc', provider: 'up', id_token: await idToken({ ...account() }), id_token_nonce: 'a-nonce' },
    })
    expect(forged.status).toBe(403)
    expect(textIn(forged.json, 'error.id')).toBe('security_csrf_violation')
  })
})
