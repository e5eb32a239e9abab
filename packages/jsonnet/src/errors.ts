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
