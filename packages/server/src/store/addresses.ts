import type { Identity } from '../core/identity.ts'
import type { Write } from './database.ts'
import { insertInto, statement } from './sql.ts'

const INSERT = insertInto('addresses', ['value', 'via', 'purpose', 'identity_id'])

/** Takes an identity's addresses for it alone: no two people are reached at the same one. */
export const addressWrites = ({ id, verifiableAddresses, recoveryAddresses }: Identity): readonly Write[] => [
  ...verifiableAddresses.map(({ value, via }) => ({ statement: INSERT, values: [value, via, 'verify', id] })),
  ...recoveryAddresses.map(({ value, via }) => ({ statement: INSERT, values: [value, via, 'recover', id] })),
]

const DELETE = statement('addresses.delete', 'delete from addresses where identity_id = $1')

/** Lets go of all addresses an identity has, in the same transaction in which it takes others. */
export const releaseAddresses = ({ id }: Identity): Write => ({ statement: DELETE, values: [id] })
