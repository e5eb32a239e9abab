import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from './app.ts'
import { httpClient, textAt } from './http-client.ts'
import { certificate, freshFolder, overSocket, overTls } from './listening.ts'

const http = httpClient({ keepsCookies: false })
const JSON_ONLY = { accept: 'application/json' }
const ID = '7e57e57e-7e57-4e57-8e57-7e57e57e57e5'

async function start(config: JsonObject): Promise<TestApp> {
  const app = await startTestApp({ config })
  onTestFinished(() => app.close())
  return app
}

describe.each(DIALECTS)('the front door on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ dialect })
  })
  afterAll(() => app.close())

  test.each([
    ['GET', '/identities?page_size=3&ids=a%20b', '/admin/identities?page_size=3&ids=a+b'],
    ['POST', '/admin/identities', '/admin/identities'],
    ['DELETE', `/identities/${ID}`, `/admin/identities/${ID}`],
    ['PATCH', `/admin/identities/${ID}`, `/admin/identities/${ID}`],
    ['DELETE', `/identities/${ID}/sessions`, `/admin/identities/${ID}/sessions`],
    ['DELETE', `/identities/${ID}/credentials/totp`, `/admin/identities/${ID}/credentials/totp`],
    ['POST', '/recovery/code', '/admin/recovery/code'],
    ['GET', '/admin/courier/messages', '/admin/courier/messages'],
  ])('%s %s at the public door is sent to the admin one, without a cookie', async (method, path, target) => {
    const answer = await http.send(`${app.publicUrl}${path}`, { method, headers: JSON_ONLY })
    expect([answer.status, answer.headers.get('location')]).toEqual([307, `${app.adminUrl}${target}`])
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  test.each([
    ['GET', '/self-service/login/browser?refresh=true', '/self-service/login/browser?refresh=true'],
    ['GET', '/admin/self-service/recovery/api', '/self-service/recovery/api'],
    ['POST', '/self-service/settings?flow=x', '/self-service/settings?flow=x'],
    ['GET', '/self-service/errors?id=x', '/self-service/errors?id=x'],
    ['GET', '/schemas/default', '/schemas/default'],
    ['GET', '/sessions/whoami', '/sessions/whoami'],
    ['DELETE', '/sessions', '/sessions'],
    ['DELETE', '/self-service/logout/api', '/self-service/logout/api'],
  ])('%s %s at the admin door is sent to the public one', async (method, path, target) => {
    const answer = await http.send(`${app.adminUrl}${path}`, { method, headers: JSON_ONLY })
    expect([answer.status, answer.headers.get('location')]).toEqual([307, `${app.publicUrl}${target}`])
  })

  test.each([
    ['GET', '/no/such/path', 404, true],
    ['GET', '/schemas', 200, true],
    ['GET', '/schemas/default', 200, false],
    ['GET', '/.well-known/change-password', 303, true],
    ['POST', '/no/such/path', 403, true],
    ['DELETE', '/self-service/login/flows', 403, true],
    ['POST', '/self-service/login/api', 405, false],
    ['GET', '/version', 404, false],
    ['GET', '/health/alive', 200, false],
    ['GET', '/courier/messages', 404, true],
  ])('%s %s answers %i; an anti-CSRF cookie is made: %s', async (method, path, status, makesCookie) => {
    const answer = await http.send(`${app.publicUrl}${path}`, { method, headers: JSON_ONLY })
    expect(answer.status).toBe(status)
    expect(answer.headers.getSetCookie().map((line) => line.slice(0, 11))).toEqual(makesCookie ? ['csrf_token_'] : [])
    const isPlain = path === '/version' || path === '/health/alive'
    expect(answer.headers.get('vary')).toBe(isPlain ? null : 'Cookie')
  })

  test('password managers are sent to the settings', async () => {
    const answer = await http.get(`${app.publicUrl}/.well-known/change-password`, { accept: 'text/html' })
    expect(answer.headers.get('location')).toMatch(/\/settings$/)
  })

  test('schemas are listed in pages', async () => {
    const all = await http.get(`${app.publicUrl}/schemas`)
    expect(all.headers.get('x-total-count')).toBe('1')
    expect(all.headers.get('link')).toMatch(
      /^<\/schemas\?page=0&page_size=1&page_token=[^>]+&per_page=1>; rel="first"$/,
    )
    expect((await http.get(`${app.publicUrl}/schemas?page=1&per_page=1`)).text.trim()).toBe('[]')
  })

  test('HEAD is answered as GET, without a body', async () => {
    const answer = await http.send(`${app.publicUrl}/health/alive`, { method: 'HEAD' })
    expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([200, '', '16'])
  })
})

