import type { JsonObject } from '../core/json.ts'
import { type Time, toTimestamp } from '../core/time.ts'

type Moment = { readonly at: Time; readonly publicUrl: string; readonly schemaId: string; readonly uuid: () => string }

/** What a template might see at a trigger, about somebody who does not exist: for trying an action that has told nobody yet. */
export function sampleContext(trigger: string, { at, publicUrl, schemaId, uuid }: Moment): JsonObject {
  const now = toTimestamp(at)
  const id = uuid()
  const identity = {
    id,
    schema_id: schemaId,
    schema_url: `${publicUrl}schemas/${Buffer.from(schemaId).toString('base64url')}`,
    state: 'active',
    state_changed_at: now,
    traits: { email: 'ann@example.org', name: { first: 'Ann', last: 'Example' } },
    verifiable_addresses: [
      {
        id: uuid(),
        value: 'ann@example.org',
        verified: false,
        via: 'email',
        status: 'pending',
        created_at: now,
        updated_at: now,
      },
    ],
    recovery_addresses: [{ id: uuid(), value: 'ann@example.org', via: 'email', created_at: now, updated_at: now }],
    metadata_public: null,
    created_at: now,
    updated_at: now,
    organization_id: null,
  }
  const request = {
    request_headers: {},
    request_method: 'POST',
    request_url: publicUrl,
    request_cookies: {},
    client_ip: '192.0.2.7',
  }
  const [first = '', phase = '', method] = trigger.split('.')
  if (first === 'on') {
    return { trigger: { phase: 'on', event: `${phase}.${method ?? ''}` }, identity, changed: [], ...request }
  }
  return {
    flow: {
      id: uuid(),
      type: 'api',
      state: 'choose_method',
      request_url: `${publicUrl}self-service/${first}/api`,
      issued_at: now,
      expires_at: now,
      transient_payload: {},
      ui: { action: `${publicUrl}self-service/${first}`, method: 'POST', nodes: [] },
    },
    ...(phase === 'after' ? { identity } : {}),
    ...request,
    trigger: { flow: first, phase, ...(method === undefined ? {} : { method }) },
  }
}
