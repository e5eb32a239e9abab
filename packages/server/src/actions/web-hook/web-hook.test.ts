import { Webhook } from 'standardwebhooks'
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

const occasion = { eventId: 'event', actionId: actionId('action'), where: 'hooks[0]' }

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
    return 'identity' in context
      ? await action.after?.(context, deadline, occasion)
      : await action.before?.(context, deadline, occasion)
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
  const delivery = await hook(config, place).render?.(context, occasion)
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
  ['a form with a number', { ...form, body: base64('function(ctx) { a: { b: 1 } }') }, 'P'],
  ['a form that is a list', { ...form, body: base64('function(ctx) []') }, 'P'],
  ['a field that is not there', { body: base64('function(ctx) ctx.does.not.exist') }, 'P'],
  ['a template that is none', { body: base64('function(ctx) {') }, 'P'],
  ['an import', { body: base64("import 'x'") }, 'P'],
  ['an endless loop', { body: base64('local f(x) = f(x + 1) tailstrict; f(0)') }, 'P'],
  ['too large an output', { body: base64("std.repeat('x', 300000)") }, 'P'],
  ['no template', { body: '' }, 'P'],
  ['not base64', { body: 'base64://%%%' }, 'P'],
  ['a file that is not there', { body: 'file:///does/not/exist' }, 'P'],
  ['another content type', { headers: { 'Content-Type': 'application/octet-stream' } }, 'P'],
  ['a text that is none', { headers: { 'Content-Type': 'text/plain' }, body: base64('function(ctx) {}') }, 'P'],
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
  await action.after?.(afterLogin, world.stopwatch.now() + 2_000, occasion)
  await action.after?.(afterLogin, world.stopwatch.now() + 2_000, occasion)
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
    secrets: {},
    attempts: 3,
    endpoint: receiver.url('/hook'),
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

const code = (source: string) => base64(`function(ctx) ${source}`)

test('a form nests as brackets, leaves out what is null, and keeps its lists in order', async () => {
  const body = code("{ b: 'x y', a: { z: ['1', { q: 'é' }], none: null }, metadata: { id: ctx.identity.id } }")
  await decide({ ...form, body })
  expect(receiver.calls[0]?.body).toBe(
    `${encodeURIComponent('a[z][0]')}=1&${encodeURIComponent('a[z][1][q]')}=%C3%A9&b=x+y&${encodeURIComponent('metadata[id]')}=${ann.id}`,
  )
})

test.each([
  ['text/plain', "'Hello ' + ctx.identity.traits.email", 'Hello ann@example.test'],
  ['text/plain; charset=utf-8', "'é'", 'é'],
  ['application/soap+xml', "'<a/>'", '<a/>'],
  ['application/cloudevents+json', '{ a: 1 }', '{\n   "a": 1\n}\n'],
])('a body of type %s is written as it is', async (type, source, body) => {
  await decide({ headers: { 'Content-Type': type }, body: code(source) })
  expect(receiver.calls[0]).toMatchObject({ headers: { 'content-type': type }, body })
})

test('a call may have no body at all', async () => {
  for (const method of ['GET', 'DELETE', 'POST']) {
    receiver.reset()
    await expect(decide({ method, body: 'none' })).resolves.toMatchObject({ kind: 'proceed' })
    expect(receiver.calls[0]).toMatchObject({ method, body: '' })
    expect(receiver.calls[0]?.headers).not.toHaveProperty('content-type')
  }
})

test('address and headers are filled in, each value encoded for its place', async () => {
  const traits = { email: 'ann+x@example.test', nick: '../a b/?#&=%2F"é' }
  const context = { ...afterLogin, identity: { ...ann, traits } }
  const url = receiver.url('/people/${ctx.identity.traits.nick}/x?mail=${ctx.identity.traits.email}&n=${1 + 1}')
  const headers = { 'X-Who': 'id ${ctx.identity.id}', 'X-Brace': "${'}{'}$${kept}" }
  await expect(decide({ url, headers }, { context })).resolves.toMatchObject({ kind: 'proceed' })
  expect(receiver.calls[0]).toMatchObject({
    path: '/people/..%2Fa%20b%2F%3F%23%26%3D%252F%22%C3%A9/x?mail=ann%2Bx%40example.test&n=2',
    headers: { 'x-who': `id ${ann.id}`, 'x-brace': '}{${kept}' },
  })
})

