import type { Log } from '../core/log.ts'
import type { Clock, Milliseconds, Time } from '../core/time.ts'

/** Where records go in batches, and how the oldest are forgotten. */
export type Records<T> = {
  keep(records: readonly T[]): Promise<void>
  forget(before: Time, most: number): Promise<number>
}

export type BatchLogDeps = {
  readonly clock: Clock
  readonly log: Log
  /** How long a record is kept, by the configuration in force; 0: none is made. */
  readonly keepFor: () => Milliseconds
}

export type BatchLog<T> = {
  /** Takes a record at once and keeps it later. */
  readonly record: (record: T) => void
  /** Writes down what has come together. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/** Nobody waits for the log: what has come together is written a moment later, in one statement. */
const SOON: Milliseconds = 200
const BATCH = 500
/** While the database is away no more than this is remembered. */
const MOST = 10_000
const SWEEP: Milliseconds = 10 * 60 * 1000
const MOST_FORGOTTEN = 5_000

/** Starts keeping records under a name for the log. What can't be written holds nobody up. */
export function startBatchLog<T>(name: string, records: Records<T>, deps: BatchLogDeps): BatchLog<T> {
  const waiting: T[] = []
  const state = { lost: 0, writing: Promise.resolve() }
  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      try {
        await records.keep(batch)
      } catch (error) {
        deps.log('error', `${name}_not_recorded`, { [name]: waiting.length, detail: String(error) })
        return
      }
      waiting.splice(0, batch.length)
    }
    if (state.lost > 0) deps.log('error', `${name}_lost`, { [name]: state.lost })
    state.lost = 0
  }
  const flush = () => {
    state.writing = state.writing.then(write)
    return state.writing
  }
  const writer = setInterval(() => {
    if (waiting.length > 0) void flush()
  }, SOON)
  const sweeper = setInterval(() => void sweep(name, records, deps), SWEEP)
  return {
    record: (record) => {
      if (deps.keepFor() === 0) return
      if (waiting.length < MOST) waiting.push(record)
      else state.lost += 1
    },
    flush,
    stop: async () => {
      clearInterval(writer)
      clearInterval(sweeper)
      await flush()
    },
  }
}

/** Forgets what is older than anybody wants to know. */
async function sweep<T>(name: string, records: Records<T>, { clock, keepFor, log }: BatchLogDeps): Promise<void> {
  try {
    while ((await records.forget(clock.now() - keepFor(), MOST_FORGOTTEN)) === MOST_FORGOTTEN);
  } catch (error) {
    log('error', `${name}_not_forgotten`, { detail: String(error) })
  }
}
