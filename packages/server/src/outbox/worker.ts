import type { EndpointLimits } from '../core/action.ts'
import type { Log } from '../core/log.ts'
import type { ActionId } from '../core/ids.ts'
import type { Milliseconds, Stopwatch, Time } from '../core/time.ts'
import { goingSince } from './action-state.ts'
import { makeBell } from './bell.ts'
import { pace } from './pace.ts'
import type { Claimed, Lane, Lease, Queue, Share, Survey, Taken } from './queue.ts'
import type { Recorder, Rest } from './recorder.ts'
import { shareOut, untilNext } from './share-out.ts'
import { realTimers, type Timers } from './timers.ts'

/** One attempt of one delivery: what was tried, and what comes next. */
export type Deliver = (taken: Taken, signal: AbortSignal) => Promise<Rest>

export type WorkerDeps = {
  readonly queue: Pick<Queue, 'survey' | 'claim' | 'extend'>
  readonly recorder: Pick<Recorder, 'record' | 'learn'>
  readonly stopwatch: Stopwatch
  readonly log: Log
  readonly lane: Lane
  readonly deliver: Deliver
  readonly limitsOf: (endpoint: string) => EndpointLimits
  /** How many deliveries are under way at once. */
  readonly concurrency: number
  readonly pollInterval?: Milliseconds
  readonly lease?: Milliseconds
  readonly timers?: Timers
}

export type Worker = {
  /** There is something to send, perhaps. */
  wake(): void
  /** Claims nothing more, lets attempts under way finish, gives up those that take longer than `grace`. */
  stop(grace?: Milliseconds): Promise<void>
}

const POLL: Milliseconds = 1_000
/** The orphans of a dead process are taken over when this has passed. */
const LEASE: Milliseconds = 15_000
const GRACE: Milliseconds = 10_000
/** Where others were quicker, or some had to be put aside first, another look is worth it soon. */
const SOON: Milliseconds = 20
/** Places become free one by one; they are filled together. */
const APART: Milliseconds = 5

/** Starts the loop that delivers what commits have queued. It ends only when it is stopped. */
export function startWorker(deps: WorkerDeps): Worker {
  const { pollInterval = POLL, lease = LEASE, timers = realTimers } = deps
  const underWay = new Map<Lease, Promise<void>>()
  const bell = makeBell(timers)
  const stopping = new AbortController()
  const abort = new AbortController()
  const turns = { now: 0, of: new Map<string, number>() }

  const take = async (): Promise<Milliseconds> => {
    const free = deps.concurrency - underWay.size
    // Whoever comes back rings.
    if (free <= 0) return pollInterval
    const survey = await deps.queue.survey(deps.lane)
    deps.recorder.learn(survey)
    if (stopping.signal.aborted) return 0
    const shares = shareOut(survey, { free, limitsOf: deps.limitsOf, lastTurn: (queue) => turns.of.get(queue) ?? 0 })
    remember(turns, survey, shares)
    const asked = deps.stopwatch.now()
    const claimed = await deps.queue.claim(shares, { lane: deps.lane, lease })
    // Whoever was held up for so long (a process that was stopped) may be late: somebody else may hold them by now.
    if (deps.stopwatch.now() - asked >= lease) return SOON
    const since = new Map(survey.waiting.map(({ actionId, action }) => [actionId, goingSince(action, survey.now)]))
    for (const each of claimed) begin(each, since)
    if (claimed.length > 0) return 0
    return shares.length > 0 ? SOON : Math.min(untilNext(survey) ?? pollInterval, pollInterval)
  }
  const begin = (each: Claimed, since: ReadonlyMap<ActionId, Time | null>) => {
    const held = { id: each.delivery.id, leaseToken: each.leaseToken }
    const taken = { ...each, goingSince: since.get(each.delivery.actionId) ?? null }
    const done = deliver(deps, taken, abort.signal).finally(() => {
      underWay.delete(held)
      // Whatever is left may fill the place.
      bell.ring()
    })
    underWay.set(held, done)
  }
  const loop = async () => {
    const look = pace(deps.stopwatch, APART)
    while (!stopping.signal.aborted) {
      await look()
      if (stopping.signal.aborted) return
      const wait = await take().catch((error: unknown) => {
        // A database that is away does not end the loop.
        deps.log('error', 'claim_failed', { detail: String(error) })
        return pollInterval
      })
      if (wait > 0) await bell.rung(wait)
    }
  }
  const stopHeartbeat = timers.every(lease / 5, () => {
    if (underWay.size > 0) void extend(deps, [...underWay.keys()], lease)
  })
  const looping = loop()

  return {
    wake: () => bell.ring(),
    stop: async (grace = GRACE) => {
      stopping.abort()
      bell.ring()
      await looping
      const cancel = timers.after(grace, () => abort.abort())
      await Promise.all(underWay.values())
      cancel()
      stopHeartbeat()
    },
  }
}

type Turns = { now: number; of: Map<string, number> }

/** Whose turn it was; queues that are empty are forgotten. */
function remember(turns: Turns, { waiting }: Survey, shares: readonly Share[]): void {
  turns.now += 1
  const known = new Set(waiting.map(({ queue }) => queue))
  for (const queue of turns.of.keys()) if (!known.has(queue)) turns.of.delete(queue)
  for (const { queue } of shares) turns.of.set(queue, turns.now)
}

async function extend({ queue, log }: WorkerDeps, leases: readonly Lease[], lease: Milliseconds): Promise<void> {
  try {
    await queue.extend(leases, lease)
  } catch (error) {
    log('error', 'extend_failed', { detail: String(error) })
  }
}

async function deliver(deps: WorkerDeps, taken: Taken, abort: AbortSignal): Promise<void> {
  const { delivery, leaseToken } = taken
  try {
    const rest = await deps.deliver(taken, abort)
    await deps.recorder.record(delivery, leaseToken, rest)
  } catch (error) {
    // The lease ends by itself, and somebody tries again.
    deps.log('error', 'delivery_failed', { delivery: delivery.id, action: delivery.actionId, detail: String(error) })
  }
}
