import type { Conflict } from '../core/effect.ts'
import type { Time } from '../core/time.ts'
import type { Dialect, Statement } from './sql.ts'

/** What both databases take as it is. Truth is 0 or 1, a time is its milliseconds, a document is its JSON. */
export type Value = string | number | null

/** A row as it came from a driver; rows.ts makes something of it. */
export type Row = { readonly [column: string]: unknown }

/** One statement of a transaction. */
export type Write = {
  readonly statement: Statement
  readonly values: readonly Value[]
  /** It names one row by its key and must change it; if it does not, all is undone and this is the reason. */
  readonly expects?: Conflict
}

export type Applied =
  | { readonly kind: 'committed'; readonly rows: readonly Row[] }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }

/** The little that SQLite and PostgreSQL have to do for us. Everything above it is the same for both. */
export type Database = {
  readonly dialect: Dialect
  /** The row that a key names. It never waits for anything slower than another of its kind. */
  find(statement: Statement, values: readonly Value[]): Promise<Row | null>
  all(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>
  /** Runs all writes in one transaction, or none of them. Returns what the last one returns. */
  apply(writes: readonly Write[]): Promise<Applied>
  /** For `words.now`: null lets the database look at its own clock. */
  time(): Time | null
  close(): Promise<void>
}
