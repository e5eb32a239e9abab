import type { Json } from '../core/json.ts'

/** Columns as wide as their longest cell; the last may be as long as it likes. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** What came from elsewhere as one cell: it must not move the cursor. */
export const cell = (value: Json | undefined) =>
  value === null || value === undefined || typeof value === 'object' ? '' : String(value).replace(/\p{Cc}/gu, ' ')

/** A time as people read it in a column: whole seconds, UTC. */
export const moment = (value: Json | undefined) => cell(value).replace(/\.\d+Z$/, 'Z')
