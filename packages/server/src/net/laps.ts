import { TIMED_PARTS, type TimedPart, type Timings } from '../core/timings.ts'

/** Takes the time of one call, part by part. */
export type Laps = {
  /** The part before is over. */
  enter(part: TimedPart): void
  /** Where the time has gone so far; a part that is under way counts until now. */
  timings(): Timings
}

/** Redirects and further addresses add to the parts they repeat. */
export function startLaps(now: () => number): Laps {
  const spent = new Map<TimedPart, number>()
  const current: { part: TimedPart | null; from: number } = { part: null, from: now() }
  // Where no connection had to be made, what came first was the wait.
  const add = (times: Map<TimedPart, number>, part: TimedPart) =>
    times.set(part, (times.get(part) ?? 0) + now() - current.from)
  return {
    enter: (part) => {
      if (current.part !== null || part === 'read') add(spent, current.part ?? 'wait')
      current.part = part
      current.from = now()
    },
    timings: () => {
      const all = add(new Map(spent), current.part ?? 'wait')
      const [dns, connect, tls, wait, read] = TIMED_PARTS.map((part) => tenths(all.get(part)))
      return { dns: dns ?? null, connect: connect ?? null, tls: tls ?? null, wait: wait ?? null, read: read ?? null }
    },
  }
}

const tenths = (time: number | undefined) => (time === undefined ? null : Math.round(time * 10) / 10)
