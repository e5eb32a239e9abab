import type { Json, JsonObject } from './json.ts'

type WireErrorOptions = {
  readonly id?: string
  readonly reason?: string
  readonly details?: JsonObject
  /** Members beside `error` in the envelope, such as `use_flow_id`. */
  readonly beside?: { readonly [key: string]: Json }
  /** What `error.code` says where Ory lets it differ from the HTTP status. */
  readonly bodyCode?: number
  /** Where a browser goes instead of the error page, and how. */
  readonly browserTo?: string
  readonly browserStatus?: 302 | 303
  /** In how many seconds it is worth another try. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

const DEFAULT_MESSAGES: { readonly [status: number]: string } = {
  400: 'The request was malformed or contained invalid parameters',
  401: 'The request could not be authorized',
  403: 'The requested action was forbidden',
  404: 'The requested resource could not be found',
  409: 'The resource could not be created due to a conflict',
  429: 'Too many requests',
  410: 'The requested resource is no longer available because it has expired or is otherwise invalid.',
}

/** An answer that is not the flow: status, id and texts for the client. The cause is for the log only. */
export class WireError extends Error {
  readonly status: number
  readonly options: WireErrorOptions

  constructor(status: number, message: string | null, options: WireErrorOptions = {}) {
    super(
      message ??
        DEFAULT_MESSAGES[status] ??
        'An internal server error occurred, please contact the system administrator',
      {
        cause: options.cause,
      },
    )
    this.name = 'WireError'
    this.status = status
    this.options = options
  }
}

/** A neighbour (a receiver, a provider) did not do its part. The client is told no more than that; the log has the rest. */
export class NeighbourError extends Error {
  /** Ory's classes (ory-actions.md §4.8): U refused without words, T too late, P anything else. */
  readonly class: 'U' | 'T' | 'P'
  /** It was told of something that is stored and stays so. */
  readonly isStored: boolean

  constructor(kind: 'U' | 'T' | 'P', detail: string, isStored = false) {
    super(detail)
    this.name = 'NeighbourError'
    this.class = kind
    this.isStored = isStored
  }
}

/** A configuration that can't be used: what is wrong, where, and what to do about it. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(printProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export type ConfigProblem = {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly key: string
  readonly got?: string
  readonly need: string
  readonly fix?: string
}

const printProblem = ({ file, line, column, key, got, need, fix }: ConfigProblem) => {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const rows = [
    ['got', got],
    ['need', need],
    ['fix', fix],
  ].filter(([, text]) => text !== undefined)
  return [`${place}${place && '  '}${key}`, ...rows.map(([label = '', text]) => `  ${label.padEnd(5)} ${text}`)].join(
    '\n',
  )
}
