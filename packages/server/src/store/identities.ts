import { hasSignedIn } from './first-logins.ts'
import { secondFactorsIn } from '../core/factors.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import { addressWrites } from './addresses.ts'
import { encode } from './codec.ts'
import { credentialWrites, CREDENTIALS } from './credentials.ts'
import type { Database, Write } from './database.ts'
import { countOf, identityWithCredentialsOf } from './rows.ts'
import { insertInto, statement, type Words } from './sql.ts'
import type { Identities, Page } from './store.ts'

/** The columns of an identity `i` that `identityOf` reads. */
export const IDENTITY = `i.id as identity_id, i.schema_id, i.state, i.state_changed_at, i.traits, i.metadata_public,
  i.metadata_admin, i.external_id, i.verifiable_addresses, i.recovery_addresses, i.version, i.created_at, i.updated_at`

const select = (words: Words) => `select ${IDENTITY}, ${CREDENTIALS(words)} as credentials`

const FIND = statement('identities.find', (words) => `${select(words)} from identities i where i.id = $1`)

const FIND_BY_IDENTIFIER = statement(
  'identities.find_by_identifier',
  (words) => `${select(words)}
  from credential_identifiers k join identities i on i.id = k.identity_id
  where k.identifier = $1 and k.type = $2`,
)

const FIND_BY_EXTERNAL_ID = statement(
  'identities.find_by_external_id',
  (words) => `${select(words)} from identities i where i.external_id = $1`,
)

const FIND_BY_ADDRESS = statement(
  'identities.find_by_address',
  (words) => `${select(words)}
  from addresses a join identities i on i.id = a.identity_id
  where a.value = $1 and a.purpose = $2 and a.via = $3`,
)

const FIND_BY_ANY_ADDRESS = statement(
  'identities.find_by_any_address',
  (words) => `${select(words)}
  from addresses a join identities i on i.id = a.identity_id
  where a.value = $1 and a.purpose = $2 order by a.via limit 1`,
)

const list = (name: string, filter: (words: Words) => string) =>
  statement(
    `identities.list${name}`,
    (words) => `${select(words)} from identities i where i.id > $1 ${filter(words)} order by i.id limit $2`,
  )

const hasIdentifier = (parameter: string) =>
  `and i.id in (select identity_id from credential_identifiers where identifier = ${parameter})`
const LIST = list('', () => '')
const LIST_BY_IDENTIFIER = list('_by_identifier', () => hasIdentifier('$3'))
const LIST_BY_IDS = list('_by_ids', (words) => `and i.id in ${words.members('$3')}`)
const LIST_BY_IDS_AND_IDENTIFIER = list(
  '_by_ids_and_identifier',
  (words) => `and i.id in ${words.members('$3')} ${hasIdentifier('$4')}`,
)

const COUNT = statement(
  'identities.count',
  () => `select count(*) as count from (select 1 from identities i where i.id > $1 order by i.id limit $2) few`,
)

export function readIdentities(db: Database): Identities {
  const one = async (...query: Parameters<Database['find']>) => {
    const row = await db.find(...query)
    return row === null ? null : identityWithCredentialsOf(row)
  }
  return {
    hasSignedIn: (id) => hasSignedIn(db, id),
    find: (id) => one(FIND, [id]),
    findByIdentifier: (type, identifier) => one(FIND_BY_IDENTIFIER, [identifier, type]),
    findByExternalId: (externalId) => one(FIND_BY_EXTERNAL_ID, [externalId]),
    findByAddress: (purpose, { value, via }) =>
      via === undefined ? one(FIND_BY_ANY_ADDRESS, [value, purpose]) : one(FIND_BY_ADDRESS, [value, purpose, via]),
    list: async (page) => (await db.all(...pageQuery(page))).map(identityWithCredentialsOf),
    // Any id is greater than the empty text.
    count: async (most) => countOf(await db.find(COUNT, ['', most])),
  }
}

function pageQuery({ after, size, identifier, ids }: Page): Parameters<Database['all']> {
  // Any id is greater than the empty text.
  const from = [after ?? '', size]
  if (ids === undefined && identifier === undefined) return [LIST, from]
  if (ids === undefined) return [LIST_BY_IDENTIFIER, [...from, identifier ?? '']]
  if (identifier === undefined) return [LIST_BY_IDS, [...from, encode(ids)]]
  return [LIST_BY_IDS_AND_IDENTIFIER, [...from, encode(ids), identifier]]
}

const INSERT = insertInto('identities', [
  'id',
  'schema_id',
  'state',
  'state_changed_at',
  'traits',
  'metadata_public',
  'metadata_admin',
  'external_id',
  'verifiable_addresses',
  'recovery_addresses',
  'second_factors',
  'version',
  'created_at',
  'updated_at',
])

/** A new identity with all it signs in with and is reached by. */
export const createIdentity = (identity: IdentityWithCredentials): readonly Write[] => [
  {
    statement: INSERT,
    values: [
      identity.id,
      identity.schemaId,
      identity.state,
      identity.stateChangedAt,
      encode(identity.traits),
      encode(identity.metadataPublic),
      encode(identity.metadataAdmin),
      identity.externalId,
      encode(identity.verifiableAddresses),
      encode(identity.recoveryAddresses),
      encode(secondFactorsIn(identity.credentials)),
      identity.version,
      identity.createdAt,
      identity.updatedAt,
    ],
  },
  ...identity.credentials.flatMap((credential) => credentialWrites(identity.id, credential)),
  ...addressWrites(identity),
]

const DELETE = statement('identities.delete', 'delete from identities where id = $1')

/** Credentials, addresses and sessions go with it. */
export const deleteIdentity = (id: IdentityId): Write => ({ statement: DELETE, values: [id], expects: 'not_found' })
