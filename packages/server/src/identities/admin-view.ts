import {
  CREDENTIAL_TYPES,
  type Credential,
  type CredentialType,
  type IdentityWithCredentials,
} from '../core/identity.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { toTimestamp } from '../core/time.ts'
import { identityView } from '../core/views.ts'
import { withOpenTokens } from './social-credential.ts'

type ViewOptions = {
  /** Of these types the configuration is shown too; null leaves credentials out altogether. */
  readonly include: readonly CredentialType[] | null
  /** Ory leaves an unset `metadata_admin` out of the answers to POST and PUT, and nowhere else (ory-identity-api.md §9.2). */
  readonly omitUnsetMetadata?: boolean
  /** Ory's answer to a creation shows version 0 of what it has just stored; only a code's is 1 already. */
  readonly justCreated?: boolean
  /** Opens what a provider's tokens are sealed with; without it they stay sealed. */
  readonly openToken?: (sealed: string) => string | null
}

/** An identity as administrators see it. */
export function adminIdentityView(
  identity: IdentityWithCredentials,
  publicUrl: string,
  { include, omitUnsetMetadata, justCreated, openToken }: ViewOptions,
): JsonObject {
  const { metadata_admin, ...view } = identityView(identity, publicUrl, { admin: true })
  return {
    ...view,
    ...(omitUnsetMetadata && metadata_admin === null ? {} : { metadata_admin: metadata_admin ?? null }),
    ...(include === null
      ? {}
      : {
          credentials: Object.fromEntries(
            identity.credentials.map((credential) => [
              credential.type,
              credentialView(
                openToken === undefined ? credential : withOpenTokens(credential, openToken),
                include.includes(credential.type),
                justCreated ?? false,
              ),
            ]),
          ),
        }),
  }
}

/** Ory's `version` tells how the configuration is laid out. Ours counts changes and is nobody else's business. */
const FORMAT_VERSION = 1

const credentialView = (credential: Credential, showsConfig: boolean, justCreated: boolean): JsonObject => ({
  type: credential.type,
  identifiers: credential.identifiers,
  ...(showsConfig ? { config: credential.config } : {}),
  version: justCreated && credential.type !== 'code' ? 0 : FORMAT_VERSION,
  created_at: toTimestamp(credential.createdAt),
  updated_at: toTimestamp(credential.updatedAt),
})

/** The whole identity with all secrets: what a JSON Patch works on. Never answered. */
export const patchableView = (identity: IdentityWithCredentials, publicUrl: string): Json =>
  adminIdentityView(identity, publicUrl, { include: CREDENTIAL_TYPES })
