import type { JsonObject } from '../core/json.ts'
import type { OAuth2Deps } from './deps.ts'
import { findLiveToken } from './find-token.ts'
import { isScopeAllowed } from './scopes.ts'
import { seconds } from './token-session.ts'

/** What a resource server is told about a token (RFC 7662; ory-oauth2.md §2.3). */
export async function introspect(deps: OAuth2Deps, token: string, scope: readonly string[]): Promise<JsonObject> {
  const { settings } = deps
  const found = await findLiveToken(deps, token)
  if (found === null) return { active: false }
  const { session, stored, issuedAt, use } = found
  if (scope.some((each) => !isScopeAllowed(settings.scopeStrategy, session.scope, each))) return { active: false }
  const ext = session.accessToken ?? {}
  const pseudonym = session.claims.sub
  return {
    active: true,
    ...(session.scope.length === 0 ? {} : { scope: session.scope.join(' ') }),
    client_id: session.clientId,
    sub: session.subject,
    ...(pseudonym !== '' && pseudonym !== session.subject ? { obfuscated_subject: pseudonym } : {}),
    exp: seconds(stored.expiresAt),
    iat: issuedAt,
    nbf: issuedAt,
    aud: session.audience,
    iss: settings.issuer,
    token_type: 'Bearer',
    token_use: use,
    ...(Object.keys(ext).length === 0 ? {} : { ext }),
  }
}
