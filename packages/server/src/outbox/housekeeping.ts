import type { ActionStanding } from '../core/delivery.ts'
import type { ActionId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { DeliverySettings } from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { isGoing } from './action-state.ts'
import type { Queue } from './queue.ts'

export type HousekeepingDeps = {
  readonly queue: Pick<Queue, 'actionStates' | 'survey' | 'forget' | 'now'>
  readonly keep: () => DeliverySettings['keep']
  readonly log: Log
}

export type Housekeeping = {
  /** As of a moment ago. */
  readonly isGoing: (action: ActionId) => boolean
  stop(): Promise<void>
}

const LOOK: Milliseconds = 1_000
const SWEEP: Milliseconds = 60_000
/** What is due for so long although nothing stands in its way is more than the workers can do. */
const LATE: Milliseconds = 5 * 60_000
/** Few at once: nobody waits for a long deletion. */
const BATCH = 500

/** Knows which actions stand still, and deletes what was kept long enough. */
export function startHousekeeping(deps: HousekeepingDeps): Housekeeping {
  const known: { standing: ReadonlyMap<ActionId, ActionStanding>; now: number } = { standing: new Map(), now: 0 }
  const stopping = new AbortController()
  const look = async () => {
    try {
      const states = await deps.queue.actionStates()
      known.standing = new Map(states.map((each) => [each.actionId, each]))
      known.now = await deps.queue.now()
    } catch (error) {
      deps.log('error', 'action_states_not_read', { detail: String(error) })
    }
  }
  // Each by itself: what the workers have to know does not wait for a long deletion.
  const looks = oneAtATime(look)
  const sweeps = oneAtATime(async () => {
    await sweep(deps, () => stopping.signal.aborted)
    await warn(deps)
  })
  const looking = setInterval(looks.begin, LOOK)
  const sweeping = setInterval(sweeps.begin, SWEEP)
  looks.begin()
  return {
    isGoing: (action) => isGoing(known.standing.get(action) ?? null, known.now),
    stop: async () => {
      clearInterval(looking)
      clearInterval(sweeping)
      stopping.abort()
      await Promise.all([looks.done(), sweeps.done()])
    },
  }
}

/** Work that is not begun again while it is under way: a database that hangs gathers none. */
function oneAtATime(work: () => Promise<void>) {
  let current: Promise<void> | null = null
  return {
    begin: () => {
      current ??= work().finally(() => {
        current = null
      })
    },
    done: async () => {
      await current
    },
  }
}

/** Deletes what is older than anybody wants to know, batch by batch, until it is told to stop. */
export async function sweep({ queue, keep, log }: HousekeepingDeps, isStopped = () => false): Promise<void> {
  try {
    const now = await queue.now()
    const { delivered, dead } = keep()
    for (const [state, age] of [
      ['delivered', delivered],
      ['dead', dead],
      ['cancelled', dead],
    ] as const) {
      const isMore = async () => (await queue.forget(state, now - age, BATCH)) === BATCH
      while (!isStopped() && (await isMore()));
    }
  } catch (error) {
    log('error', 'deliveries_not_forgotten', { detail: String(error) })
  }
}

/** Says so where deliveries come late that could be made. Nothing is dropped for it. */
export async function warn({ queue, log }: Pick<HousekeepingDeps, 'queue' | 'log'>): Promise<void> {
  try {
    const { now, waiting } = await queue.survey('call')
    const late = waiting
      .filter(({ action, receiver, dueAt }) => isGoing(action, now) && !receiver?.openUntil && now - dueAt > LATE)
      .toSorted((a, b) => a.dueAt - b.dueAt)
    const [first] = late
    if (first === undefined) return
    const { actionId, endpoint, dueAt } = first
    log('warn', 'deliveries_late', { queues: late.length, action: actionId, endpoint, late: now - dueAt })
  } catch (error) {
    log('error', 'deliveries_not_surveyed', { detail: String(error) })
  }
}
