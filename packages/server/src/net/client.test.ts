import type { LookupAddress } from 'node:dns'
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Receiver, startReceiver } from '../../test/receiver.ts'
import type { ClientSettings } from '../core/settings.ts'
import { openClient } from './client.ts'
import type { OutgoingCall, Sent } from './outgoing.ts'

let receiver: Receiver
let elsewhere: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
  elsewhere = await startReceiver()
})
afterAll(async () => {
  await receiver.close()
  await elsewhere.close()
})
beforeEach(() => {
  receiver.reset()
  elsewhere.reset()
})

const open: ClientSettings = {
  privateAddresses: 'allowed',
  privateAddressExceptions: [],
  maxRedirects: 0,
  headerAllowlist: [],
  cookieAllowlist: [],
}
const call = (url: string, more: Partial<OutgoingCall> = {}): OutgoingCall => ({
  method: 'POST',
  url,
  headers: { 'Content-Type': 'application/json' },
  body: '{}\n',
  ...more,
})

type World = {
  readonly settings?: Partial<ClientSettings>
  readonly names?: { readonly [name: string]: readonly string[] }
  readonly budget?: number
  readonly staysHere?: true
}

async function send(
  outgoing: OutgoingCall,
  { settings, names = {}, budget = 2_000, staysHere }: World = {},
): Promise<Sent> {
  const resolve = async (name: string): Promise<readonly LookupAddress[]> => {
    const addresses = names[name]
    if (addresses === undefined) throw new Error('no such name')
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  const client = openClient(() => ({ ...open, ...settings }), { userAgent: 'cardea/test', resolve })
  try {
    return await client.send(outgoing, { budget, ...(staysHere === undefined ? {} : { staysHere }) })
  } finally {
    await client.close()
  }
}

/** A server that speaks bytes instead of HTTP. */
async function withRaw<T>(speak: (socket: Socket) => void, use: (url: string) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    speak(socket)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    return await use(`http://127.0.0.1:${port}/`)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

const reasonOf = (sent: Sent) => (sent.kind === 'failed' ? sent.reason : sent.status)

test('a call arrives as it was given, and its answer comes back as a value', async () => {
  receiver.on('/hook', { status: 418, headers: { 'Retry-After': '7' }, body: 'tea' })
  const sent = await send(call(receiver.url('/hook?a=1'), { headers: { 'X-Key': 'k', 'Content-Type': 'text/plain' } }))
  expect(sent).toMatchObject({ kind: 'answered', status: 418, headers: { 'retry-after': '7' } })
  expect(sent.kind === 'answered' && sent.body.toString()).toBe('tea')
  expect(receiver.calls[0]).toMatchObject({
    method: 'POST',
    path: '/hook?a=1',
    body: '{}\n',
    headers: {
      'x-key': 'k',
      'content-type': 'text/plain',
      'user-agent': 'cardea/test',
      'accept-encoding': 'identity',
      'content-length': '3',
    },
  })
})

test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s carries a body', async (method) => {
  expect(reasonOf(await send(call(receiver.url('/hook'), { method })))).toBe(200)
  expect(receiver.calls[0]).toMatchObject({ method, body: '{}\n' })
})

test('proxies of the environment are not asked: the guard would judge their address and not the receiver’s', async () => {
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']
  for (const name of names) process.env[name] = receiver.url('/proxy')
  try {
    await send(call(receiver.url('/hook')))
  } finally {
    for (const name of names) delete process.env[name]
  }
  expect(receiver.calls.map(({ path }) => path)).toEqual(['/hook'])
})

test('a configured user agent wins over ours', async () => {
  await send(call(receiver.url('/hook'), { headers: { 'User-Agent': 'mine/1' } }))
  expect(receiver.calls[0]?.headers['user-agent']).toBe('mine/1')
})

