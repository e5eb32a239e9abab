import { pid } from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../core/errors.ts'
import { isBusy } from './sqlite-errors.ts'

/** That this process alone writes a database file. */
export type Lock = { release(): void }

/**
 * Takes the lock beside a database file, or says who holds it. The lock is the operating system's, by way of SQLite
 * itself: it ends with the process that holds it, however that ends, so there are no stale ones, and process ids that
 * come round again (every container's first process is number 1) mean nothing.
 */
export function takeLock(databaseFile: string): Lock {
  const file = `${databaseFile}.lock`
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('begin immediate')
    lock.exec('create table if not exists owner (pid integer not null); delete from owner')
    lock.prepare('insert into owner values (?)').run(pid)
    lock.exec('commit')
    // From here on others can read who we are, and nothing else.
    lock.exec('begin immediate')
    return { release: () => lock.close() }
  } catch (error) {
    const owner = isBusy(error) ? ownerIn(lock) : null
    lock.close()
    if (!isBusy(error)) throw error
    throw new ConfigError([
      {
        key: 'dsn',
        got: `${databaseFile}, which ${owner === null ? 'another process' : `process ${owner}`} has open (lock file ${file})`,
        need: 'a SQLite database of its own for each server',
        fix: `stop ${owner === null ? 'that process' : `process ${owner}`}, or use another file; several servers on one database need PostgreSQL`,
      },
    ])
  }
}

function ownerIn(lock: DatabaseSync): number | null {
  try {
    const pid = lock.prepare('select pid from owner').get()?.pid
    return typeof pid === 'number' ? pid : null
  } catch {
    // The other one is writing its number this very moment.
    return null
  }
}
