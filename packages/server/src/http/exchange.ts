import { type SetCookie, stringifySetCookie } from 'cookie'
import type { RequestFacts } from '../core/request.ts'

/** One request as the routes see it: no framework, no socket. */
export type Exchange = {
  readonly facts: RequestFacts
  readonly path: string
  readonly query: URLSearchParams
  readonly params: { readonly [name: string]: string }
  readonly body: Buffer
  header(name: string): string | null
  /** Whether the client has hung up meanwhile. */
  readonly isGone?: () => boolean
}

/** One answer as a value. Cookies are added by name, the last of a name wins. */
export type Answer = {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly cookies: readonly SetCookie[]
  readonly body: string | Buffer | null
}

/** A route as data: the listener registers it, 405 and the CSRF layer read it. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** `ignored`: no anti-CSRF cookie is made and no global check is done; the handler checks for itself (ory-identity-api.md §1.8). */
  readonly csrf: 'global' | 'ignored'
  /** Not there under the present configuration, although a new one may open it. */
  readonly isClosed?: boolean
  /** A page, a way to another listener, a tool: nothing that a client calls, so the API documents leave it out. */
  readonly isOutsideApi?: true
  readonly handle: (exchange: Exchange) => Promise<Answer>
}

/** JSON the way Go writes it: `& < >` escaped, one newline at the end (ory-identity-api.md §1.2). */
export const toWire = (value: unknown) =>
  `${JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`

export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  cookies: [],
  body: toWire(value),
})

export const redirect = (status: 302 | 303 | 307, location: string): Answer => ({
  status,
  headers: { location },
  cookies: [],
  body: null,
})

export const html = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  cookies: [],
  body,
})

export const noContent: Answer = { status: 204, headers: {}, cookies: [], body: null }

export const withCookies = (answer: Answer, ...cookies: readonly SetCookie[]): Answer => ({
  ...answer,
  cookies: [...answer.cookies.filter(({ name }) => !cookies.some((cookie) => cookie.name === name)), ...cookies],
})

export const withHeaders = (answer: Answer, headers: Answer['headers']): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...headers },
})

/** The `Set-Cookie` lines of an answer. */
export const setCookieLines = ({ cookies }: Answer) => cookies.map((cookie) => stringifySetCookie(cookie))
