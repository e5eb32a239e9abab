import type { Identity } from '../../core/identity.ts'
import { deliveryId, identityId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { toTimestamp } from '../../core/time.ts'
import type { RecipeTrigger } from './schema.ts'
import type { Occurrence } from './start-delivery.ts'

const at = Date.UTC(2026, 0, 15, 10, 0, 0, 123)

const sample: Identity = {
  id: identityId('9f425a8d-7efc-4768-8f23-7647a74fdf13'),
  schemaId: 'default',
  state: 'active',
  stateChangedAt: at,
  traits: {
    email: 'ada.lovelace+test@example.org',
    name: { first: 'Ada', last: 'Lovelace' },
    phone: '+4915112345678',
    newsletter: true,
  },
  metadataPublic: null,
  metadataAdmin: null,
  externalId: null,
  verifiableAddresses: [],
  recoveryAddresses: [],
  version: 1,
  createdAt: at,
  updatedAt: at,
}

const traitsBefore: JsonObject = { email: 'ada@example.org', name: { first: 'Ada' }, newsletter: true }

/** An event as it may happen: for examples, and to try a connection with nobody in it. */
export function sampleEvent(trigger: RecipeTrigger): Occurrence {
  const view = (traits: Identity['traits']): JsonObject => ({
    id: sample.id,
    schema_id: sample.schemaId,
    state: sample.state,
    traits,
    metadata_public: null,
    created_at: toTimestamp(at),
    verifiable_addresses: [],
  })
  const isEvent = trigger.includes('.')
  const isChange = trigger === 'settings' || trigger === 'identity.updated'
  const method = trigger === 'verification' || trigger === 'recovery' ? 'code' : 'password'
  return {
    trigger,
    id: deliveryId('0198b7a0-5c4e-7d2a-9d0e-6f7c2f1f9a11'),
    at,
    identity: sample,
    seen: {
      identity: view(sample.traits),
      ...(isChange ? { previous_identity: view(traitsBefore) } : {}),
      ...(isEvent
        ? { trigger: { phase: 'on', event: trigger } }
        : {
            trigger: { flow: trigger, phase: 'after', method },
            flow: { id: 'cec1c06e-48eb-4f9d-abf1-2e287371f4eb', type: 'browser', transient_payload: {} },
          }),
      client_ip: '203.0.113.7',
      request_headers: { 'User-Agent': ['Mozilla/5.0'] },
      delivery: { id: '0198b7a0-5c4e-7d2a-9d0e-6f7c2f1f9a11', attempt: 1 },
    },
  }
}
