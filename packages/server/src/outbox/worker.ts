import type { Log } from '../core/log.ts'
import type { Milliseconds, Stopwatch } from '../core/time.ts'
import type { Claimed, Completion, Lane, Lease, Queue } from './queue.ts'

/** One attempt of one delivery: what was tried, and what comes next. */
export type Deliver = (claimed: Claimed, signal: AbortSignal) => Promise<Rest>
export type Rest = Pick<Completion, 'attempts' | 'next'>

export type WorkerDeps = {
  readonly queue: Queue
  readonly stopwatch: Stopwatch
  readonly log: Log
  readonly lane: Lane
  readonly deliver: Deliver
  /** How many deliveries are under way at once. */
  readonly concurrency: number
  readonly pollInterval?: Milliseconds
  readonly lease?: Milliseconds
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

/** Starts the loop that delivers what commits have queued. It ends only when it is stopped. */
export function startWorker(deps: WorkerDeps): Worker {
  const { pollInterval = POLL, lease = LEASE } = deps
  const underWay = new Map<Lease, Promise<void>>()
  const bell = makeBell()
  const stopping = new AbortController()
  const abort = new AbortController()

  const loop = async () => {
    while (!stopping.signal.aborted) {
      const free = deps.concurrency - underWay.size
      const claimed = free > 0 ? await claim(deps, free, lease) : []
      for (const each of claimed) {
        const held = { id: each.delivery.id, leaseToken: each.leaseToken }
        const done = deliver(deps, each, abort.signal).finally(() => {
          underWay.delete(held)
          // Whatever is left may fill the place.
          bell.ring()
        })
        underWay.set(held, done)
      }
      if (claimed.length === 0 || underWay.size >= deps.concurrency) await bell.rung(pollInterval)
    }
  }
  const heartbeat = setInterval(() => {
    if (underWay.size > 0) void extend(deps, [...underWay.keys()], lease)
  }, lease / 5)
  const looping = loop()

  return {
    wake: () => bell.ring(),
    stop: async (grace = GRACE) => {
      stopping.abort()
      bell.ring()
      await looping
      const timer = setTimeout(() => abort.abort(), grace)
      await Promise.all(underWay.values())
      clearTimeout(timer)
      clearInterval(heartbeat)
    },
  }
}

/** A wait that anybody may end early. A ring while nobody waits is not forgotten. */
function makeBell() {
  const state: { isRung: boolean; wakeUp: () => void } = { isRung: false, wakeUp: () => {} }
  return {
    ring: () => {
      state.isRung = true
      state.wakeUp()
    },
    rung: async (longest: Milliseconds) => {
      await new Promise<void>((resolve) => {
        if (state.isRung) return resolve()
        const timer = setTimeout(resolve, longest)
        state.wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      state.isRung = false
      state.wakeUp = () => {}
    },
  }
}

/** A database that is away does not end the loop. */
async function claim(
  { queue, log, lane }: WorkerDeps,
  limit: number,
  lease: Milliseconds,
): Promise<readonly Claimed[]> {
  try {
    return await queue.claim({ limit, lease, lane })
  } catch (error) {
    log('error', 'claim_failed', { detail: String(error) })
    return []
  }
}

async function extend({ queue, log }: WorkerDeps, leases: readonly Lease[], lease: Milliseconds): Promise<void> {
  try {
    await queue.extend(leases, lease)
  } catch (error) {
    log('error', 'extend_failed', { detail: String(error) })
  }
}

async function deliver(deps: WorkerDeps, claimed: Claimed, abort: AbortSignal): Promise<void> {
  const { delivery, leaseToken } = claimed
  try {
    const rest = await deps.deliver(claimed, abort)
    await record(deps, { id: delivery.id, leaseToken, ...rest })
  } catch (error) {
    // The lease ends by itself, and somebody tries again.
    deps.log('error', 'delivery_failed', { delivery: delivery.id, action: delivery.actionId, detail: String(error) })
  }
}

const RECORD_TRIES = 5

/** The receiver has it; only if nobody can write that down is it told again. */
async function record(deps: WorkerDeps, completion: Completion): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      const lost = await deps.queue.complete([completion])
      if (lost.length > 0) deps.log('warn', 'lease_lost', { delivery: completion.id })
      return
    } catch (error) {
      if (tried >= RECORD_TRIES) throw error
      await deps.stopwatch.sleep(100 * 2 ** tried)
    }
  }
}