test('a body of more than 5 MB is refused as by Ory', async () => {
  const app = await start({})
  const flow = await http.get(`${app.publicUrl}/self-service/login/api`)
  const answer = await http.send(`${app.publicUrl}/self-service/login?flow=${textAt(flow.json, 'id')}`, {
    headers: { ...JSON_ONLY, 'content-type': 'application/json' },
    body: Buffer.alloc(5 * 1024 * 1024 + 1, 'x'),
  })
  expect(answer.status).toBe(500)
  expect(answer.json).toMatchObject({ error: { message: 'unable to read body: http: request body too large' } })
})

test('origins are those of the configuration in force', async () => {
  const cors = { enabled: true, allowed_origins: ['https://app.example.test'], allow_credentials: true }
  const app = await start({ serve: { public: { cors } } })
  const ask = (origin: string, method = 'GET') =>
    http.send(`${app.publicUrl}/sessions/whoami`, {
      method,
      headers: { origin, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'GET' } : JSON_ONLY) },
    })
  const allowed = async (origin: string) => (await ask(origin)).headers.get('access-control-allow-origin')
  expect(await allowed('https://app.example.test')).toBe('https://app.example.test')
  expect(await allowed('https://other.example.test')).toBeNull()
  const preflight = await ask('https://app.example.test', 'OPTIONS')
  expect([preflight.status, preflight.text]).toEqual([204, ''])
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET')
  expect((await ask('https://app.example.test')).headers.get('vary')).toBe('Origin, Cookie')
  expect((await http.get(`${app.publicUrl}/health/alive`)).headers.get('vary')).toBe('Origin')

  await app.reload({ serve: { public: { cors: { allowed_origins: ['https://*.example.test'] } } } })
  expect(await allowed('https://other.example.test')).toBe('https://other.example.test')
})

test('requests are in the log at level debug, health checks only where they are wanted', async () => {
  const app = await start({ log: { level: 'debug' }, serve: { public: { request_log: { disable_for_health: true } } } })
  await http.get(`${app.publicUrl}/health/alive`)
  await http.get(`${app.adminUrl}/health/alive`)
  await http.get(`${app.publicUrl}/sessions/whoami?token=secret`)
  const requests = app.logged.filter(({ event }) => event === 'request')
  expect(requests.map(({ level, fields }) => [level, fields.method, fields.path, fields.status])).toEqual([
    ['debug', 'GET', '/health/alive', 200],
    ['debug', 'GET', '/sessions/whoami', 401],
  ])
  expect(JSON.stringify(requests)).not.toContain('secret')
  const quiet = await start({})
  await http.get(`${quiet.publicUrl}/sessions/whoami`)
  expect(quiet.logged.filter(({ event }) => event === 'request')).toEqual([])
})

test('whose word on where a request comes from counts is configured', async () => {
  const forged = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'evil.example.test',
    'true-client-ip': '203.0.113.8',
  }
  const seen = async (serve: JsonObject) => {
    const app = await start({ serve: { public: serve } })
    const flow = await http.get(`${app.publicUrl}/self-service/registration/api`, forged)
    const traits = { email: 'ann@example.test' }
    const answer = await http.send(textAt(flow.json, 'ui.action'), {
      headers: { ...JSON_ONLY, ...forged },
      body: { method: 'password', password: 'a-horse-with-9-batteries', traits },
    })
    return [new URL(textAt(flow.json, 'request_url')).hostname, textAt(answer.json, 'session.devices.0.ip_address')]
  }
  expect(await seen({ forwarded_headers: 'anyone' })).toEqual(['evil.example.test', '203.0.113.8'])
  const behind = { forwarded_headers: 'trusted_proxies', trusted_proxies: ['127.0.0.1'] }
  expect(await seen(behind)).toEqual(['evil.example.test', '203.0.113.9'])
  expect(await seen({ ...behind, trusted_proxies: [] })).toEqual([
    '127.0.0.1',
    expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  ])
})

