import type { Delivery } from './delivery.ts'
import type { AddressVia } from './identity.ts'
import type { JsonObject } from './json.ts'
import type { RequestFacts } from './request.ts'

/** The messages that flows send, by the names Ory's templates have (ory-identity-api.md §11). */
export const TEMPLATE_NAMES = [
  'recovery_valid',
  'recovery_invalid',
  'recovery_code_valid',
  'recovery_code_invalid',
  'verification_valid',
  'verification_invalid',
  'verification_code_valid',
  'verification_code_invalid',
  'login_code_valid',
  'registration_code_valid',
  'verifiable_address_changed',
  'authenticator_key_added',
  'registration_duplicate',
  'stub',
] as const

export type TemplateName = (typeof TEMPLATE_NAMES)[number]

/** A message to somebody: rendered by the courier when the change that causes it is committed, never before. */
export type Message = {
  readonly template: TemplateName
  readonly to: string
  readonly via: AddressVia
  readonly data: JsonObject
  /** The request that causes it. */
  readonly request: RequestFacts
}

/** A rendered message on its way into the outbox: what is in it is sealed, to whom it goes is not. */
export type QueuedMessage = {
  readonly delivery: Delivery
  readonly recipient: string
  readonly channel: AddressVia
  readonly template: TemplateName
}
