import type { SetCookie } from 'cookie'
import { parseExactly } from '../../core/exact-json.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { OAuth2Settings } from '../../core/oauth2-settings.ts'
import type { CookieChange } from '../../oauth2/cookies.ts'
import { invalidRequest, malformed, type OAuthFault } from '../../oauth2/fault.ts'
import type { LibraryAnswer } from '../../oauth2/run-library.ts'
import { type Answer, type Exchange, json, redirect, withCookies } from '../exchange.ts'
import { linkRedirect } from '../link-redirect.ts'

/** An error in OAuth's shape (ory-oauth2.md §2.1). */
export const faultAnswer = (
  { exposeInternalErrors }: Pick<OAuth2Settings, 'exposeInternalErrors'>,
  fault: OAuthFault,
): Answer =>
  json(fault.status, {
    error: fault.error,
    error_description: [fault.description, exposeInternalErrors ? fault.detail : ''].filter(Boolean).join(' '),
  })

/** A redirect of the server's own, with a link; those that carry an answer back to a client have none, as in Hydra. */
export const redirectTo = (settings: OAuth2Settings, location: string, cookies: readonly CookieChange[]): Answer =>
  withCookies(
    linkRedirect(redirect(302, location), { method: 'GET' }),
    ...cookies.flatMap((cookie) => setCookies(settings, cookie)),
  )

/** A cookie with what all of ours have in common; old browsers get a second one without SameSite where configured. */
export function setCookies(
  { cookies, dev }: OAuth2Settings,
  { name, value, maxAge, expiresAt, path }: CookieChange,
): readonly SetCookie[] {
  const plain: SetCookie = {
    name,
    value,
    path,
    maxAge,
    expires: new Date(expiresAt),
    httpOnly: true,
    secure: cookies.secure,
    ...(cookies.domain === null ? {} : { domain: cookies.domain }),
  }
  const modern: SetCookie = {
    ...plain,
    sameSite: cookies.sameSite === 'Lax' ? 'lax' : cookies.sameSite === 'Strict' ? 'strict' : 'none',
  }
  return cookies.legacySameSite && cookies.sameSite === 'None' && !dev
    ? [modern, { ...plain, name: `${name}_legacy` }]
    : [modern]
}

export const fromLibrary = ({ status, headers, body }: LibraryAnswer): Answer => ({
  status,
  headers,
  cookies: [],
  body,
})

const isForm = (exchange: Exchange) =>
  /^application\/x-www-form-urlencoded\b/i.test(exchange.header('content-type') ?? '')

/** The fields of a posted form; none for anything that is no form. */
export const formOf = (exchange: Exchange): URLSearchParams =>
  isForm(exchange) ? new URLSearchParams(exchange.body.toString()) : new URLSearchParams()

export const headersOf = (exchange: Exchange): { readonly [name: string]: string } =>
  Object.fromEntries(
    ['authorization', 'content-type', 'origin'].flatMap((name) => {
      const value = exchange.header(name)
      return value === null ? [] : [[name, value]]
    }),
  )

/** A JSON object that a caller of the admin API sends. */
export function bodyOf(exchange: Exchange): JsonObject {
  const value = parsedBody(exchange)
  if (!isJsonObject(value)) throw malformed('the body is not a JSON object')
  return value
}

export function parsedBody(exchange: Exchange): unknown {
  try {
    const value = parseExactly(exchange.body.toString() || '{}')
    return value
  } catch {
    throw malformed('the body is not JSON')
  }
}

/** A login or consent app's answer: what can't be read is its mistake in OAuth's words. */
export function answerOf(exchange: Exchange): JsonObject {
  try {
    return bodyOf(exchange)
  } catch {
    throw invalidRequest('Unable to decode body: it must be a JSON object.')
  }
}

export function parameter(exchange: Exchange, ...names: readonly string[]): string {
  const value = names.map((name) => exchange.query.get(name)).find((each) => each !== null && each !== '')
  if (value === undefined || value === null)
    throw invalidRequest(`Query parameter '${names[0] ?? ''}' is not defined but should have been.`)
  return value
}
