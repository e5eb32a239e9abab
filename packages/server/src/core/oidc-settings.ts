import type { JsonObject } from './json.ts'

/** Social sign-in: whom people may come from. */
export type OidcSettings = {
  readonly enabled: boolean
  /** Where providers send people back to, if not to the public URL. */
  readonly baseRedirectUri: string | null
  readonly providers: readonly OidcProvider[]
}

/** A provider as configured (ory-identity-api.md §10.2); what its kind has in common is a row of `methods/oidc/providers.ts`. */
export type OidcProvider = {
  readonly id: string
  /** The name of its row: `google`, `generic` … */
  readonly kind: string
  /** What its button says. */
  readonly label: string
  readonly clientId: string
  readonly clientSecret: string | null
  readonly issuerUrl: string | null
  readonly authUrl: string | null
  readonly tokenUrl: string | null
  readonly mapperUrl: string
  readonly scope: readonly string[]
  readonly requestedClaims: JsonObject | null
  readonly pkce: 'auto' | 'never' | 'force'
  readonly claimsSource: 'id_token' | 'userinfo'
  readonly subjectSource: 'userinfo' | 'me' | 'oid'
  readonly microsoftTenant: string | null
  readonly apple: { readonly teamId: string; readonly keyId: string; readonly privateKey: string } | null
  readonly additionalIdTokenAudiences: readonly string[]
  /** What it says of itself when somebody has proven two factors there. */
  readonly aal2AcrValues: readonly string[]
  readonly aal2AmrValues: readonly string[]
  readonly updateIdentityOnLogin: 'never' | 'automatic'
}
