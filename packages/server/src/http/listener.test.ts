import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../test/free-port.ts'
import { type Answer, json, type Route } from './exchange.ts'
import { createListener, type Door, type HttpListener } from './listener.ts'
import { routeTable } from './route-table.ts'

const LIMIT = 100

/** A route that tells what it was asked. */
const route = (method: Route['method'], path: string, more: Partial<Route> = {}): Route => ({
  method,
  path,
  csrf: 'ignored',
  handle: async ({ params, body, path: asked, facts, query }) =>
    json(200, { route: path, params, body: body.toString(), asked, url: facts.url, query: query.toString() }),
  ...more,
})

const ROUTES = [
  route('GET', '/sessions'),
  route('DELETE', '/sessions'),
  route('GET', '/sessions/whoami'),
  route('DELETE', '/sessions/:id'),
  route('GET', '/identities/:id'),
  route('GET', '/identities/by/external/:externalID'),
  route('GET', '/page', { csrf: 'global' }),
  route('PUT', '/echo/*'),
  route('POST', '/post'),
  route('GET', '/closed', { isClosed: true }),
]

const doorOf = (routes: readonly Route[], more: Partial<Door> = {}): Door => ({
  routes: routeTable(routes),
  corsFor: () => null,
  isTrusted: null,
  spell: (url) => url,
  answer: async ({ csrf, handle }, exchange) => {
    const answer = await handle(exchange)
    return { ...answer, headers: { ...answer.headers, 'x-csrf': csrf } }
  },
  refuse: (refusal): Answer => json(refusal.kind === 'failed' ? 500 : 400, refusal),
  dress: (answer) => answer,
  logRequest: null,
  logFailure: () => {},
  ...more,
})

type Opened = { readonly port: number; readonly listener: HttpListener }

async function open(door: () => Door): Promise<Opened> {
  const listener = createListener(door, { certificate: null, bodyLimit: LIMIT })
  const port = await freePort()
  await listener.listen({ host: '127.0.0.1', port, socket: null })
  return { port, listener }
}

type Asked = { readonly headers?: { readonly [name: string]: string }; readonly body?: string | Buffer }
type Told = { readonly status: number; readonly headers: { readonly [name: string]: unknown }; readonly json: unknown }

const ask = (port: number, method: string, path: string, { headers = {}, body }: Asked = {}) =>
  new Promise<Told>((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      const { statusCode: status = 0, headers: told } = answer
      answer.on('end', () => resolve({ status, headers: told, json: text === '' ? null : JSON.parse(text) }))
    })
    asked.on('error', reject).end(body)
  })

let shared: Opened
beforeAll(async () => {
  shared = await open(() => doorOf(ROUTES))
})
afterAll(() => shared.listener.close())

const LONG = 'x'.repeat(8_000)

test.each([
  ['GET', '/sessions', '/sessions', {}],
  ['GET', '/sessions/whoami', '/sessions/whoami', {}],
  // A path that is known by itself may be spelt by a parameter for other methods.
  ['DELETE', '/sessions/whoami', '/sessions/:id', { id: 'whoami' }],
  ['GET', '/identities/a%2Fb%20c', '/identities/:id', { id: 'a/b c' }],
  ['GET', `/identities/${LONG}`, '/identities/:id', { id: LONG }],
  ['GET', '/identities/by/external/x', '/identities/by/external/:externalID', { externalID: 'x' }],
  ['PUT', '/echo/', '/echo/*', { '*': '' }],
  ['PUT', '/echo/a/b', '/echo/*', { '*': 'a/b' }],
])('%s %s is answered by %s', async (method, path, expected, params) => {
  const answer = await ask(shared.port, method, path)
  expect(answer.json).toMatchObject({ route: expected, params, asked: path })
})

test('HEAD is answered as GET, without the body', async () => {
  const [head, get] = [await ask(shared.port, 'HEAD', '/sessions'), await ask(shared.port, 'GET', '/sessions')]
  expect([head.status, head.json, head.headers['content-length']]).toEqual([200, null, get.headers['content-length']])
})

test('a client that names the host in the request line is answered by the path', async () => {
  const answer = await ask(shared.port, 'GET', 'http://other.example.test/sessions?a=b', {
    headers: { host: 'own.test' },
  })
  expect(answer.json).toMatchObject({ route: '/sessions', url: 'http://own.test/sessions?a=b', query: 'a=b' })
})

test.each(['//sessions?a=//b', '///sessions?a=//b', 'http://other.example.test//sessions?a=//b'])(
  'a client whose base URL ends in a slash is answered as without it: %s',
  async (url) => {
    const answer = await ask(shared.port, 'GET', url, { headers: { host: 'own.test' } })
    expect(answer.json).toMatchObject({ route: '/sessions', url: 'http://own.test/sessions?a=//b', query: 'a=%2F%2Fb' })
  },
)

