import type { ActionId, DeliveryId, FlowId, IdentityId } from './ids.ts'
import type { Milliseconds, Time } from './time.ts'
import type { Timings } from './timings.ts'

/** What a blocking call came to, as far as the flow is concerned. */
export const CALL_OUTCOMES = [
  /** The receiver let it pass, changed the identity, or refused. */
  'proceeded',
  'amended',
  'denied',
  /** Nothing was decided: the flow failed, went on all the same, or went on with the call queued. */
  'failed',
  'let_through',
  'queued',
  /** Nobody was called: `when` was false, or the template said so. */
  'skipped',
  'cancelled',
] as const
export type CallOutcome = (typeof CALL_OUTCOMES)[number]

/** One try of a blocking call. */
export type CallAttempt = {
  readonly requestId: string
  readonly startedAt: Time
  readonly endedAt: Time
  readonly status: number | null
  /** Why it came to nothing; never a secret. */
  readonly reason: string
  /** Where its time went. */
  readonly timings?: Timings
}

/** A call somebody waited for, as the log of actions keeps it: never a body, a header's value or a query. */
export type CallRecord = {
  readonly id: DeliveryId
  /** The event it belongs to, where a step was recorded. */
  readonly eventId?: string
  /** What the receiver knows it by: it stays the same when a step is tried again. */
  readonly webhookId?: DeliveryId
  readonly actionId: ActionId
  /** The action's path in the configuration. */
  readonly where: string
  readonly trigger: string
  readonly flowId: FlowId | null
  readonly identityId: IdentityId | null
  readonly method: string
  /** Scheme, host, port and path. */
  readonly endpoint: string
  readonly startedAt: Time
  readonly endedAt: Time
  /** From the decision to call until there was an outcome, by the stopwatch. */
  readonly elapsed?: Milliseconds
  readonly outcome: CallOutcome
  readonly detail: string
  readonly attempts: readonly CallAttempt[]
}

/** Takes a record at once and keeps it later. */
export type RecordCall = (call: CallRecord) => void
