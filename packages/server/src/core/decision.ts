import type { Effect } from './effect.ts'
import type { Json } from './json.ts'
import type { FieldMessage } from './ui.ts'

/** What an action may change of an identity: whole fields, never merged deeply (ory-actions.md §4.9). Absent = untouched. */
export type IdentityPatch = {
  readonly traits?: Json
  readonly schemaId?: string
  readonly state?: string
  readonly metadataPublic?: Json
  readonly metadataAdmin?: Json
  readonly externalId?: string | null
  readonly verifiableAddresses?: readonly AddressPatch[]
  readonly recoveryAddresses?: readonly AddressPatch[]
}

export type AddressPatch = {
  readonly value: string
  readonly via?: string
  readonly verified?: boolean
  readonly status?: string
  readonly verifiedAt?: number
}

/** What an action wishes for and the flow knows how to bring about: it becomes effects before anything is committed. */
export type Wish =
  /** Write to the first address that waits for it, and start the verification it asks for. */
  | { readonly kind: 'startVerification' }
  /** Lead the person to that verification. */
  | { readonly kind: 'showVerification' }
  /** Tell the addresses a person had before this change. */
  | { readonly kind: 'notifyPreviousAddresses'; readonly recipients: 'removed' | 'all_verified' | 'all' }

/** How a flow ends that does not complete: at the door because no address is verified, or waiting for a new one. */
export type Diversion = 'verify_first' | 'verify_new_address'

/** An action's answer. Flows and, later, tokens share it; only the patch differs. */
export type Decision<Patch = IdentityPatch> =
  | { readonly kind: 'proceed'; readonly effects: readonly (Effect | Wish)[] }
  | { readonly kind: 'amend'; readonly patch: Patch }
  | { readonly kind: 'deny'; readonly messages: readonly FieldMessage[] }
  /** The flow does not complete; something else begins in its place, committed in its stead. */
  | { readonly kind: 'divert'; readonly to: Diversion }

export const proceed = (...effects: readonly (Effect | Wish)[]): Decision => ({ kind: 'proceed', effects })

export const isWish = (effect: Effect | Wish): effect is Wish =>
  effect.kind === 'startVerification' || effect.kind === 'showVerification' || effect.kind === 'notifyPreviousAddresses'
