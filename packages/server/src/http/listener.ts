import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Cors } from '../core/settings.ts'
import type { Certificate } from './certificate.ts'
import { type Asked, corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { type Answer, type Exchange, noContent, type Route, setCookieLines, withHeaders } from './exchange.ts'
import { countHeader, factsOf, firstHeader } from './facts.ts'
import { listen, type Place } from './listen.ts'
import { type RouteTable, routesAt } from './route-table.ts'
import type { IsTrusted } from './source.ts'

/** What stands behind a listener; a new configuration puts another one there. */
export type Door = {
  /** Every route there may be: which paths there are is settled when the listener is made. */
  readonly routes: RouteTable
  /** Which pages of other origins may ask; null where none is told anything. */
  corsFor(request: Addressed): Cors | null
  /** Which proxies are believed in what they say of a request; null: whoever asks. */
  readonly isTrusted: IsTrusted | null
  /** A URL as the routes spell it. */
  spell(url: string): string
  answer(route: Route, exchange: Exchange): Promise<Answer>
  /** What is said where no route answers, in the words of the API. */
  refuse(refusal: Refusal): Answer
  /** An answer with what goes along with every one. */
  dress(answer: Answer, to: Addressed): Answer
  /** Told of every request once it is answered; null where nobody wants to know. */
  readonly logRequest: ((request: Logged) => void) | null
  logFailure(error: unknown): void
}

export type Addressed = { readonly method: string; readonly path: string }

export type Refusal =
  | { readonly kind: 'unknown' }
  /** The path is known, the method is not. */
  | { readonly kind: 'wrong_method'; readonly allow: readonly string[] }
  /** The request is no good HTTP: an escape in its path is none, say. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'failed' }

/** A request in the log. */
export type Logged = Addressed & { readonly status: number; readonly milliseconds: number }

/** An open door. */
export type HttpListener = {
  listen(at: Place): Promise<void>
  /** Shows another certificate from now on. */
  show(certificate: Certificate | null): void
  /** Lets what is under way finish; whoever is idle is sent away. */
  close(): Promise<void>
}

type Options = { readonly certificate: Certificate | null; readonly bodyLimit: number }

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

/** One HTTP listener: Fastify finds the route and reads the body, the door answers. */
export function createListener(door: () => Door, { certificate, bodyLimit }: Options): HttpListener {
  let [inFlight, isClosing] = [0, false]
  const server = createNodeServer(certificate)
  const app = fastify({
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // A part of a path may be as long as a whole one.
    routerOptions: { maxParamLength: 16_384 },
    rewriteUrl: ({ url = '/' }) => door().spell(originForm(url)),
    frameworkErrors: (_error, request, reply) => {
      arrive(request, reply)
      void answer(request, reply, (current, path) => refusing(current, path, { kind: 'malformed' }))
    },
  })
  const arrive = (request: FastifyRequest, reply: FastifyReply) => {
    const from = performance.now()
    inFlight += 1
    reply.raw.once('close', () => {
      inFlight -= 1
      if (isClosing) server.closeIdleConnections()
      door().logRequest?.({
        ...addressOf(request),
        status: reply.raw.statusCode,
        milliseconds: performance.now() - from,
      })
    })
  }
  const isTooMuch = (request: FastifyRequest) => inFlight > MOST_IN_FLIGHT && !isVital(addressOf(request))
  const answer: Respond = async (request, reply, find) => {
    const current = door()
    try {
      return send(request, reply, current, await answerTo(current, request, find))
    } catch (error) {
      current.logFailure(error)
      return send(request, reply, current, current.refuse({ kind: 'failed' }))
    }
  }

  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    arrive(request, reply)
    // What a body is, its route says: Fastify would refuse a media type that it can't read.
    const { headers } = request.raw
    if (headers['content-type'] !== undefined) headers['content-type'] = 'application/octet-stream'
    const refusal = isAmbiguous(request.raw) ? 'malformed' : isTooMuch(request) ? 'overloaded' : null
    if (refusal === null) return done()
    // Where such a request ends is anybody's guess.
    if (refusal === 'malformed') reply.header('connection', 'close')
    send(request, reply, door(), door().refuse({ kind: refusal }))
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((request, reply) => answer(request, reply, unrouted))
  app.setErrorHandler((error, request, reply) => {
    const [current, refusal] = [door(), refusalOf(error)]
    if (refusal.kind === 'failed') current.logFailure(error)
    // All that comes here are bodies. One that is too large is not read to its end, and yet its sender is to see the answer.
    request.raw.resume()
    return send(request, reply, current, current.refuse(refusal))
  })
  addRoutes(app, door().routes, answer)

  return {
    listen: (at) => listen(app, at),
    show: (next) => {
      if (next !== null && server instanceof TlsServer) server.setSecureContext(next)
    },
    close: () => app.close(),
  }
}

function createNodeServer(certificate: Certificate | null): Server | TlsServer {
  const server = certificate === null ? createServer(LIMITS) : createTlsServer({ ...LIMITS, ...certificate })
  server.maxConnections = MOST_CONNECTIONS
  server.maxHeadersCount = 100
  return server
}

/** Picks today's route of a request. */
type Find = (door: Door, path: string) => Route
type Respond = (request: FastifyRequest, reply: FastifyReply, find: Find) => Promise<FastifyReply>

function addRoutes(app: FastifyInstance, routes: RouteTable, answer: Respond): void {
  for (const [name, { method, path }] of routes) {
    app.route({
      method,
      url: path,
      handler: (request, reply) =>
        answer(request, reply, (door, asked) => {
          const route = door.routes.get(name)
          return route === undefined || route.isClosed || hasEmptyPart(request) ? unrouted(door, asked) : route
        }),
    })
  }
}

/** What is said where no route answers: the method is wrong, or nothing is there. */
function unrouted(door: Door, path: string): Route {
  const here = routesAt(door.routes, path)
  return here.length === 0
    ? refusing(door, path, { kind: 'unknown' })
    : refusing(door, path, { kind: 'wrong_method', allow: methodsOf(here) }, csrfOf(here))
}

/** HEAD is served by GET. */
const methodsOf = (routes: readonly Route[]): readonly string[] => [
  ...new Set(routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))),
]

