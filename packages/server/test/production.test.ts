import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from './app.ts'
import { httpClient } from './http-client.ts'
import { startJourney } from './journeys.ts'

describe('without --dev', () => {
  const http = httpClient({ keepsCookies: false })
  let app: TestApp

  beforeAll(async () => {
    const secret = ['env://SECRET']
    app = await startTestApp({
      isDev: false,
      profile: 'safe',
      env: { SECRET: 'a-secret-of-32-characters-tests!' },
      config: { secrets: { cookie: secret, cipher: secret, default: secret } },
    })
  })
  afterAll(() => app.close())

  test.each(['/dev', '/dev/echo', '/dev/echo.json', '/dev/mailbox', '/echo', '/echo/x'])(
    'there is no %s',
    async (path) => {
      for (const url of [app.adminUrl, app.publicUrl]) expect((await http.get(`${url}${path}`)).status).toBe(404)
      const posted = await http.send(`${app.adminUrl}${path}`, { body: { a: 1 } })
      expect(posted.status).toBe(404)
    },
  )

  test('cookies are sent over https only', async () => {
    const { started } = await startJourney(app.publicUrl, 'login', 'ajax')
    expect(started.headers.getSetCookie().join()).toMatch(/csrf_token_[0-9a-f]{64}=.*Secure/)
  })

  test.each([
    ['another Host', { host: 'evil.example.test' }],
    ['a page of another origin', { origin: 'https://evil.example.test' }],
  ])('the admin API does not answer %s', async (_what, headers) => {
    const refused = await request(`${app.adminUrl}/admin/identities`, headers)
    expect(refused.status).toBe(403)
    expect(refused.body).toContain('serve.admin')
    expect((await request(`${app.adminUrl}/health/alive`, headers)).status).toBe(200)
  })
})

/** `fetch` sends its own Host, whatever it is told. */
const request = (url: string, headers: { readonly [name: string]: string }) =>
  new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    get(url, { headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
    }).on('error', reject)
  })

describe('with bearer tokens', () => {
  const http = httpClient({ keepsCookies: false })
  const TOKEN = 'a-bearer-token-for-tests-only-32'
  let app: TestApp

  beforeAll(async () => {
    app = await startTestApp({ config: { serve: { admin: { auth: { bearer_tokens: [TOKEN] } } } } })
  })
  afterAll(() => app.close())

  test.each([
    ['no token', {}, 401],
    ['a wrong one', { authorization: 'Bearer a-bearer-token-for-tests-only-33' }, 401],
    ['an empty one', { authorization: 'Bearer ' }, 401],
    ['the right one', { authorization: `Bearer ${TOKEN}` }, 200],
  ])('%s opens the admin API or not', async (_what, headers, status) => {
    const answer = await http.get(`${app.adminUrl}/admin/identities`, headers)
    expect(answer.status).toBe(status)
    expect(answer.text).not.toContain(TOKEN)
  })
})
