import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

type Row = { readonly [column: string]: unknown }

/** Asks a database past the server, or changes it while no server runs. */
export async function askDatabase(dsn: string, sql: string): Promise<readonly Row[]> {
  if (dsn.startsWith('sqlite')) {
    const db = new DatabaseSync(dsn.slice('sqlite://'.length), { timeout: 5_000 })
    try {
      return db.prepare(sql).all()
    } finally {
      db.close()
    }
  }
  const client = new pg.Client({ connectionString: dsn })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