/** A path is spared the CSRF layer only if all that is there is (ory-identity-api.md §1.8). */
const csrfOf = (routes: readonly Route[]): Route['csrf'] =>
  routes.every(({ csrf }) => csrf === 'ignored') ? 'ignored' : 'global'

/** `/identities/` is not an identity without a name. */
const hasEmptyPart = ({ params }: FastifyRequest) =>
  Object.entries(paramsOf(params)).some(([name, value]) => name !== '*' && value === '')

/** A refusal as if it were a route: on a public listener an unsafe method meets the CSRF layer first (§1.1). */
const refusing = (door: Door, path: string, refusal: Refusal, csrf: Route['csrf'] = 'global'): Route => ({
  method: 'GET',
  path,
  csrf,
  handle: async () => door.refuse(refusal),
})

function refusalOf(error: unknown): Refusal {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return { kind: 'too_large' }
  return status === 400 ? { kind: 'malformed' } : { kind: 'failed' }
}

/** What a proxy in front may read otherwise than Node's parser does (RFC 9112 §3.2, §6.1; reliability.md T95). */
const isAmbiguous = ({ rawHeaders, headers: { 'transfer-encoding': coding } }: IncomingMessage) =>
  (coding !== undefined && coding.toLowerCase() !== 'chunked') || countHeader(rawHeaders, 'host') > 1

/** What everything else depends on is answered even then. */
const isVital = ({ path }: Addressed) =>
  path.startsWith('/health/') || path === '/sessions/whoami' || path.startsWith('/admin/')

/** The path and query that are asked for; two slashes count as one, as clients write them whose base URL ends in one. */
function originForm(url: string): string {
  const target = withoutHost(url)
  const path = pathOf(target)
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') + target.slice(path.length) : target
}

/** A client may name the host here as well (RFC 9112 §3.2.2); it is not believed more than the Host header is. */
function withoutHost(url: string): string {
  if (url.startsWith('/')) return url
  const rest = /^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}

const pathOf = (url: string) => {
  const at = url.indexOf('?')
  return at < 0 ? url : url.slice(0, at)
}

const addressOf = ({ method, url }: FastifyRequest): Addressed => ({ method, path: pathOf(url) })

async function answerTo(door: Door, request: FastifyRequest, find: Find): Promise<Answer> {
  const to = addressOf(request)
  const route = find(door, to.path)
  const cors = door.corsFor(to)
  if (cors === null) return door.answer(route, exchangeOf(door, request, to.path))
  const asked = corsQuestion(request)
  if (!cors.optionsPassthrough && isPreflight(asked)) return { ...noContent, headers: preflightHeaders(cors, asked) }
  const answer = await door.answer(route, exchangeOf(door, request, to.path))
  return asked.origin === null ? answer : withHeaders(answer, corsHeaders(cors, asked.origin))
}

const corsQuestion = ({ method, raw: { rawHeaders } }: FastifyRequest): Asked => ({
  method,
  origin: firstHeader(rawHeaders, 'origin'),
  requestedMethod: firstHeader(rawHeaders, 'access-control-request-method'),
  requestedHeaders: firstHeader(rawHeaders, 'access-control-request-headers'),
})

/** A request as the routes see it. */
function exchangeOf({ isTrusted }: Door, request: FastifyRequest, path: string): Exchange {
  const { raw, url, originalUrl, params, body } = request
  const { socket, rawHeaders, method = 'GET' } = raw
  let query: URLSearchParams | null = null
  return {
    facts: factsOf({
      method,
      url: originForm(originalUrl),
      rawHeaders,
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
      isEncrypted: socket instanceof TLSSocket,
      isTrusted,
    }),
    path,
    get query() {
      return (query ??= new URLSearchParams(url.slice(path.length)))
    },
    params: paramsOf(params),
    body: Buffer.isBuffer(body) ? body : NOTHING,
    isGone: () => socket.destroyed,
    header: (name) => firstHeader(rawHeaders, name),
  }
}

const NOTHING = Buffer.alloc(0)

const paramsOf = (params: unknown): Exchange['params'] => (isParams(params) ? params : {})

const isParams = (value: unknown): value is Exchange['params'] =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')

function send(request: FastifyRequest, reply: FastifyReply, door: Door, given: Answer): FastifyReply {
  const answer = door.dress(given, addressOf(request))
  const cookies = setCookieLines(answer)
  if (cookies.length > 0) reply.header('set-cookie', cookies)
  // What is text already is sent as it is: Fastify would add a charset to `application/json`.
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .serializer((text: string) => text)
    .send(answer.body ?? undefined)
}
