import type { CallRecord } from './call.ts'
import type { Attempt, Delivery } from './delivery.ts'
import type { Milliseconds } from './time.ts'

/** A request that was answered, by the route it took and never by its path. */
export type AnsweredRequest = {
  readonly listener: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly took: Milliseconds
}

/** Tries of a queued delivery, and where it stands after them. */
export type TriedDelivery = {
  readonly delivery: Pick<Delivery, 'actionId' | 'trigger' | 'createdAt'>
  readonly lane: 'call' | 'mail'
  readonly attempts: readonly Attempt[]
  /** Whether these are the first ones. */
  readonly isFirst: boolean
  readonly next: 'delivered' | 'dead' | 'pending'
}

/** Who counts and times what happens. Nothing that is told here holds anybody up. */
export type Observer = {
  readonly answered: (request: AnsweredRequest) => void
  /** A blocking call, whatever came of it. */
  readonly called: (call: CallRecord) => void
  readonly tried: (tried: TriedDelivery) => void
}
