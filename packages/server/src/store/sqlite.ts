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
  return {
    dialect: 'sqlite',
    find: async (statement, values) => prepare(statement).get(...values) ?? null,
    all: async (statement, values) => prepare(statement).all(...values),
    apply: async (writes) => (writes.length === 1 ? applyOne(prepare, writes) : apply(connection, prepare, writes)),
    time: () => queueClock.now(),
    close: async () => connection.close(),
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

/** A single statement is a transaction by itself. */
function applyOne(prepare: Prepare, [write]: readonly Write[]): Applied {
  if (write === undefined) return { kind: 'committed', rows: [] }
  try {
    const { changes, rows } = execute(prepare(write.statement), write.statement, write.values)
    if (write.expects !== undefined && changes !== 1) return { kind: 'conflict', conflict: write.expects }
    return { kind: 'committed', rows }
  } catch (error) {
    return conflicting(error)
  }
}

function apply(connection: DatabaseSync, prepare: Prepare, writes: readonly Write[]): Applied {
  // What can't be prepared must not leave a transaction open.
  const prepared = writes.map((write) => ({ ...write, run: prepare(write.statement) }))
  connection.exec('begin immediate')
  try {
    const answers = prepared.map(({ run, statement, values, expects }) => {
      const { changes, rows } = execute(run, statement, values)
      if (expects !== undefined && changes !== 1) throw new Undone(expects)
      return rows
    })
    connection.exec('commit')
    return { kind: 'committed', rows: answers.at(-1) ?? [] }
  } catch (error) {
    // SQLite itself undoes some failures (a full disk) and leaves nothing to roll back.
    if (connection.isTransaction) connection.exec('rollback')
    return conflicting(error)
  }
}

function conflicting(error: unknown): Applied {
  const conflict = conflictIn(error)
  if (conflict === null) throw error
  return { kind: 'conflict', conflict }
}

/** Leaves the transaction from within. */
class Undone extends Error {
  readonly conflict: Conflict

  constructor(conflict: Conflict) {
    super(conflict)
    this.conflict = conflict
  }
}

function execute(run: StatementSync, { returns }: Statement, values: readonly Value[]) {
  if (!returns) return { changes: Number(run.run(...values).changes), rows: [] }
  const rows: readonly Row[] = run.all(...values)
  return { changes: rows.length, rows }
}

function conflictIn(error: unknown): Conflict | null {
  if (error instanceof Undone) return error.conflict
  // A row that others point to is gone: the identity of this session was deleted a moment ago.
  if (isForeignKeyViolation(error)) return 'not_found'
  const columns = violatedColumns(error)
  return columns === null ? null : conflictOf({ columns })
}
