import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { LibraryProvider } from './provider-types.ts'

/** A request as the library is given it. */
export type LibraryRequest = {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer
}

export type LibraryAnswer = {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
}

/** Runs the library on a request without a socket: it answers with a value, and nothing is sent before we have seen it. */
export async function runLibrary(
  callback: ReturnType<LibraryProvider['callback']>,
  { method, url, headers, body }: LibraryRequest,
): Promise<LibraryAnswer> {
  const request = new IncomingMessage(new Socket())
  request.method = method
  request.url = url
  Object.assign(request.headers, headers)
  if (body.length > 0) {
    request.headers['content-length'] = String(body.length)
    request.push(body)
  }
  request.push(null)
  // All of it is here; otherwise its end would count as a client that has hung up.
  request.complete = true
  const response = new ServerResponse(request)
  const sent: { body: string | null } = { body: null }
  Object.defineProperty(response, 'end', {
    value: (chunk?: string | Buffer) => {
      sent.body = chunk === undefined || chunk === null ? null : chunk.toString()
      response.emit('finish')
      return response
    },
  })
  await callback(request, response)
  const given = Object.entries(response.getHeaders()).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return { status: response.statusCode, headers: Object.fromEntries(given), body: sent.body }
}
