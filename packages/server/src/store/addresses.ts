import type { Identity } from '../core/identity.ts'
import type { Write } from './database.ts'
import { insertInto, type Words } from './sql.ts'

/** The verifiable addresses of an identity `i`, as `identityOf` reads them. */
export const VERIFIABLE_ADDRESSES = ({ rows }: Words) =>
  rows(
    ['a.id', 'a.value', 'a.via', 'a.verified', 'a.status', 'a.verified_at', 'a.created_at', 'a.updated_at'],
    'verifiable_addresses a where a.identity_id = i.id',
    'a.ordinal',
  )

/** The recovery addresses of an identity `i`, as `identityOf` reads them. */
export const RECOVERY_ADDRESSES = ({ rows }: Words) =>
  rows(
    ['a.id', 'a.value', 'a.via', 'a.created_at', 'a.updated_at'],
    'recovery_addresses a where a.identity_id = i.id',
    'a.ordinal',
  )

const INSERT_VERIFIABLE = insertInto('verifiable_addresses', [
  'id',
  'identity_id',
  'ordinal',
  'via',
  'value',
  'verified',
  'status',
  'verified_at',
  'created_at',
  'updated_at',
])

export const verifiableAddressWrites = ({ id, verifiableAddresses }: Identity): readonly Write[] =>
  verifiableAddresses.map((address, at) => ({
    statement: INSERT_VERIFIABLE,
    values: [
      address.id,
      id,
      at,
      address.via,
      address.value,
      address.verified ? 1 : 0,
      address.status,
      address.verifiedAt,
      address.createdAt,
      address.updatedAt,
    ],
  }))

const INSERT_RECOVERY = insertInto('recovery_addresses', [
  'id',
  'identity_id',
  'ordinal',
  'via',
  'value',
  'created_at',
  'updated_at',
])

export const recoveryAddressWrites = ({ id, recoveryAddresses }: Identity): readonly Write[] =>
  recoveryAddresses.map((address, at) => ({
    statement: INSERT_RECOVERY,
    values: [address.id, id, at, address.via, address.value, address.createdAt, address.updatedAt],
  }))
