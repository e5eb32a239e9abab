import type { ActionStanding } from '../core/delivery.ts'
import type { ActionId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { DeliverySettings } from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { isGoing } from './action-state.ts'
import type { Queue } from './queue.ts'

export type HousekeepingDeps = {
  readonly queue: Pick<Queue, 'actionStates' | 'forget' | 'now'>
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
/** Few at once: nobody waits for a long deletion. */
const BATCH = 500

/** Knows which actions stand still, and deletes what was kept long enough. */
export function startHousekeeping(deps: HousekeepingDeps): Housekeeping {
  const known: { standing: ReadonlyMap<ActionId, ActionStanding>; work: Promise<void>; now: number } = {
    standing: new Map(),
    work: Promise.resolve(),
    now: 0,
  }
  const look = async () => {
    try {
      const states = await deps.queue.actionStates()
      known.standing = new Map(states.map((each) => [each.actionId, each]))
      known.now = await deps.queue.now()
    } catch (error) {
      deps.log('error', 'action_states_not_read', { detail: String(error) })
    }
  }
  const after = (work: () => Promise<void>) => {
    known.work = known.work.then(work)
  }
  const looking = setInterval(() => after(look), LOOK)
  const sweeping = setInterval(() => after(() => sweep(deps)), SWEEP)
  after(look)
  return {
    isGoing: (action) => isGoing(known.standing.get(action) ?? null, known.now),
    stop: async () => {
      clearInterval(looking)
      clearInterval(sweeping)
      await known.work
    },
  }
}

/** Deletes what is older than anybody wants to know, batch by batch. */
export async function sweep({ queue, keep, log }: HousekeepingDeps): Promise<void> {
  try {
    const now = await queue.now()
    const { delivered, dead } = keep()
    for (const [state, age] of [
      ['delivered', delivered],
      ['dead', dead],
      ['cancelled', dead],
    ] as const) {
      while ((await queue.forget(state, now - age, BATCH)) === BATCH);
    }
  } catch (error) {
    log('error', 'deliveries_not_forgotten', { detail: String(error) })
  }
}
