import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Conflict } from '../core/effect.ts'
import type { Clock } from '../core/time.ts'
import { conflictOf } from './conflicts.ts'
import type { Applied, Database, Row, Value, Write } from './database.ts'
import type { Statement } from './sql.ts'
import { isForeignKeyViolation, violatedColumns } from './sqlite-errors.ts'

/** One connection. Every call does all its work in one tick, so nobody ever sees half of another's transaction. */
export function sqliteDatabase(connection: DatabaseSync, queueClock: Clock): Database {
  const prepare = preparing(connection)
  const { apply, flush } = committing(connection, prepare)
  return {
    dialect: 'sqlite',
    find: async (statement, values) => prepare(statement).get(...values) ?? null,
    all: async (statement, values) => prepare(statement).all(...values),
    apply,
    time: () => queueClock.now(),
    close: async () => {
      flush()
      connection.close()
    },
  }
}

type Prepare = (statement: Statement) => StatementSync

/** Statements are prepared once and kept: their number is that of the constants in the store. */
function preparing(connection: DatabaseSync): Prepare {
  const kept = new Map<Statement, StatementSync>()
  return (statement) => {
    const known = kept.get(statement)
    if (known !== undefined) return known
    const prepared = connection.prepare(statement.text.sqlite)
    kept.set(statement, prepared)
    return prepared
  }
}

type Job = {
  readonly writes: readonly Write[]
  readonly resolve: (applied: Applied) => void
  readonly reject: (error: unknown) => void
}

/**
 * A commit costs a write to the disk that has to be waited for. Those that arrive in one turn of the event loop share
 * it: one transaction, in which each stands or falls by itself. Nobody is answered before it is on the disk.
 */
function committing(connection: DatabaseSync, prepare: Prepare) {
  const waiting: Job[] = []
  const flush = () => {
    const jobs = waiting.splice(0)
    if (jobs.length === 0) return
    try {
      connection.exec('begin immediate')
      const outcomes = jobs.map(({ writes }) => runOne(connection, prepare, writes))
      connection.exec('commit')
      for (const [at, { resolve, reject }] of jobs.entries()) {
        const outcome = outcomes[at]
        if (outcome === undefined || outcome.kind === 'failed') reject(outcome?.error)
        else resolve(outcome)
      }
    } catch (error) {
      if (connection.isTransaction) connection.exec('rollback')
      for (const { reject } of jobs) reject(error)
    }
  }
  const apply = (writes: readonly Write[]) =>
    new Promise<Applied>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ writes, resolve, reject })
    })
  return { apply, flush }
}

type Outcome = Applied | { readonly kind: 'failed'; readonly error: unknown }

function runOne(connection: DatabaseSync, prepare: Prepare, writes: readonly Write[]): Outcome {
  connection.exec('savepoint one')
  try {
    const rows = runAll(prepare, writes)
    connection.exec('release one')
    return { kind: 'committed', rows }
  } catch (error) {
    // After some failures (a full disk) SQLite has undone everything, also what others have done before.
    if (!connection.isTransaction) throw error
    connection.exec('rollback to one; release one')
    const conflict = conflictIn(error)
    return conflict === null ? { kind: 'failed', error } : { kind: 'conflict', conflict }
  }
}

function runAll(prepare: Prepare, writes: readonly Write[]): readonly Row[] {
  let last: readonly Row[] = []
  for (const { statement, values, expects } of writes) {
    const { changes, rows } = execute(prepare(statement), statement, values)
    if (expects !== undefined && changes !== 1) throw new Undone(expects)
    last = rows
  }
  return last
}

/** Leaves the transaction from within. */
class Undone extends Error {
  readonly conflict: Conflict

  constructor(conflict: Conflict) {
    super(conflict)
    this.conflict = conflict
  }
}

function execute(prepared: StatementSync, { returns }: Statement, values: readonly Value[]) {
  if (!returns) return { changes: Number(prepared.run(...values).changes), rows: [] }
  const rows: readonly Row[] = prepared.all(...values)
  return { changes: rows.length, rows }
}

function conflictIn(error: unknown): Conflict | null {
  if (error instanceof Undone) return error.conflict
  // A row that others point to is gone: the identity of this session was deleted a moment ago.
  if (isForeignKeyViolation(error)) return 'not_found'
  const columns = violatedColumns(error)
  return columns === null ? null : conflictOf({ columns })
}
