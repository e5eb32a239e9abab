import type { IncomingMessage } from 'node:http'
import cors, { type FastifyCorsOptionsDelegateCallback } from '@fastify/cors'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { WireError } from '../core/errors.ts'
import type { Cors, Listener } from '../core/settings.ts'
import { csrfViolation } from '../flows/check-csrf.ts'
import { errorAnswer } from './errors.ts'
import { type Answer, type Exchange, type Route, setCookieLines } from './exchange.ts'
import { canonical, factsOf } from './facts.ts'

/** 5 MB, as Ory (ory-identity-api.md §1.1). */
const BODY_LIMIT = 5 * 1024 * 1024

type ListenerOptions = {
  readonly kind: 'public' | 'admin'
  readonly cors: Cors | null
  /** Looked up at every request, so that a new configuration takes effect with the next one. */
  readonly run: (route: Route, exchange: Exchange) => Promise<Answer>
  readonly log: (error: unknown) => void
  /** Other spellings of a URL. */
  readonly rewrite?: (url: string) => string
}

/** One HTTP listener over a table of routes. What no route answers is answered as Go's ServeMux would. */
export async function createListener(routes: readonly Route[], options: ListenerOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false },
    exposeHeadRoutes: true,
    // A path that no router can read, such as `/%ff`: in our words, not in the framework's.
    frameworkErrors: (_error, request, reply) => {
      void send(options, reply, request, errorAnswer(new WireError(400, null)))
    },
    rewriteUrl: ({ url = '/' }: IncomingMessage) => options.rewrite?.(url) ?? url,
  })
  // The bodies are ours to read; the framework would refuse a type it cannot parse in words of its own.
  app.addHook('onRequest', async (request) => {
    request.headers['content-type'] = 'application/octet-stream'
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  if (options.cors?.enabled) await app.register(cors, { delegator: corsFor(options.cors) })

  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => send(options, reply, request, await options.run(route, exchangeOf(request))),
    })
  }
  app.setNotFoundHandler((request, reply) => unknown(routes, options, request, reply))
  app.setErrorHandler((error, request, reply) => {
    const tooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413
    if (!tooLarge) options.log(error)
    const wire = tooLarge
      ? new WireError(500, 'unable to read body: http: request body too large')
      : new WireError(clientFault(error) ? 400 : 500, null)
    return send(options, reply, request, errorAnswer(wire))
  })
  return app
}

const clientFault = (error: unknown) =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500

export async function listen(app: FastifyInstance, { host, port }: Pick<Listener, 'host' | 'port'>): Promise<number> {
  await app.listen({ host, port })
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** Only a request from another origin is told what it may do. */
function corsFor(settings: Cors): FastifyCorsOptionsDelegateCallback {
  const allowed = {
    origin: settings.allowedOrigins.includes('*') ? true : settings.allowedOrigins.map(originPattern),
    methods: [...settings.allowedMethods],
    allowedHeaders: [...settings.allowedHeaders],
    exposedHeaders: [...settings.exposedHeaders],
    credentials: settings.allowCredentials,
    maxAge: settings.maxAge,
  }
  return (request, decide) => decide(null, request.headers.origin === undefined ? { origin: false } : allowed)
}

/** `https://*.example.org` covers every name below it. */
const originPattern = (origin: string) =>
  origin.includes('*')
    ? new RegExp(
        `^${origin
          .split('*')
          .map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'))
          .join('.*')}$`,
      )
    : origin

export function exchangeOf(request: FastifyRequest): Exchange {
  const { raw, socket } = request
  const facts = factsOf({
    method: raw.method ?? 'GET',
    url: raw.url ?? '/',
    rawHeaders: raw.rawHeaders,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
  })
  const url = new URL(raw.url ?? '/', 'http://localhost')
  const params: unknown = request.params
  return {
    facts,
    path: url.pathname,
    query: url.searchParams,
    params: isStringRecord(params) ? params : {},
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    isGone: () => socket.destroyed,
    header: (name) => facts.headers[canonical(name)]?.[0] ?? null,
  }
}

const isStringRecord = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')

function send(options: ListenerOptions, reply: FastifyReply, request: FastifyRequest, given: Answer) {
  const answer = withLink(request.method, given)
  const isHealth = request.url.startsWith('/health/')
  if (request.method === 'GET' || request.method === 'HEAD') {
    reply.header('cache-control', answer.headers['cache-control'] ?? 'private, no-cache, no-store, must-revalidate')
  }
  if (options.kind === 'public' && !isHealth) reply.header('vary', options.cors?.enabled ? 'Origin, Cookie' : 'Cookie')
  const cookies = setCookieLines(answer)
  if (cookies.length > 0) reply.header('set-cookie', cookies)
  reply.code(answer.status).headers(answer.headers)
  // As bytes: the framework completes the content type of a text.
  return answer.body === null ? reply.send() : reply.send(Buffer.from(answer.body))
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

/** Unknown path 404, wrong method 405; on the public listener an unsafe method meets the CSRF layer first (§1.1). */
function unknown(routes: readonly Route[], options: ListenerOptions, request: FastifyRequest, reply: FastifyReply) {
  const exchange = exchangeOf(request)
  const here = routes.filter(({ path }) => matches(path, exchange.path))
  const isSafe = ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(request.method)
  const isIgnored = here.length > 0 && here.every(({ csrf }) => csrf === 'ignored')
  if (options.kind === 'public' && !isSafe && !isIgnored) {
    return send(options, reply, request, errorAnswer(csrfViolation(exchange.facts, false)))
  }
  if (here.length > 0) {
    const allow = [...new Set(here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
    return send(options, reply, request, plain(405, 'Method Not Allowed\n', { allow }))
  }
  return send(options, reply, request, plain(404, '404 page not found\n', {}))
}

const matches = (pattern: string, path: string) => {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith(':') || part === given[i])
}

const plain = (status: number, body: string, headers: Answer['headers']): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
  cookies: [],
  body,
})
