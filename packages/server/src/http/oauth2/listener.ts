import type { IncomingMessage } from 'node:http'
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { WireError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { OAuth2Settings } from '../../core/oauth2-settings.ts'
import type { Cors, Listener } from '../../core/settings.ts'
import { malformed, OAuthFault } from '../../oauth2/fault.ts'
import { adminPath } from '../admin-path.ts'
import { type Answer, type Exchange, json, type Route, setCookieLines } from '../exchange.ts'
import { exchangeOf } from '../listener.ts'
import { faultAnswer } from './answers.ts'
import { isForClients } from './client-origins.ts'

/** Larger than any request with keys, and too small to hurt. */
const BODY_LIMIT = 1024 * 1024

export type OAuth2ListenerOptions = {
  readonly kind: 'public' | 'admin'
  readonly cors: Cors
  /** Looked up at every request, so that a new configuration takes effect with the next one. */
  readonly run: (route: Route, exchange: Exchange) => Promise<Answer>
  readonly settings: () => OAuth2Settings
  readonly log: Log
}

/** One of the two listeners of the OAuth2 server; what no route answers is answered in Hydra's words (ory-oauth2.md §2.1). */
export async function createOAuth2Listener(
  routes: readonly Route[],
  { kind, cors: allowed, run, settings, log }: OAuth2ListenerOptions,
): Promise<FastifyInstance> {
  const rewrite = kind === 'admin' ? adminPath(routes) : (url: string) => url
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false },
    exposeHeadRoutes: true,
    rewriteUrl: ({ url = '/' }: IncomingMessage) => rewrite(url),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  if (allowed.enabled) await app.register(cors, { delegator: corsFor(allowed) })

  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => send(reply, request, await answered(request, route)),
    })
  }
  const answered = async (request: FastifyRequest, route: Route): Promise<Answer> => {
    try {
      return await run(route, exchangeOf(request.raw, readOf(request)))
    } catch (thrown) {
      return failed(thrown)
    }
  }
  const failed = (thrown: unknown): Answer => {
    if (thrown instanceof OAuthFault) return faultAnswer(settings(), thrown)
    if (thrown instanceof WireError)
      return faultAnswer(settings(), new OAuthFault(thrown.status, thrown.message, thrown.options.reason ?? ''))
    log('error', 'request_failed', {
      detail: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    })
    return faultAnswer(
      settings(),
      new OAuthFault(
        500,
        'server_error',
        'The authorization server encountered an unexpected condition that prevented it from fulfilling the request.',
      ),
    )
  }
  app.setNotFoundHandler((request, reply) =>
    send(
      reply,
      request,
      json(404, {
        error: {
          code: 404,
          status: 'Not Found',
          message: 'Not Found',
          reason: 'The requested route does not exist. Make sure you are using the right path, domain, and port.',
        },
      }),
    ),
  )
  app.setErrorHandler((error, request, reply) => {
    const isTooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413
    return send(reply, request, failed(isTooLarge ? malformed('the body is too large') : error))
  })
  return app
}

/** Who asks before the call can't say which client it is; the answer itself is only for origins that are allowed. */
const corsFor =
  (settings: Cors) =>
  (
    { method, url = '' }: IncomingMessage | FastifyRequest,
    done: (error: null, options: FastifyCorsOptions) => void,
  ) => {
    const isAsking = method === 'OPTIONS' && isForClients(url.split('?', 1)[0] ?? '')
    done(null, isAsking ? { ...corsOptions(settings), origin: true } : corsOptions(settings))
  }

function readOf({ raw, params, body }: FastifyRequest) {
  const { pathname: path, search } = new URL(raw.url ?? '/', 'http://localhost')
  return {
    path,
    search,
    params: isStringRecord(params) ? params : {},
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  }
}

const isStringRecord = (value: unknown): value is { readonly [name: string]: string } =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')

export const listen = (app: FastifyInstance, { host, port }: Pick<Listener, 'host' | 'port'>) =>
  app.listen({ host, port })

const corsOptions = (settings: Cors) => ({
  origin: settings.allowedOrigins.includes('*') ? true : settings.allowedOrigins.map(originPattern),
  methods: [...settings.allowedMethods],
  allowedHeaders: [...settings.allowedHeaders],
  exposedHeaders: [...settings.exposedHeaders],
  credentials: settings.allowCredentials,
  ...(settings.maxAge > 0 ? { maxAge: settings.maxAge } : {}),
})

/** One `*` in an origin stands for anything within its host. */
const originPattern = (origin: string) =>
  origin.includes('*')
    ? new RegExp(
        `^${origin
          .split('*')
          .map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`))
          .join('[^/]*')}$`,
      )
    : origin

function send(reply: FastifyReply, request: FastifyRequest, answer: Answer) {
  if (request.method === 'GET' || request.method === 'HEAD')
    reply.header('cache-control', answer.headers['cache-control'] ?? 'private, no-cache, no-store, must-revalidate')
  // A code or challenge in an address must not leave with the next page's Referer (reliability.md T84).
  reply.header('referrer-policy', 'no-referrer')
  if (/html/.test(answer.headers['content-type'] ?? '')) reply.header('x-frame-options', 'DENY')
  const cookies = setCookieLines(answer)
  if (cookies.length > 0) reply.header('set-cookie', cookies)
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .send(answer.body ?? undefined)
}
