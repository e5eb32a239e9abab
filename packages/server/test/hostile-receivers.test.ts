import { createServer as createHttps } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startTestApp, type TestApp, webHook } from './app.ts'
import { httpClient } from './http-client.ts'
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from './receiver-certificate.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { listIn, somebody, textIn } from './somebody.ts'

/** What names lead to. Nothing here leaves the machine. */
const names: { of: (name: string) => readonly string[] } = { of: () => [] }

let people = 0
const METADATA = '169.254.169.254'
const MODES = ['asked', 'awaited', 'queued'] as const
type Mode = (typeof MODES)[number]

let app: TestApp
/** Not among the exceptions: a private address actions may not call. */
let neighbour: Receiver
let hostile: { readonly server: Server; readonly port: number; answer: (socket: Socket, path: string) => void }
/** The first line of every request. Those of other cases are tried again meanwhile. */
const requests: string[] = []
let expired: { readonly server: ReturnType<typeof createHttps>; readonly port: number }
const usual = getCACertificates('default')
const client = httpClient({ keepsCookies: false })

beforeAll(async () => {
  neighbour = await startReceiver()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // The request has to have come before the answer goes.
    socket.once('data', (request) => {
      const [line = ''] = String(request).split('\r\n', 1)
      requests.push(line)
      hostile.answer(socket, line.split(' ')[1] ?? '')
    })
  })
  hostile = { server, port: await portOf(server), answer: () => {} }
  const secure = createHttps({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY }, (_, response) => response.end('{}'))
  secure.on('tlsClientError', () => {})
  expired = { server: secure, port: await portOf(secure) }
  // It is known and has ended: that is all that is wrong with it.
  setDefaultCACertificates([...usual, EXPIRED_CERTIFICATE])
  const resolve = async (name: string) => names.of(name).map((address) => ({ address, family: 4 }))
  app = await startTestApp({ resolve })
})
afterAll(async () => {
  await app.close()
  await neighbour.close()
  hostile.server.close()
  expired.server.close()
  setDefaultCACertificates(usual)
})

const portOf = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

const http = (status: string, headers: readonly string[], body: string | Buffer = '') =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\nConnection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`),
    Buffer.from(body),
  ])

/** As much as is taken, until nobody takes any more. */
function pour(socket: Socket, chunk: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', write)
  write()
}

const base = () => `http://127.0.0.1:${hostile.port}`

/** Thirty-two megabytes of nothing. */
const BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024))

type Case = {
  readonly name: string
  /** Where the call goes; the hostile server, unless it is said. */
  readonly url?: (mode: Mode) => string
  readonly answer?: (socket: Socket) => void
  readonly leadsTo?: (name: string) => readonly string[]
  /** What the log says: of a call somebody waits for, whose answer counts; and of those that are told, or that it was delivered. */
  readonly asked: RegExp
  readonly told: RegExp | 'delivered'
}

