import type { Log } from '../core/log.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Figures } from './figures.ts'

type WatchDeps = { readonly figures: () => Promise<Figures>; readonly log: Log; readonly every?: Milliseconds }

export type QueueWatch = {
  /** What somebody should look at; nothing is the usual. */
  warnings(): readonly string[]
  stop(): void
}

const EVERY: Milliseconds = 30_000
/** A worker looks every second, so what could have been under way for this long finds too few of them. */
const TOO_LONG_DUE: Milliseconds = 60_000
/** Retries begin seconds after a failure, so what is this old has failed often, or stands still. */
const TOO_OLD: Milliseconds = 60 * 60_000

/** Looks at the queue now and then, and says once what is wrong and when it is over. */
export function watchQueue({ figures, log, every = EVERY }: WatchDeps): QueueWatch {
  const state: { warnings: readonly string[] } = { warnings: [] }
  const look = async () => {
    try {
      const warnings = warningsOf(await figures())
      for (const detail of warnings.filter((warning) => !state.warnings.includes(warning)))
        log('warn', 'queue_is_late', { detail })
      if (warnings.length === 0 && state.warnings.length > 0) log('info', 'queue_is_on_time', {})
      state.warnings = warnings
    } catch (error) {
      log('error', 'queue_not_looked_at', { detail: String(error) })
    }
  }
  const timer = setInterval(() => void look(), every)
  return { warnings: () => state.warnings, stop: () => clearInterval(timer) }
}

/** In words that stay the same for as long as nothing changes: figures are in the metrics. */
export function warningsOf({ queues, oldest, actions, breakers }: Figures): readonly string[] {
  const standing = new Map(actions.map(({ action, state }) => [action, state]))
  const failing = new Set(breakers.map(({ endpoint }) => endpoint))
  const late = queues.filter(
    ({ overdue, actionId, endpoint }) => overdue > TOO_LONG_DUE && !standing.has(actionId) && !failing.has(endpoint),
  )
  return [
    ...late.map(({ lane, actionId }) =>
      lane === 'mail'
        ? 'mail has been due for more than a minute and nobody sends it: are there enough workers?'
        : `deliveries of ${actionId} have been due for more than a minute and nobody makes them: are there enough workers?`,
    ),
    ...(oldest > TOO_OLD
      ? ['the oldest delivery has been waiting for more than an hour; cardea actions list shows whose it is']
      : []),
  ]
}
