import type { JsonObject } from '../core/json.ts'
import { textIn } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { ID_TOKEN_KEYS } from './signing-keys.ts'

/**
 * The claims of an `id_token_hint`, which may have expired; null unless it is an ID token of ours. The same keys sign
 * logout tokens: those have no subject, and are no hint (OpenID Connect Back-Channel Logout §4; reliability.md T78).
 */
export async function readHint({ keys }: Pick<OAuth2Deps, 'keys'>, hint: string): Promise<JsonObject | null> {
  const claims = await keys.verify(ID_TOKEN_KEYS, hint)
  return claims === null || textIn(claims, 'sub') === '' ? null : claims
}
