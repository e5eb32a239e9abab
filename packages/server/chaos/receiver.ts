import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Seen } from './history.ts'

const MOODS = ['well', 'failing', 'busy', 'hanging', 'breaking', 'halting'] as const
/** How the receiver feels: it answers, answers 500 or 429, never answers, resets, or stops in the midst of its answer. */
export type Mood = (typeof MOODS)[number]
export const BAD_MOODS = MOODS.filter((mood) => mood !== 'well')

export type ChaosReceiver = {
  readonly url: string
  readonly seen: readonly Seen[]
  feel(mood: Mood): void
  stop(): Promise<void>
}

/** Stands for the operator's system: `/gate` decides, everything else is told. It writes down all that arrives. */
export async function startReceiver(): Promise<ChaosReceiver> {
  const seen: Seen[] = []
  let mood: Mood = 'well'
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (request.url === '/gate') refuse(response)
      else {
        seen.push({ ...aboutCall(request, body), isTaken: mood === 'well' })
        answer(response, mood)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    seen,
    feel: (next) => {
      mood = next
      // Whoever waited for an answer that never comes is let go.
      if (next === 'well') server.closeIdleConnections()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const portOf = (address: string | AddressInfo | null) =>
  typeof address === 'object' && address !== null ? address.port : 0

function aboutCall({ url = '/', headers }: IncomingMessage, body: Buffer): Omit<Seen, 'isTaken'> {
  const about: { readonly identity: string; readonly email: string } = JSON.parse(body.toString())
  return {
    id: String(headers['webhook-id'] ?? ''),
    action: url.slice(1),
    identityId: about.identity,
    email: about.email,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  }
}

function answer(response: ServerResponse, mood: Mood): void {
  switch (mood) {
    case 'well':
      response.end('{}')
      return
    case 'failing':
      response.writeHead(500).end('the receiver is down')
      return
    case 'busy':
      response.writeHead(429, { 'retry-after': '1' }).end()
      return
    case 'hanging':
      return
    case 'breaking':
      response.destroy()
      return
    case 'halting':
      response.writeHead(200, { 'content-length': '100' }).write('{')
      setTimeout(() => response.destroy(), 20)
      return
    default:
      mood satisfies never
  }
}

const refuse = (response: ServerResponse) =>
  response.writeHead(400, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      messages: [{ instance_ptr: '#/traits/email', messages: [{ id: 1, text: 'No.', type: 'error' }] }],
    }),
  )