const refused = { settings: { privateAddresses: 'refused' } } as const
test.each([
  ['http://127.0.0.1:PORT/', refused],
  ['http://2130706433:PORT/', refused],
  ['http://0x7f000001:PORT/', refused],
  ['http://0x7f.1:PORT/', refused],
  ['http://0177.0.0.1:PORT/', refused],
  ['http://127.1:PORT/', refused],
  ['http://0:PORT/', refused],
  ['http://①②⑦.0.0.1:PORT/', refused],
  ['http://127。0。0。1:PORT/', refused],
  ['http://%31%32%37.0.0.1:PORT/', refused],
  ['http://127.0.0.1.:PORT/', refused],
  ['http://user:pass@127.0.0.1:PORT/', refused],
  ['http://[::1]:PORT/', refused],
  ['http://[::ffff:127.0.0.1]:PORT/', refused],
  ['http://[64:ff9b::7f00:1]:PORT/', refused],
  ['http://inside.test:PORT/', { ...refused, names: { 'inside.test': ['127.0.0.1'] } }],
  ['http://mixed.test:PORT/', { ...refused, names: { 'mixed.test': ['93.184.216.34', '127.0.0.1'] } }],
  ['http://six.test:PORT/', { ...refused, names: { 'six.test': ['::ffff:127.0.0.1'] } }],
  ['http://zone.test:PORT/', { names: { 'zone.test': ['fe80::1%lo'] } }],
  // Not even where private addresses are allowed, or all of them are exempt.
  ['http://0.0.0.0:PORT/', {}],
  ['http://169.254.169.254/latest/meta-data/', {}],
  ['http://[fd00:ec2::254]/', { settings: { privateAddressExceptions: ['**'] } }],
  ['http://169.254.169.254/', { settings: { privateAddressExceptions: ['**'] } }],
  ['http://[::ffff:a9fe:a9fe]/', { settings: { privateAddressExceptions: ['**'] } }],
  [
    'http://meta.test/',
    { settings: { privateAddressExceptions: ['**'] }, names: { 'meta.test': ['169.254.169.254'] } },
  ],
] as const)('%s is refused', async (url, world: World) => {
  const sent = await send(call(url.replace('PORT', String(receiver.port))), world)
  expect(reasonOf(sent)).toBe('refused_address')
  expect(receiver.calls).toEqual([])
})

test('a refusal names the host but not where it leads', async () => {
  const sent = await send(call(`http://inside.test:${receiver.port}/`), {
    ...refused,
    names: { 'inside.test': ['127.0.0.1'] },
  })
  expect(sent).toMatchObject({
    kind: 'failed',
    reason: 'refused_address',
    detail: 'actions may not call inside.test',
  })
})

test('an exception lets one private URL through and no other', async () => {
  const settings = { ...refused.settings, privateAddressExceptions: [receiver.url('/hook')] }
  expect(reasonOf(await send(call(receiver.url('/hook?x')), { settings }))).toBe(200)
  expect(reasonOf(await send(call(receiver.url('/other')), { settings }))).toBe('refused_address')
})

test('a name that changes its mind is judged with every connection, and a judged connection leads where it led', async () => {
  const asked: string[] = []
  const client = openClient(() => open, {
    userAgent: 'cardea/test',
    resolve: async (name) => [{ address: asked.push(name) === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }],
  })
  const url = `http://rebinding.test:${receiver.port}/hook`
  const outcomes = [reasonOf(await client.send(call(url), { budget: 2_000 }))]
  const together = [1, 2, 3].map(() => client.send(call(url), { budget: 2_000 }))
  for (const sent of together) outcomes.push(reasonOf(await sent))
  await client.close()
  expect(outcomes[0]).toBe(200)
  expect(outcomes).toContain('refused_address')
  expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(receiver.calls.length)
})

test('new settings count for the next call, also on connections that are already open', async () => {
  const current = { settings: open }
  const client = openClient(() => current.settings, { userAgent: 'cardea/test' })
  expect(reasonOf(await client.send(call(receiver.url('/hook')), { budget: 2_000 }))).toBe(200)
  current.settings = { ...open, privateAddresses: 'refused' }
  expect(reasonOf(await client.send(call(receiver.url('/hook')), { budget: 2_000 }))).toBe('refused_address')
  await client.close()
})