const nicked = (nick: string) => ({ context: { ...afterLogin, identity: { ...ann, traits: { nick } } } })
test.each([
  ['a step up', 'url', '..'],
  ['a step on the spot', 'url', '.'],
  ['nothing in the path', 'url', ''],
  ['a line break in a header', 'header', 'a\r\nX-Evil: b'],
  ['a NUL in a header', 'header', 'a\0'],
  ['what is not ASCII in a header', 'header', 'é'],
  ['the name of a secret in a header', 'header', '${secrets.key}'],
])('a value cannot leave its place: %s', async (_name, place, nick) => {
  const expression = '${ctx.identity.traits.nick}'
  const config =
    place === 'url'
      ? { url: receiver.url(`/people/${expression}/x`) }
      : { headers: { 'X-Nick': expression, 'X-Key': '${secrets.key}' }, secrets: { key: 'hush' } }
  await expect(decide(config, nicked(nick))).resolves.toBe('P')
  expect(receiver.calls).toEqual([])
})

test.each(['ctx.identity.traits', 'null', '[1]', 'ctx.nothing'])('%s is no text for an address', async (source) => {
  await expect(decide({ url: receiver.url(`/hook?x=\${${source}}`) })).resolves.toBe('P')
  expect(receiver.calls).toEqual([])
})

test('a secret is named in the address and in headers, and stands in no delivery and no record', async () => {
  const config = {
    url: receiver.url('/hook?key=${secrets.key}&who=${ctx.identity.id}'),
    headers: { Authorization: 'Token ${secrets.key}' },
    secrets: { key: 'hush&hush' },
  }
  await decide(config)
  expect(receiver.calls[0]).toMatchObject({
    path: `/hook?key=hush%26hush&who=${ann.id}`,
    headers: { authorization: 'Token hush&hush' },
  })
  expect(JSON.stringify(world.recorded)).not.toContain('hush')
  expect(world.recorded[0]?.endpoint).toBe(receiver.url('/hook'))
  const delivery = await told({ ...config, response: { ignore: true } })
  expect(delivery).toMatchObject({
    content: { call: { url: receiver.url(`/hook?key=\${secrets.key}&who=${ann.id}`) } },
  })
  expect(JSON.stringify(delivery)).not.toContain('hush')
})

test('when decides whether anybody is called', async () => {
  const first = { when: "ctx.identity.traits.email == 'bob@example.test'" }
  await expect(decide(first)).resolves.toEqual({ kind: 'proceed', effects: [] })
  expect(receiver.calls).toEqual([])
  expect(world.recorded).toMatchObject([{ outcome: 'skipped', where: 'hooks[0]', attempts: [] }])
  await expect(told({ ...first, response: { ignore: true } })).resolves.toBeNull()
  expect(world.recorded).toMatchObject([{ outcome: 'skipped', where: 'hooks[0]', attempts: [] }])

  await decide({ when: "ctx.trigger.flow == 'login' // a comment" })
  expect(receiver.calls).toHaveLength(1)
})

test.each(["'true'", 'null', 'ctx.nothing'])('when has to say yes or no, and %s does neither', async (when) => {
  await expect(decide({ when })).resolves.toBe('P')
  await expect(decide({ when, on_failure: 'continue' })).resolves.toEqual({ kind: 'proceed', effects: [] })
  await expect(told({ when, response: { ignore: true } })).resolves.toMatchObject({ content: { kind: 'dead' } })
  expect(receiver.calls).toEqual([])
})

