import type { ContinueWith } from './flow.ts'
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

/** An action's answer. Flows and, later, tokens share it; only the patch differs. */
export type Decision<Patch = IdentityPatch> =
  | { readonly kind: 'proceed'; readonly effects: readonly Effect[] }
  | { readonly kind: 'amend'; readonly patch: Patch }
  | { readonly kind: 'deny'; readonly messages: readonly FieldMessage[] }
  /** The flow does not complete; these effects are committed, and this is the answer. */
  | { readonly kind: 'divert'; readonly effects: readonly Effect[]; readonly answer: ContinueWith }

export const proceed = (...effects: readonly Effect[]): Decision => ({ kind: 'proceed', effects })
