import type { ActionId, DeliveryId, FlowId, IdentityId } from './ids.ts'
import type { Time } from './time.ts'

/** A call as it will be made: rendered once, sent byte for byte the same in every attempt. */
export type RenderedCall = {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** UTF-8 text, or null for a request without a body. */
  readonly body: string | null
  /** What was rendered from `headers` names a secret; logs show these names without their value. */
  readonly secretHeaders: readonly string[]
  /** It is never sent without a signature. */
  readonly isSigned?: true
}

/** One queued call of one action: a row in the commit that caused it. */
export type Delivery = {
  readonly id: DeliveryId
  /** The occurrence of a trigger; with the action it is unique, so nothing is queued twice. */
  readonly eventId: string
  readonly actionId: ActionId
  /** `login.after.password`, as `triggerName` spells it. */
  readonly trigger: string
  readonly identityId: IdentityId | null
  /** For the log of blocking calls; it is not stored with the delivery. */
  readonly flowId?: FlowId
  readonly createdAt: Time
  /** When the request itself delivers it (told and awaited): until then no worker touches the row. */
  readonly leasedUntil: Time | null
  readonly leaseToken: string | null
  readonly content:
    | {
        readonly kind: 'rendered'
        readonly call: RenderedCall
        readonly timeout: number
        readonly emitHeaders: boolean
      }
    /** A message to a person, sealed: only the courier can open it. */
    | { readonly kind: 'mail'; readonly sealed: string }
    /** Its template failed: dead on arrival, with its reason, and nobody is held up. */
    | { readonly kind: 'dead'; readonly reason: string }
}

/** One try of a delivery, or of a blocking call. */
export type Attempt = {
  readonly requestId: string
  readonly startedAt: Time
  readonly endedAt: Time
  readonly outcome: 'delivered' | 'failed' | 'retry'
  readonly status: number | null
  /** Why, in words for an operator; never the receiver's secrets. */
  readonly reason: string
}
