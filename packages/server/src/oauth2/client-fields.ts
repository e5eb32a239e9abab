// What a client says of itself, or an administrator of it, by the kind of its value (ory-oauth2.md §2.4).

export const TEXTS = [
  'scope',
  'policy_uri',
  'tos_uri',
  'client_uri',
  'logo_uri',
  'subject_type',
  'sector_identifier_uri',
  'jwks_uri',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'userinfo_signed_response_alg',
  'request_object_signing_alg',
  'frontchannel_logout_uri',
  'backchannel_logout_uri',
  'access_token_strategy',
]
export const LISTS = [
  'redirect_uris',
  'grant_types',
  'response_types',
  'audience',
  'contacts',
  'allowed_cors_origins',
  'post_logout_redirect_uris',
  'request_uris',
]
export const FLAGS = [
  'frontchannel_logout_session_required',
  'backchannel_logout_session_required',
  'skip_consent',
  'skip_logout_consent',
]
