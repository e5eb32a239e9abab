import type { JsonObject } from '../core/json.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'

/** What clients can learn about the server by themselves (OpenID Connect Discovery §3; RFC 8414). Only what is true is said. */
export function discoveryDocument(settings: OAuth2Settings): JsonObject {
  const { discovery, publicUrl, issuer, profile } = settings
  const at = (path: string) => `${publicUrl}${path}`
  return {
    issuer,
    authorization_endpoint: discovery.authUrl ?? at('oauth2/auth'),
    device_authorization_endpoint: discovery.deviceUrl ?? at('oauth2/device/auth'),
    token_endpoint: discovery.tokenUrl ?? at('oauth2/token'),
    jwks_uri: discovery.jwksUrl ?? at('.well-known/jwks.json'),
    userinfo_endpoint: discovery.userinfoUrl ?? at('userinfo'),
    revocation_endpoint: at('oauth2/revoke'),
    end_session_endpoint: at('oauth2/sessions/logout'),
    ...(discovery.registrationUrl === null ? {} : { registration_endpoint: discovery.registrationUrl }),
    subject_types_supported: settings.subjectTypes,
    response_types_supported: [
      'code',
      'code id_token',
      'id_token',
      'token id_token',
      'token id_token code',
      'code token',
    ],
    grant_types_supported: [
      'authorization_code',
      'implicit',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['offline_access', 'offline', 'openid', ...discovery.scope],
    claims_supported: ['sub', ...discovery.claims],
    claims_parameter_supported: false,
    id_token_signing_alg_values_supported: ['RS256'],
    id_token_signed_response_alg: ['RS256'],
    userinfo_signing_alg_values_supported: ['none', 'RS256'],
    userinfo_signed_response_alg: ['RS256'],
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    require_request_uri_registration: true,
    request_object_signing_alg_values_supported: ['none', 'RS256', 'ES256'],
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    ...(profile === 'ory' ? {} : { authorization_response_iss_parameter_supported: true }),
  }
}
