import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

const HOW_MANY = 'select count(*) as flows, coalesce(avg(length(document)), 0) as bytes from flows'

/** What started flows leave behind until they are removed (`database.cleanup`). */
export async function flowRows(dsn: string): Promise<string> {
  const row = dsn.startsWith('sqlite') ? askSqlite(dsn.slice('sqlite://'.length)) : await askPostgres(dsn)
  return `${Number(row?.flows)} rows, ${Math.round(Number(row?.bytes))} bytes each`
}

type Answer = { readonly flows?: unknown; readonly bytes?: unknown } | undefined

function askSqlite(file: string): Answer {
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare(HOW_MANY).get()
  db.close()
  return row
}

async function askPostgres(url: string): Promise<Answer> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<NonNullable<Answer>>(HOW_MANY)
  await client.end()
  return rows[0]
}
