import type { SetCookie } from 'cookie'
import { WireError } from '../core/errors.ts'
import type { TokenHash } from '../core/ids.ts'
import type { ClientKind, RequestFacts } from '../core/request.ts'
import { isLive, type Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Random, Time } from '../core/time.ts'
import { csrfViolation } from '../flows/check-csrf.ts'
import type { Caller, Csrf } from '../flows/define.ts'
import type { Store } from '../store/store.ts'
import type { BrowserState } from './browser-state.ts'
import { errorAnswer, errorObject, toWireError } from './errors.ts'
import { type Answer, type Exchange, redirect, withCookies } from './exchange.ts'
import { isJson } from './negotiate.ts'

/** What every public route needs to know its caller and to answer one. */
export type DoorDeps = {
  readonly settings: Settings
  readonly clock: Clock
  readonly random: Random
  readonly store: Pick<Store, 'sessions' | 'commit' | 'errors'>
  readonly csrf: Csrf & { newSecret(): string; isSecret(value: string): boolean }
  readonly browser: BrowserState
  readonly sealToken: (token: string, expiresAt: number) => string
  readonly openToken: (sealed: string) => { readonly token: string; readonly expiresAt: Time } | null
  readonly hashToken: (token: string) => TokenHash
  readonly log: (error: unknown, about: { readonly reference: string; readonly request: string }) => void
}

export type Presented =
  | { readonly by: 'header'; readonly token: string }
  /** A cookie also says when the session was to end when it was sealed. */
  | { readonly by: 'cookie'; readonly token: string; readonly expiresAt: Time }

/** The token a request presents: header, else cookie, else bearer (ory-identity-api.md §2). */
export function presentedToken(deps: DoorDeps, exchange: Exchange): Presented | null {
  const header = exchange.header('x-session-token')
  if (header) return { token: header, by: 'header' }
  const sealed = exchange.facts.cookies[deps.settings.session.cookie.name]
  const opened = sealed === undefined ? null : deps.openToken(sealed)
  if (opened !== null) return { by: 'cookie', ...opened }
  const bearer = /^bearer (.+)$/i.exec(exchange.header('authorization') ?? '')?.[1]
  return bearer === undefined ? null : { token: bearer, by: 'header' }
}

/** The session of a request, if it has a live one. */
export async function liveSession(deps: DoorDeps, exchange: Exchange): Promise<Session | null> {
  const presented = presentedToken(deps, exchange)
  if (presented === null) return null
  const session = await deps.store.sessions.findByTokenHash(deps.hashToken(presented.token))
  return session !== null && isLive(session, deps.clock.now()) ? session : null
}

export const csrfSecretOf = ({ browser, csrf }: DoorDeps, { cookies }: RequestFacts) => {
  const value = cookies[browser.csrfCookieName]
  return value !== undefined && csrf.isSecret(value) ? value : null
}

/** Who asks. A browser without an anti-CSRF cookie gets one with the answer; until then it counts as having it. */
export async function callerOf(deps: DoorDeps, exchange: Exchange, client: ClientKind): Promise<Caller> {
  const csrfCookie = client === 'api' ? null : csrfSecretOf(deps, exchange.facts)
  const session = await liveSession(deps, exchange)
  return { client, request: exchange.facts, session, csrfCookie, nextCsrfCookie: deps.csrf.newSecret() }
}

/**
 * Runs a public route behind the CSRF layer: a missing cookie is made, unsafe methods are checked, and whatever is
 * thrown becomes an answer (ory-identity-api.md §1.4, §1.8).
 */
export async function guarded(
  deps: DoorDeps,
  exchange: Exchange,
  csrf: 'global' | 'ignored',
  handle: (exchange: Exchange) => Promise<Answer>,
): Promise<Answer> {
  if (csrf === 'ignored') {
    return handle(exchange).catch((thrown: unknown) => forwardError(deps, exchange, thrown, clientOf(exchange)))
  }
  const existing = csrfSecretOf(deps, exchange.facts)
  const secret = existing ?? deps.csrf.newSecret()
  const made: readonly SetCookie[] = existing === null ? [deps.browser.csrfCookie(secret)] : []
  try {
    if (isUnsafe(exchange) && !provesOrigin(deps, exchange, existing)) {
      return withCookies(errorAnswer(csrfViolation(exchange.facts, existing !== null)), ...made)
    }
    const seen = made.length === 0 ? exchange : withCookie(exchange, deps.browser.csrfCookieName, secret)
    const answer = await handle(seen)
    return withCookies(answer, ...made.filter(({ name }) => !answer.cookies.some((cookie) => cookie.name === name)))
  } catch (thrown) {
    return withCookies(await forwardError(deps, exchange, thrown, clientOf(exchange)), ...made)
  }
}

const isUnsafe = ({ facts }: Exchange) => !['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(facts.method)

const provesOrigin = ({ csrf }: DoorDeps, exchange: Exchange, secret: string | null) => {
  const form = exchange.header('content-type')?.startsWith('application/x-www-form-urlencoded')
  const token =
    exchange.header('x-csrf-token') ?? (form ? new URLSearchParams(exchange.body.toString()).get('csrf_token') : null)
  return secret !== null && token !== null && csrf.matches(token, secret)
}

const withCookie = (exchange: Exchange, name: string, value: string): Exchange => ({
  ...exchange,
  facts: { ...exchange.facts, cookies: { ...exchange.facts.cookies, [name]: value } },
})

export const clientOf = (exchange: Exchange): ClientKind => (isJson(exchange) ? 'ajax' : 'html')

/** An error outside a flow: JSON for scripts, the error page for browsers (ory-identity-api.md §1.4). */
export async function forwardError(
  deps: DoorDeps,
  exchange: Exchange,
  thrown: unknown,
  client: ClientKind,
): Promise<Answer> {
  const reference = deps.random.uuid()
  const error = toWireError(thrown, client, reference)
  if (!(thrown instanceof WireError))
    deps.log(thrown, { reference, request: `${exchange.facts.method} ${exchange.path}` })
  if (client !== 'html') return errorAnswer(error)
  const { browserTo, browserStatus = 303 } = error.options
  if (browserTo !== undefined) return redirect(browserStatus, browserTo)

  await deps.store.commit([{ kind: 'storeError', id: reference, error: errorObject(error), at: deps.clock.now() }])
  const url = new URL(deps.settings.selfservice.errorUiUrl)
  url.searchParams.set('id', reference)
  return redirect(303, url.href)
}
