import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDsn, type SqliteDsn } from './dsn.ts'
import { appliedInPostgres, migratePostgres } from './migrate-postgres.ts'
import { appliedInSqlite, migrateSqlite } from './migrate-sqlite.ts'
import { type AppliedMigration, knownMigrations, type Migration, pendingMigrations } from './migrations.ts'
import { type ConnectDeps, tryPostgres } from './postgres-connect.ts'
import { openLocked, readSqliteFile } from './sqlite-file.ts'

export type MigrationState = { readonly name: string; readonly state: 'applied' | 'pending' }

/** A command is not a server: it says at once that nobody answers. */
const AT_ONCE: ConnectDeps = {
  log: () => {},
  stopwatch: { now: () => performance.now(), sleep: (time) => sleep(time) },
  patience: 0,
}

/** Brings a database to the schema of this program. Returns the names of what was done. */
export async function migrate(dsn: string): Promise<readonly string[]> {
  const parsed = parseDsn(dsn, () => {})
  switch (parsed.kind) {
    case 'memory':
      return []
    case 'sqlite':
      return migrateFile(parsed).map(({ name }) => name)
    case 'postgres': {
      const done = await migratePostgres(await tryPostgres(parsed, AT_ONCE), knownMigrations('postgres'))
      return done.map(({ name }) => name)
    }
    default:
      return parsed satisfies never
  }
}

function migrateFile(dsn: SqliteDsn): readonly Migration[] {
  const { connection, lock } = openLocked(dsn)
  try {
    return migrateSqlite(connection, knownMigrations('sqlite'))
  } finally {
    connection.close()
    lock.release()
  }
}

/** What a database has been through, and what it still lacks. Changes nothing, and may be asked while a server runs. */
export async function migrationStatus(dsn: string): Promise<readonly MigrationState[]> {
  const parsed = parseDsn(dsn, () => {})
  switch (parsed.kind) {
    case 'memory':
      return statesOf(knownMigrations('sqlite'), knownMigrations('sqlite'))
    case 'sqlite':
      return statesOf(knownMigrations('sqlite'), appliedInFile(parsed.file))
    case 'postgres':
      return statesOf(knownMigrations('postgres'), await appliedInPostgres(await tryPostgres(parsed, AT_ONCE)))
    default:
      return parsed satisfies never
  }
}

function appliedInFile(file: string): readonly AppliedMigration[] {
  if (!existsSync(file)) return []
  const connection = readSqliteFile(file)
  try {
    return appliedInSqlite(connection)
  } finally {
    connection.close()
  }
}

function statesOf(known: readonly Migration[], applied: readonly AppliedMigration[]) {
  const pending = new Set(pendingMigrations(known, applied))
  return known.map((each): MigrationState => ({ name: each.name, state: pending.has(each) ? 'pending' : 'applied' }))
}
