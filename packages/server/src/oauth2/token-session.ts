import type { JsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'

/** What a code or token knows of how it came about; it goes with it from code to token to refreshed token (ory-oauth2.md §1.7). */
export type TokenSession = {
  readonly subject: string
  readonly clientId: string
  /** The consent request it came of; empty where nobody had to consent. */
  readonly consentId: string
  /** Null: no scope was asked for. */
  readonly requestedScope: readonly string[] | null
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** The claims of the access token, and of the ID token; null where an action has emptied them. */
  readonly accessToken: JsonObject | null
  readonly idToken: JsonObject | null
  /** The login session, if somebody signed in. Never an action's to change. */
  readonly sid: string | null
  readonly claims: {
    /** The subject as this client sees it: a pseudonym for pairwise clients. */
    readonly sub: string
    readonly nonce: string
    readonly acr: string
    readonly amr: readonly string[] | null
    readonly issuedAt: Time
    readonly requestedAt: Time | null
    readonly authenticatedAt: Time | null
  }
  /** When each token of this session ends, as hooks are told. */
  readonly expiresAt: { readonly [token: string]: Time }
  /** Shortened by an action, in seconds. */
  readonly lifetimes?: { readonly accessToken?: number; readonly idToken?: number; readonly refreshToken?: number }
}

/** The names of an ID token that only the server sets (ory-oauth2.md §1.6, reliability.md I47). */
export const RESERVED_ID_CLAIMS = new Set([
  'sub',
  'iss',
  'jti',
  'aud',
  'iat',
  'exp',
  'rat',
  'nonce',
  'at_hash',
  'c_hash',
  'auth_time',
  'acr',
  'amr',
  'sid',
  'azp',
])

/** The names of a JWT access token that only the server sets. */
export const RESERVED_ACCESS_CLAIMS = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'scp',
  'scope',
  'ext',
  'cnf',
])

export const seconds = (time: Time) => Math.floor(time / 1000)

const without = (claims: JsonObject | null, reserved: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(claims ?? {}).filter(([name]) => !reserved.has(name)))

type IdTokenMoment = {
  readonly issuer: string
  readonly jti: string
  readonly issuedAt: Time
  readonly expiresAt: Time
  readonly accessTokenHash: string | null
  readonly codeHash: string | null
}

/** The claims of an ID token: the session's at the top level, the server's own over them. */
export function idTokenClaims(session: TokenSession, moment: IdTokenMoment): JsonObject {
  return {
    ...without(session.idToken, RESERVED_ID_CLAIMS),
    ...ownClaims(session, moment.issuer),
    ...(session.claims.nonce === '' ? {} : { nonce: session.claims.nonce }),
    ...(session.sid === null ? {} : { sid: session.sid }),
    ...(moment.accessTokenHash === null ? {} : { at_hash: moment.accessTokenHash }),
    ...(moment.codeHash === null ? {} : { c_hash: moment.codeHash }),
    jti: moment.jti,
    iat: seconds(moment.issuedAt),
    exp: seconds(moment.expiresAt),
  }
}

const ownClaims = ({ claims, clientId }: TokenSession, issuer: string): JsonObject => ({
  ...(claims.acr === '' ? {} : { acr: claims.acr }),
  ...(claims.amr === null || claims.amr.length === 0 ? {} : { amr: claims.amr }),
  aud: [clientId],
  ...(claims.authenticatedAt === null ? {} : { auth_time: seconds(claims.authenticatedAt) }),
  iss: issuer,
  ...(claims.requestedAt === null ? {} : { rat: seconds(claims.requestedAt) }),
  sub: claims.sub,
})

/** What the userinfo endpoint tells of the person behind a token (ory-oauth2.md §1.6). */
export function userinfoClaims(session: TokenSession, issuer: string): JsonObject {
  const { sub, ...own } = ownClaims(session, issuer)
  return {
    ...without(session.idToken, RESERVED_ID_CLAIMS),
    ...own,
    ...(sub === '' ? {} : { sub }),
    iat: seconds(session.claims.issuedAt),
  }
}

type AccessTokenMoment = {
  readonly issuer: string
  readonly jti: string
  readonly issuedAt: Time
  readonly expiresAt: Time
}
type AccessTokenShape = {
  readonly scopeClaim: 'list' | 'string' | 'both'
  readonly excludeNotBefore: boolean
  readonly allowedTopLevel: readonly string[]
  readonly mirrorTopLevel: boolean
  readonly preserveExt: boolean
}

/** The claims of an access token that is a JWT (ory-oauth2.md §1.6, §2.3). */
export function accessTokenClaims(
  session: TokenSession,
  moment: AccessTokenMoment,
  shape: AccessTokenShape,
): JsonObject {
  const claims = session.accessToken ?? {}
  const allowed = shape.allowedTopLevel.filter((name) => !RESERVED_ACCESS_CLAIMS.has(name) && name in claims)
  const topLevel = Object.fromEntries(allowed.map((name) => [name, claims[name] ?? null]))
  const others = Object.fromEntries(Object.entries(claims).filter(([name]) => !allowed.includes(name)))
  const ext = shape.mirrorTopLevel
    ? { ext: claims }
    : shape.preserveExt && Object.keys(others).length > 0
      ? { ext: others }
      : {}
  return {
    ...topLevel,
    ...ext,
    ...(shape.scopeClaim === 'string' ? {} : { scp: session.scope }),
    ...(shape.scopeClaim === 'list' ? {} : { scope: session.scope.join(' ') }),
    aud: session.audience,
    client_id: session.clientId,
    exp: seconds(moment.expiresAt),
    iat: seconds(moment.issuedAt),
    iss: moment.issuer,
    jti: moment.jti,
    ...(shape.excludeNotBefore ? {} : { nbf: seconds(moment.issuedAt) }),
    sub: session.subject,
  }
}
