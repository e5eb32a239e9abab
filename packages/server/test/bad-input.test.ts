import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from './app.ts'
import { at, type HttpAnswer, type HttpClient, httpClient, textAt } from './http-client.ts'
import { CLIENTS, PASSWORD, startJourney } from './journeys.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const JSON_TYPE = { accept: 'application/json', 'content-type': 'application/json' }

describe.each(DIALECTS)('bad input on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let http: HttpClient

  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({
      dialect,
      config: {
        actions: { timeout: '300ms', attempts: 2 },
        selfservice: {
          flows: {
            registration: {
              after: {
                password: {
                  hooks: [webHook(receiver.url('/asked'), { response: { parse: true } }), { hook: 'session' }],
                },
              },
            },
          },
        },
      },
    })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => {
    http = httpClient({ keepsCookies: false })
    receiver.reset()
    receiver.on('/asked', { status: 204 })
  })

  const nobodyStored = async () => {
    const { text } = await http.get(`${app.adminUrl}/admin/identities`)
    expect(JSON.parse(text)).toEqual([])
  }
  const quiet = (answer: HttpAnswer) => {
    expect(answer.text).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|127\.0\.0\.1:\d+\/asked/)
  }
  const start = async () => {
    const { json } = await http.get(`${app.publicUrl}/self-service/registration/api`)
    return textAt(json, 'ui.action')
  }

  const GOOD = JSON.stringify({ method: 'password', password: PASSWORD, traits: { email: 'x@example.test' } })
  test.each([
    ['broken JSON', GOOD.slice(0, -3), JSON_TYPE, 400, 'Unable to decode form as JSON.'],
    ['JSON that is no object', '[1,2]', JSON_TYPE, 400, 'Unable to decode form as JSON.'],
    ['an empty body', '', JSON_TYPE, 400, 'Content-Length'],
    ['a text', GOOD, { ...JSON_TYPE, 'content-type': 'text/plain' }, 400, 'unknown HTTP Header'],
    ['no content type at all', GOOD, { accept: 'application/json', 'content-type': '' }, 400, 'unknown HTTP Header'],
    ['a NUL character', GOOD.replace('x@', 'x\\u0000@'), JSON_TYPE, 400, 'NUL'],
    ['JSON nested 100,000 levels deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, JSON_TYPE, 400, 'decode'],
    ['no method', '{"password":"x"}', JSON_TYPE, 400, 'Property email is missing.'],
    ['an unknown method', GOOD.replace('"password"', '"telepathy"'), JSON_TYPE, 400, '4010003'],
    ['a trait of the wrong type', GOOD.replace('"x@example.test"', '{"a":1}'), JSON_TYPE, 400, 'expected string'],
    ['a trait nobody knows', GOOD.replace('"email"', '"rank":"root","email"'), JSON_TYPE, 400, 'rank'],
    ['a prototype', GOOD.replace('"email"', '"__proto__":{"admin":true},"email"'), JSON_TYPE, 400, '__proto__'],
    ['an address of 10,000 characters', GOOD.replace('x@', `${'x'.repeat(10_000)}@`), JSON_TYPE, 400, 'email'],
    ['a payload that is no object', GOOD.replace('{', '{"transient_payload":[1],'), JSON_TYPE, 400, '4000026'],
  ])('%s is refused with a reason', async (_what, body, headers, status, reason) => {
    const answer = await http.send(await start(), { headers, body })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(reason)
    quiet(answer)
    await nobodyStored()
  })

  test('bytes that are no UTF-8 are refused with a reason', async () => {
    const body = Buffer.from(GOOD.replace('x@', 'x\u00ff@'), 'latin1')
    const answer = await http.send(await start(), { headers: JSON_TYPE, body })
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('UTF-8')
    await nobodyStored()
  })

  test('a body over 5 MB is refused, and the server lives on', async () => {
    const answer = await http.send(await start(), { headers: JSON_TYPE, body: `"${'x'.repeat(5 * 1024 * 1024)}"` })
    expect(answer.status).toBe(500)
    expect(answer.text).toContain('request body too large')
    quiet(answer)
    expect((await http.get(`${app.publicUrl}/health/ready`)).status).toBe(200)
  })

  test.each([
    ['an unknown flow', '00000000-0000-4000-8000-000000000000', 404],
    ['a malformed flow', 'not-an-id', 400],
    ['no flow', '', 400],
    ['a flow with SQL in it', "' or 1=1 --", 400],
  ])('%s is told apart', async (_what, id, status) => {
    const url = `${app.publicUrl}/self-service/login?flow=${encodeURIComponent(id)}`
    const answer = await http.send(url, { headers: JSON_TYPE, body: GOOD })
    expect(answer.status).toBe(status)
    expect(at(answer.json, 'error.code')).toBe(status)
    const fetched = await http.get(`${app.publicUrl}/self-service/login/flows?id=${encodeURIComponent(id)}`)
    expect(fetched.status).toBe(404)
  })

  test.each(['/%ff', '/schemas/%zz'])('%s is no path, and says so as every error does', async (path) => {
    const response = await fetch(`${app.publicUrl}${path}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 400, status: 'Bad Request' } })
  })

  test('a flow of another kind does not exist here', async () => {
    const { json } = await http.get(`${app.publicUrl}/self-service/login/api`)
    const answer = await http.get(`${app.publicUrl}/self-service/registration/flows?id=${textAt(json, 'id')}`)
    expect(answer.status).toBe(404)
  })

  test('a form without its anti-CSRF token is refused: JSON for scripts, the error page for browsers', async () => {
    const browser = httpClient({ keepsCookies: true })
    const journey = await startJourney(app.publicUrl, 'registration', 'ajax', { http: browser })
    const url = `${app.publicUrl}/self-service/registration?flow=${journey.flowId}`
    const script = await browser.send(url, { headers: { accept: 'application/json' }, body: JSON.parse(GOOD) })
    expect(script.status).toBe(403)
    expect(at(script.json, 'error.id')).toBe('security_csrf_violation')

    const fields = new URLSearchParams({ method: 'password', password: PASSWORD, 'traits.email': 'x@example.test' })
    const form = await browser.send(url, { headers: { accept: 'text/html' }, body: fields })
    expect(form.status).toBe(303)
    expect(form.headers.get('location')).toMatch(/^http:\/\/ui\.example\.test\/error\?id=/)
    await nobodyStored()
  })

  test("somebody else's form cannot be read or sent", async () => {
    const journey = await startJourney(app.publicUrl, 'registration', 'ajax')
    const stranger = httpClient({ keepsCookies: true })
    const url = `${app.publicUrl}/self-service/registration/flows?id=${journey.flowId}`
    expect((await stranger.get(url, { accept: 'application/json' })).status).toBe(403)
  })

  test('a native form sent by a browser is refused', async () => {
    const action = await start()
    for (const [name, value] of [
      ['origin', 'https://evil.example.test'],
      ['cookie', 'a=b'],
    ]) {
      const answer = await http.send(action, { headers: { ...JSON_TYPE, [name ?? '']: value ?? '' }, body: GOOD })
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('4000001')
    }
    await nobodyStored()
  })

  test.each([
    ['another host', 'https://evil.example.test/'],
    ['a name that merely begins alike', 'http://ui.example.test.evil.example.test/'],
    ['a user in front', 'http://ui.example.test@evil.example.test/'],
    ['a script', 'javascript:alert(1)'],
    ['a backslash', 'http://ui.example.test\\@evil.example.test/'],
    ['a line break', 'http://ui.example.test/\r\nset-cookie: a=b'],
  ])('a return_to with %s is refused', async (_what, target) => {
    const url = `${app.publicUrl}/self-service/login/api?return_to=${encodeURIComponent(target)}`
    const answer = await http.get(url)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  test.each([
    ['a path with a bad escape', 'GET /%zz HTTP/1.1', 400],
    ['a header without a name', 'GET /health/alive HTTP/1.1\r\n: x', 400],
    ['a line break in a header', 'GET /health/alive HTTP/1.1\r\nX: a\rb', 400],
    ['two lengths', 'POST /self-service/login HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2', 400],
  ])('%s is no request', async (_what, head, status) => {
    const answer = await raw(
      Number(new URL(app.publicUrl).port),
      `${head}\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).not.toMatch(/node_modules|\.ts:/)
  })

  test.each([
    ['is down', null, 400],
    ['answers too late', { status: 204, delay: 2_000 }, 504],
    ['answers 500', { status: 500, body: 'secret trouble' }, 400],
    ['answers nonsense', { status: 200, body: '<html>' }, 400],
    ['answers 400 without messages', { status: 400, json: {} }, 400],
    ['hangs up', (_call: unknown, response: { destroy(): void }) => response.destroy(), 400],
  ] as const)(
    'a receiver that %s: the person is told no more than that, nothing is stored',
    async (what, answer, status) => {
      if (answer === null) {
        await app.reload({
          selfservice: {
            flows: {
              registration: {
                after: { password: { hooks: [webHook('http://127.0.0.1:1/asked', { response: { parse: true } })] } },
              },
            },
          },
        })
      } else receiver.on('/asked', answer)
      const journey = await startJourney(app.publicUrl, 'registration', 'api')
      const submitted = await journey.submit(JSON.parse(GOOD))
      expect([what, submitted.status]).toEqual([what, status])
      expect(at(submitted.json, 'error.reason')).toMatch(/^We could not complete this step.*Reference: [0-9a-f-]{36}$/)
      quiet(submitted)
      expect(submitted.text).not.toContain('secret trouble')
      const reference = textAt(submitted.json, 'error.reason').slice(-36)
      expect(app.logged.some(({ fields }) => fields.reference === reference)).toBe(true)
      await nobodyStored()
      if (answer === null) await app.reload({})
    },
  )

  test.each(CLIENTS)('%s: an expired flow is replaced by a new one that says so', async (client) => {
    const journey = await startJourney(app.publicUrl, 'login', client)
    app.turn(11 * 60_000)
    const answer = await journey.submitBlindly({ method: 'password', identifier: 'x', password: 'y' })
    if (client === 'form') {
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).not.toContain(journey.flowId)
      return
    }
    expect(answer.status).toBe(410)
    expect(at(answer.json, 'error.id')).toBe('self_service_flow_expired')
    expect(answer.json.use_flow_id).not.toBe(journey.flowId)
  })
})

/** Sends bytes as they are and returns the answer as it is. */
const raw = (port: number, bytes: string) =>
  new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
