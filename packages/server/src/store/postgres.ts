import pg from 'pg'
import type { Conflict } from '../core/effect.ts'
import type { Log } from '../core/log.ts'
import type { Clock } from '../core/time.ts'
import { conflictOf } from './conflicts.ts'
import type { Applied, Database, Row, Value, Write } from './database.ts'
import type { PostgresDsn } from './postgres-dsn.ts'
import { sharedLine } from './postgres-lines.ts'
import type { Statement } from './sql.ts'

export type PostgresDeps = {
  readonly log: Log
  /** In place of the database's own clock. */
  readonly queueClock?: Clock
}

/** For reads by key; everything else has a connection of its own. */
const LINES = 2
/** A transaction whose program has stopped in its midst does not hold its locks for ever. */
const FORGOTTEN = "set idle_in_transaction_session_timeout = '15s'"

/** A pool of connections to a PostgreSQL that `tryPostgres` has tried. */
export function postgresDatabase({ pool: size }: PostgresDsn, config: pg.ClientConfig, deps: PostgresDeps): Database {
  // Statements travel together, in one packet where they fit, instead of waiting for each other's answer.
  const piped = { ...config, pipeline: true }
  const lines = Array.from({ length: Math.min(LINES, size.most - 1) }, () => sharedLine(piped, size.lifetime))
  const turn = { next: 0 }
  const pool = new pg.Pool({
    ...piped,
    max: size.most - lines.length,
    min: Math.max(size.idle - lines.length, 0),
    idleTimeoutMillis: size.idleTime,
    maxLifetimeSeconds: size.lifetime / 1_000,
    onConnect: (client) => {
      client
        .query(FORGOTTEN)
        .catch((error: unknown) => deps.log('warn', 'database_setting_refused', { detail: String(error) }))
    },
  })
  // One that breaks at work tells those who wait for its answers; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  // An idle one is replaced when it is needed.
  pool.on('error', (error) => deps.log('warn', 'database_connection_lost', { detail: error.message }))
  return {
    dialect: 'postgres',
    find: async (statement, values) => {
      if (values.some(holdsNul)) return null
      const line = lines[turn.next++ % lines.length]
      const { rows } = await (line === undefined
        ? pool.query<Row>(query(statement, values))
        : line.ask(query(statement, values)))
      return rows[0] ?? null
    },
    all: async (statement, values) => {
      if (values.some(holdsNul)) return []
      const { rows } = await pool.query<Row>(query(statement, values))
      return rows
    },
    apply: (writes) => apply(pool, writes),
    time: () => deps.queueClock?.now() ?? null,
    close: async () => {
      await Promise.all([pool.end(), ...lines.map((line) => line.close())])
    },
  }
}

const query = ({ name, text }: Statement, values: readonly Value[]) => ({
  name,
  text: text.postgres,
  values: [...values],
})

/** PostgreSQL has no text with U+0000, so nothing is found by one. */
const holdsNul = (value: Value) => typeof value === 'string' && value.includes('\0')

const TRIES = 5
/** Two transactions were in each other's way; one of them has to begin again (PostgreSQL manual §13.5). */
const AGAIN = new Set(['40001', '40P01'])

async function apply(pool: pg.Pool, writes: readonly Write[]): Promise<Applied> {
  for (let tried = 1; ; tried++) {
    try {
      return writes.length === 1 ? await applyOne(pool, writes) : await transact(pool, writes)
    } catch (error) {
      if (tried < TRIES && AGAIN.has(codeOf(error))) continue
      const conflict = conflictIn(error)
      if (conflict === null) throw error
      return { kind: 'conflict', conflict }
    }
  }
}

/** A single statement is a transaction by itself. */
async function applyOne(pool: pg.Pool, [write]: readonly Write[]): Promise<Applied> {
  if (write === undefined) return { kind: 'committed', rows: [] }
  const { rows, rowCount } = await pool.query<Row>(query(write.statement, write.values))
  if (write.expects !== undefined && rowCount !== 1) return { kind: 'conflict', conflict: write.expects }
  return { kind: 'committed', rows }
}

async function transact(pool: pg.Pool, writes: readonly Write[]): Promise<Applied> {
  const client = await pool.connect()
  try {
    const applied = await sendAll(client, writes)
    await client.query(applied.kind === 'committed' ? 'commit' : 'rollback')
    client.release()
    return applied
  } catch (error) {
    await giveBack(client)
    throw error
  }
}

/** All statements are on their way before the first answer: only `commit` has to wait for what they did. */
async function sendAll(client: pg.PoolClient, writes: readonly Write[]): Promise<Applied> {
  const [begun, ...answers] = await Promise.allSettled([
    client.query('begin'),
    ...writes.map(({ statement, values }) => client.query<Row>(query(statement, values))),
  ])
  if (begun.status === 'rejected') throw begun.reason
  let rows: readonly Row[] = []
  // The first thing that went wrong is the reason. Whatever came after it ran in vain.
  for (const [at, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason
    const expects = writes[at]?.expects
    if (expects !== undefined && answer.value.rowCount !== 1) return { kind: 'conflict', conflict: expects }
    rows = answer.value.rows
  }
  return { kind: 'committed', rows }
}

/** A connection that cannot even roll back is not used again. */
async function giveBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback')
    client.release()
  } catch {
    client.release(true)
  }
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'

function conflictIn(error: unknown): Conflict | null {
  // A row that others point to is gone: the identity of this session was deleted a moment ago.
  if (codeOf(error) === FOREIGN_KEY_VIOLATION) return 'not_found'
  const index = error instanceof pg.DatabaseError ? error.constraint : undefined
  return codeOf(error) === UNIQUE_VIOLATION && index !== undefined ? conflictOf({ index }) : null
}
