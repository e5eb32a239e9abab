import type { JsonObject } from './json.ts'
import type { Milliseconds, Time } from './time.ts'

/** An application that asks for tokens (RFC 6749 §2). */
export type OAuth2Client = {
  readonly id: string
  readonly name: string
  readonly owner: string
  /** Hashes: the current secret's first, then those that were rotated out and still count. */
  readonly secrets: readonly string[]
  /** SHA-256 of the token that lets the client manage its own registration (RFC 7592). */
  readonly registrationTokenHash: string
  /** Every other field, spelt as the admin API spells it. */
  readonly fields: JsonObject
  readonly createdAt: Time
  readonly updatedAt: Time
}

export const TOKEN_KINDS = [
  'AuthorizationCode',
  'AccessToken',
  'ClientCredentials',
  'RefreshToken',
  'DeviceCode',
  'ReplayDetection',
] as const
/** What is handed out and found again by its hash; the names are the library's. */
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** A code or token at rest: never its value, always its hash. */
export type StoredToken = {
  readonly kind: TokenKind
  readonly hash: string
  /** The authorization all tokens descend from: what a replay or a withdrawn consent revokes together. */
  readonly chain: string | null
  /** What was issued in the same answer. */
  readonly pair: string | null
  readonly clientId: string | null
  readonly userCodeHash: string | null
  /** The library's payload with the session of the token in it; sealed where the configuration says so. */
  readonly document: string
  readonly consumedAt: Time | null
  readonly uses: number
  readonly expiresAt: Time
}

/** Within how long, and how often, a refresh token that was used may be used again. */
export type Grace = { readonly period: Milliseconds; readonly count: number }

/** A sign-in that is remembered in a browser. */
export type LoginSession = {
  readonly sid: string
  readonly subject: string
  readonly authenticatedAt: Time
  readonly expiresAt: Time
  readonly acr: string
  readonly amr: readonly string[] | null
  /** The session of the identity server that stands behind it. */
  readonly identitySessionId: string | null
}

/** What somebody allowed a client, once; with `remember` later requests need not ask again. */
export type Consent = {
  /** The consent request: the chain of every token that came of it. */
  readonly id: string
  readonly subject: string
  readonly clientId: string
  readonly sid: string | null
  readonly remember: boolean
  /** It was answered without asking, because an earlier one was remembered. */
  readonly skipped: boolean
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** What the consent list of the admin API shows besides. */
  readonly details: JsonObject
  readonly handledAt: Time
  readonly expiresAt: Time | null
}

/** A JSON Web Key (RFC 7517) of a named set. */
export type StoredKey = {
  readonly set: string
  readonly kid: string
  /** Sealed: it holds the private part. */
  readonly document: string
  readonly createdAt: Time
}

/** Who may exchange assertions for tokens, and for whom (RFC 7523). */
export type TrustedIssuer = {
  readonly id: string
  readonly issuer: string
  /** Empty: for any subject. */
  readonly subject: string
  readonly scope: readonly string[] | null
  readonly kid: string
  readonly jwk: JsonObject
  readonly createdAt: Time
  readonly expiresAt: Time
}

/** Which consents are withdrawn. */
export type ConsentSelector =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'subject'; readonly subject: string }
  | { readonly by: 'client'; readonly subject: string; readonly clientId: string }

/** One change of the OAuth2 server's tables. */
export type OAuth2Write =
  | { readonly write: 'insertClient'; readonly client: OAuth2Client }
  | { readonly write: 'replaceClient'; readonly client: OAuth2Client }
  | { readonly write: 'deleteClient'; readonly id: string }
  | { readonly write: 'saveToken'; readonly token: StoredToken }
  /** Succeeds once, for one of all who try at the same time. */
  | { readonly write: 'consumeToken'; readonly kind: TokenKind; readonly hash: string; readonly grace: Grace | null }
  /** Remembers a `jti` that must not come again. */
  | { readonly write: 'noteOnce'; readonly token: StoredToken }
  | { readonly write: 'deleteToken'; readonly kind: TokenKind; readonly hash: string }
  | { readonly write: 'deleteChain'; readonly chain: string }
  | { readonly write: 'deleteAccessTokens'; readonly chain: string }
  | { readonly write: 'deleteAccessTokenOfPair'; readonly pair: string }
  | { readonly write: 'deleteAccessTokensOfClient'; readonly clientId: string }
  | { readonly write: 'grantDevice'; readonly userCodeHash: string; readonly chain: string; readonly document: string }
  | { readonly write: 'insertConsent'; readonly consent: Consent }
  | { readonly write: 'withdrawConsents'; readonly selector: ConsentSelector }
  | { readonly write: 'saveLogin'; readonly login: LoginSession }
  | { readonly write: 'deleteLogin'; readonly sid: string }
  | { readonly write: 'deleteLoginsOf'; readonly subject: string }
  | { readonly write: 'insertKey'; readonly key: StoredKey }
  | { readonly write: 'replaceKey'; readonly key: StoredKey }
  | { readonly write: 'replaceKeys'; readonly set: string; readonly keys: readonly StoredKey[] }
  | { readonly write: 'deleteKey'; readonly set: string; readonly kid: string }
  | { readonly write: 'deleteKeys'; readonly set: string }
  | { readonly write: 'insertIssuer'; readonly issuer: TrustedIssuer }
  | { readonly write: 'deleteIssuer'; readonly id: string }
  | { readonly write: 'sweepTokens'; readonly before: Time }

/** A neighbour got there first. */
export type OAuth2Conflict =
  | 'client_exists'
  | 'token_used'
  | 'seen_before'
  | 'verifier_used'
  | 'key_exists'
  | 'issuer_exists'
  | 'device_gone'