test('a listener with a certificate speaks https, and shows a renewed one after a reload', async () => {
  const folder = freshFolder()
  const first = certificate(folder, 'first')
  const tls = { key: { path: first.key }, cert: { path: first.cert } }
  const app = await start({ serve: { public: { tls } } })
  const url = app.publicUrl.replace('http:', 'https:')
  expect(await overTls(`${url}/health/alive`)).toMatchObject({ status: 200, name: 'first' })
  const flow: JsonObject = JSON.parse((await overTls(`${url}/self-service/login/api`)).body)
  expect(flow.request_url).toBe(`${url}/self-service/login/api`)
  expect((await http.get(`${app.adminUrl}/health/alive`)).status).toBe(200)

  const second = certificate(folder, 'second')
  writeFileSync(first.key, readFileSync(second.key))
  writeFileSync(first.cert, readFileSync(second.cert))
  await app.reload({ serve: { public: { tls } } })
  expect(await overTls(`${url}/health/alive`)).toMatchObject({ status: 200, name: 'second' })
})

test('a certificate that can’t be shown stops the start before anything runs, and a reload before anything of it counts', async () => {
  const folder = freshFolder()
  const good = certificate(folder, 'good')
  const broken = join(folder, 'broken.pem')
  writeFileSync(broken, 'no certificate')
  const tls = { key: { path: good.key }, cert: { path: broken } }
  await expect(startTestApp({ config: { serve: { public: { tls } } } })).rejects.toThrow(/PEM/i)

  const app = await start({ serve: { public: { tls: { ...tls, cert: { path: good.cert } } } } })
  const url = app.publicUrl.replace('http:', 'https:')
  const elsewhere = { base_url: 'https://elsewhere.example.test/' }
  await expect(app.reload({ serve: { public: { ...elsewhere, tls } } })).rejects.toThrow(/PEM/i)
  const flow: JsonObject = JSON.parse((await overTls(`${url}/self-service/login/api`)).body)
  expect(flow.request_url).toBe(`${url}/self-service/login/api`)
})

test('a listener at a unix socket has its mode, and takes the place of a socket that was left behind', async () => {
  const path = join(freshFolder(), 'admin.sock')
  // The process is killed, its socket stays.
  const abandon = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(spawnSync(process.execPath, ['-e', abandon]).signal).toBe('SIGKILL')
  expect(existsSync(path)).toBe(true)

  const app = await start({ serve: { admin: { host: `unix:${path}`, socket: { mode: 0o600 } } } })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await overSocket(path, '/admin/identities')).toBe(200)
  expect((await http.get(`${app.publicUrl}/health/alive`)).status).toBe(200)
  await expect(startTestApp({ config: { serve: { admin: { host: `unix:${path}` } } } })).rejects.toThrow('EADDRINUSE')
})

test('a keep-alive connection does not keep a stopping server waiting', async () => {
  const app = await startTestApp({})
  const agent = new Agent({ keepAlive: true })
  await new Promise<void>((resolve, reject) => {
    httpRequest(`${app.publicUrl}/health/alive`, { agent }, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
      .end()
  })
  const from = performance.now()
  await app.close()
  expect(performance.now() - from).toBeLessThan(1_000)
  agent.destroy()
})

test('headers larger than any honest ones are refused', async () => {
  const app = await start({})
  const { hostname, port } = new URL(app.publicUrl)
  const first = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('data', (chunk) => resolve(chunk.toString().split('\r\n')[0] ?? ''))
    socket.write(`GET /health/alive HTTP/1.1\r\nhost: x\r\ncookie: ${'a'.repeat(20_000)}\r\n\r\n`)
    socket.on('error', () => resolve('closed'))
  })
  expect(first).toMatch(/ 431 /)
})