test('the next address of a name is tried where one does not answer', async () => {
  const names = { 'both.test': ['::1', '127.0.0.1'] }
  expect(reasonOf(await send(call(`http://both.test:${receiver.port}/hook`), { names }))).toBe(200)
  expect(receiver.calls[0]?.headers.host).toBe(`both.test:${receiver.port}`)
})

test('connections are used again', async () => {
  const client = openClient(() => open, { userAgent: 'cardea/test' })
  const ports = new Set<number | undefined>()
  receiver.on('/hook', (_call, response) => {
    ports.add(response.socket?.remotePort)
    response.end('ok')
  })
  for (let at = 0; at < 5; at++) {
    await client.send(call(receiver.url('/hook')), { budget: 2_000 })
    // A connection is free again a moment after its answer was read.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await client.close()
  expect(ports.size).toBe(1)
})

const SECRETS = {
  'Content-Type': 'application/json',
  Authorization: 'Basic x',
  Cookie: 'key=x',
  'X-Api-Key': 'x',
  'Ory-Webhook-Trigger-ID': 'x',
  'webhook-id': 'w',
}
const follows = { settings: { maxRedirects: 3 } }

test.each([301, 302, 303, 304, 307, 308])(
  'without leave a %i is a failure and nobody else is visited',
  async (status) => {
    receiver.on('/hook', { status, headers: { location: elsewhere.url('/stolen?token=1') } })
    const sent = await send(call(receiver.url('/hook')))
    expect(sent).toMatchObject({
      kind: 'failed',
      reason: 'redirect_not_followed',
      detail: `answered ${status}, a redirect to 127.0.0.1:${elsewhere.port}`,
    })
    expect(elsewhere.calls).toEqual([])
  },
)

test.each([307, 308])('a %i may be followed with method, body and, at the same origin, credentials', async (status) => {
  receiver.on('/hook', { status, headers: { location: '/new' } })
  expect(reasonOf(await send(call(receiver.url('/hook'), { headers: SECRETS }), follows))).toBe(200)
  expect(receiver.callsTo('/new')[0]).toMatchObject({
    method: 'POST',
    body: '{}\n',
    headers: { authorization: 'Basic x', 'x-api-key': 'x' },
  })
})

test('no credentials travel to another origin', async () => {
  receiver.on('/hook', { status: 307, headers: { location: elsewhere.url('/new').replace('//', '//u:p@') } })
  expect(reasonOf(await send(call(receiver.url('/hook'), { headers: SECRETS }), follows))).toBe(200)
  const { headers } = elsewhere.calls[0] ?? {}
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'w' })
  for (const name of ['authorization', 'cookie', 'x-api-key', 'ory-webhook-trigger-id']) {
    expect(headers).not.toHaveProperty(name)
  }
})

test.each([
  ['301 turns a POST into a GET elsewhere', { status: 301, headers: { location: '/new' } }],
  ['303 likewise', { status: 303, headers: { location: '/new' } }],
  ['a redirect without a target', { status: 307 }],
  ['a redirect to another scheme', { status: 307, headers: { location: 'file:///etc/passwd' } }],
])('even with leave not followed: %s', async (_name, answer) => {
  receiver.on('/hook', answer)
  expect(reasonOf(await send(call(receiver.url('/hook')), follows))).toBe('redirect_not_followed')
  expect(receiver.callsTo('/new')).toEqual([])
})

test('a call that stays where it is follows none, whatever is configured', async () => {
  receiver.on('/hook', { status: 307, headers: { location: '/new' } })
  expect(reasonOf(await send(call(receiver.url('/hook')), { ...follows, staysHere: true }))).toBe(
    'redirect_not_followed',
  )
  expect(receiver.callsTo('/new')).toEqual([])
})

test('the guard stands before every hop', async () => {
  receiver.on('/hook', { status: 307, headers: { location: 'http://169.254.169.254/latest/' } })
  expect(reasonOf(await send(call(receiver.url('/hook')), follows))).toBe('refused_address')
})

