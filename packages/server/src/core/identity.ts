import type { IdentityId } from './ids.ts'
import type { Json, JsonObject } from './json.ts'
import type { Time } from './time.ts'

export type IdentityState = 'active' | 'inactive'
export type AddressVia = 'email' | 'sms'
export type VerifiableStatus = 'pending' | 'sent' | 'completed'

export type VerifiableAddress = {
  readonly id: string
  readonly value: string
  readonly via: AddressVia
  readonly verified: boolean
  readonly status: VerifiableStatus
  readonly verifiedAt: Time | null
  readonly createdAt: Time
  readonly updatedAt: Time
}

export type RecoveryAddress = {
  readonly id: string
  readonly value: string
  readonly via: AddressVia
  readonly createdAt: Time
  readonly updatedAt: Time
}

export const CREDENTIAL_TYPES = ['password', 'oidc', 'totp', 'lookup_secret', 'webauthn', 'passkey', 'code'] as const
export type CredentialType = (typeof CREDENTIAL_TYPES)[number]

/** Something a person proves themselves with. `identifiers` are normalised and unique per type; `config` holds the secret's hash. */
export type Credential = {
  readonly type: CredentialType
  readonly identifiers: readonly string[]
  readonly config: JsonObject
  readonly version: number
  readonly createdAt: Time
  readonly updatedAt: Time
}

/** A person, as stored. Credentials are loaded only where they are needed. */
export type Identity = {
  readonly id: IdentityId
  readonly schemaId: string
  readonly state: IdentityState
  readonly stateChangedAt: Time
  readonly traits: JsonObject
  readonly metadataPublic: Json
  readonly metadataAdmin: Json
  readonly externalId: string | null
  readonly verifiableAddresses: readonly VerifiableAddress[]
  readonly recoveryAddresses: readonly RecoveryAddress[]
  /** Grows with every change; a write names the version it read. */
  readonly version: number
  readonly createdAt: Time
  readonly updatedAt: Time
}

/** An identity together with what it signs in with. */
export type IdentityWithCredentials = Identity & { readonly credentials: readonly Credential[] }
