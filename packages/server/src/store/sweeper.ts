import type { Log } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Milliseconds } from '../core/time.ts'
import { forgetExpired } from './expired.ts'
import type { Expired } from './store.ts'

type SweeperDeps = {
  readonly expired: Expired
  readonly clock: Clock
  readonly log: Log
  readonly settings: () => Settings['cleanup']
}

const MINUTE: Milliseconds = 60_000
/** A page that was open over night still says that its flow has expired, and not that there was none. */
const KEPT: Milliseconds = 24 * 60 * MINUTE

/** Deletes what expired a day ago and more, every now and then: only the server itself may, where it holds its file. */
export function startSweeper({ expired, clock, log, settings }: SweeperDeps): { stop(): Promise<void> } {
  const state: { last: number; work: Promise<void> } = { last: clock.now(), work: Promise.resolve() }
  const sweep = async () => {
    const { every, olderThan, batchSize } = settings()
    if (every === 0 || clock.now() - state.last < every) return
    state.last = clock.now()
    const before = clock.now() - Math.max(olderThan, KEPT)
    try {
      // Others come in between the batches; nothing has to be waited for.
      const deleted = await forgetExpired(expired, { before, batch: batchSize, between: async () => {} })
      if (Object.values(deleted).some((rows) => rows > 0)) log('info', 'expired_rows_deleted', deleted)
    } catch (error) {
      log('error', 'expired_rows_not_deleted', { detail: String(error) })
    }
  }
  const timer = setInterval(() => {
    state.work = state.work.then(sweep)
  }, MINUTE)
  return {
    stop: async () => {
      clearInterval(timer)
      await state.work
    },
  }
}
