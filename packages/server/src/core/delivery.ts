import type { ChainPoint } from './chain.ts'
import type { ActionId, DeliveryId, FlowId, IdentityId } from './ids.ts'
import type { Json } from './json.ts'
import type { Time } from './time.ts'
import type { Timings } from './timings.ts'

/** A call as it will be made: rendered once, sent byte for byte the same in every attempt. */
export type RenderedCall = {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** UTF-8 text, or null for a request without a body. */
  readonly body: string | null
  /** Where secrets belong in the body, in the order of their places. */
  readonly bodySecrets?: readonly BodySecret[]
  /** What was rendered from `headers` names a secret; logs show these names without their value. */
  readonly secretHeaders: readonly string[]
  /** It is never sent without a signature. */
  readonly isSigned?: true
  /** Nor without what has to be got or shown first. */
  readonly hasCredentials?: true
}

/** A secret is put into a body at the moment of sending, written as what surrounds it. */
export type BodySecret = { readonly at: number; readonly name: string; readonly as: 'json' | 'form' | 'text' }

/** One queued call of one action: a row in the commit that caused it. */
export type Delivery = {
  readonly id: DeliveryId
  /** The occurrence of a trigger; with the action it is unique, so nothing is queued twice. */
  readonly eventId: string
  readonly actionId: ActionId
  /** `login.after.password`, as `triggerName` spells it. */
  readonly trigger: string
  readonly identityId: IdentityId | null
  readonly flowId?: FlowId
  /** Scheme, host, port and path: what a receiver's limits and its breaker are kept by. */
  readonly endpoint?: string
  /** Those that share it are delivered one after the other, in the order of their commits. */
  readonly orderKey?: string
  /** What its template saw, so that it can be rendered again. */
  readonly context?: Json
  /** Of a chain: the steps that are done. It is kept with every completion that says so. */
  readonly progress?: Json
  /** It was made again of this one. */
  readonly replayOf?: DeliveryId
  /** The delivery whose receiver brought this one about, and how many there are behind it. */
  readonly cause?: DeliveryId
  readonly depth?: number
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
        /** The span of the commit that queued it (W3C traceparent). */
        readonly trace?: string
        /** Of a recipe: the first of several calls, and what the others will be made of. */
        readonly chain?: ChainPoint
      }
    /** A message to a person, sealed: only the courier can open it. */
    | { readonly kind: 'mail'; readonly sealed: string }
    /** Its template failed: dead on arrival, with its reason, and nobody is held up. */
    | { readonly kind: 'dead'; readonly reason: string }
    /** Whom it was about is gone, and so is what it said. */
    | { readonly kind: 'erased' }
}

/** Where a delivery stands. `cancelled` was ended by a person, all others by their attempts. */
export const DELIVERY_STATES = ['pending', 'delivered', 'dead', 'cancelled'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** One try of a delivery, or of a blocking call. */
export type Attempt = {
  readonly requestId: string
  readonly startedAt: Time
  readonly endedAt: Time
  readonly outcome: 'delivered' | 'failed' | 'retry'
  readonly status: number | null
  /** Why, in words for an operator; never the receiver's secrets. */
  readonly reason: string
  /** Of a chain: which step it was. */
  readonly step?: string
  /** Where the time went, as far as the client saw it. */
  readonly timings?: Timings
  /** What came back, as far as it is kept: a receiver may answer anything. */
  readonly answer?: AnswerExcerpt
}

export type AnswerExcerpt = {
  readonly headers: { readonly [name: string]: string }
  /** Its beginning; empty where there was none, or none that is text. */
  readonly body: string
  /** How long the whole body was, in bytes. */
  readonly length: number
}

/** Where an action stands. Only an active one delivers; of the others everything waits, and nothing is lost. */
export const ACTION_STATES = ['active', 'paused', 'quarantined', 'disabled'] as const

export type ActionStanding = {
  readonly actionId: ActionId
  /** `paused` by a person, `quarantined` by its failures or a person, `disabled` by its receiver (410). */
  readonly state: (typeof ACTION_STATES)[number]
  readonly since: Time
  /** The state ends by itself then; null: somebody has to end it. */
  readonly until: Time | null
  readonly reason: string
  readonly evidence: Evidence | null
  /** How often it failed since it last succeeded. */
  readonly failures: number
  readonly failingSince: Time | null
  readonly lastFailure: string | null
  /** When somebody last set it going again: retries count from here. */
  readonly resumedAt: Time | null
}

/** What was seen before an action was quarantined or disabled. */
export type Evidence = {
  readonly failures: number
  readonly failingSince: Time | null
  readonly lastFailure: string
  readonly delivery: DeliveryId | null
}

/** What is known of a receiver. It is half open once `openUntil` has passed: one delivery may try it. */
export type EndpointStanding = {
  readonly endpoint: string
  readonly failures: number
  readonly failingSince: Time | null
  readonly lastFailure: string | null
  /** How often the breaker opened since the receiver last answered. */
  readonly opened: number
  readonly openUntil: Time | null
}
