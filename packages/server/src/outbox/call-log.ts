import type { CallRecord, RecordCall } from '../core/call.ts'
import type { Log } from '../core/log.ts'
import type { Clock, Milliseconds } from '../core/time.ts'
import type { Calls } from '../store/store.ts'

export type CallLogDeps = {
  readonly calls: Pick<Calls, 'keep' | 'forget'>
  readonly clock: Clock
  readonly log: Log
  /** How long a record is kept, by the configuration in force; 0: none is made. */
  readonly keepFor: () => Milliseconds
}

export type CallLog = {
  readonly record: RecordCall
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

/** Starts keeping what became of blocking calls. A log that can't be written holds nobody up. */
export function startCallLog(deps: CallLogDeps): CallLog {
  const waiting: CallRecord[] = []
  const state = { lost: 0, writing: Promise.resolve() }
  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      try {
        await deps.calls.keep(batch)
      } catch (error) {
        deps.log('error', 'calls_not_recorded', { calls: waiting.length, detail: String(error) })
        return
      }
      waiting.splice(0, batch.length)
    }
    if (state.lost > 0) deps.log('error', 'calls_lost', { calls: state.lost })
    state.lost = 0
  }
  const flush = () => {
    state.writing = state.writing.then(write)
    return state.writing
  }
  const writer = setInterval(() => {
    if (waiting.length > 0) void flush()
  }, SOON)
  const sweeper = setInterval(() => void sweep(deps), SWEEP)
  return {
    record: (call) => {
      if (deps.keepFor() === 0) return
      if (waiting.length < MOST) waiting.push(call)
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
async function sweep({ calls, clock, keepFor, log }: CallLogDeps): Promise<void> {
  try {
    while ((await calls.forget(clock.now() - keepFor(), MOST_FORGOTTEN)) === MOST_FORGOTTEN);
  } catch (error) {
    log('error', 'calls_not_forgotten', { detail: String(error) })
  }
}
