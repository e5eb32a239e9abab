import type { JsonObject } from '../core/json.ts'
import type { Log } from '../core/log.ts'
import type { TokenRequest } from './ask-token-actions.ts'
import type { HookClaims } from './token-hook.ts'
import { RESERVED_ID_CLAIMS, type TokenSession } from './token-session.ts'

/** The grants that begin with a consent, whose claims stay what somebody agreed to. */
const CONSENTED = new Set(['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'])

/** A hook adds to the claims of a consent; at all other grants its claims replace what was there (ory-oauth2.md §0.2). */
export function withClaims(
  { log }: { readonly log: Log },
  { session, grant }: Pick<TokenRequest, 'session' | 'grant'>,
  claims: HookClaims,
  where: string,
): TokenSession {
  if (claims === null) return session
  const refused = Object.entries(claims.idToken ?? {})
    .filter(([name, value]) => RESERVED_ID_CLAIMS.has(name) && !(name === 'sid' && value === session.sid))
    .map(([name]) => name)
  if (refused.length > 0) log('warn', 'reserved_claim_refused', { where, claims: refused, token: 'id_token' })
  const kept = (given: JsonObject | null): JsonObject | null =>
    given === null ? null : Object.fromEntries(Object.entries(given).filter(([name]) => !RESERVED_ID_CLAIMS.has(name)))
  const idToken = kept(claims.idToken)
  if (!CONSENTED.has(grant)) return { ...session, accessToken: claims.accessToken, idToken }
  return {
    ...session,
    accessToken: { ...claims.accessToken, ...session.accessToken },
    idToken: { ...idToken, ...session.idToken },
  }
}
