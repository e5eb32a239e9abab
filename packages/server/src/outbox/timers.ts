import type { Milliseconds } from '../core/time.ts'

/** Calls back later; what it returns takes that back. A simulation passes a time of its own. */
export type Timers = {
  readonly after: (time: Milliseconds, work: () => void) => () => void
  readonly every: (time: Milliseconds, work: () => void) => () => void
}

export const realTimers: Timers = {
  after: (time, work) => {
    const timer = setTimeout(work, time)
    return () => clearTimeout(timer)
  },
  every: (time, work) => {
    const timer = setInterval(work, time)
    return () => clearInterval(timer)
  },
}
