import type { ActionStanding, Attempt, Delivery, DeliveryState, EndpointStanding, Evidence } from '../core/delivery.ts'
import type { ActionId, DeliveryId } from '../core/ids.ts'
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

/** What a delivery is tried with: until when its action stood still counts for no retry. */
export type Taken = Claimed & { readonly goingSince: Time | null }

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

/** Those of one action at one endpoint that wait: what is claimed fairly beside others. */
export type Waiting = {
  readonly queue: string
  readonly actionId: ActionId
  readonly endpoint: string
  /** When the first of them is due. */
  readonly dueAt: Time
  /** Some of them must not overtake each other. */
  readonly isOrdered: boolean
  /** How many deliveries to the endpoint are under way, on all nodes. */
  readonly underWay: number
  /** What is known of the action and of the receiver, where there is something to know. */
  readonly action: Pick<ActionStanding, 'state' | 'until' | 'failures' | 'resumedAt'> | null
  readonly receiver: Pick<EndpointStanding, 'failures' | 'openUntil'> | null
  /** The rate of the endpoint is spent up to here. */
  readonly spentUntil: Time
}

export type Survey = { readonly now: Time; readonly waiting: readonly Waiting[] }

/** What a worker takes of a queue. The limits are checked once more where it is taken: another node may have been first. */
export type Share = Pick<Waiting, 'queue' | 'endpoint' | 'isOrdered'> & {
  readonly most: number
  /** How many to the endpoint may be under way; null: any number. */
  readonly concurrency: number | null
  readonly rate: Rate | null
}

/** Every `interval` one; `burst` of them may come at once. */
export type Rate = { readonly interval: Milliseconds; readonly burst: number }

/** What came of calls to an endpoint, or of an action, in one batch. */
export type Noted = {
  readonly key: string
  /** How many failed; 0: it works. */
  readonly failed: number
  readonly reason: string
}

/** The state somebody, or something, puts an action in. */
export type ActionChange = Pick<ActionStanding, 'actionId' | 'state' | 'until' | 'reason'> & {
  readonly evidence?: Evidence
}

/** What the worker asks of the table of deliveries. Leases and due times run on the queue's own clock. */
export type Queue = {
  /** Everything that waits in a lane, queue by queue. */
  survey(lane: Lane): Promise<Survey>
  claim(
    shares: readonly Share[],
    options: { readonly lane: Lane; readonly lease: Milliseconds },
  ): Promise<readonly Claimed[]>
  /** Returns the leases that had been lost: their completion changed nothing. */
  complete(completions: readonly Completion[]): Promise<readonly Lease[]>
  /** Those that waited for one of these keys may come now. */
  promote(orderKeys: readonly string[]): Promise<void>
  extend(leases: readonly Lease[], lease: Milliseconds): Promise<void>
  /** Counts failures, forgets them after a success, and returns where the endpoints that failed stand now. */
  noteEndpoints(noted: readonly Noted[]): Promise<readonly EndpointStanding[]>
  noteActions(noted: readonly Noted[]): Promise<readonly ActionStanding[]>
  /** Opens a breaker, unless somebody has just done so: `opened` is how often it had been. Returns whether it did. */
  openBreaker(endpoint: Pick<EndpointStanding, 'endpoint' | 'opened'>, until: Time): Promise<boolean>
  /** Changes where an action stands. `onlyActive`: unless it isn't active any more. Returns whether it did. */
  setAction(change: ActionChange, options?: { readonly onlyActive: true }): Promise<boolean>
  /** Where actions stand that anything is known of. */
  actionStates(): Promise<readonly ActionStanding[]>
  /** Deletes calls that came to this end before a moment, the first ones first; returns how many. */
  forget(state: Exclude<DeliveryState, 'pending'>, before: Time, most: number): Promise<number>
  now(): Promise<Time>
}
