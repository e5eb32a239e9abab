import type { JsonObject } from '../core/json.ts'
import type { OAuth2Client } from '../core/oauth2.ts'

export const GRANT_TYPES = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]

/** Bare `token` is not among them: RFC 9700 §2.1.2 advises against it and the library refuses it. */
export const RESPONSE_TYPES = [
  'code',
  'id_token',
  'code id_token',
  'code token',
  'id_token token',
  'code id_token token',
] as const

export const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const

/** A list of texts among a client's fields. */
export const textsOf = (fields: JsonObject, name: string): readonly string[] => {
  const value = fields[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

export const textIn = (fields: JsonObject, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

const filled = <T>(list: readonly T[], fallback: readonly T[]) => (list.length === 0 ? fallback : list)

/** What a client may do; what it does not say, it may as Hydra's clients may (ory-oauth2.md §2.4). */
export const grantTypesOf = ({ fields }: Pick<OAuth2Client, 'fields'>) =>
  filled(textsOf(fields, 'grant_types'), ['authorization_code'])

export const responseTypesOf = ({ fields }: Pick<OAuth2Client, 'fields'>) =>
  filled(textsOf(fields, 'response_types'), ['code']).map((type) => type.split(' ').toSorted().join(' '))

export const scopesOf = ({ fields }: Pick<OAuth2Client, 'fields'>) => textIn(fields, 'scope').split(' ').filter(Boolean)

export const audienceOf = ({ fields }: Pick<OAuth2Client, 'fields'>) => textsOf(fields, 'audience')

export const authMethodOf = ({ fields }: Pick<OAuth2Client, 'fields'>) =>
  textIn(fields, 'token_endpoint_auth_method') || 'client_secret_basic'

export const isPublicClient = (client: Pick<OAuth2Client, 'fields'>) => authMethodOf(client) === 'none'

/** The library gives a client every grant its response types need; a client has those it was registered with. */
const hasGrantFor = (responseType: string, grants: readonly string[]) =>
  responseType.includes('code') ? grants.includes('authorization_code') : grants.includes('implicit')

/** A client in the library's terms. What the library would refuse and Hydra takes is left out, not refused. */
export function libraryMetadata(client: OAuth2Client): { readonly [key: string]: unknown } {
  const { fields } = client
  const method = authMethodOf(client)
  const jwks = fields['jwks']
  const hasKeys = typeof jwks === 'object' && jwks !== null && 'keys' in jwks
  return {
    client_id: client.id,
    // The real one is only known by its hash; comparing is ours (provider.ts).
    client_secret: 'a hash is kept elsewhere',
    redirect_uris: textsOf(fields, 'redirect_uris'),
    grant_types: grantTypesOf(client).filter((type) => GRANT_TYPES.includes(type)),
    response_types: responseTypesOf(client).filter(
      (type) => RESPONSE_TYPES.some((known) => known === type) && hasGrantFor(type, grantTypesOf(client)),
    ),
    token_endpoint_auth_method: AUTH_METHODS.find((known) => known === method) ?? 'client_secret_basic',
    // Any port of the loopback address belongs to a native app (RFC 8252 §7.3).
    application_type: isPublicClient(client) ? 'native' : 'web',
    id_token_signed_response_alg: 'RS256',
    ...(hasKeys ? { jwks } : {}),
    ...(textIn(fields, 'jwks_uri') === '' ? {} : { jwks_uri: textIn(fields, 'jwks_uri') }),
    ...(textIn(fields, 'token_endpoint_auth_signing_alg') === ''
      ? {}
      : { token_endpoint_auth_signing_alg: textIn(fields, 'token_endpoint_auth_signing_alg') }),
    ...(['', 'none'].includes(textIn(fields, 'request_object_signing_alg'))
      ? {}
      : { request_object_signing_alg: textIn(fields, 'request_object_signing_alg') }),
  }
}
