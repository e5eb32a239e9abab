import type { Cors } from '../core/settings.ts'

export type Asked = {
  readonly method: string
  readonly origin: string | null
  readonly requestedMethod: string | null
  readonly requestedHeaders: string | null
}

type Headers = { readonly [name: string]: string }

/** A browser asks first whether it may send something from another origin. Whatever is not allowed is not mentioned. */
export function preflightHeaders(cors: Cors, { origin, requestedMethod, requestedHeaders }: Asked): Headers {
  const vary = { vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' }
  const allowed = origin === null ? null : allowedOrigin(cors, origin)
  const method = requestedMethod ?? ''
  const names = (requestedHeaders ?? '').split(',').map((name) => name.trim().toLowerCase())
  const known = new Set(cors.allowedHeaders.map((name) => name.toLowerCase()))
  const mayAll = names.every((name) => name === '' || name === 'origin' || known.has('*') || known.has(name))
  if (allowed === null || !cors.allowedMethods.includes(method) || !mayAll) return vary
  return {
    ...vary,
    ...allowed,
    'access-control-allow-methods': method,
    ...(requestedHeaders === null ? {} : { 'access-control-allow-headers': requestedHeaders }),
    ...(cors.maxAge > 0 ? { 'access-control-max-age': String(cors.maxAge) } : {}),
  }
}

/** What an answer says to a page of another origin. */
export function corsHeaders(cors: Cors, origin: string): Headers {
  const allowed = allowedOrigin(cors, origin)
  if (allowed === null) return {}
  const exposed = cors.exposedHeaders.join(', ')
  return exposed === '' ? allowed : { ...allowed, 'access-control-expose-headers': exposed }
}

/** As Ory, any origin is answered by its own name, so that cookies may come along where they are allowed at all. */
function allowedOrigin({ allowedOrigins, allowCredentials }: Cors, origin: string): Headers | null {
  if (!allowedOrigins.some((allowed) => isCovered(allowed.toLowerCase(), origin.toLowerCase()))) return null
  return {
    'access-control-allow-origin': origin,
    ...(allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  }
}

/** `https://*.example.org` covers every name below it. */
function isCovered(allowed: string, origin: string): boolean {
  const star = allowed.indexOf('*')
  if (star < 0) return allowed === origin
  const [start, end] = [allowed.slice(0, star), allowed.slice(star + 1)]
  return origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end)
}

export const isPreflight = ({ method, origin, requestedMethod }: Asked) =>
  method === 'OPTIONS' && origin !== null && requestedMethod !== null
