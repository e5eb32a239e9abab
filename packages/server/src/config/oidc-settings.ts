import { isJsonObject, type Json } from '../core/json.ts'
import type { OidcProvider, OidcSettings } from '../core/oidc-settings.ts'
import type { Config } from './schema/schema.ts'

type OidcConfig = Config['selfservice']['methods']['oidc']

/** Social sign-in as the rest of the server reads it. */
export const oidcSettings = ({ enabled, config }: OidcConfig): OidcSettings => ({
  enabled,
  baseRedirectUri: config.base_redirect_uri ?? null,
  providers: config.providers.map(providerOf),
})

function providerOf(provider: OidcConfig['config']['providers'][number]): OidcProvider {
  const { apple_team_id: teamId, apple_private_key_id: keyId, apple_private_key: privateKey } = provider
  const requested: Json = JSON.parse(JSON.stringify(provider.requested_claims ?? null))
  return {
    id: provider.id,
    kind: provider.provider,
    label: provider.label ?? provider.id,
    clientId: provider.client_id,
    clientSecret: provider.client_secret ?? null,
    issuerUrl: provider.issuer_url ?? null,
    authUrl: provider.auth_url ?? null,
    tokenUrl: provider.token_url ?? null,
    mapperUrl: provider.mapper_url,
    scope: provider.scope ?? [],
    requestedClaims: isJsonObject(requested) ? requested : null,
    pkce: provider.pkce,
    claimsSource: provider.claims_source,
    subjectSource: provider.subject_source,
    microsoftTenant: provider.microsoft_tenant ?? null,
    apple:
      teamId === undefined || keyId === undefined || privateKey === undefined ? null : { teamId, keyId, privateKey },
    additionalIdTokenAudiences: provider.additional_id_token_audiences ?? [],
    aal2AcrValues: provider.aal2_acr_values ?? [],
    aal2AmrValues: provider.aal2_amr_values ?? [],
    updateIdentityOnLogin: provider.update_identity_on_login,
  }
}
