import { AsyncLocalStorage } from 'node:async_hooks'
import type { Effect } from '../core/effect.ts'
import type { Consent, OAuth2Client, OAuth2Write } from '../core/oauth2.ts'
import type { TokenSession } from './token-session.ts'

/** What one request to the library gathers before anything is written (design.md §1). */
export type RequestScope = {
  readonly form: URLSearchParams
  /** Written whatever the answer is: a replay that was noticed, a `jti` that was seen. */
  readonly always: OAuth2Write[]
  /** Written only if the answer is the one the client asked for. */
  readonly ifAnswered: Effect[]
  /** Joins what is issued in one answer. */
  readonly pair: string
  /** The session of the tokens that are being issued. */
  session: TokenSession | null
  client: OAuth2Client | null
  /** The consent behind this request, where it is not stored yet. */
  consent: Consent | null
  /** An authorization request that goes on elsewhere. */
  readonly authorization: AuthorizationStep | null
  /** The values already issued in this answer, for the hashes in an ID token. */
  accessToken: string | null
  isConsumed: boolean
  /** The grant of this token request. */
  grantType: string
  /** Whether the client has hung up. */
  readonly isGone: () => boolean
}

/** How an authorization request goes on, decided once the library has validated it. */
export type AuthorizationStep = {
  /** Called with the validated client. True: the answer is ours, the library's is dropped. */
  decide(): Promise<boolean>
  /** Who signed in and consented, where that is done. */
  readonly granted: { readonly session: TokenSession; readonly consent: Consent } | null
}

export type Scopes = AsyncLocalStorage<RequestScope>
export const createScopes = (): Scopes => new AsyncLocalStorage<RequestScope>()

/** The scope of the request under way. */
export function scopeOf(scopes: Scopes): RequestScope {
  const scope = scopes.getStore()
  if (scope === undefined) throw new Error('the OAuth2 library was called outside of a request')
  return scope
}