const CASES: readonly Case[] = [
  { name: 'never answers', answer: () => {}, asked: /^no answer within \d+ ms$/, told: /^no answer within \d+ ms$/ },
  {
    name: 'drips one byte at a time',
    answer: (socket) => {
      socket.write(http('200 OK', ['Content-Length: 1000']))
      const drip = setInterval(() => (socket.destroyed ? clearInterval(drip) : socket.write('x')), 50)
    },
    asked: /^no answer within \d+ ms$/,
    told: /^no answer within \d+ ms$/,
  },
  {
    name: 'answers one gigabyte',
    answer: (socket) => {
      socket.write(http('200 OK', ['Content-Type: application/json', `Content-Length: ${2 ** 30}`]))
      pour(socket, Buffer.alloc(64 * 1024, ' '))
    },
    asked: /^the answer is longer than 1048576 bytes$/,
    told: 'delivered',
  },
  {
    name: 'answers a gzip bomb',
    answer: (socket) => socket.end(http('200 OK', ['Content-Encoding: gzip'], BOMB)),
    asked: /^the answer is compressed although that was not accepted$/,
    told: 'delivered',
  },
  {
    name: 'redirects for ever',
    answer: (socket) => socket.end(http('307 Temporary Redirect', [`Location: ${base()}/again`])),
    asked: /^answered 307, a redirect to 127\.0\.0\.1:\d+$/,
    told: /^answered 307, a redirect to 127\.0\.0\.1:\d+$/,
  },
  {
    name: 'redirects to the metadata service',
    answer: (socket) => socket.end(http('307 Temporary Redirect', [`Location: http://${METADATA}/latest/meta-data/`])),
    asked: /^actions may not call 169\.254\.169\.254$/,
    told: /^actions may not call 169\.254\.169\.254$/,
  },
  {
    name: 'redirects to a private address',
    answer: (socket) => socket.end(http('308 Permanent Redirect', [`Location: ${neighbour.url('/inside')}`])),
    asked: /^actions may not call 127\.0\.0\.1$/,
    told: /^actions may not call 127\.0\.0\.1$/,
  },
  {
    name: 'has a name that leads to the metadata service',
    url: (mode) => `http://${mode}.receiver.example.test:${hostile.port}/`,
    leadsTo: () => [METADATA],
    asked: /^actions may not call asked\.receiver\.example\.test$/,
    told: /^actions may not call \w+\.receiver\.example\.test$/,
  },
  {
    name: 'has a name that leads to good and bad addresses',
    url: (mode) => `http://${mode}.receiver.example.test:${hostile.port}/`,
    leadsTo: () => ['127.0.0.1', METADATA],
    asked: /^actions may not call asked\.receiver\.example\.test$/,
    told: /^actions may not call \w+\.receiver\.example\.test$/,
  },
  {
    name: 'closes in the middle of its answer',
    answer: (socket) => socket.end(http('200 OK', ['Content-Length: 1000'], '{"identity":')),
    asked: /^(?:the connection was lost|the answer is not HTTP)/,
    told: /^(?:the connection was lost|the answer is not HTTP)/,
  },
  {
    name: 'floods its headers',
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      pour(socket, Buffer.from(`X-Flood: ${'x'.repeat(8_000)}\r\n`))
    },
    asked: /^the answer is not HTTP, or its headers are too large \(UND_ERR_HEADERS_OVERFLOW\)$/,
    told: /^the answer is not HTTP, or its headers are too large \(UND_ERR_HEADERS_OVERFLOW\)$/,
  },
  {
    name: 'answers a page of HTML',
    answer: (socket) => socket.end(http('200 OK', ['Content-Type: text/html'], '<!doctype html><title>Hello</title>')),
    asked: /^the receiver's answer cannot be used: the body is not JSON$/,
    told: 'delivered',
  },
  {
    name: 'speaks no HTTP',
    answer: (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
    asked: /^the answer is not HTTP/,
    told: /^the answer is not HTTP/,
  },
  {
    name: 'has a certificate that has ended',
    url: () => `https://127.0.0.1:${expired.port}/`,
    asked: /^the certificate is not trusted or TLS failed \(CERT_HAS_EXPIRED\)$/,
    told: /^the certificate is not trusted or TLS failed \(CERT_HAS_EXPIRED\)$/,
  },
]

/** All three kinds of call to one receiver, with little time and one try. */
/** A breaker is kept by endpoint and a quarantine by action, so every case has its own. */
const idOf = (mode: Mode) => `${mode}-${people}`
const own = (url: string) => `${url}${people}`

const configured = (urlOf: (mode: Mode) => string, timeout: string): JsonObject => {
  const hook = (mode: Mode, more: JsonObject) =>
    webHook(own(urlOf(mode)), { id: idOf(mode), timeout, body: 'none', ...more })
  const asked = hook('asked', { attempts: 1, response: { parse: true } })
  const awaited = hook('awaited', { attempts: 1, on_failure: 'queue' })
  const queued = hook('queued', { response: { ignore: true } })
  return {
    clients: {
      http: {
        disallow_private_ip_ranges: true,
        private_ip_exception_urls: [
          `http://127.0.0.1:${hostile.port}/**`,
          `https://127.0.0.1:${expired.port}/**`,
          `http://*.receiver.example.test:${hostile.port}/**`,
        ],
      },
    },
    selfservice: {
      flows: {
        login: { after: { password: { hooks: [asked] } } },
        registration: { after: { password: { hooks: [awaited, queued] } } },
      },
    },
  }
}

