import type { OAuth2Client } from '../core/oauth2.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'
import { audienceOf, scopesOf } from './client-metadata.ts'
import { oauthError } from './provider-types.ts'
import { isAudienceAllowed, isScopeAllowed, listOf } from './scopes.ts'

/** The scope and audience a request asks for, all of which its client may have. */
export type Requested = { readonly scope: readonly string[]; readonly audience: readonly string[] }

export function checkRequested(
  { scopeStrategy }: Pick<OAuth2Settings, 'scopeStrategy'>,
  client: Pick<OAuth2Client, 'fields'>,
  form: URLSearchParams,
): Requested {
  const scope = [...new Set(listOf(form.getAll('scope')))]
  const audience = listOf(form.getAll('audience'))
  const foreign = scope.find((each) => !isScopeAllowed(scopeStrategy, scopesOf(client), each))
  if (foreign !== undefined) throw invalidScope(foreign)
  const target = audience.find((each) => !isAudienceAllowed(audienceOf(client), each))
  if (target !== undefined) throw invalidAudience(target)
  return { scope, audience }
}

export const invalidScope = (scope: string) =>
  oauthError(
    400,
    'invalid_scope',
    `The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope '${scope}'.`,
  )

export const invalidAudience = (audience: string) =>
  oauthError(
    400,
    'invalid_request',
    `The request is malformed: requested audience '${audience}' has not been whitelisted by the OAuth 2.0 Client.`,
  )

export const publicClient = () =>
  oauthError(
    400,
    'invalid_grant',
    'The OAuth 2.0 Client is marked as public and is thus not allowed to use authorization grant "client_credentials".',
  )
