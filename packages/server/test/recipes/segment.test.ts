import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/core/json.ts'
import {
  ada,
  answered,
  connect,
  contract,
  DELIVERY,
  firstCall,
  listAt,
  objectAt,
  outcomeOf,
  recording,
  type Served,
  servedOf,
  start,
  statedOutcome,
  textAt,
  type Wire,
} from './contract.ts'

const file = await contract('segment')
const secrets = { write_key: 'write-key' }
const segment = connect('segment', { secrets })

/** As the contract compares: without what only the SDK says of itself. */
function bare(event: JsonObject): JsonObject {
  const { integrations: _, _metadata, ...rest } = event
  const { library: ___, ...context } = objectAt(event, 'context')
  const { context: __, ...others } = rest
  return Object.keys(context).length === 0 ? others : { ...others, context }
}

const sent = (call: Wire) => listAt(call.json, 'batch').map(bare)
const recorded = (id: string) => listAt(objectAt(objectAt(recording(file, id), 'request'), 'body'), 'batch').map(bare)
const eventIn = (call: Wire, type: string) => sent(call).find((event) => event.type === type)

describe('S3: Segment', () => {
  test('a registration is one call that says who this is and what happened', () => {
    const call = firstCall(connect('segment', { secrets, params: { send_ip: true } }))
    expect(`${call.method} ${call.origin}${call.path}`).toBe('POST https://api.segment.io/v1/batch')
    expect(call.auth).toEqual({ scheme: 'basic', username: secrets.write_key, password: '' })
    expect(eventIn(call, 'identify')).toEqual(recorded('identify')[0])
    expect(eventIn(firstCall(segment), 'track')).toEqual(recorded('track-signed-up')[0])
    expect(sent(call).map(({ messageId }) => messageId)).toEqual([`${DELIVERY}:identify`, `${DELIVERY}:track`])
  })

  test('both in one call, as the SDK has them', () => {
    const connection = connect('segment', { secrets, params: { traits: { email: 'ctx.identity.traits.email' } } })
    const shape = (events: readonly JsonObject[]) =>
      events.map((event) => ({ ...event, messageId: null, properties: null }))
    expect(shape(sent(firstCall(connection)))).toEqual(shape(recorded('batch-identify-track')))
  })

  test('a login names the method and the provider', () => {
    const connection = connect('segment', { secrets, params: { send_flow_id: false } })
    const call = firstCall(connection, { trigger: 'login', method: 'oidc', provider: 'github' })
    expect(sent(call)).toEqual(recorded('track-signed-in'))
  })

  test('an organisation and what was known before', () => {
    const connection = connect('segment', {
      secrets,
      params: { group_id: "'org_1'", group_traits: { name: "'Example GmbH'" }, anonymous_id: "'anon-1'" },
    })
    const call = firstCall(connection)
    expect(eventIn(call, 'group')).toEqual(recorded('group')[0])
    expect(eventIn(call, 'alias')).toEqual(recorded('alias')[0])
  })

  test('a missing trait is left out; settings that change none are not told', () => {
    const call = firstCall(segment, { identity: { traits: { email: 'a@example.test' } } })
    expect(Object.keys(objectAt(eventIn(call, 'identify'), 'traits'))).toEqual(['createdAt', 'email'])
    expect(start(segment, { trigger: 'settings', previous: {} }).kind).toBe('skipped')
    expect(start(connect('segment', { secrets, params: { consent: 'false' } })).kind).toBe('skipped')
  })

  test('the EU has a host of its own', () => {
    const call = firstCall(connect('segment', { secrets, params: { region: 'eu' } }))
    expect(call.origin).toBe('https://events.eu1.segmentapis.com')
  })

  test('an event that is too large is refused here, and says so', () => {
    const traits = { email: 'a@example.test', name: { first: 'x'.repeat(40_000) } }
    const started = start(segment, { identity: { traits } })
    expect(started).toMatchObject({ kind: 'failed' })
    const long = start(segment, {
      identity: { traits: { ...traits, name: { first: 'x'.repeat(15_000), last: 'y'.repeat(20_000) } } },
    })
    expect(long).toMatchObject({ detail: expect.stringMatching(/the vendor takes at most 32768|too large/) })
  })

  test.each([
    ...listAt(file, 'responses').map(
      (response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const,
    ),
    ['a wrong key', 'pause-connection', { status: 401 }] as const,
    ['too much', 'drop', { status: 413 }] as const,
    ['not built', 'drop', { status: 501 }] as const,
    ['too slow', 'retry', { status: 408 }] as const,
  ])('the answer %s: %s', (_id, stated, served: Served) => {
    const started = start(segment)
    if (started.kind !== 'call') throw new Error('no call')
    const followed = answered(segment, started.chain, served)
    expect(outcomeOf(followed)).toBe(stated.replace(/ after.*| \(.*|;.*/, ''))
    if (followed.kind === 'retry' && served.headers?.['retry-after'] !== undefined) expect(followed.asked).toBe(1_000)
  })

  test('in the mock’s world: told again, an event counts once', () => {
    const seen = new Set<Json | undefined>()
    const receive = (call: Wire) => {
      for (const event of listAt(call.json, 'batch')) seen.add(event.messageId)
    }
    receive(firstCall(segment))
    receive(firstCall(segment))
    expect(seen.size).toBe(2)
    expect([...seen].every((id) => JSON.stringify(id).length < 100)).toBe(true)
    expect(ada.id).toMatch(/^[0-9a-f-]{36}$/)
  })
})
