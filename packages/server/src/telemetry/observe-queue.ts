import type { Delivery } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Observer } from '../core/observed.ts'
import type { Lane, Queue } from '../outbox/queue.ts'

type Held = { readonly delivery: Delivery; readonly lane: Lane; readonly attempts: number }

/** A queue whose claims and completions are told. What a request delivers itself is told as a call and not here. */
export function observeQueue<Q extends Queue>(queue: Q, { tried }: Pick<Observer, 'tried'>): Q {
  // As many as are under way, no more.
  const held = new Map<DeliveryId, Held>()
  return {
    ...queue,
    claim: async (shares, options) => {
      const claimed = await queue.claim(shares, options)
      const { lane } = options
      for (const { delivery, attempts } of claimed) held.set(delivery.id, { delivery, lane, attempts })
      return claimed
    },
    complete: async (completions) => {
      const lost = new Set((await queue.complete(completions)).map(({ id }) => id))
      for (const { id, attempts, next } of completions) {
        const known = held.get(id)
        held.delete(id)
        if (known === undefined || lost.has(id)) continue
        tried({
          delivery: known.delivery,
          lane: known.lane,
          attempts,
          isFirst: known.attempts === 0,
          next: next.kind,
        })
      }
      return completions.filter(({ id }) => lost.has(id)).map(({ id, leaseToken }) => ({ id, leaseToken }))
    },
  }
}
