import type { IncomingMessage } from 'node:http'

/** 5 MB, as Ory (ory-identity-api.md §1.1). */
const LIMIT = 5 * 1024 * 1024

const NOTHING = Buffer.alloc(0)

/** The whole body. One that is too large is not read to its end; a client that goes away in its midst gets no answer. */
export function readRequestBody(request: IncomingMessage): Promise<Buffer | 'too_large' | 'gone'> | Buffer {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (encoding === undefined && (length === undefined || length === '0')) return NOTHING
  if (Number(length ?? 0) > LIMIT) return Promise.resolve('too_large')
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= LIMIT) chunks.push(chunk)
      else resolve('too_large')
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('close', () => resolve('gone'))
    request.once('error', () => resolve('gone'))
  })
}
