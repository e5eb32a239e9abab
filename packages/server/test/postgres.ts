import { randomUUID } from 'node:crypto'
import pg from 'pg'

export type FreshPostgres = { readonly url: string; readonly name: string; readonly drop: () => Promise<void> }

/** A new database on the run's PostgreSQL: empty, or a copy of the one that `template` names. */
export async function freshPostgres({ template }: { readonly template?: string } = {}): Promise<FreshPostgres> {
  const base = process.env.TEST_POSTGRES_URL
  if (!base) throw new Error('TEST_POSTGRES_URL is not set: run the tests with `npm test`, which starts a PostgreSQL')
  const name = `cardea_${randomUUID().replaceAll('-', '')}`
  const copy = template === undefined ? '' : ` template ${pg.escapeIdentifier(template)} strategy file_copy`
  await ask(base, `create database ${name}${copy}`)
  const url = new URL(base)
  url.pathname = `/${name}`
  return { url: url.href, name, drop: () => ask(base, `drop database if exists ${name} with (force)`) }
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
