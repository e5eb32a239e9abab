import type { Time } from '../core/time.ts'
import type { Database } from './database.ts'
import { type Dialect, statement } from './sql.ts'
import { EXPIRING, type Expired, type ExpiringTable } from './store.ts'

/** PostgreSQL takes a list of keys for a search, and a subquery for a reason to look everywhere. */
const oldest = (dialect: Dialect, { key, age }: Column, table: string) => {
  const rows = `(select ${key} from ${table} where ${age} < $1 order by ${age} limit $2)`
  return dialect === 'postgres' ? `= any(array${rows})` : `in ${rows}`
}

type Column = { readonly key: string; readonly age: string }

/** By which moment a row is over; each has an index. */
const AGES: { readonly [T in Exclude<ExpiringTable, 'pending_changes'>]: Column } = {
  flows: { key: 'id', age: 'expires_at' },
  sessions: { key: 'id', age: 'expires_at' },
  errors: { key: 'id', age: 'created_at' },
  budgets: { key: 'key', age: 'spent_until' },
}

const forget = (table: Exclude<ExpiringTable, 'pending_changes'>) =>
  statement(`${table}.expired`, ({ dialect }) => {
    const column = AGES[table]
    return `delete from ${table} where ${column.key} ${oldest(dialect, column, table)} returning ${column.key}`
  })

const STATEMENTS = {
  flows: forget('flows'),
  sessions: forget('sessions'),
  errors: forget('errors'),
  budgets: forget('budgets'),
  // One whose flow is gone is waited for by nobody. There is at most one for each person.
  pending_changes: statement(
    'pending_changes.expired',
    `delete from pending_changes where identity_id in (
      select identity_id from pending_changes c
      where created_at < $1 and not exists (select 1 from flows where id = c.flow_id) limit $2
    ) returning identity_id`,
  ),
} satisfies Record<ExpiringTable, unknown>

export const readExpired = (db: Database): Expired => ({
  forget: async (table, before: Time, most) => {
    const applied = await db.apply([{ statement: STATEMENTS[table], values: [before, most] }])
    return applied.kind === 'committed' ? applied.rows.length : 0
  },
})

/** Deletes what is over, table by table and batch by batch, and tells how many rows of each. */
export async function forgetExpired(
  expired: Expired,
  { before, batch, between }: { readonly before: Time; readonly batch: number; readonly between: () => Promise<void> },
): Promise<{ readonly [T in ExpiringTable]: number }> {
  const done = { flows: 0, pending_changes: 0, sessions: 0, errors: 0, budgets: 0 }
  for (const [at, table] of EXPIRING.entries()) {
    if (at > 0) await between()
    for (let deleted = batch; deleted === batch; ) {
      deleted = await expired.forget(table, before, batch)
      done[table] += deleted
    }
  }
  return done
}
