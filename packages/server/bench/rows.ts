import type { Measured } from './load.ts'

/** One line of the table. */
export type Row = {
  readonly work: string
  /** `cardea sqlite`, `cardea postgres`, or the server it is measured against. */
  readonly server: string
  readonly measured?: Measured
  readonly residentMegabytes?: number
  /** Processor time of the server for each; it says more than the rest where others work on the same machine. */
  readonly cpuMilliseconds?: number
  /** Anything that is no load: a time, a size. */
  readonly note?: string
}

const COLUMNS = ['work', 'server', 'per second', 'p50 ms', 'p95 ms', 'p99 ms', 'cpu ms', 'resident MB', ''] as const

/** The rows as a table for people. */
export function printTable(rows: readonly Row[]): string {
  const cells = [COLUMNS, ...rows.map(cellsOf)]
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)))
  return `${cells
    .map((row) =>
      row
        .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

const cellsOf = ({ work, server, measured, residentMegabytes, cpuMilliseconds, note }: Row): readonly string[] => [
  work,
  server,
  ...(measured === undefined
    ? ['', '', '', '']
    : [figure(measured.perSecond, 0), figure(measured.p50), figure(measured.p95), figure(measured.p99)]),
  cpuMilliseconds === undefined ? '' : figure(cpuMilliseconds, 3),
  residentMegabytes === undefined ? '' : figure(residentMegabytes, 0),
  note ?? '',
]

const figure = (value: number, digits = 2) => value.toFixed(digits)
