import type { Delivery } from '../../core/delivery.ts'
import type { DeliveryId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'

/** How many calls may follow from one another: a receiver that answers each with the change that calls it again is stopped. */
export const DEEPEST = 3

/** The delivery that brought a change about, and how many there are behind it. */
export type Origin = { readonly cause: DeliveryId; readonly depth: number }

/** Whose doing a delivery is. One too many is stored dead, with why, and never sent (reliability.md I30). */
export function attribute({ log }: { readonly log: Log }, delivery: Delivery, { cause, depth }: Origin): Delivery {
  const caused = { ...delivery, cause, depth: depth + 1 }
  if (caused.depth <= DEEPEST) return caused
  const reason = `stopped as a cascade: delivery ${cause} brought it about, itself the ${depth}. that its receivers caused by calling back, and ${DEEPEST} are the most`
  log('error', 'cascade_stopped', {
    delivery: delivery.id,
    action: delivery.actionId,
    trigger: delivery.trigger,
    identity: delivery.identityId,
    cause,
    depth: caused.depth,
  })
  return { ...caused, content: { kind: 'dead', reason } }
}
