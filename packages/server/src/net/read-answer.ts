import { type Dispatcher, request } from 'undici'
import type { Laps } from './laps.ts'
import type { Sent } from './outgoing.ts'

/** The most we read of an answer. */
export const LARGEST_ANSWER = 1024 * 1024
const MOST_INFORMATIONAL = 4

type Request = {
  readonly dispatcher: Dispatcher
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
  readonly signal: AbortSignal
  readonly laps: Laps
}

/** Makes one call and reads its answer, as far as it is worth reading. Throws what the network throws. */
export async function readAnswer({ origin, path, method, laps, ...call }: Request): Promise<Sent> {
  const chatter = new AbortController()
  const seen = { informational: 0 }
  const answer = await request(`${origin}${path}`, {
    ...call,
    headers: { ...call.headers },
    method,
    signal: AbortSignal.any([call.signal, chatter.signal]),
    onInfo: () => {
      seen.informational += 1
      if (seen.informational > MOST_INFORMATIONAL) chatter.abort(new Error('too many informational answers'))
    },
  })
  laps.enter('read')
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : `${value}`]),
  )
  const status = answer.statusCode
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    destroy(answer.body)
    const detail = 'the answer is compressed although that was not accepted'
    return { kind: 'failed', reason: 'unreadable', detail, status }
  }
  const body = await readBody(answer.body)
  if (body === null) {
    return { kind: 'failed', reason: 'too_large', detail: `the answer is longer than ${LARGEST_ANSWER} bytes`, status }
  }
  return { kind: 'answered', status, headers, body }
}

async function readBody(stream: Dispatcher.ResponseData['body']): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    // Leaving the loop destroys the stream and with it the connection.
    if (size > LARGEST_ANSWER) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

const destroy = (stream: Dispatcher.ResponseData['body']) => {
  stream.on('error', () => {})
  stream.destroy()
}
