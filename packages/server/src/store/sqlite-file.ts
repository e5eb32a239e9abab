import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../core/errors.ts'
import type { SqliteDsn } from './dsn.ts'
import { type Lock, takeLock } from './lock-file.ts'
import { appliedInSqlite } from './migrate-sqlite.ts'
import { isUnusable } from './sqlite-errors.ts'

/** Opens a database file for this process alone. */
export function openLocked({ file, create }: SqliteDsn): { readonly connection: DatabaseSync; readonly lock: Lock } {
  if (!create && !existsSync(file)) throw unusable(file, 'does not exist', 'a file, or mode=rwc to make one')
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    throw unusable(file, 'is a folder', 'a SQLite database in it')
  try {
    const lock = takeLock(file)
    try {
      return { connection: openSqliteFile(file), lock }
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    if (!isUnusable(error)) throw error
    throw unusable(
      file,
      `cannot be used: ${error.message}`,
      'a SQLite database in a folder that exists and can be written to',
    )
  }
}

const unusable = (file: string, what: string, need: string) =>
  new ConfigError([{ key: 'dsn', got: `${file}, which ${what}`, need }])

/** Other programs may look into the file while we run; a backup may hold it for a moment. */
const BUSY_TIMEOUT = 5_000

/** Opens a file as Cardea needs it: a commit that was answered survives the machine's sudden end. */
function openSqliteFile(file: string): DatabaseSync {
  // Password hashes are in it: nobody else's business. Only under the lock: to close a file a second time would end the
  // locks that SQLite holds on it (fcntl, POSIX).
  closeSync(openSync(file, 'a', 0o600))
  const connection = new DatabaseSync(file, {
    timeout: BUSY_TIMEOUT,
    enableForeignKeyConstraints: true,
    defensive: true,
  })
  try {
    // A database of somebody else is refused before anything about it is changed.
    appliedInSqlite(connection)
    connection.exec('pragma journal_mode = wal; pragma synchronous = full')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Looks into a file that a server may have open. */
export const readSqliteFile = (file: string) => new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT })
