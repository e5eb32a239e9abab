import type { ActionId, DeliveryId, FlowId, IdentityId } from './ids.ts'
import type { Time } from './time.ts'

/** What an action came to when its trigger fired, as far as was known before the answer. */
export const STEP_OUTCOMES = [
  'proceeded',
  'amended',
  'denied',
  'diverted',
  /** What it made of the person does not fit the schema. */
  'invalid',
  /** No decision could be had from it. */
  'failed',
  /** Its delivery was queued, or waits for the commit, or is dead as its template failed. */
  'queued',
  'awaited',
  'dead',
  /** There was nothing to tell: its condition was false, or its template said so. */
  'silent',
  /** Somebody before it ended the step. */
  'not_reached',
  /** What it could refuse was decided in an earlier flow. */
  'decided_before',
] as const
export type StepOutcome = (typeof STEP_OUTCOMES)[number]

export type ActionNote = {
  readonly actionId: ActionId
  /** The action's path in the configuration. */
  readonly where: string
  readonly outcome: StepOutcome
  /** Its event, which differs from the step's where an action stands in the list twice. */
  readonly eventId: string
  readonly deliveryId?: DeliveryId
}

/** A trigger that fired: what each of its actions came to. Nothing in it comes from a person. */
export type Step = {
  /** With the action it names a call or a delivery. */
  readonly event: string
  readonly trigger: string
  readonly flowId: FlowId | null
  readonly identityId: IdentityId | null
  readonly at: Time
  readonly outcome: 'proceeded' | 'denied' | 'diverted' | 'failed'
  readonly actions: readonly ActionNote[]
}

/** A step as it is kept, under the plan that was in force, by its fingerprint. Its id begins with its time. */
export type RecordedStep = Step & { readonly id: string; readonly plan: string }

/** Takes a step at once and keeps it later. */
export type RecordStep = (step: Step) => void
