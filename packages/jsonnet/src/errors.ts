/** What stopped an evaluation: the counter that ran out. */
export type LimitName = 'steps' | 'depth' | 'allocation' | 'output' | 'input' | 'milliseconds'

/** The only error this package throws: bad source (`static`), a failing program (`runtime`) or a spent budget (`limit`). */
export class JsonnetError extends Error {
  readonly kind: 'static' | 'runtime' | 'limit'
  readonly limit: LimitName | undefined

  constructor(kind: 'static' | 'runtime' | 'limit', message: string, limit?: LimitName) {
    super(message)
    this.name = 'JsonnetError'
    this.kind = kind
    this.limit = limit
  }
}

/** A stretch of source text, with the name of what surrounds it. */
export type Site = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly context: string
}

/** `file:1:2-3`, or `file:(1:2)-(3:4)` over several lines. */
export function place(site: Site): string {
  if (site.line === 0) return site.file
  if (site.line === site.endLine) {
    const end = site.endColumn - 1
    const last = end > site.column ? `-${end}` : ''
    return `${site.file}:${site.line}:${site.column}${last}`
  }
  return `${site.file}:(${site.line}:${site.column})-(${site.endLine}:${site.endColumn - 1})`
}

export function staticError(message: string, site: Site): JsonnetError {
  return new JsonnetError('static', `${place(site)} ${message}\n\n`)
}
