import type { Credential } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import { encode } from './codec.ts'
import type { Write } from './database.ts'
import { insertInto, statement, type Words } from './sql.ts'

/** All credentials of an identity `i`, as `identityWithCredentialsOf` reads them. */
export const CREDENTIALS = ({ rows, list, json }: Words) => {
  const identifiers = list(
    'k.identifier',
    'credential_identifiers k where k.identity_id = c.identity_id and k.type = c.type',
    'k.ordinal',
  )
  return rows(
    ['c.type', json(identifiers), json('c.config'), 'c.version', 'c.created_at', 'c.updated_at'],
    'credentials c where c.identity_id = i.id',
    'c.type',
  )
}

const INSERT = insertInto('credentials', ['identity_id', 'type', 'config', 'version', 'created_at', 'updated_at'])
const INSERT_IDENTIFIER = insertInto('credential_identifiers', ['identifier', 'type', 'identity_id', 'ordinal'])

export const credentialWrites = (
  identity: IdentityId,
  { type, config, version, createdAt, updatedAt, identifiers }: Credential,
): readonly Write[] => [
  { statement: INSERT, values: [identity, type, encode(config), version, createdAt, updatedAt] },
  ...identifiers.map((identifier, at) => ({ statement: INSERT_IDENTIFIER, values: [identifier, type, identity, at] })),
]

const UPDATE = statement(
  'credentials.update',
  `update credentials set config = $4, updated_at = $5, version = version + 1
  where identity_id = $1 and type = $2 and version = $3`,
)

/** The credential carries the version that was read: whoever comes second changes nothing. */
export const saveCredential = (identity: IdentityId, { type, version, config, updatedAt }: Credential): Write => ({
  statement: UPDATE,
  values: [identity, type, version, encode(config), updatedAt],
  expects: 'credential_changed',
})