test('a ring of redirects ends after three', async () => {
  receiver.on('/hook', { status: 307, headers: { location: '/hook' } })
  expect(reasonOf(await send(call(receiver.url('/hook')), follows))).toBe('redirect_not_followed')
  expect(receiver.calls).toHaveLength(4)
})

test.each([
  ['silence', (_socket: Socket) => {}],
  ['slow headers', (socket: Socket) => socket.write('HTTP/1.1 200 O')],
  ['a body that stops', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')],
  [
    'a body that drips',
    (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const drip = setInterval(() => socket.write('1\r\nx\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    },
  ],
  ['an early hint and nothing more', (socket: Socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')],
])('%s ends at the deadline', async (_name, speak) => {
  const started = performance.now()
  const sent = await withRaw(speak, (url) => send(call(url), { budget: 150 }))
  expect(reasonOf(sent)).toBe('timeout')
  expect(performance.now() - started).toBeLessThan(600)
})

test('looking up the name counts too', async () => {
  const client = openClient(() => open, { userAgent: 'cardea/test', resolve: () => new Promise(() => {}) })
  expect(reasonOf(await client.send(call('http://slow.test/'), { budget: 100 }))).toBe('timeout')
  await client.close()
})

test.each([
  ['garbage', 'SSH-2.0-OpenSSH\r\n\r\n', 'bad_answer'],
  ['a status line of nonsense', 'HTTP/1.1 abc\r\n\r\n', 'bad_answer'],
  ['a header of 20 KiB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 'bad_answer'],
  ['a thousand headers', `HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyyyyyyyyy\r\n'.repeat(1000)}\r\n`, 'bad_answer'],
])('%s is no answer', async (_name, bytes, reason) => {
  const sent = await withRaw(
    (socket) => socket.on('data', () => socket.end(bytes)),
    (url) => send(call(url)),
  )
  expect(reasonOf(sent)).toBe(reason)
})

test('a connection that is cut is a failure', async () => {
  const cut = await withRaw(
    (socket) => socket.on('data', () => socket.destroy()),
    (url) => send(call(url)),
  )
  expect(reasonOf(cut)).toBe('closed')
  const half = await withRaw(
    (socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')),
    (url) => send(call(url)),
  )
  expect(half.kind).toBe('failed')
})

test('endless informational answers are cut off', async () => {
  const started = performance.now()
  const sent = await withRaw(
    (socket) => {
      const chatter = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5)
      socket.on('close', () => clearInterval(chatter))
    },
    (url) => send(call(url), { budget: 5_000 }),
  )
  expect(sent.kind).toBe('failed')
  expect(performance.now() - started).toBeLessThan(3_000)
})

test('bytes after the end of an answer are never taken for the next one', async () => {
  const twice = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none'
  const evil = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'
  const bodies = await withRaw(
    (socket) => socket.on('data', () => socket.write(twice + evil)),
    async (url) => {
      const client = openClient(() => open, { userAgent: 'cardea/test' })
      const first = await client.send(call(url), { budget: 2_000 })
      const second = await client.send(call(url), { budget: 2_000 })
      await client.close()
      return [first, second].map((sent) => (sent.kind === 'answered' ? sent.body.toString() : sent.kind))
    },
  )
  expect(bodies).not.toContain('evil')
})

test('an answer may be a mebibyte long and not a byte longer', async () => {
  receiver.on('/fits', { body: Buffer.alloc(1024 * 1024) })
  receiver.on('/long', { body: Buffer.alloc(1024 * 1024 + 1) })
  expect(reasonOf(await send(call(receiver.url('/fits'))))).toBe(200)
  expect(reasonOf(await send(call(receiver.url('/long'))))).toBe('too_large')
})

test('an answer without end is cut off at the limit', async () => {
  const chunk = Buffer.alloc(64 * 1024)
  receiver.on('/endless', (_call, response) => {
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', more)
    more()
  })
  expect(reasonOf(await send(call(receiver.url('/endless'))))).toBe('too_large')
})

test('a compressed answer is not unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  receiver.on('/bomb', { headers: { 'content-encoding': 'gzip' }, body: bomb })
  receiver.on('/identity', { headers: { 'content-encoding': 'identity' }, body: 'plain' })
  expect(reasonOf(await send(call(receiver.url('/bomb'))))).toBe('unreadable')
  expect(reasonOf(await send(call(receiver.url('/identity'))))).toBe(200)
})

test.each([
  ['a header value with a line break', { headers: { 'x-a': 'b\r\nx-evil: 1' } }],
  ['a header name with a line break', { headers: { 'x-a\r\nx-evil': '1' } }],
  ['a method that is no token', { method: 'BAD METHOD' }],
  ['an address without scheme', { url: 'example.test' }],
  ['a file', { url: 'file:///etc/passwd' }],
  ['ftp', { url: 'ftp://example.test/' }],
])('%s is not sent', async (_name, more) => {
  expect(reasonOf(await send(call(receiver.url('/hook'), more)))).toBe('invalid_request')
  expect(receiver.calls).toEqual([])
})

test.each([
  ['a closed port', 'http://127.0.0.1:1/', 'connect'],
  ['an unknown name', 'http://nowhere.test/', 'dns'],
  ['a name with a thousand addresses', 'http://many.test/', 'dns'],
  ['plain text where TLS is expected', 'https://127.0.0.1:PORT/', 'tls'],
])('%s is a failure with its reason', async (_name, url, reason) => {
  const names = { 'many.test': Array.from({ length: 1000 }, () => '127.0.0.1') }
  expect(reasonOf(await send(call(url.replace('PORT', String(receiver.port))), { names }))).toBe(reason)
})

test('a stopping server gives its calls up', async () => {
  receiver.on('/hook', { delay: 1_000 })
  const stop = new AbortController()
  const client = openClient(() => open, { userAgent: 'cardea/test' })
  const sent = client.send(call(receiver.url('/hook')), { budget: 5_000, signal: stop.signal })
  await receiver.waitFor('/hook')
  stop.abort()
  expect(reasonOf(await sent)).toBe('aborted')
  await client.close()
})

/** A client that keeps its connections between calls. */
function keep(names: World['names'] = {}) {
  const resolve = async (name: string) => (names[name] ?? []).map((address) => ({ address, family: 4 }))
  return openClient(() => open, { userAgent: 'cardea/test', resolve })
}

test('it is known where the time of a call went, also on a connection that was open', async () => {
  receiver.on('/hook', { delay: 60 })
  const client = keep({ 'crm.test': ['127.0.0.1'] })
  try {
    const outgoing = call(`http://crm.test:${receiver.port}/hook`)
    const first = (await client.send(outgoing, { budget: 2_000 })).timings
    expect(first).toEqual({
      dns: expect.any(Number),
      connect: expect.any(Number),
      tls: null,
      wait: expect.any(Number),
      read: expect.any(Number),
    })
    expect(first?.wait).toBeGreaterThanOrEqual(50)
    expect(first?.connect).toBeLessThan(50)
    // The connection is free again a moment after its answer.
    await new Promise((resolve) => setTimeout(resolve, 20))
    const second = (await client.send(outgoing, { budget: 2_000 })).timings
    expect(second).toMatchObject({ dns: null, connect: null, tls: null, read: expect.any(Number) })
    expect(second?.wait).toBeGreaterThanOrEqual(50)
  } finally {
    await client.close()
  }
})

test('a call that ran out of time says in which part', async () => {
  receiver.on('/hook', () => {})
  const sent = await send(call(receiver.url('/hook')), { budget: 80 })
  expect(sent).toMatchObject({ reason: 'timeout', timings: { dns: null, read: null } })
  expect(sent.timings?.wait).toBeGreaterThanOrEqual(50)
})

test('a handshake that fails is told from the connection before it', async () => {
  const sent = await send(call(`https://127.0.0.1:${receiver.port}/`))
  expect(sent).toMatchObject({ reason: 'tls', timings: { dns: null, tls: expect.any(Number), wait: null, read: null } })
})
