import type { Conflict } from '../core/effect.ts'

type UniqueIndex = { readonly index: string; readonly columns: string; readonly conflict: Conflict }

/** Whose place a row would take. PostgreSQL names the index, SQLite its columns. */
const UNIQUE: readonly UniqueIndex[] = [
  {
    index: 'identities_external_id',
    columns: 'identities.external_id',
    conflict: 'external_id_taken',
  },
  {
    index: 'credential_identifiers_pkey',
    columns: 'credential_identifiers.identifier, credential_identifiers.type',
    conflict: 'identifier_taken',
  },
  {
    index: 'addresses_pkey',
    columns: 'addresses.value, addresses.purpose, addresses.via',
    conflict: 'identifier_taken',
  },
  { index: 'oauth2_clients_pkey', columns: 'oauth2_clients.id', conflict: 'client_exists' },
  { index: 'oauth2_consents_pkey', columns: 'oauth2_consents.id', conflict: 'verifier_used' },
  { index: 'oauth2_keys_pkey', columns: 'oauth2_keys.set_name, oauth2_keys.kid', conflict: 'key_exists' },
  {
    index: 'oauth2_issuers_key',
    columns: 'oauth2_issuers.issuer, oauth2_issuers.subject, oauth2_issuers.kid',
    conflict: 'issuer_exists',
  },
]

/** The conflict behind a violated unique index; null where the violation is a mistake of ours. */
export const conflictOf = (violated: Partial<Pick<UniqueIndex, 'index' | 'columns'>>): Conflict | null =>
  UNIQUE.find(({ index, columns }) => index === violated.index || columns === violated.columns)?.conflict ?? null
