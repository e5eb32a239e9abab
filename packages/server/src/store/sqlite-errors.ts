// Result codes of SQLite (sqlite.org/rescode.html); the low byte is the primary code.
const BUSY = 5
const UNIQUE = new Set([2067, 1555])
const FOREIGN_KEY = 787
const READ_ONLY = 8
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26

const codeOf = (error: unknown) =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null

/** Somebody else holds the lock. */
export const isBusy = (error: unknown) => ((codeOf(error) ?? 0) & 0xff) === BUSY

/** There is no such place, we may not write there, or it holds something else. */
export const isUnusable = (error: unknown): error is Error => {
  const isOfFiles = error instanceof Error && 'syscall' in error
  return isOfFiles || [READ_ONLY, CANNOT_OPEN, NOT_A_DATABASE].includes((codeOf(error) ?? 0) & 0xff)
}

export const isForeignKeyViolation = (error: unknown) => codeOf(error) === FOREIGN_KEY

/** The columns of the unique index or primary key that a row would have violated. */
export function violatedColumns(error: unknown): string | null {
  const code = codeOf(error)
  if (!(error instanceof Error) || code === null || !UNIQUE.has(code)) return null
  return /^UNIQUE constraint failed: (.+)$/.exec(error.message)?.[1] ?? null
}
