import type { Delivery } from './delivery.ts'
import type { AddressVia } from './identity.ts'
import type { JsonObject } from './json.ts'

/** The messages that flows send, by the names Ory's templates have (ory-identity-api.md §11). */
export type TemplateName =
  | 'recovery_valid'
  | 'recovery_invalid'
  | 'recovery_code_valid'
  | 'recovery_code_invalid'
  | 'verification_valid'
  | 'verification_invalid'
  | 'verification_code_valid'
  | 'verification_code_invalid'
  | 'login_code_valid'
  | 'registration_code_valid'
  | 'verifiable_address_changed'
  | 'authenticator_key_added'
  | 'stub'

/** A message to somebody: rendered by the courier when the change that causes it is committed, never before. */
export type Message = {
  readonly template: TemplateName
  readonly to: string
  readonly via: AddressVia
  readonly data: JsonObject
}

/** A rendered message on its way into the outbox: what is in it is sealed, to whom it goes is not. */
export type QueuedMessage = {
  readonly delivery: Delivery
  readonly recipient: string
  readonly channel: AddressVia
  readonly template: TemplateName
}
