import { isDeepStrictEqual } from 'node:util'
import { secondFactorsIn } from '../core/factors.ts'
import type { Credential, IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import { addressWrites, releaseAddresses } from './addresses.ts'
import { encode } from './codec.ts'
import { credentialWrites } from './credentials.ts'
import type { Write } from './database.ts'
import { statement } from './sql.ts'

const UPDATE = statement(
  'identities.update',
  `update identities set schema_id = $3, state = $4, state_changed_at = $5, traits = $6, metadata_public = $7,
  metadata_admin = $8, external_id = $9, verifiable_addresses = $10, recovery_addresses = $11, updated_at = $12,
  second_factors = $13,
  version = version + 1
  where id = $1 and version = $2`,
)
const DELETE_CREDENTIAL = statement(
  'credentials.delete',
  'delete from credentials where identity_id = $1 and type = $2 and version = $3',
)
const EXPECT = statement(
  'identities.expect',
  ({ dialect }) =>
    `select id from identities where id = $1 and version = $2 ${dialect === 'postgres' ? 'for no key update' : ''}`,
)

/** Somebody is as they were read, and stays so until the rest is written. */
export const expectIdentity = (id: IdentityId, version: number): Write => ({
  statement: EXPECT,
  values: [id, version],
  expects: 'credential_changed',
})

/** Replaces an identity by what it shall be. Everything replaced carries the version that was read. */
export const saveIdentity = (before: IdentityWithCredentials, identity: IdentityWithCredentials): readonly Write[] => [
  {
    statement: UPDATE,
    values: [
      identity.id,
      before.version,
      identity.schemaId,
      identity.state,
      identity.stateChangedAt,
      encode(identity.traits),
      encode(identity.metadataPublic),
      encode(identity.metadataAdmin),
      identity.externalId,
      encode(identity.verifiableAddresses),
      encode(identity.recoveryAddresses),
      identity.updatedAt,
      encode(secondFactorsIn(identity.credentials)),
    ],
    expects: 'credential_changed',
  },
  ...credentialChanges(identity.id, before.credentials, identity.credentials),
  releaseAddresses(identity),
  ...addressWrites(identity),
]

/** A credential that stays as it is stays untouched, so that a password rehashed meanwhile is not lost. */
function credentialChanges(
  id: IdentityId,
  before: readonly Credential[],
  after: readonly Credential[],
): readonly Write[] {
  const isKept = (credential: Credential) => before.some((known) => isDeepStrictEqual(known, credential))
  const gone = before.filter((known) => !after.some((credential) => isDeepStrictEqual(known, credential)))
  const added = after.filter((credential) => !isKept(credential))
  const versionOf = (type: Credential['type']) => before.find((known) => known.type === type)?.version ?? 0
  return [
    ...gone.map(
      ({ type, version }): Write => ({
        statement: DELETE_CREDENTIAL,
        values: [id, type, version],
        expects: 'credential_changed',
      }),
    ),
    ...added.flatMap((credential) => credentialWrites(id, { ...credential, version: versionOf(credential.type) + 1 })),
  ]
}