const listed = async (path: string): Promise<readonly JsonObject[]> =>
  JSON.parse((await client.get(`${app.adminUrl}${path}`)).text)

/** Signs somebody up, whom receivers are told of, and in, which one is asked about. */
async function walk(urlOf: (mode: Mode) => string, timeout = '400ms') {
  people += 1
  const email = `ann-${people}@example.test`
  await app.reload(configured(urlOf, timeout))
  const from = performance.now()
  const up = await somebody(app, 'api').signUp(email)
  const into = await somebody(app, 'api').signIn(email)
  const took = performance.now() - from
  const [person] = await listed(`/admin/identities?credentials_identifier=${email}`)
  const id = textIn(person, 'id')
  const toldOf = async (action: Mode) => {
    const [line] = await listed(`/admin/deliveries?identity=${id}&action=${idOf(action)}`)
    const { json } = await client.get(`${app.adminUrl}/admin/deliveries/${textIn(line, 'id')}`)
    return { status: textIn(json, 'status'), reason: textIn(listIn(json, 'tries')[0], 'reason') }
  }
  await expect
    .poll(async () => (await client.get(`${app.adminUrl}/admin/deliveries?identity=${id}`)).text)
    .not.toContain('"attempts":0')
  const [asked] = await listed(`/admin/actions/log?identity=${id}&action=${idOf('asked')}`)
  return { up, into, took, asked, awaited: await toldOf('awaited'), queued: await toldOf('queued') }
}

test.each(CASES)('a receiver that $name: everybody goes on, and the log says what it did', async (each) => {
  hostile.answer = each.answer ?? (() => {})
  names.of = each.leadsTo ?? (() => [])
  neighbour.reset()
  const walked = await walk(each.url ?? (() => `${base()}/`))
  // Whom it is told of is stored; whom it is asked about is not let in, and learns nothing about it.
  expect(walked.up.status).toBe(200)
  expect(walked.into.status).toBeGreaterThanOrEqual(400)
  expect(walked.into.text).not.toMatch(/127\.0\.0\.1:\d+\/(?!self-service)|169\.254|certificate|JSON|redirect/)
  expect(walked.took).toBeLessThan(4_000)
  expect(walked.asked).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(each.asked) })
  for (const told of [walked.awaited, walked.queued]) {
    if (each.told === 'delivered') expect(told).toEqual({ status: 'delivered', reason: '' })
    else expect(told).toEqual({ status: 'pending', reason: expect.stringMatching(each.told) })
  }
  expect(neighbour.calls).toHaveLength(0)
  expect((await client.get(`${app.publicUrl}/health/ready`)).status).toBe(200)
})

test('a name is looked up once for each connection: an answer that changes between check and connect is not seen', async () => {
  const asked = new Map<string, number>()
  names.of = (name) => {
    // Those of other cases are tried again meanwhile.
    if (!name.includes('-late.')) return []
    const times = (asked.get(name) ?? 0) + 1
    asked.set(name, times)
    // Whoever looked again for the same connection would be led astray.
    return times === 1 ? ['127.0.0.1'] : [METADATA]
  }
  hostile.answer = (socket) => socket.end(http('204 No Content', []))
  const walked = await walk((mode) => `http://${mode}-late.receiver.example.test:${hostile.port}/`, '10s')
  expect([walked.up.status, walked.into.status]).toEqual([200, 200])
  expect(walked.awaited.status).toBe('delivered')
  expect(walked.queued.status).toBe('delivered')
  expect(requests.filter((line) => line === `POST /${people} HTTP/1.1`)).toHaveLength(3)
  expect(asked).toEqual(new Map(MODES.map((mode) => [`${mode}-late.receiver.example.test`, 1])))
})

test('of redirects three are followed, and not one more', async () => {
  hostile.answer = (socket, path) => socket.end(http('307 Temporary Redirect', [`Location: ${base()}${path}`]))
  await walk(() => `${base()}/`, '10s')
  // Three calls, and each led back to itself three times.
  expect(requests.filter((line) => line === `POST /${people} HTTP/1.1`)).toHaveLength(12)
})
