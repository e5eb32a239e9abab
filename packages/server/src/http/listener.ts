import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { WireError } from '../core/errors.ts'
import type { Cors } from '../core/settings.ts'
import type { Certificate } from './certificate.ts'
import { type Asked, corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { errorAnswer } from './errors.ts'
import { type Answer, type Exchange, noContent, type Route, setCookieLines, withHeaders } from './exchange.ts'
import { factsOf, firstHeader } from './facts.ts'
import { listen, type Place } from './listen.ts'
import { readRequestBody } from './request-body.ts'
import type { Found, Params } from './router.ts'

/** What stands behind a listener; a new configuration puts another one there. */
export type Door = {
  readonly cors: Cors | null
  /** What requests are varied by; null where answers do not differ (ory-identity-api.md §1.1). */
  varyFor(path: string): string | null
  /** A path as the routes spell it. */
  spell(path: string): string
  find(method: string, path: string): Found
  answer(route: Route, exchange: Exchange): Promise<Answer>
  /** Told of every request once it is answered; null where nobody wants to know. */
  readonly logRequest: ((request: Logged) => void) | null
  logFailure(error: unknown): void
}

/** A request in the log. */
export type Logged = {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly milliseconds: number
}

/** An open door. */
export type HttpListener = {
  listen(at: Place): Promise<void>
  /** Shows another certificate from now on. */
  show(certificate: Certificate | null): void
  /** Lets what is under way finish; whoever is idle is sent away. */
  close(): Promise<void>
}

/** Slow and greedy clients are cut off (reliability.md T72, §8.2). */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  noDelay: true,
}
const MOST_CONNECTIONS = 2_000
const MOST_IN_FLIGHT = 500

/** One HTTP listener. What no route answers is answered as Go's ServeMux would. */
export function createListener(door: () => Door, certificate: Certificate | null): HttpListener {
  let [inFlight, isClosing] = [0, false]
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const from = performance.now()
    const current = door()
    inFlight += 1
    if (isClosing) response.setHeader('connection', 'close')
    const asked = readTarget(request, current)
    response.once('close', () => {
      inFlight -= 1
      if (isClosing) server.closeIdleConnections()
      current.logRequest?.({
        method: request.method ?? '',
        path: asked.path,
        status: response.statusCode,
        milliseconds: performance.now() - from,
      })
    })
    const isBusy = inFlight > MOST_IN_FLIGHT && !isVital(asked.path)
    const answered = isBusy ? Promise.resolve(overloaded()) : answerTo(current, request, asked)
    answered.then(
      (answer) => send(current, request, response, asked.path, answer),
      (error: unknown) => {
        current.logFailure(error)
        response.destroy()
      },
    )
  }
  const server: Server | TlsServer =
    certificate === null ? createServer(LIMITS, serve) : createTlsServer({ ...LIMITS, ...certificate }, serve)
  server.maxConnections = MOST_CONNECTIONS
  server.maxHeadersCount = 100
  return {
    listen: (at) => listen(server, at),
    show: (next) => {
      if (next !== null && server instanceof TlsServer) server.setSecureContext(next)
    },
    close: () => {
      isClosing = true
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
    },
  }
}

/** What everything else depends on is answered even then. */
const isVital = (path: string) =>
  path.startsWith('/health/') || path === '/sessions/whoami' || path.startsWith('/admin/')

const overloaded = () =>
  errorAnswer(
    new WireError(503, 'The server is busy.', {
      id: 'overloaded',
      reason: 'Too many requests are being answered at the moment. Please try again.',
      retryAfter: 1,
    }),
  )

type Target = { readonly path: string; readonly search: string }

function readTarget({ url = '/' }: IncomingMessage, door: Door): Target {
  // A client may name the host here as well (RFC 9112 §3.2.2); it is not believed more than the Host header is.
  const relative = url.startsWith('/') ? url : (/^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1] ?? '/')
  const at = relative.indexOf('?')
  const path = at < 0 ? relative : relative.slice(0, at)
  return { path: door.spell(path === '' ? '/' : path), search: at < 0 ? '' : relative.slice(at) }
}

