import { parseDuration } from '../core/duration.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'
import type { Milliseconds } from '../core/time.ts'

type Token = 'access_token' | 'id_token' | 'refresh_token'

/** How a client's own lifespans are called by the grant that issues (ory-oauth2.md §2.3). */
const PREFIX: { readonly [grant: string]: string } = {
  authorization_code: 'authorization_code_grant',
  implicit: 'implicit_grant',
  refresh_token: 'refresh_token_grant',
  client_credentials: 'client_credentials_grant',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt_bearer_grant',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_authorization_grant',
}

/** The lifespans a client may have of its own. */
export const LIFESPANS = [
  'authorization_code_grant_access_token_lifespan',
  'authorization_code_grant_id_token_lifespan',
  'authorization_code_grant_refresh_token_lifespan',
  'client_credentials_grant_access_token_lifespan',
  'device_authorization_grant_access_token_lifespan',
  'device_authorization_grant_id_token_lifespan',
  'device_authorization_grant_refresh_token_lifespan',
  'implicit_grant_access_token_lifespan',
  'implicit_grant_id_token_lifespan',
  'jwt_bearer_grant_access_token_lifespan',
  'refresh_token_grant_access_token_lifespan',
  'refresh_token_grant_id_token_lifespan',
  'refresh_token_grant_refresh_token_lifespan',
]

/** How long a token lives: as its client says for this grant, else as the configuration does. Null: for ever. */
export function lifespanOf(
  { ttl }: Pick<OAuth2Settings, 'ttl'>,
  client: Pick<OAuth2Client, 'fields'> | null,
  grant: string,
  token: Token,
): Milliseconds | null {
  const own = client?.fields[`${PREFIX[grant] ?? grant}_${token}_lifespan`]
  const configured = { access_token: ttl.accessToken, id_token: ttl.idToken, refresh_token: ttl.refreshToken }[token]
  return typeof own === 'string' ? (parseDuration(own) ?? configured) : configured
}
