import { connect } from 'node:net'

/** What a server answered. */
export type Reply = { readonly status: number; readonly head: string; readonly body: string }

/** One kept connection with one request at a time: as little work as a client can do, so that the server is what is measured. */
export type Connection = { ask(request: string): Promise<Reply>; close(): void }

/** A server that is stuck ends the measurement with an error. */
const LONGEST_WAIT = 30_000

type Waiting = { readonly resolve: (reply: Reply) => void; readonly reject: (error: unknown) => void }

export async function openConnection({ hostname, port }: URL): Promise<Connection> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let [received, waiting]: [Buffer, Waiting | null] = [Buffer.alloc(0), null]
  const fail = (error: unknown) => {
    waiting?.reject(error)
    waiting = null
  }
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const reply = readReply(received)
    if (reply === null) return
    received = Buffer.alloc(0)
    waiting?.resolve(reply)
    waiting = null
  })
  socket.setTimeout(LONGEST_WAIT, () => socket.destroy(new Error(`no answer in ${LONGEST_WAIT / 1_000} s`)))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

/** A whole answer, or null as long as a part of it is missing. */
function readReply(received: Buffer): Reply | null {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = received.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    const last = end + 4 + Number(length)
    return received.length < last ? null : { status, head, body: received.toString('utf8', end + 4, last) }
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = readChunks(received.subarray(end + 4))
    return body === null ? null : { status, head, body }
  }
  return { status, head, body: '' }
}

function readChunks(rest: Buffer): string | null {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(rest.toString('latin1', at, line), 16)
    if (rest.length < line + 4 + size) return null
    if (size === 0) return Buffer.concat(parts).toString()
    parts.push(rest.subarray(line + 2, line + 2 + size))
    at = line + 4 + size
  }
}

type Parts = {
  readonly method: string
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string
}

/** A request as it goes over the wire. */
export function requestText({ method, path, headers = {}, body }: Parts): string {
  const lines = Object.entries({
    host: 'bench.example.test',
    accept: 'application/json',
    ...headers,
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

export const JSON_BODY = { 'content-type': 'application/json' }
export const FORM_BODY = { 'content-type': 'application/x-www-form-urlencoded' }
