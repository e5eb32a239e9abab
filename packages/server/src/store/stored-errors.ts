import type { Json } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { storedErrorOf } from './rows.ts'
import { insertInto, statement } from './sql.ts'
import type { Store } from './store.ts'

const FIND = statement('errors.find', 'select id, error, created_at, updated_at from errors where id = $1')

export const readErrors = (db: Database): Store['errors'] => ({
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : storedErrorOf(row)
  },
})

const INSERT = insertInto('errors', ['id', 'error', 'created_at', 'updated_at'])

export const storeError = (id: string, error: Json, at: Time): Write => ({
  statement: INSERT,
  values: [id, encode(error), at, at],
})