const FAILURES: readonly (readonly [string, JsonObject, () => void])[] = [
  ['a refusal without words', {}, () => receiver.on('/hook', { status: 404 })],
  ['an error', { attempts: 1 }, () => receiver.on('/hook', { status: 500 })],
  ['silence', { timeout: '100ms' }, () => receiver.on('/hook', () => {})],
  ['nonsense', { response: { parse: true } }, () => receiver.on('/hook', { body: 'not json' })],
  ['a template that fails', { body: code('ctx.nothing') }, () => {}],
]
test.each(FAILURES)('on_failure decides after %s', async (_name, config, prepare) => {
  prepare()
  await expect(decide(config)).resolves.toMatch(/^[UTP]$/)
  expect(world.recorded).toMatchObject([{ outcome: 'failed', detail: expect.stringMatching(/./) }])
  await expect(decide({ ...config, on_failure: 'deny' })).resolves.toMatch(/^[UTP]$/)

  await expect(decide({ ...config, on_failure: 'continue' })).resolves.toEqual({ kind: 'proceed', effects: [] })
  expect(world.recorded).toMatchObject([{ outcome: 'let_through', detail: expect.stringMatching(/./) }])
  expect(world.logged).toMatchObject([{ event: 'action_failed_and_passed', fields: { on_failure: 'continue' } }])

  const decision = await decide({ ...config, on_failure: 'queue' })
  expect(decision).toMatchObject({
    kind: 'proceed',
    effects: [{ kind: 'notify', delivery: { eventId: 'event', actionId: 'action', leaseToken: null } }],
  })
  expect(world.recorded).toMatchObject([{ outcome: 'queued' }])
})

test('what is queued because nobody answered is the very call that was tried', async () => {
  receiver.on('/hook', { status: 500 })
  const decision = await decide({ on_failure: 'queue', attempts: 2 })
  expect(decision).toMatchObject({
    effects: [
      {
        delivery: {
          id: receiver.calls[0]?.headers['webhook-id'],
          content: { call: { body: receiver.calls[0]?.body } },
        },
      },
    ],
  })
  expect(receiver.calls).toHaveLength(2)
})

test('a refusal with words is a decision, whatever on_failure says', async () => {
  receiver.on('/hook', { status: 400, json: { messages } })
  const config = { response: { parse: true }, on_failure: 'continue' }
  await expect(decide(config)).resolves.toMatchObject({ kind: 'deny' })
  expect(world.recorded).toMatchObject([{ outcome: 'denied', detail: 'no' }])
})

test('every attempt is recorded with its time, its answer and its reason', async () => {
  receiver.on('/hook', { status: 500 }, (_call, response) => response.destroy(), { status: 204 })
  await decide({})
  expect(world.recorded).toMatchObject([
    {
      actionId: 'action',
      trigger: 'login.after.password',
      flowId: afterLogin.flow.id,
      identityId: ann.id,
      method: 'POST',
      endpoint: receiver.url('/hook'),
      outcome: 'proceeded',
      attempts: [
        { status: 500, reason: '' },
        { status: null, reason: expect.stringMatching(/./) },
        { status: 204, reason: '' },
      ],
    },
  ])
  const ids = world.recorded[0]?.attempts.map(({ requestId }) => requestId)
  expect(ids).toEqual(receiver.calls.map(({ headers }) => headers['ory-webhook-request-id']))
})

const SECRETS = [
  `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
  'a raw secret of enough letters',
]
test('every attempt is signed with every secret, and the official library believes each', async () => {
  receiver.on('/hook', { status: 500 }, { status: 200 })
  await decide({ signing: { secrets: SECRETS }, body: code("{ a: 'é' }") })
  expect(receiver.calls).toHaveLength(2)
  const [encoded = '', raw = ''] = SECRETS
  for (const { headers, body } of receiver.calls) {
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    for (const known of [new Webhook(encoded), new Webhook(raw, { format: 'raw' })]) {
      expect(known.verify(body, { ...headers })).toEqual({ a: 'é' })
      expect(() => known.verify(`${body} `, { ...headers })).toThrow('signature')
      expect(() => known.verify(body, { ...headers, 'webhook-timestamp': '1' })).toThrow('timestamp')
    }
    expect(() =>
      new Webhook('another secret of enough letters', { format: 'raw' }).verify(body, { ...headers }),
    ).toThrow()
  }
})
