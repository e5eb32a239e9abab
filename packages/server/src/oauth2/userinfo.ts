import type { JsonObject } from '../core/json.ts'
import { textIn } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { OAuthFault } from './fault.ts'
import { findLiveToken } from './find-token.ts'
import { ID_TOKEN_KEYS } from './signing-keys.ts'
import { userinfoClaims } from './token-session.ts'

export type Userinfo =
  | { readonly kind: 'claims'; readonly claims: JsonObject }
  | { readonly kind: 'jwt'; readonly jwt: string }

/** What the bearer of an access token may know of the person behind it (OpenID Connect Core §5.3). */
export async function userinfo(deps: OAuth2Deps, token: string): Promise<Userinfo> {
  const found = token === '' ? null : await findLiveToken(deps, token)
  if (found === null || found.use !== 'access_token')
    throw new OAuthFault(
      401,
      'request_unauthorized',
      'The request could not be authorized. Check that you provided valid credentials in the right format.',
    )
  const claims = userinfoClaims(found.session, deps.settings.issuer)
  const client = await deps.store.oauth2.clients.find(found.session.clientId)
  if (client === null || textIn(client.fields, 'userinfo_signed_response_alg') !== 'RS256')
    return { kind: 'claims', claims }
  const signed = { ...claims, jti: deps.random.uuid() }
  return { kind: 'jwt', jwt: await deps.keys.sign(ID_TOKEN_KEYS, signed, { typ: 'JWT' }) }
}
