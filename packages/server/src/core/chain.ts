import type { RenderedCall } from './delivery.ts'
import type { Json, JsonObject } from './json.ts'
import type { Milliseconds } from './time.ts'

/** Where a delivery of several calls stands: all that the calls still to come are made of. */
export type ChainPoint = {
  readonly trigger: string
  readonly step: string
  /** What was frozen when it was queued. */
  readonly snapshot: JsonObject
  /** What the steps before left, by their names. */
  readonly steps: JsonObject
}

export type ChainAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: { readonly [name: string]: string }
      readonly text: string
    }
  /** None came. It is unsure whether the call arrived, unless there was not even a connection. */
  | { readonly kind: 'failed'; readonly reason: string; readonly mayHaveArrived: boolean }

/** What the status alone says, for answers that no rule is about. */
export type StatusSays = {
  readonly kind: 'delivered' | 'retry' | 'final'
  readonly reason: string
  readonly asked: Milliseconds | null
}

/** What is kept of an answer with the identity: merge patches (RFC 7396). */
export type WriteBack = {
  readonly metadataAdmin: Json
  readonly metadataPublic: Json
  readonly externalId: string | null
}

/** What becomes of a delivery after an answer. */
export type Followed =
  | { readonly kind: 'done'; readonly steps: JsonObject; readonly writeBack: WriteBack | null }
  | {
      readonly kind: 'next'
      readonly step: string
      readonly call: RenderedCall
      readonly steps: JsonObject
      readonly writeBack: WriteBack | null
    }
  | {
      readonly kind: 'retry'
      readonly reason: string
      /** What the receiver asks for; it counts instead of the usual wait. */
      readonly asked: Milliseconds | null
      /** How long to wait at least. */
      readonly atLeast: Milliseconds
    }
  | { readonly kind: 'dead'; readonly reason: string; readonly isAlert: boolean; readonly writeBack: WriteBack | null }
  /** Nothing more is sent until somebody has mended the credentials. */
  | { readonly kind: 'paused'; readonly reason: string }

export type Follow = (point: ChainPoint, answer: ChainAnswer, status: StatusSays) => Followed
