import { createHash } from 'node:crypto'
import type { AfterContext, BeforeContext, Occasion } from '../../core/action.ts'
import { type DeliveryId, deliveryId } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { triggerName } from '../../core/trigger.ts'

/**
 * The `webhook-id` of a call somebody waits for: the same whenever one step of one flow is tried again with the same
 * input, so that a receiver which has seen it need not do again what it did (reliability.md I29).
 */
export function stepId(context: BeforeContext | AfterContext, { actionId, where }: Occasion): DeliveryId {
  const { flow, trigger } = context
  const hash = createHash('sha256')
    .update(JSON.stringify([flow.id, triggerName(trigger), actionId, where, inputOf(context)]))
    .digest('hex')
  // A UUID of version 7, as ids of deliveries are, whose time is that of the flow (RFC 9562 §5.7).
  const time = Math.max(0, flow.issuedAt).toString(16).padStart(12, '0')
  const variant = (Number.parseInt(hash.slice(3, 4), 16) % 4) + 8
  return deliveryId(
    `${time.slice(0, 8)}-${time.slice(8, 12)}-7${hash.slice(0, 3)}-${variant.toString(16)}${hash.slice(4, 7)}-${hash.slice(7, 19)}`,
  )
}

/** Who it is, and what was sent along. Whoever is about to be created has another id at every try. */
function inputOf(context: BeforeContext | AfterContext): Json {
  if (!('identity' in context)) return null
  const { flow, identity } = context
  const { id, version, schemaId, state, traits, metadataPublic, externalId } = identity
  const known = flow.name === 'registration' ? [] : [id, version]
  return [...known, schemaId, state, traits, metadataPublic, externalId, flow.transientPayload]
}
