import type { JsonObject } from './json.ts'

/** A login that an OAuth2 client has asked for, as the OAuth2 server tells it. */
export type LoginRequest = {
  readonly challenge: string
  /** The person is remembered and need not sign in again. */
  readonly skip: boolean
  readonly requestUrl: string
  /** The request in Hydra's words, as flows show it. */
  readonly document: JsonObject
}

/** Who signed in, for the OAuth2 server. */
export type Accepted = {
  readonly subject: string
  readonly sessionId: string
  readonly remember: boolean
  /** In seconds. */
  readonly rememberFor: number
  readonly amr: readonly string[]
}

/** The OAuth2 server as the identity server sees it: in the same process, or elsewhere (ory-identity-api.md §12). */
export type LoginRequests = {
  readonly find: (challenge: string) => Promise<LoginRequest>
  /** Returns where the browser goes on. */
  readonly accept: (challenge: string, accepted: Accepted) => Promise<string>
}
