import type { EndpointStanding } from '../core/delivery.ts'
import type { ActionId } from '../core/ids.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { QueueDepth } from '../store/delivery-log.ts'
import type { Store } from '../store/store.ts'

/** What is asked for when somebody looks, and not counted as it happens. */
export type Figures = {
  readonly queues: readonly QueueDepth[]
  /** The age of the oldest call that is not done; 0: there is none. */
  readonly oldest: Milliseconds
  /** Endpoints whose breaker is not closed. */
  readonly breakers: readonly { readonly endpoint: string; readonly state: 'open' | 'half_open' }[]
  /** Actions that are not simply active. */
  readonly actions: readonly { readonly action: ActionId; readonly state: string }[]
}

type Deliveries = Pick<Store['deliveries'], 'figures' | 'actionStates' | 'endpointStates' | 'now'>

/** How the queue stands at this moment. */
export async function figuresOf(deliveries: Deliveries): Promise<Figures> {
  const [{ queues, oldest }, actions, endpoints, now] = await Promise.all([
    deliveries.figures(),
    deliveries.actionStates(),
    deliveries.endpointStates(),
    deliveries.now(),
  ])
  return {
    queues,
    oldest: oldest === null ? 0 : Math.max(0, now - oldest.createdAt),
    breakers: endpoints.flatMap((endpoint) => breakerOf(endpoint, now)),
    actions: actions
      .filter(({ state, until }) => state !== 'active' && (until === null || until > now))
      .map(({ actionId, state }) => ({ action: actionId, state })),
  }
}

function breakerOf({ endpoint, openUntil }: EndpointStanding, now: Time): Figures['breakers'] {
  return openUntil === null ? [] : [{ endpoint, state: openUntil > now ? 'open' : 'half_open' }]
}
