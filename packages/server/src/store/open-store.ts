import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Clock, Milliseconds, Random, Stopwatch } from '../core/time.ts'
import { readBudgets } from './budgets.ts'
import { readCalls } from './calls.ts'
import { commit } from './commit.ts'
import type { Database } from './database.ts'
import { readDeliveries } from './deliveries.ts'
import { parseDsn, type SqliteDsn } from './dsn.ts'
import { readExpired } from './expired.ts'
import { readFlows } from './flows.ts'
import { readIdentities } from './identities.ts'
import { appliedInPostgres, migratePostgres } from './migrate-postgres.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { knownMigrations, type Migration, pendingMigrations } from './migrations.ts'
import { postgresDatabase } from './postgres.ts'
import { tryPostgres } from './postgres-connect.ts'
import { readPendingChanges } from './pending-changes.ts'
import { type PostgresDsn, printPostgresDsn } from './postgres-dsn.ts'
import { readOAuth2 } from './oauth2/oauth2.ts'
import { readMessages } from './messages.ts'
import { readPlans } from './plans.ts'
import { readSessions } from './sessions.ts'
import { statement } from './sql.ts'
import { readSteps } from './steps.ts'
import { openLocked } from './sqlite-file.ts'
import { sqliteDatabase } from './sqlite.ts'
import { readErrors } from './stored-errors.ts'
import type { Store } from './store.ts'

export type StoreDeps = {
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
  readonly stopwatch: Stopwatch
  readonly log: Log
  /** Brings a PostgreSQL schema up to date first; SQLite's always is. */
  readonly migrate?: boolean
  /** The clock of leases and due times, in place of the database's own: for simulations. */
  readonly queueClock?: Clock
  /** How long a PostgreSQL may take to appear. */
  readonly patience?: Milliseconds
}

/** Opens what the configuration's `dsn` names. */
export async function openStore(dsn: string, deps: StoreDeps): Promise<Store> {
  return storeOn(await openDatabase(dsn, deps), deps)
}

/** The database under a store, its schema up to date. */
export async function openDatabase(dsn: string, deps: StoreDeps): Promise<Database> {
  const parsed = parseDsn(dsn, (parameter) => deps.log('warn', 'dsn_parameter_ignored', { parameter }))
  switch (parsed.kind) {
    case 'memory':
      return openMemory(deps)
    case 'sqlite':
      return openFile(parsed, deps)
    case 'postgres':
      return openPostgres(parsed, deps)
    default:
      return parsed satisfies never
  }
}

/** SQLite's own private temporary file: it has no name, so it is gone with the process, whatever ends it. */
function openMemory({ clock, queueClock = clock }: StoreDeps): Database {
  const connection = new DatabaseSync('', { enableForeignKeyConstraints: true, defensive: true })
  migrateSqlite(connection, knownMigrations('sqlite'))
  return sqliteDatabase(connection, queueClock)
}

function openFile(dsn: SqliteDsn, { clock, queueClock = clock }: StoreDeps): Database {
  const { connection, lock } = openLocked(dsn)
  try {
    migrateSqlite(connection, knownMigrations('sqlite'))
  } catch (error) {
    connection.close()
    lock.release()
    throw error
  }
  const database = sqliteDatabase(connection, queueClock)
  return { ...database, close: () => database.close().finally(() => lock.release()) }
}

async function openPostgres(dsn: PostgresDsn, deps: StoreDeps): Promise<Database> {
  const config = await tryPostgres(dsn, deps)
  const known = knownMigrations('postgres')
  if (deps.migrate === true) await migratePostgres(config, known)
  const pending = pendingMigrations(known, await appliedInPostgres(config))
  if (pending.length > 0) throw olderSchema(dsn, pending)
  return postgresDatabase(dsn, config, deps)
}

const olderSchema = (dsn: PostgresDsn, pending: readonly Migration[]) =>
  new ConfigError([
    {
      key: 'dsn',
      got: `${printPostgresDsn(dsn)}: its schema lacks ${pending.map(({ name }) => name).join(', ')}`,
      need: 'the schema of this program',
      fix: 'run `cardea migrate up` first, or start with `serve --migrate`',
    },
  ])

const PING = statement('ping', 'select 1 as one')

/** The store on an open database. */
export const storeOn = (db: Database, { clock, random }: Pick<StoreDeps, 'clock' | 'random'>): Store => ({
  dialect: db.dialect,
  commit: (effects) => commit(db, clock, effects),
  flows: readFlows(db),
  pendingChanges: readPendingChanges(db),
  identities: readIdentities(db),
  sessions: readSessions(db),
  errors: readErrors(db),
  messages: readMessages(db),
  budgets: readBudgets(db),
  expired: readExpired(db),
  calls: readCalls(db),
  steps: readSteps(db),
  plans: readPlans(db),
  oauth2: readOAuth2(db),
  deliveries: readDeliveries(db, random),
  ping: async () => {
    await db.find(PING, [])
  },
  close: () => db.close(),
})
