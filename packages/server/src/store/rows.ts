import type { Attempt, Delivery } from '../core/delivery.ts'
import type { Flow } from '../core/flow.ts'
import type {
  Credential,
  Identity,
  IdentityWithCredentials,
  RecoveryAddress,
  VerifiableAddress,
} from '../core/identity.ts'
import type { ActionId, DeliveryId, IdentityId, SessionId } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { AuthenticationMethod, Device, Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { decode } from './codec.ts'
import type { Row } from './database.ts'
import type { AppliedMigration } from './migrations.ts'
import type { StoredError } from './store.ts'

// What a row is, is known here alone: each type names the columns that its statement selects, and what we put there.

type FlowRow = { readonly completed: number; readonly document: string }

export function flowOf(row: Row): Flow {
  const { completed, document } = row as FlowRow
  return { ...(decode(document) as Flow), completed: completed === 1 }
}

type IdentityRow = {
  readonly identity_id: IdentityId
  readonly schema_id: string
  readonly state: Identity['state']
  readonly state_changed_at: Time
  readonly traits: string
  readonly metadata_public: string
  readonly metadata_admin: string
  readonly external_id: string | null
  readonly version: number
  readonly created_at: Time
  readonly updated_at: Time
  readonly verifiable_addresses: string
  readonly recovery_addresses: string
}

export function identityOf(row: Row): Identity {
  const it = row as IdentityRow
  return {
    id: it.identity_id,
    schemaId: it.schema_id,
    state: it.state,
    stateChangedAt: it.state_changed_at,
    traits: decode(it.traits) as JsonObject,
    metadataPublic: decode(it.metadata_public) as Json,
    metadataAdmin: decode(it.metadata_admin) as Json,
    externalId: it.external_id,
    verifiableAddresses: decode(it.verifiable_addresses) as VerifiableAddress[],
    recoveryAddresses: decode(it.recovery_addresses) as RecoveryAddress[],
    version: it.version,
    createdAt: it.created_at,
    updatedAt: it.updated_at,
  }
}

/** The columns of a credential, in the order in which `credentials.ts` asks for them. */
type CredentialTuple = readonly [
  type: Credential['type'],
  identifiers: readonly string[],
  config: JsonObject,
  version: number,
  createdAt: Time,
  updatedAt: Time,
]

export function identityWithCredentialsOf(row: Row): IdentityWithCredentials {
  const { credentials } = row as { readonly credentials: string }
  return { ...identityOf(row), credentials: (decode(credentials) as CredentialTuple[]).map(credentialOf) }
}

const credentialOf = ([type, identifiers, config, version, createdAt, updatedAt]: CredentialTuple) => ({
  type,
  identifiers,
  config,
  version,
  createdAt,
  updatedAt,
})

type SessionRow = {
  readonly session_id: SessionId
  readonly active: number
  readonly aal: Session['aal']
  readonly authentication_methods: string
  readonly authenticated_at: Time
  readonly issued_at: Time
  readonly expires_at: Time
  readonly devices: string
}

export function sessionOf(row: Row): Session {
  const it = row as SessionRow
  return {
    id: it.session_id,
    active: it.active === 1,
    aal: it.aal,
    authenticationMethods: decode(it.authentication_methods) as AuthenticationMethod[],
    authenticatedAt: it.authenticated_at,
    issuedAt: it.issued_at,
    expiresAt: it.expires_at,
    identity: identityOf(row),
    devices: decode(it.devices) as Device[],
  }
}

type ErrorRow = {
  readonly id: string
  readonly error: string
  readonly created_at: Time
  readonly updated_at: Time
}

export function storedErrorOf(row: Row): StoredError {
  const it = row as ErrorRow
  return { id: it.id, error: decode(it.error) as Json, createdAt: it.created_at, updatedAt: it.updated_at }
}

type DeliveryRow = {
  readonly id: DeliveryId
  readonly event_id: string
  readonly action_id: ActionId
  readonly trigger_name: string
  readonly identity_id: IdentityId | null
  readonly state: 'pending' | 'delivered' | 'dead'
  readonly reason: string | null
  readonly next_at: Time
  readonly lease_token: string | null
  readonly attempts: number
  readonly content: string
  readonly created_at: Time
}

/** Where a delivery stands. */
export type Standing = Pick<DeliveryRow, 'state' | 'reason'> & {
  readonly delivery: Delivery
  readonly nextAt: Time
  readonly leaseToken: string | null
  /** How often it has been tried. */
  readonly attempts: number
}

export function standingOf(row: Row): Standing {
  const it = row as DeliveryRow
  const isHeld = it.lease_token !== null
  return {
    delivery: {
      id: it.id,
      eventId: it.event_id,
      actionId: it.action_id,
      trigger: it.trigger_name,
      identityId: it.identity_id,
      createdAt: it.created_at,
      leasedUntil: isHeld ? it.next_at : null,
      leaseToken: it.lease_token,
      content: decode(it.content) as Delivery['content'],
    },
    state: it.state,
    reason: it.reason,
    nextAt: it.next_at,
    leaseToken: it.lease_token,
    attempts: it.attempts,
  }
}

type AttemptRow = {
  readonly request_id: string
  readonly started_at: Time
  readonly ended_at: Time
  readonly outcome: Attempt['outcome']
  readonly status: number | null
  readonly reason: string
}

export function attemptOf(row: Row): Attempt {
  const it = row as AttemptRow
  return {
    requestId: it.request_id,
    startedAt: it.started_at,
    endedAt: it.ended_at,
    outcome: it.outcome,
    status: it.status,
    reason: it.reason,
  }
}

export const idOf = (row: Row) => (row as { readonly id: DeliveryId }).id
export const timeOf = (row: Row | undefined) => (row as { readonly now: Time }).now
export const nameOf = (row: Row) => (row as { readonly name: string }).name
export const appliedMigrationOf = (row: Row): AppliedMigration => row as AppliedMigration
