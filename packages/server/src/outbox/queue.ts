import type { Attempt, Delivery } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Milliseconds, Time } from '../core/time.ts'

/** A delivery in somebody's hands until its lease ends. */
export type Claimed = {
  readonly delivery: Delivery
  readonly leaseToken: string
  /** How often it has been tried before, and how often since it began, or began again. */
  readonly attempts: number
  readonly tries: number
  /** When the first of those tries was made. */
  readonly beganAt: Time | null
}

/** Which delivery, and the token that proves it is still in our hands. */
export type Lease = { readonly id: DeliveryId; readonly leaseToken: string }

/** What became of a delivery: the tries made, and where it stands now. */
export type Completion = Lease & {
  readonly attempts: readonly Attempt[]
  /** Of a chain: what is done from now on. */
  readonly progress?: Json
  readonly next:
    | { readonly kind: 'delivered' }
    | { readonly kind: 'dead'; readonly reason: string }
    | { readonly kind: 'pending'; readonly dueAt: Time }
}

/** Calls and mail go in lanes of their own, so that neither waits for the other. */
export type Lane = 'call' | 'mail'

type ClaimOptions = {
  readonly limit: number
  readonly lease: Milliseconds
  /** Calls, unless it is said. */
  readonly lane?: Lane
}

/** What the worker asks of the table of deliveries. Leases and due times run on the queue's own clock. */
export type Queue = {
  claim(options: ClaimOptions): Promise<readonly Claimed[]>
  /** Returns the leases that had been lost: their completion changed nothing. */
  complete(completions: readonly Completion[]): Promise<readonly Lease[]>
  extend(leases: readonly Lease[], lease: Milliseconds): Promise<void>
  now(): Promise<Time>
}