async function answerTo(door: Door, request: IncomingMessage, target: Target): Promise<Answer> {
  if (!door.cors?.enabled) return answerRoute(door, request, target)
  const asked = corsQuestion(request)
  if (!door.cors.optionsPassthrough && isPreflight(asked)) {
    return { ...noContent, headers: preflightHeaders(door.cors, asked) }
  }
  const answer = await answerRoute(door, request, target)
  return asked.origin === null ? answer : withHeaders(answer, corsHeaders(door.cors, asked.origin))
}

async function answerRoute(door: Door, request: IncomingMessage, { path, search }: Target): Promise<Answer> {
  const method = request.method ?? 'GET'
  const found = door.find(method, path)
  const body = await readRequestBody(request)
  if (body === 'too_large') {
    request.resume()
    const answer = errorAnswer(new WireError(500, 'unable to read body: http: request body too large'))
    return withHeaders(answer, { connection: 'close' })
  }
  if (body === 'gone') return noContent
  const exchange = exchangeOf(request, { path, search, params: found.kind === 'route' ? found.params : {}, body })
  return door.answer(found.kind === 'route' ? found.route : missing(path, found), exchange)
}

const corsQuestion = ({ method = 'GET', rawHeaders }: IncomingMessage): Asked => ({
  method,
  origin: firstHeader(rawHeaders, 'origin'),
  requestedMethod: firstHeader(rawHeaders, 'access-control-request-method'),
  requestedHeaders: firstHeader(rawHeaders, 'access-control-request-headers'),
})

/** Unknown path 404, wrong method 405; on the public listener an unsafe method meets the CSRF layer first (§1.1). */
const missing = (path: string, found: Exclude<Found, { readonly kind: 'route' }>): Route => ({
  method: 'GET',
  path,
  csrf: found.kind === 'wrong_method' ? found.csrf : 'global',
  handle: async () => {
    if (found.kind === 'malformed') return errorAnswer(new WireError(400, null))
    if (found.kind === 'unknown') return plain(404, '404 page not found\n', {})
    return plain(405, 'Method Not Allowed\n', { allow: found.allow.join(', ') })
  },
})

const plain = (status: number, body: string, headers: Answer['headers']): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
  cookies: [],
  body,
})

type Read = { readonly path: string; readonly search: string; readonly params: Params; readonly body: Buffer }

/** A request as the routes see it. */
export function exchangeOf(request: IncomingMessage, { path, search, params, body }: Read): Exchange {
  const { socket, rawHeaders, method = 'GET', url = '/' } = request
  let query: URLSearchParams | null = null
  return {
    facts: factsOf({
      method,
      url,
      rawHeaders,
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
      isEncrypted: socket instanceof TLSSocket,
    }),
    path,
    get query() {
      return (query ??= new URLSearchParams(search))
    },
    params,
    body,
    isGone: () => socket.destroyed,
    header: (name) => firstHeader(rawHeaders, name),
  }
}

function send(door: Door, request: IncomingMessage, response: ServerResponse, path: string, given: Answer): void {
  const answer = withLink(request.method ?? 'GET', given)
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const vary = door.varyFor(path)
  const cookies = setCookieLines(answer)
  const length = answer.body === null ? null : Buffer.byteLength(answer.body)
  response.writeHead(answer.status, {
    ...(isRead ? { 'cache-control': 'private, no-cache, no-store, must-revalidate' } : {}),
    ...(vary === null ? {} : { vary }),
    ...answer.headers,
    ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
    ...(length === null || answer.status === 204 ? {} : { 'content-length': length }),
  })
  response.end(answer.body ?? undefined)
}

const STATUS_TEXTS: { readonly [status: number]: string } = {
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
}

const HTML: { readonly [c: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }

/** A redirect of a GET carries a link, for whoever does not follow it by itself (RFC 9110 §15.4), as Go writes it. */
function withLink(method: string, answer: Answer): Answer {
  const { location } = answer.headers
  if (location === undefined || answer.body !== null || (method !== 'GET' && method !== 'HEAD')) return answer
  const href = location.replace(/[&<>"']/g, (c) => HTML[c] ?? c)
  return {
    ...answer,
    headers: { ...answer.headers, 'content-type': 'text/html; charset=utf-8' },
    body: `<a href="${href}">${STATUS_TEXTS[answer.status] ?? 'Redirect'}</a>.\n\n`,
  }
}
