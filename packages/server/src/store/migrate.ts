import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../core/errors.ts'
import { parseDsn } from './dsn.ts'
import { takeLock } from './lock-file.ts'
import { appliedInSqlite, migrateSqlite } from './migrate-sqlite.ts'
import { knownMigrations, type Migration, pendingMigrations } from './migrations.ts'
import { openSqliteFile } from './sqlite.ts'

export type MigrationState = { readonly name: string; readonly state: 'applied' | 'pending' }

/** Brings a database to the schema of this program. Returns the names of what was done. */
export async function migrate(dsn: string): Promise<readonly string[]> {
  const parsed = parseDsn(dsn, () => {})
  switch (parsed.kind) {
    case 'memory':
      return []
    case 'sqlite': {
      const lock = takeLock(parsed.file)
      const connection = openSqliteFile(parsed.file)
      try {
        return migrateSqlite(connection, knownMigrations('sqlite')).map(({ name }) => name)
      } finally {
        connection.close()
        lock.release()
      }
    }
    case 'postgres':
      throw new ConfigError([{ key: 'dsn', need: 'not yet' }])
    default:
      return parsed satisfies never
  }
}

/** What a database has been through, and what it still lacks. Changes nothing, and may be asked while a server runs. */
export async function migrationStatus(dsn: string): Promise<readonly MigrationState[]> {
  const parsed = parseDsn(dsn, () => {})
  switch (parsed.kind) {
    case 'memory':
      return statesOf(knownMigrations('sqlite'), knownMigrations('sqlite'))
    case 'sqlite': {
      if (!existsSync(parsed.file)) return statesOf(knownMigrations('sqlite'), [])
      const connection = new DatabaseSync(parsed.file, { readOnly: true })
      try {
        return statesOf(knownMigrations('sqlite'), appliedInSqlite(connection))
      } finally {
        connection.close()
      }
    }
    case 'postgres':
      throw new ConfigError([{ key: 'dsn', need: 'not yet' }])
    default:
      return parsed satisfies never
  }
}

function statesOf(known: readonly Migration[], applied: Parameters<typeof pendingMigrations>[1]) {
  const pending = new Set(pendingMigrations(known, applied))
  return known.map((each): MigrationState => ({ name: each.name, state: pending.has(each) ? 'pending' : 'applied' }))
}
