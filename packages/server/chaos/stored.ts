import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { StoredDelivery, StoredPerson } from './history.ts'

/** A look into the database past the server, as an auditor would. */
export type Auditor = {
  pending(): Promise<number>
  people(): Promise<readonly StoredPerson[]>
  deliveries(): Promise<readonly StoredDelivery[]>
  close(): Promise<void>
}

const PENDING = `select count(*) as count from deliveries where state = 'pending'`
const DELIVERIES = `select id, event_id, action_id, identity_id, state from deliveries`

type Rows = (sql: string) => Promise<readonly Record<string, unknown>[]>

const auditorOf = (rows: Rows, email: string, close: () => Promise<void>): Auditor => ({
  pending: async () => Number((await rows(PENDING))[0]?.['count'] ?? 0),
  people: async () =>
    (await rows(`select id, ${email} as email from identities`)).map((row) => ({
      id: String(row['id']),
      email: String(row['email']),
    })),
  deliveries: async () =>
    (await rows(DELIVERIES)).map((row) => ({
      id: String(row['id']),
      eventId: String(row['event_id']),
      actionId: String(row['action_id']),
      identityId: typeof row['identity_id'] === 'string' ? row['identity_id'] : null,
      state: String(row['state']),
    })),
  close,
})

export function auditSqlite(file: string): Auditor {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  return auditorOf(
    async (sql) => db.prepare(sql).all(),
    `json_extract(traits, '$.email')`,
    async () => db.close(),
  )
}

export async function auditPostgres(url: string): Promise<Auditor> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  // A database that is killed takes idle connections along.
  pool.on('error', () => {})
  const rows: Rows = async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows
  return auditorOf(rows, `traits::json->>'email'`, () => pool.end())
}