test.each([
  ['PUT', '/sessions', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['POST', '/sessions/whoami', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['POST', '/page', ['GET', 'HEAD'], 'global'],
  ['OPTIONS', '/sessions', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['TRACE', '/sessions', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['PROPFIND', '/page', ['GET', 'HEAD'], 'global'],
])('%s %s is the wrong method', async (method, path, allow, csrf) => {
  const { json: told, headers } = await ask(shared.port, method, path)
  expect([told, headers['x-csrf']]).toEqual([{ kind: 'wrong_method', allow }, csrf])
})

test.each(['/', '/nothing', '/sessions/', '/sessions/a/b', '/identities/', '/SESSIONS', '/closed'])(
  '%s is unknown',
  async (path) => {
    expect((await ask(shared.port, 'GET', path)).json).toEqual({ kind: 'unknown' })
  },
)

test.each(['/identities/%zz', '/%', '/identities/%ff', '/nothing/%'])('%s is malformed', async (path) => {
  expect((await ask(shared.port, 'GET', path)).json).toEqual({ kind: 'malformed' })
})

test.each(['application/json', 'APPLICATION/X-WWW-FORM-URLENCODED; charset', 'no media type at all', ';', undefined])(
  'a body is read whatever its type says: %s',
  async (type) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await ask(shared.port, 'POST', '/post', { headers, body: '{"a":' })
    expect(answer.json).toMatchObject({ body: '{"a":' })
  },
)

test.each([
  ['that says so', { 'content-length': String(LIMIT + 1) }],
  ['that comes in pieces', { 'transfer-encoding': 'chunked' }],
])('a body %s is too large', async (_, headers) => {
  const answer = await ask(shared.port, 'POST', '/post', { headers, body: Buffer.alloc(LIMIT + 1) })
  expect([answer.json, answer.headers['connection']]).toEqual([{ kind: 'too_large' }, 'close'])
})

test('a new configuration counts with the next request, and may open what was closed', async () => {
  const current = { door: doorOf(ROUTES) }
  const { port, listener } = await open(() => current.door)
  onTestFinished(() => listener.close())
  expect((await ask(port, 'GET', '/closed')).json).toEqual({ kind: 'unknown' })
  current.door = doorOf([route('GET', '/closed')])
  expect((await ask(port, 'GET', '/closed')).json).toMatchObject({ route: '/closed' })
  expect((await ask(port, 'GET', '/sessions')).json).toEqual({ kind: 'unknown' })
})

test('what fails is logged, and its client learns nothing of it', async () => {
  const failures: unknown[] = []
  const broken = route('GET', '/broken', { handle: () => Promise.reject(new Error('the reason')) })
  const { port, listener } = await open(() => doorOf([broken], { logFailure: (error) => failures.push(error) }))
  onTestFinished(() => listener.close())
  expect(await ask(port, 'GET', '/broken')).toMatchObject({ status: 500, json: { kind: 'failed' } })
  expect(failures).toEqual([new Error('the reason')])

  const answer = () => Promise.reject(new Error('the door itself'))
  const other = await open(() => doorOf([broken], { answer, logFailure: (error) => failures.push(error) }))
  onTestFinished(() => other.listener.close())
  for (const path of ['/broken', '/nothing', '/%']) {
    expect(await ask(other.port, 'GET', path)).toMatchObject({ status: 500, json: { kind: 'failed' } })
  }
  expect(failures.slice(1).map(String)).toEqual(Array(3).fill('Error: the door itself'))
})

/** A route that answers when it is told to. */
function slow() {
  const waiting: (() => void)[] = []
  const handle: Route['handle'] = () =>
    new Promise((resolve) => {
      waiting.push(() => resolve(json(200, {})))
    })
  return { waiting, route: route('GET', '/slow', { handle }) }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('more requests at once than can be answered are sent away, health checks are not', async () => {
  const { waiting, route: waits } = slow()
  const alive = route('GET', '/health/alive')
  const { port, listener } = await open(() => doorOf([waits, alive, route('GET', '/sessions')]))
  onTestFinished(() => listener.close())
  const under = Array.from({ length: 500 }, () => ask(port, 'GET', '/slow'))
  await until(() => waiting.length === 500)
  expect((await ask(port, 'GET', '/sessions')).json).toEqual({ kind: 'overloaded' })
  expect((await ask(port, 'GET', '/health/alive')).status).toBe(200)
  for (const end of waiting) end()
  await Promise.all(under)
  expect((await ask(port, 'GET', '/sessions')).status).toBe(200)
})

test('what is under way when the server stops is answered, and its connection ends', async () => {
  const { waiting, route: waits } = slow()
  const { port, listener } = await open(() => doorOf([waits]))
  const socket = connect(port, '127.0.0.1')
  const told = new Promise<string>((resolve) => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('close', () => resolve(text))
  })
  socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => waiting.length === 1)
  const closed = listener.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  for (const end of waiting) end()
  expect(await told).toMatch(/^HTTP\/1\.1 200 /)
  await closed
})

const sayRaw = (port: number, text: string) =>
  new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(/ (\d{3}) /.exec(chunk.toString())?.[1] ?? '')
    })
    socket.once('error', () => resolve('closed')).once('close', () => resolve('closed'))
  })

const chunked = '4\r\nabcd\r\n0\r\n\r\n'

test.each([
  ['a length and chunks', `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`],
  ['two lengths', 'content-length: 4\r\ncontent-length: 5\r\n\r\nabcde'],
  ['a blank before the colon', 'content-length : 4\r\n\r\nabcd'],
  ['lines that end in half', 'content-length: 4\n\nabcd'],
  ['a second host', 'host: other.test\r\ncontent-length: 4\r\n\r\nabcd'],
  ['a coding nobody needs', `transfer-encoding: identity, chunked\r\n\r\n${chunked}`],
  ['a length that is none', 'content-length: 4x\r\n\r\nabcd'],
])('a request that proxies may read otherwise is refused: %s', async (_, headers) => {
  expect(await sayRaw(shared.port, `POST /post HTTP/1.1\r\nhost: own.test\r\n${headers}`)).toBe('400')
})

test('a body in chunks is read', async () => {
  const text = `POST /post HTTP/1.1\r\nhost: own.test\r\ntransfer-encoding: Chunked\r\n\r\n${chunked}`
  expect(await sayRaw(shared.port, text)).toBe('200')
})
