import type { DatabaseSync } from 'node:sqlite'
import {
  type AppliedMigration,
  type Migration,
  MIGRATIONS_TABLE,
  pendingMigrations,
  refuseForeignTables,
} from './migrations.ts'
import { appliedMigrationOf, nameOf } from './rows.ts'

/** Brings a file to today's schema: all steps that are missing, or none of them. Returns what was done. */
export function migrateSqlite(connection: DatabaseSync, known: readonly Migration[]): readonly Migration[] {
  connection.exec('begin immediate')
  try {
    const pending = pendingMigrations(known, appliedInSqlite(connection))
    connection.exec(MIGRATIONS_TABLE)
    const note = connection.prepare('insert into cardea_migrations values (?, ?, ?, unixepoch() * 1000)')
    for (const { version, name, sql, checksum } of pending) {
      connection.exec(sql)
      note.run(version, name, checksum)
    }
    connection.exec('commit')
    return pending
  } catch (error) {
    if (connection.isTransaction) connection.exec('rollback')
    throw error
  }
}

/** What a file says it has been through; throws if it is somebody else's. */
export function appliedInSqlite(connection: DatabaseSync): readonly AppliedMigration[] {
  const tables = connection.prepare("select name from sqlite_schema where type = 'table'").all().map(nameOf)
  refuseForeignTables(tables)
  if (!tables.includes('cardea_migrations')) return []
  return connection
    .prepare('select version, name, checksum from cardea_migrations order by version')
    .all()
    .map(appliedMigrationOf)
}
