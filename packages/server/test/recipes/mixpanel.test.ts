import { describe, expect, test } from 'vitest'
import { follow } from '../../src/actions/recipe/chain.ts'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import {
  answered,
  connect,
  contract,
  DELIVERY,
  drive,
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

const file = await contract('mixpanel')
const secrets = { project_token: '{{secret:mixpanel_project_token}}' }
const service = { ...secrets, service_account_secret: '{{secret:mixpanel_service_account_secret}}' }
const account = { service_account: 'svc.user', project_id: '3187769' }
const mixpanel = connect('mixpanel', { secrets, params: { send_ip: true } })
const fine: Served = { status: 200, body: { status: 1, error: null } }

const firstOf = (json: Json): JsonObject => listAt({ json }, 'json')[0] ?? {}
/** What the SDK sends, decoded; without what it says of itself. */
function decoded(id: string): JsonObject {
  const body = objectAt(recording(file, id), 'request').decoded_body ?? {}
  const event = isJsonObject(body) ? body : firstOf(body)
  const { mp_lib: _, $lib_version: __, ...properties } = objectAt(event, 'properties')
  return event.properties === undefined ? event : { ...event, properties }
}
const direct = (id: string) =>
  objectAt(
    listAt(file, 'direct_equivalents').find((each) => each.id === id),
    'request',
  )

describe('S3: Mixpanel', () => {
  test('a registration is an event, then a profile', () => {
    const { sent, end } = drive(mixpanel, {}, () => fine)
    const [event, profile] = sent
    expect(firstOf(event?.json ?? null)).toEqual(decoded('track-signed-up'))
    for (const [call, id] of [
      [event, 'track-signed-up'],
      [profile, 'people-set'],
    ] as const) {
      const request = direct(id)
      expect(`${call?.method} ${call?.path}`).toBe(`${textAt(request, 'method')} ${textAt(request, 'path')}`)
      expect(call?.query).toEqual(request.query)
      expect(call?.json).toEqual(request.body)
    }
    expect(event?.auth).toBe(undefined)
    expect(end?.kind).toBe('done')
  })

  test('the token is only put in at the moment of sending', () => {
    const started = start(mixpanel)
    expect(JSON.stringify(started)).not.toContain('mixpanel_project_token')
    expect(started).toMatchObject({ call: { bodySecrets: [{ name: 'project_token', as: 'json' }] } })
  })

  test('with a service account events are imported, and checked', () => {
    const connection = connect('mixpanel', { secrets: service, params: { ...account, send_flow_id: false } })
    const call = firstCall(connection)
    const request = direct('import')
    expect(`${call.method} ${call.path}`).toBe('POST /import')
    expect(call.query).toEqual(request.query)
    expect(call.json).toEqual(request.body)
    expect(call.auth).toEqual(request.auth)
    // Beside the token, which a service account makes needless, it is what the SDK imports.
    const { token: _, ...properties } = objectAt(decoded('import-batch'), 'properties')
    expect(objectAt(firstOf(call.json), 'properties')).toMatchObject(properties)
  })

  test('a login is an event and counts one, and only once', () => {
    const { sent } = drive(mixpanel, { trigger: 'login', method: 'oidc' }, () => fine)
    expect(firstOf(sent[0]?.json ?? null)).toMatchObject({
      ...decoded('track-batch'),
      properties: objectAt(decoded('track-batch'), 'properties'),
    })
    expect(firstOf(sent[1]?.json ?? null)).toEqual({ ...decoded('people-increment'), $ip: '0' })
    expect(sent[1]?.query).toEqual({ ip: '0', verbose: '1' })
    const started = start(mixpanel, { trigger: 'login' })
    if (started.kind !== 'call') throw new Error('no call')
    const counting = {
      ...started.chain,
      step: 'count',
      steps: { import: { skipped: true, status: 0 }, track: { status: 200 } },
    }
    const failed = { kind: 'failed', reason: 'no answer', mayHaveArrived: true } as const
    const judged = { kind: 'retry', reason: 'no answer', asked: null } as const
    expect(follow(mixpanel, counting, failed, judged).kind).toBe('dead')
    expect(follow(mixpanel, counting, { ...failed, mayHaveArrived: false }, judged).kind).toBe('retry')
    // An event is deduplicated, so it is told again.
    expect(follow(mixpanel, started.chain, failed, judged).kind).toBe('retry')
  })

  test('what a new profile holds, what was known before, and who is gone', () => {
    const connection = connect('mixpanel', {
      secrets,
      params: {
        profile: {},
        profile_once: { 'First login': 'iso(ctx.identity.created_at)' },
        anonymous_id: "'anon-1'",
      },
    })
    const { sent } = drive(connection, {}, () => fine)
    expect(firstOf(sent[1]?.json ?? null)).toEqual({ ...decoded('people-set-once'), $ip: '0' })
    expect(firstOf(sent[2]?.json ?? null)).toEqual(decoded('alias'))
    expect(firstOf(firstCall(mixpanel, { trigger: 'identity.deleted' }).json)).toEqual(decoded('people-delete'))
  })

  test('no address is in an event, whatever happens', () => {
    for (const trigger of ['registration', 'login', 'verification', 'recovery'] as const) {
      const { sent } = drive(mixpanel, { trigger }, () => fine)
      const events = sent.filter(({ path }) => path === '/track' || path === '/import')
      expect(events.length).toBeGreaterThan(0)
      expect(JSON.stringify(events.map(({ json }) => json)).toLowerCase()).not.toContain('example.com')
    }
  })

  test.each([
    ['us', 'https://api.mixpanel.com'],
    ['eu', 'https://api-eu.mixpanel.com'],
    ['in', 'https://api-in.mixpanel.com'],
  ])('the region %s has the host %s', (region, origin) => {
    expect(firstCall(connect('mixpanel', { secrets, params: { region } })).origin).toBe(origin)
  })

  test.each(
    listAt(file, 'responses').map(
      (response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const,
    ),
  )('the answer %s: %s', (_id, stated, served) => {
    const started = start(mixpanel)
    if (started.kind !== 'call') throw new Error('no call')
    const followed = answered(mixpanel, started.chain, served)
    expect(outcomeOf(followed)).toBe(stated.replace(/[ :].*/, ''))
    if (followed.kind === 'retry') expect(followed.atLeast).toBe(2_000)
  })

  test('in the mock’s world: the same event again is one event, and every id is one Mixpanel takes', () => {
    const events = new Map<string, Json>()
    const receive = (call: Wire): Served => {
      for (const event of listAt({ json: call.json }, 'json')) {
        if (event.properties === undefined) continue
        const properties = objectAt(event, 'properties')
        const id = textAt(properties, '$insert_id')
        if (!/^[A-Za-z0-9-]{1,36}$/.test(id)) return { status: 400, body: { error: 'insert_id' } }
        if (['anonymous', 'null', '0', 'undefined', ''].includes(textAt(properties, 'distinct_id')))
          return { status: 200, body: '0' }
        events.set(JSON.stringify([event.event, properties.time, properties.distinct_id, id]), event)
      }
      if (call.path === '/engage' && call.query.ip !== '0') return { status: 200, body: '0' }
      return fine
    }
    drive(mixpanel, {}, (call) => (call.path === '/track' ? receive(call) : fine))
    drive(mixpanel, {}, (call) => (call.path === '/track' ? receive(call) : fine))
    expect(events.size).toBe(1)
    expect([...events.keys()][0]).toContain(DELIVERY)
    expect(drive(mixpanel, { trigger: 'settings', previous: { traits: {} } }, receive).end?.kind).toBe('done')
  })
})
