import type { EndpointLimits } from '../core/action.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import { isGoing } from './action-state.ts'
import { MANY_FAILURES } from './quarantine.ts'
import type { Rate, Share, Survey, Waiting } from './queue.ts'

export type ShareOptions = {
  /** How many more this worker can have under way. */
  readonly free: number
  readonly limitsOf: (endpoint: string) => EndpointLimits
  /** When a queue had its last turn; those that waited longest come first. */
  readonly lastTurn: (queue: string) => number
}

/**
 * Who gets the places that are free: one by one, each to the endpoint that has the fewest under way. So a receiver that
 * hangs, or an action with a hundred thousand deliveries, has its own places and never another's (I15).
 */
export function shareOut({ now, waiting }: Survey, { free, limitsOf, lastTurn }: ShareOptions): readonly Share[] {
  const able = waiting
    .filter(({ dueAt, action }) => dueAt <= now && isGoing(action, now))
    .map((each) => ({ each, limit: limitOf(each, limitsOf(each.endpoint), now), taken: 0 }))
    .toSorted((a, b) => lastTurn(a.each.queue) - lastTurn(b.each.queue) || a.each.dueAt - b.each.dueAt)
  const busy = new Map(waiting.map(({ endpoint, underWay }) => [endpoint, underWay]))
  const begun = new Map<string, number>()
  for (let left = free; left > 0; left--) {
    const [next] = able
      .filter(({ each: { endpoint }, limit, taken }) => {
        const isFull = limit.concurrency !== null && (busy.get(endpoint) ?? 0) >= limit.concurrency
        return !isFull && (begun.get(endpoint) ?? 0) < limit.atOnce && taken < free
      })
      .toSorted((a, b) => load(a) - load(b) || a.taken - b.taken)
    if (next === undefined) break
    next.taken += 1
    busy.set(next.each.endpoint, (busy.get(next.each.endpoint) ?? 0) + 1)
    begun.set(next.each.endpoint, (begun.get(next.each.endpoint) ?? 0) + 1)
  }
  return able.flatMap(({ each: { queue, endpoint, isOrdered }, limit: { concurrency, rate }, taken }) =>
    taken === 0 ? [] : [{ queue, endpoint, isOrdered, most: taken, concurrency, rate }],
  )

  function load({ each: { endpoint } }: (typeof able)[number]): number {
    return busy.get(endpoint) ?? 0
  }
}

type Limit = { readonly concurrency: number | null; readonly rate: Rate | null; readonly atOnce: number }

/** A receiver in trouble gets less: half of its places for each failure, one alone while it is tried again, none before. */
function limitOf({ receiver, action, spentUntil }: Waiting, limits: EndpointLimits, now: Time): Limit {
  const rate = rateOf(limits.rate)
  const atOnce = rate === null ? Number.POSITIVE_INFINITY : allowedNow(rate, spentUntil, now)
  const most = limits.concurrency ?? null
  const openUntil = receiver?.openUntil ?? null
  if (openUntil !== null) return { concurrency: openUntil > now ? 0 : 1, rate, atOnce }
  if ((action?.failures ?? 0) >= MANY_FAILURES) return { concurrency: 1, rate, atOnce }
  const failures = receiver?.failures ?? 0
  const concurrency = most === null || failures === 0 ? most : Math.max(1, Math.floor(most / 2 ** failures))
  return { concurrency, rate, atOnce }
}

/** A tenth of a second's worth may come at once: nobody wakes up for each single one. */
const rateOf = (perSecond: number | undefined): Rate | null =>
  perSecond === undefined ? null : { interval: 1_000 / perSecond, burst: Math.max(1, Math.floor(perSecond / 10)) }

/** The generic cell rate algorithm: what is spent lies in the future, and no further than a burst. */
function allowedNow({ interval, burst }: Rate, spentUntil: Time, now: Time): number {
  const ahead = now + (burst - 1) * interval - spentUntil
  return ahead < 0 ? 0 : Math.min(burst, 1 + Math.floor(ahead / interval))
}

/** How long until something of what waits may come by itself; null if nothing will. */
export function untilNext({ now, waiting }: Survey): Milliseconds | null {
  const moments = waiting.flatMap(({ dueAt, receiver, action, spentUntil }) => {
    const blocked = [
      receiver?.openUntil ?? null,
      action?.state === 'active' ? null : (action?.until ?? null),
      spentUntil,
    ]
    return [dueAt, ...blocked.filter((moment) => moment !== null)].filter((moment) => moment > now)
  })
  return moments.length === 0 ? null : Math.min(...moments) - now
}
