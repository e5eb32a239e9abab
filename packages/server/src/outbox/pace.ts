import type { Milliseconds, Stopwatch } from '../core/time.ts'

/** A wait that keeps two beginnings so far apart; whoever comes later than that does not wait at all. */
export function pace(stopwatch: Stopwatch, apart: Milliseconds): () => Promise<void> {
  const state = { last: Number.NEGATIVE_INFINITY }
  return async () => {
    const early = state.last + apart - stopwatch.now()
    if (early > 0) await stopwatch.sleep(early)
    state.last = stopwatch.now()
  }
}
