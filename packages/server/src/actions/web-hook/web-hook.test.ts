import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { actionWorld, afterLogin, afterRegistration, ann, base64, beforeLogin } from '../../../test/action-world.ts'
import { type Receiver, startReceiver } from '../../../test/receiver.ts'
import type { AfterContext, BeforeContext } from '../../core/action.ts'
import { NeighbourError } from '../../core/errors.ts'
import { actionId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { type Place, placeOf } from '../../core/place.ts'
import { webHook } from './web-hook.ts'

let receiver: Receiver
let world: ReturnType<typeof actionWorld>
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.close())
beforeEach(async () => {
  receiver.reset()
})

type Case = {
  readonly place?: Place
  readonly context?: BeforeContext | AfterContext
  readonly world?: Parameters<typeof actionWorld>[0]
}

const hook = (config: JsonObject, place: Place) =>
  webHook.create(
    { url: receiver.url('/hook'), method: 'POST', body: base64('function(ctx) ctx'), ...config },
    world,
    place,
  )

/** Asks a hook as the engine would. */
async function decide(config: JsonObject, { context = afterLogin, place, world: changes }: Case = {}) {
  world = actionWorld(changes)
  const { trigger } = context
  const action = hook(
    config,
    place ?? placeOf(trigger.flow, trigger.phase, trigger.phase === 'after' ? trigger.method : null),
  )
  const deadline = world.stopwatch.now() + world.settings.actions.askTimeout
  try {
    return 'identity' in context ? await action.after?.(context, deadline) : await action.before?.(context, deadline)
  } catch (error) {
    return error instanceof NeighbourError ? error.class : error
  } finally {
    await world.close()
  }
}

async function told(
  config: JsonObject,
  context: BeforeContext | AfterContext = afterRegistration,
  place: Place = 'registration.after.password',
) {
  world = actionWorld()
  const delivery = await hook(config, place).render?.(context, { eventId: 'event', actionId: actionId('action') })
  await world.close()
  return delivery
}

test('a receiver is asked with the whole ctx, and a plain 200 lets the person pass', async () => {
  await expect(decide({})).resolves.toEqual({ kind: 'proceed', effects: [] })
  const [call] = receiver.calls
  expect(call).toMatchObject({
    method: 'POST',
    path: '/hook',
    headers: { 'content-type': 'application/json', 'user-agent': 'cardea/test' },
  })
  expect(JSON.parse(call?.body ?? '')).toMatchObject({
    identity: { id: ann.id },
    session: {},
    trigger: { flow: 'login' },
  })
})

test('a body is the text of the template, layout and all', async () => {
  await decide({ body: base64('function(ctx) { b: 1, a: [true, {}], t: ctx.flow.type }') })
  expect(receiver.calls[0]?.body).toBe('{\n   "a": [\n      true,\n      { }\n   ],\n   "b": 1,\n   "t": "api"\n}\n')
})

test('every attempt says which delivery it is and which try', async () => {
  receiver.on('/hook', { status: 500 }, { status: 503 }, { status: 200 })
  await expect(decide({})).resolves.toMatchObject({ kind: 'proceed' })
  const { calls } = receiver
  const values = (name: string) => new Set(calls.map(({ headers }) => headers[name]))
  expect(calls).toHaveLength(3)
  expect(values('webhook-id').size).toBe(1)
  expect(values('ory-webhook-trigger-id').size).toBe(1)
  expect(values('ory-webhook-request-id').size).toBe(3)
  expect(new Set(calls.map(({ body }) => body)).size).toBe(1)
  for (const { headers } of calls) expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(JSON.parse(calls[0]?.body ?? '').delivery).toEqual({ id: calls[0]?.headers['webhook-id'], attempt: 1 })
})

test('the Ory headers can be switched off', async () => {
  await decide({ emit_analytics_event: false })
  const { headers } = receiver.calls[0] ?? {}
  expect(headers).toHaveProperty('webhook-id')
  expect(headers).not.toHaveProperty('ory-webhook-trigger-id')
  expect(headers).not.toHaveProperty('ory-webhook-request-id')
})

