import type { JsonObject } from '../core/json.ts'
import type { StoredToken } from '../core/oauth2.ts'
import { openDocument } from './adapter.ts'
import type { OAuth2Deps } from './deps.ts'
import { hashOf } from './hash.ts'
import { ACCESS_TOKEN_KEYS } from './signing-keys.ts'
import { isTokenSession } from './is-token-session.ts'
import type { TokenSession } from './token-session.ts'

/** A token that is in force. */
export type LiveToken = {
  readonly stored: StoredToken
  readonly session: TokenSession
  readonly issuedAt: number
  readonly use: 'access_token' | 'refresh_token'
}

const USES: { readonly [kind: string]: LiveToken['use'] } = {
  AccessToken: 'access_token',
  ClientCredentials: 'access_token',
  RefreshToken: 'refresh_token',
}

/** Finds the token behind a value that somebody presents; null unless it is in force at this moment. */
export async function findLiveToken(deps: OAuth2Deps, value: string): Promise<LiveToken | null> {
  const isJwt = value.split('.').length === 3
  const claims = isJwt ? await deps.keys.verify(ACCESS_TOKEN_KEYS, value) : null
  const id = isJwt ? claims?.['jti'] : value
  if (typeof id !== 'string' || id === '') return null
  const stored = await deps.store.oauth2.tokens.findAny(hashOf(id))
  const use = stored === null ? undefined : USES[stored.kind]
  if (stored === null || use === undefined || stored.expiresAt <= deps.clock.now()) return null
  if (stored.consumedAt !== null && !isWithinGrace(deps, stored)) return null
  const document = openDocument(deps, stored.document)
  // The id of a JWT is no credential: without its signature it proves nothing.
  if (document === null || (document['structured'] === true) !== isJwt) return null
  const session = document['cardea']
  return isTokenSession(session) ? { stored, session, issuedAt: issuedAt(document), use } : null
}

function isWithinGrace({ settings, clock }: OAuth2Deps, { kind, consumedAt, uses }: StoredToken): boolean {
  const { grace } = settings
  if (kind !== 'RefreshToken' || grace === null || consumedAt === null) return false
  return consumedAt + grace.period > clock.now() && (grace.count === 0 || uses < grace.count)
}

const issuedAt = (document: JsonObject) => (typeof document['iat'] === 'number' ? document['iat'] : 0)
