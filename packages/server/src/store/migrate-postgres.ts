import pg from 'pg'
import {
  type AppliedMigration,
  type Migration,
  MIGRATIONS_TABLE,
  pendingMigrations,
  refuseForeignTables,
} from './migrations.ts'
import { appliedMigrationOf, nameOf } from './rows.ts'

/** "CARDEA" in bytes: whoever migrates holds this advisory lock, everybody else waits. */
const LOCK = 73_947_832_141_121

/** Brings a database to today's schema: all steps that are missing, or none of them. Returns what was done. */
export const migratePostgres = (config: pg.ClientConfig, known: readonly Migration[]): Promise<readonly Migration[]> =>
  withClient(config, async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCK])
    const pending = pendingMigrations(known, await appliedIn(client))
    await client.query('begin')
    await client.query(MIGRATIONS_TABLE)
    for (const { version, name, sql, checksum } of pending) {
      await client.query(sql)
      await client.query(
        'insert into cardea_migrations values ($1, $2, $3, (extract(epoch from now()) * 1000)::bigint)',
        [version, name, checksum],
      )
    }
    await client.query('commit')
    return pending
  })

/** What a database says it has been through; throws if it is somebody else's. */
export const appliedInPostgres = (config: pg.ClientConfig): Promise<readonly AppliedMigration[]> =>
  withClient(config, appliedIn)

async function appliedIn(client: pg.Client): Promise<readonly AppliedMigration[]> {
  const { rows } = await client.query(
    'select tablename::text as name from pg_tables where schemaname = current_schema()',
  )
  const tables = rows.map(nameOf)
  refuseForeignTables(tables)
  if (!tables.includes('cardea_migrations')) return []
  const applied = await client.query('select version, name, checksum from cardea_migrations order by version')
  return applied.rows.map(appliedMigrationOf)
}

/** Whatever fails inside ends with the connection: its transaction and its lock. */
async function withClient<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