test('a call is authenticated', async () => {
  await decide({ auth: { type: 'basic_auth', config: { user: 'u', password: 'p' } }, headers: { 'X-One': '1' } })
  expect(receiver.calls[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('u:p')}`, 'x-one': '1' })
})

test('a form is flat and sorted', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  await decide({ headers, body: base64("function(ctx) { space: 'a b&c=d', email: ctx.identity.traits.email }") })
  expect(receiver.calls[0]).toMatchObject({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'email=ann%40example.test&space=a+b%26c%3Dd',
  })
})

test('TRACE has no body and its template is not looked at', async () => {
  await expect(decide({ method: 'TRACE', body: base64("error 'cancel'") })).resolves.toMatchObject({ kind: 'proceed' })
  expect(receiver.calls[0]).toMatchObject({ method: 'TRACE', body: '' })
})

const form = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
test.each([
  ['cancel', { body: base64("function(ctx) error 'cancel'") }, 'proceed'],
  ['cancelled, in a field', { body: base64("function(ctx) { a: error 'cancelled for tests' }") }, 'proceed'],
  [
    'a condition that cancels',
    { body: base64("function(ctx) if ctx.flow.type == 'api' then error 'cancel' else {}") },
    'proceed',
  ],
  ['do cancel', { body: base64("function(ctx) error 'do cancel'") }, 'P'],
  ['cancel in a form', { ...form, body: base64("function(ctx) error 'cancel'") }, 'P'],
  ['a form that is not flat', { ...form, body: base64('function(ctx) { a: { b: 1 } }') }, 'P'],
  ['a form that is a list', { ...form, body: base64('function(ctx) []') }, 'P'],
  ['a field that is not there', { body: base64('function(ctx) ctx.does.not.exist') }, 'P'],
  ['a template that is none', { body: base64('function(ctx) {') }, 'P'],
  ['an import', { body: base64("import 'x'") }, 'P'],
  ['an endless loop', { body: base64('local f(x) = f(x + 1) tailstrict; f(0)') }, 'P'],
  ['too large an output', { body: base64("std.repeat('x', 300000)") }, 'P'],
  ['no template', { body: '' }, 'P'],
  ['not base64', { body: 'base64://%%%' }, 'P'],
  ['a file that is not there', { body: 'file:///does/not/exist' }, 'P'],
  ['another content type', { headers: { 'Content-Type': 'text/plain' } }, 'P'],
  ['a content type with parameters', { headers: { 'Content-Type': 'application/json; charset=utf-8' } }, 'P'],
])('no call goes out for %s', async (_name, config, outcome) => {
  const decided = await decide(config)
  expect(typeof decided === 'object' && decided !== null && 'kind' in decided ? decided.kind : decided).toBe(outcome)
  expect(receiver.calls).toEqual([])
})

test('a template is fetched once and without the credentials of its hook', async () => {
  receiver.on('/template', { body: "function(ctx) 'fetched'" })
  world = actionWorld()
  const auth = { type: 'basic_auth', config: { user: 'u', password: 'p' } }
  const action = hook({ body: receiver.url('/template'), auth }, 'login.after.password')
  await action.after?.(afterLogin, world.stopwatch.now() + 2_000)
  await action.after?.(afterLogin, world.stopwatch.now() + 2_000)
  await world.close()
  expect(receiver.callsTo('/hook').map(({ body }) => body)).toEqual(['"fetched"\n', '"fetched"\n'])
  expect(receiver.callsTo('/template')).toHaveLength(1)
  const { headers } = receiver.callsTo('/template')[0] ?? {}
  for (const name of ['authorization', 'webhook-id', 'ory-webhook-trigger-id']) expect(headers).not.toHaveProperty(name)
})

test.each([201, 204, 302, 404, 500])('a template answered with %i is none', async (status) => {
  receiver.on('/template', {
    status,
    headers: { location: receiver.url('/other') },
    body: status === 204 ? '' : 'true',
  })
  await expect(decide({ body: receiver.url('/template') })).resolves.toBe('P')
  expect(receiver.callsTo('/hook')).toEqual([])
})

const messages = [{ instance_ptr: '#/traits/email', messages: [{ id: 7, text: 'no', type: 'error' }] }]
test.each([
  ['plain', {}, 'U'],
  ['parse', { response: { parse: true } }, 'deny'],
  ['can_interrupt', { can_interrupt: true }, 'deny'],
])('a 400 with messages, mode %s', async (_name, config, outcome) => {
  receiver.on('/hook', { status: 400, json: { messages } })
  for (const context of [afterLogin, beforeLogin]) {
    const decided = await decide(config, { context })
    expect(typeof decided === 'object' && decided !== null && 'kind' in decided ? decided.kind : decided).toBe(outcome)
  }
})

test('an answer may amend the identity', async () => {
  receiver.on('/hook', { json: { identity: { metadata_public: { tier: 1 } } } })
  const config = { response: { parse: true } }
  await expect(decide(config, { context: afterRegistration })).resolves.toEqual({
    kind: 'amend',
    patch: { metadataPublic: { tier: 1 } },
  })
  await expect(decide(config, { context: beforeLogin })).resolves.toMatchObject({ kind: 'proceed' })
})

test.each([
  [500, 3, 'P'],
  [429, 3, 'P'],
  [501, 1, 'U'],
  [404, 1, 'U'],
  [302, 1, 'P'],
])('a receiver that always answers %i is called %i times', async (status, times, outcome) => {
  receiver.on('/hook', { status, headers: { location: '/other' } })
  await expect(decide({})).resolves.toBe(outcome)
  expect(receiver.calls).toHaveLength(times)
})

test('attempts and budget are those of the hook', async () => {
  receiver.on('/hook', { status: 500 })
  await decide({ attempts: 1 })
  expect(receiver.calls).toHaveLength(1)
})

test.each([
  ['its own budget', { timeout: '150ms' }, {}],
  ['the budget of the settings', {}, { actions: { timeout: 150 } }],
  ['the budget of the step', {}, { actions: { askTimeout: 150 } }],
])('silence ends with %s, all attempts together', async (_name, config, changes) => {
  receiver.on('/hook', () => {})
  const started = performance.now()
  await expect(decide(config, { world: changes })).resolves.toBe('T')
  expect(performance.now() - started).toBeLessThan(1_000)
  expect(receiver.calls).toHaveLength(1)
})

test('a private receiver is not called where those are refused', async () => {
  await expect(decide({}, { world: { clients: { privateAddresses: 'refused' } } })).resolves.toBe('P')
  expect(receiver.calls).toEqual([])
})

test('a hook that is switched off does nothing', () => {
  expect(hook({ enabled: false }, 'login.before')).toEqual({})
})

test('a queued call is rendered and not sent, and none of its secrets is in it', async () => {
  const delivery = await told({
    response: { ignore: true },
    headers: { 'X-Token': 'hush' },
    auth: { type: 'api_key', config: { name: 'X-Key', value: 'hush', in: 'header' } },
    timeout: '700ms',
  })
  expect(receiver.calls).toEqual([])
  expect(delivery).toMatchObject({
    eventId: 'event',
    actionId: 'action',
    trigger: 'registration.after.password',
    identityId: ann.id,
    leasedUntil: null,
    leaseToken: null,
    content: {
      kind: 'rendered',
      timeout: 700,
      emitHeaders: true,
      call: {
        method: 'POST',
        url: receiver.url('/hook'),
        headers: { 'content-type': 'application/json' },
        secretHeaders: ['x-token', 'x-key'],
      },
    },
  })
  expect(JSON.stringify(delivery)).not.toContain('hush')
  expect(hook({ response: { ignore: true }, headers: { 'X-Token': 'hush' } }, 'login.after').sending).toEqual({
    secretHeaders: { 'x-token': 'hush' },
    attempts: 3,
  })
})

test('a plain hook after registration is awaited, and held by the request', async () => {
  const delivery = await told({})
  expect(hook({}, 'registration.after.password').awaited).toBe(true)
  expect(delivery?.leaseToken).toEqual(expect.any(String))
  expect((delivery?.leasedUntil ?? 0) - (delivery?.createdAt ?? 0)).toBeGreaterThan(2_000)
})

test('a queued hook before a login has no identity', async () => {
  const delivery = await told({ response: { ignore: true } }, beforeLogin, 'login.before')
  expect(delivery).toMatchObject({ identityId: null, trigger: 'login.before' })
})

test.each([
  ["error 'cancel'", null],
  [
    'ctx.nothing',
    { content: { kind: 'dead', reason: expect.stringContaining('the template failed') }, leaseToken: null },
  ],
  ['{', { content: { kind: 'dead' } }],
])('the template %s of a queued call', async (source, expected) => {
  const delivery = await told({ response: { ignore: true }, body: base64(`function(ctx) ${source}`) })
  if (expected === null) expect(delivery).toBeNull()
  else expect(delivery).toMatchObject(expected)
})
