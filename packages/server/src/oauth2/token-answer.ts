import { isJsonObject, type JsonObject } from '../core/json.ts'
import { textIn } from './client-metadata.ts'
import type { LibraryAnswer } from './run-library.ts'
import type { TokenSession } from './token-session.ts'

type Told = { readonly status?: number; readonly error: string; readonly text: string }

const INVALID_REQUEST =
  'The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.'
const INVALID_GRANT =
  'The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.'

/** What the library says, and what Hydra says where it is something else (ory-oauth2.md §2.1, §2.3). */
const TRANSLATED: readonly (readonly [error: string, description: RegExp, told: Told])[] = [
  [
    'invalid_request',
    /grant type is not allowed/,
    {
      error: 'unauthorized_client',
      text: 'The client is not authorized to request a token using this method. The OAuth 2.0 Client is not allowed to use this authorization grant.',
    },
  ],
  [
    'invalid_request',
    /no client authentication/,
    {
      error: 'invalid_request',
      text: `${INVALID_REQUEST} Client credentials missing or malformed in both HTTP Authorization header and HTTP POST body.`,
    },
  ],
  ['unsupported_grant_type', /./, { error: 'invalid_request', text: INVALID_REQUEST }],
  ['invalid_grant', /^grant request is invalid$/, { error: 'invalid_grant', text: INVALID_GRANT }],
  [
    'invalid_client',
    // What says more than the library does is kept.
    /^(?!Client authentication failed)/,
    {
      status: 401,
      error: 'invalid_client',
      text: 'Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).',
    },
  ],
  [
    'server_error',
    /oops/,
    {
      error: 'server_error',
      text: 'The authorization server encountered an unexpected condition that prevented it from fulfilling the request.',
    },
  ],
]

/** An answer of the token endpoint as Hydra's clients know it. */
export function tokenAnswer(answer: LibraryAnswer, session: TokenSession | null): LibraryAnswer {
  const body = parsed(answer.body)
  const headers = {
    ...(answer.headers['www-authenticate'] === undefined
      ? {}
      : { 'www-authenticate': answer.headers['www-authenticate'] }),
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...(body === null ? {} : { 'content-type': 'application/json;charset=UTF-8' }),
  }
  if (body === null) return { ...answer, headers }
  if (typeof body['error'] === 'string') {
    const told = translated(body['error'], textIn(body, 'error_description'))
    return {
      status: told.status ?? answer.status,
      headers,
      body: JSON.stringify({ error: told.error, error_description: told.text }),
    }
  }
  const scope = session === null ? {} : { scope: session.scope.join(' '), token_type: 'bearer' }
  return { ...answer, headers, body: JSON.stringify(sorted({ ...body, ...scope })) }
}

const sorted = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)))

function translated(error: string, description: string): Told {
  const found = TRANSLATED.find(([code, pattern]) => code === error && pattern.test(description))
  return found?.[2] ?? { error, text: description }
}

function parsed(body: string | null): JsonObject | null {
  if (body === null || !body.startsWith('{')) return null
  const value: unknown = JSON.parse(body)
  return isJsonObject(value) ? value : null
}
