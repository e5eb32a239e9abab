import type { IdentityId } from '../core/ids.ts'
import type { Time } from '../core/time.ts'
import type { Database, Write } from './database.ts'
import { insertInto, statement } from './sql.ts'

const FIND = statement('first_logins.find', 'select at from first_logins where identity_id = $1')

/** Whether somebody has signed in before. */
export const hasSignedIn = async (db: Database, id: IdentityId): Promise<boolean> =>
  (await db.find(FIND, [id])) !== null

const INSERT = insertInto('first_logins', ['identity_id', 'at'], 'on conflict (identity_id) do nothing')

export const noteFirstLogin = (id: IdentityId, at: Time): Write => ({
  statement: INSERT,
  values: [id, at],
  expects: 'credential_changed',
})
