import type { ClientKind } from '../core/request.ts'
import { NeighbourError, WireError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { type Answer, toWire } from './exchange.ts'

const STATUS_TEXTS: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** The `error` member of an envelope (ory-identity-api.md §1.2). */
export function errorObject({ status, message, options }: WireError): JsonObject {
  const code = options.bodyCode ?? status
  return {
    ...(options.id === undefined ? {} : { id: options.id }),
    code,
    status: STATUS_TEXTS[code] ?? 'Error',
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.details === undefined ? {} : { details: options.details }),
    message,
  }
}

export const errorAnswer = (error: WireError): Answer => ({
  status: error.status,
  headers: {
    'content-type': 'application/json',
    'ory-error-id': error.options.id ?? '',
    ...(error.options.retryAfter === undefined ? {} : { 'retry-after': String(error.options.retryAfter) }),
  },
  cookies: [],
  body: toWire({ error: errorObject(error), ...error.options.beside }),
})

/** Whatever was thrown, as something a client may be told. Details stay in the log, under the same reference. */
export function toWireError(thrown: unknown, client: ClientKind, reference: string): WireError {
  if (thrown instanceof WireError) return thrown
  if (!(thrown instanceof NeighbourError)) {
    return new WireError(500, null, { reason: `Please try again later. Reference: ${reference}`, cause: thrown })
  }
  const cause = { cause: thrown }
  switch (thrown.class) {
    case 'U':
      return new WireError(502, 'A third-party upstream service responded improperly.', {
        ...cause,
        reason: neutral(reference),
      })
    case 'T':
      return new WireError(504, 'A third-party upstream service could not be reached.', {
        ...cause,
        reason: neutral(reference),
      })
    case 'P':
      // Ory says 400 to native clients and 500 in the body (ory-actions.md §4.8).
      return new WireError(client === 'api' ? 400 : 500, 'An action could not be completed.', {
        ...cause,
        bodyCode: 500,
        reason: neutral(reference),
      })
    default:
      return thrown.class satisfies never
  }
}

const neutral = (reference: string) =>
  `We could not complete this step. Please try again later. Reference: ${reference}`
