import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ActionWorld, actionWorld } from '../../test/action-world.ts'
import { type MemoryQueue, memoryQueue } from '../../test/memory-queue.ts'
import { type Receiver, startReceiver } from '../../test/receiver.ts'
import type { Sending } from '../core/action.ts'
import type { Delivery } from '../core/delivery.ts'
import { actionId, deliveryId } from '../core/ids.ts'
import { sweep, warn } from './housekeeping.ts'
import { type Outbox, type OutboxDeps, startOutbox } from './start-outbox.ts'

let receiver: Receiver
let world: ActionWorld
let queue: MemoryQueue
let outbox: Outbox
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.close())
beforeEach(() => {
  receiver.reset()
  queue = memoryQueue()
})
afterEach(async () => {
  await outbox.stop(0)
  await world.close()
})

type Changes = Partial<Pick<OutboxDeps, 'concurrency' | 'lease' | 'pollInterval' | 'sendingOf'>> & {
  readonly awaitedFailure?: 'fail' | 'retry'
}

function start({ awaitedFailure = 'fail', ...changes }: Changes = {}) {
  world = actionWorld({ actions: { awaitedFailure } })
  outbox = startOutbox({
    ...world,
    settings: () => world.settings.actions,
    queue,
    concurrency: 8,
    pollInterval: 20,
    sendingOf: () => null,
    ...changes,
  })
}

const count = { next: 0 }
function delivery(
  path: string,
  more: Partial<Delivery> = {},
  call: { readonly secretHeaders?: readonly string[]; readonly timeout?: number } = {},
): Delivery {
  count.next += 1
  const id = `00000000-0000-4000-8000-${String(count.next).padStart(12, '0')}`
  return {
    id: deliveryId(id),
    eventId: id,
    actionId: actionId('crm'),
    trigger: 'registration.after.password',
    identityId: null,
    createdAt: 0,
    leasedUntil: null,
    leaseToken: null,
    content: {
      kind: 'rendered',
      call: {
        method: 'POST',
        url: receiver.url(path),
        headers: { 'content-type': 'application/json' },
        body: `{"n":${count.next}}`,
        secretHeaders: call.secretHeaders ?? [],
      },
      timeout: call.timeout ?? 1_000,
      emitHeaders: true,
    },
    ...more,
  }
}

const held = (path: string, call: Parameters<typeof delivery>[2] = {}) =>
  delivery(path, { leasedUntil: Date.now() + 60_000, leaseToken: 'request' }, call)

const rowOf = ({ id }: Delivery) => queue.rows.get(id)

async function until(fact: () => boolean, within = 3_000): Promise<void> {
  const end = performance.now() + within
  while (!fact()) {
    if (performance.now() > end) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('what is queued is delivered once, with its id and its bytes', async () => {
  start()
  const one = delivery('/hook')
  queue.add(one)
  outbox.wake()
  await until(() => rowOf(one)?.state === 'delivered')
  expect(receiver.calls).toHaveLength(1)
  expect(receiver.calls[0]).toMatchObject({
    body: one.content.kind === 'rendered' ? one.content.call.body : '',
    headers: { 'webhook-id': one.id, 'ory-webhook-trigger-id': one.id, 'content-type': 'application/json' },
  })
  expect(rowOf(one)?.attempts).toMatchObject([
    { outcome: 'delivered', status: 200, requestId: receiver.calls[0]?.headers['ory-webhook-request-id'] },
  ])
})

test('a wake-up is only a hint: without one the poll finds the row', async () => {
  start()
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.state === 'delivered')
})

test('a wake-up does not wait for the poll', async () => {
  start({ pollInterval: 60_000 })
  await new Promise((resolve) => setTimeout(resolve, 30))
  const one = delivery('/hook')
  queue.add(one)
  outbox.wake()
  await until(() => rowOf(one)?.state === 'delivered', 500)
})

test('a failure is repeated with the same id and bytes until it succeeds, and every attempt is kept', async () => {
  start()
  receiver.on('/hook', { status: 500 }, { status: 429 }, { status: 200 })
  const one = delivery('/hook')
  queue.add(one)
  for (const attempts of [1, 2]) {
    await until(() => rowOf(one)?.attempts.length === attempts && rowOf(one)?.leaseToken === null)
    expect(rowOf(one)?.state).toBe('pending')
    queue.turn(24 * 3_600_000)
  }
  await until(() => rowOf(one)?.state === 'delivered')
  expect(rowOf(one)?.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
    ['retry', 500],
    ['retry', 429],
    ['delivered', 200],
  ])
  expect(new Set(receiver.calls.map(({ body, headers }) => `${headers['webhook-id']} ${body}`)).size).toBe(1)
  expect(new Set(receiver.calls.map(({ headers }) => headers['ory-webhook-request-id'])).size).toBe(3)
})

test('a failure is not repeated before its time, and a receiver may say when', async () => {
  start()
  receiver.on('/hook', { status: 503, headers: { 'Retry-After': '60' } })
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.attempts.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.calls).toHaveLength(1)
  expect((rowOf(one)?.nextAt ?? 0) - Date.now()).toBeGreaterThan(55_000)
})

test.each([400, 404, 410])('a %i is final and shown as dead with its reason', async (status) => {
  start()
  receiver.on('/hook', { status })
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.state === 'dead')
  expect(rowOf(one)).toMatchObject({ reason: `answered ${status}`, attempts: [{ outcome: 'failed', status }] })
})

test('after its last attempt it is dead', async () => {
  start({ sendingOf: () => ({ ...sending({}), retry: { attempts: 3 } }) })
  receiver.on('/hook', { status: 500 })
  const one = delivery('/hook')
  queue.add(one)
  for (let attempts = 1; attempts <= 3; attempts++) {
    await until(() => rowOf(one)?.attempts.length === attempts && rowOf(one)?.leaseToken === null)
    queue.turn(3_600_000)
    outbox.wake()
  }
  expect(rowOf(one)).toMatchObject({ state: 'dead', reason: 'answered 500' })
})

test('a delivery that is dead or held by a request is left alone', async () => {
  start()
  const dead = delivery('/hook', { content: { kind: 'dead', reason: 'no template' } })
  const awaited = held('/hook')
  queue.add(dead, awaited)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.calls).toEqual([])
  // The request died: when its lease ends a worker takes over.
  queue.turn(120_000)
  await until(() => rowOf(awaited)?.state === 'delivered')
})

test('no more are under way at once than allowed, and all of them arrive', async () => {
  start({ concurrency: 3 })
  const seen = { now: 0, most: 0 }
  receiver.on('/hook', (_call, response) => {
    seen.most = Math.max(seen.most, ++seen.now)
    setTimeout(() => {
      seen.now -= 1
      response.end()
    }, 10)
  })
  const many = Array.from({ length: 30 }, () => delivery('/hook'))
  queue.add(...many)
  await until(() => many.every((each) => rowOf(each)?.state === 'delivered'))
  expect(seen.most).toBe(3)
  expect(receiver.calls).toHaveLength(30)
})

test('a long call keeps its lease, so nobody else makes it', async () => {
  start({ lease: 200 })
  receiver.on('/hook', { delay: 900 })
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.state === 'delivered')
  expect(receiver.calls).toHaveLength(1)
  expect(queue.control.extended).toBeGreaterThan(2)
})

test('whoever has lost the lease changes nothing', async () => {
  start({ lease: 60_000 })
  receiver.on('/hook', { delay: 100 })
  const one = delivery('/hook')
  queue.add(one)
  await receiver.waitFor('/hook').catch(() => {})
  const row = rowOf(one)
  if (row !== undefined) row.leaseToken = 'successor'
  await until(() => world.logged.some(({ event }) => event === 'lease_lost'))
  expect(rowOf(one)).toMatchObject({ state: 'pending', leaseToken: 'successor', attempts: [] })
})

test('a database that is away loses nothing and ends nothing', async () => {
  start()
  queue.control.isAway = true
  const one = delivery('/hook')
  queue.add(one)
  await until(() => world.logged.some(({ event }) => event === 'claim_failed'))
  queue.control.isAway = false
  await until(() => rowOf(one)?.state === 'delivered')

  receiver.on('/hook', (_call, response) => {
    queue.control.isAway = true
    setTimeout(() => {
      queue.control.isAway = false
    }, 100)
    response.end()
  })
  const two = delivery('/hook')
  queue.add(two)
  await until(() => rowOf(two)?.state === 'delivered')
  expect(receiver.calls).toHaveLength(2)
})

test('a stop lets attempts under way finish and claims nothing more', async () => {
  start()
  receiver.on('/hook', { delay: 100 })
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.leaseToken !== null)
  const two = delivery('/other')
  const stopped = outbox.stop()
  queue.add(two)
  await stopped
  expect(rowOf(one)?.state).toBe('delivered')
  expect(rowOf(two)?.state).toBe('pending')
})

test('a stop does not wait for ever: what takes too long is given back', async () => {
  start()
  receiver.on('/hook', () => {})
  const one = delivery('/hook', {}, { timeout: 60_000 })
  queue.add(one)
  await receiver.waitFor('/hook').catch(() => {})
  await until(() => rowOf(one)?.leaseToken !== null)
  await outbox.stop(50)
  expect(rowOf(one)).toMatchObject({ state: 'pending', leaseToken: null })
  expect(rowOf(one)?.nextAt).toBeLessThanOrEqual(Date.now() + 1_000)
})

const sending = (secretHeaders: Sending['secretHeaders']): Sending => ({ secretHeaders, attempts: 2 })

test('secrets are those of today, and a call that needs them waits without them', async () => {
  const today: { sending: Sending | null } = { sending: null }
  start({ sendingOf: () => today.sending })
  const one = delivery('/hook', {}, { secretHeaders: ['x-key'] })
  queue.add(one)
  await until(() => rowOf(one)?.attempts.length === 1)
  expect(receiver.calls).toEqual([])
  expect(rowOf(one)?.attempts[0]?.reason).toContain('not configured any more')
  today.sending = sending({ 'x-key': 'rotated' })
  queue.turn(3_600_000)
  await until(() => rowOf(one)?.state === 'delivered')
  expect(receiver.calls[0]?.headers['x-key']).toBe('rotated')
})

test('an awaited delivery is made at once and its row completed', async () => {
  start()
  const one = held('/hook')
  queue.add(one)
  await expect(outbox.deliverNow(one)).resolves.toEqual({ kind: 'delivered' })
  expect(rowOf(one)).toMatchObject({ state: 'delivered', attempts: [{ outcome: 'delivered' }] })
})

test('an awaited delivery is tried as often as its hook says, each try kept', async () => {
  start({ sendingOf: () => sending({}) })
  receiver.on('/hook', { status: 500 }, { status: 200 })
  const one = held('/hook')
  queue.add(one)
  await expect(outbox.deliverNow(one)).resolves.toEqual({ kind: 'delivered' })
  expect(rowOf(one)?.attempts.map(({ outcome }) => outcome)).toEqual(['retry', 'delivered'])
})

test.each([
  ['a 4xx', { status: 404 }, 'U', 1],
  ['a 501', { status: 501 }, 'U', 1],
  ['a 5xx', { status: 500 }, 'P', 3],
  ['a 429', { status: 429 }, 'P', 3],
  ['a redirect', { status: 302, headers: { location: '/' } }, 'P', 1],
  ['silence', () => {}, 'T', 1],
] as const)('where failure fails the answer: %s', async (_name, answer, kind, attempts) => {
  start()
  receiver.on('/hook', answer)
  const one = held('/hook', { timeout: 200 })
  queue.add(one)
  await expect(outbox.deliverNow(one)).resolves.toMatchObject({ kind: 'failed', class: kind })
  expect(rowOf(one)?.state).toBe('dead')
  expect(rowOf(one)?.attempts).toHaveLength(attempts)
})

test('where failure is retried the person gets through and the worker goes on', async () => {
  start({ awaitedFailure: 'retry' })
  receiver.on('/hook', { status: 500 }, { status: 500 }, { status: 500 }, { status: 200 })
  const one = held('/hook')
  queue.add(one)
  await expect(outbox.deliverNow(one)).resolves.toEqual({ kind: 'postponed', detail: 'answered 500' })
  expect(rowOf(one)).toMatchObject({ state: 'pending', leaseToken: null })
  queue.turn(3_600_000)
  await until(() => rowOf(one)?.state === 'delivered')
  expect(receiver.calls).toHaveLength(4)
})

test.each([
  ['fail', { kind: 'failed', class: 'P', detail: 'no template' }],
  ['retry', { kind: 'postponed', detail: 'no template' }],
] as const)('an awaited delivery without a body, failure %s', async (awaitedFailure, outcome) => {
  start({ awaitedFailure })
  const one = delivery('/hook', { content: { kind: 'dead', reason: 'no template' } })
  await expect(outbox.deliverNow(one)).resolves.toEqual(outcome)
})

test('the person is answered though nobody can write down that the call was made', async () => {
  start()
  const one = held('/hook')
  queue.add(one)
  queue.control.isAway = true
  await expect(outbox.deliverNow(one)).resolves.toEqual({ kind: 'delivered' })
  expect(world.logged.some(({ event }) => event === 'delivery_not_recorded')).toBe(true)
  queue.control.isAway = false
})

test('a lease that is nearly over is renewed before the call', async () => {
  start({ lease: 60_000 })
  const late = { ...held('/hook'), leasedUntil: Date.now() + 500 }
  const early = held('/hook')
  queue.add(late, early)
  await outbox.deliverNow(early)
  expect(queue.control.extended).toBe(0)
  await outbox.deliverNow(late)
  expect(queue.control.extended).toBe(1)
})

const ENDPOINT = 'https://crm.example.test/hook'

test('410 disables the action, with a notice; its later deliveries wait and are not lost', async () => {
  start({ pollInterval: 10 })
  receiver.on('/hook', { status: 410 }, { status: 200 })
  const one = delivery('/hook', { endpoint: ENDPOINT })
  queue.add(one)
  await until(() => queue.actions.get('crm')?.state === 'disabled')
  expect(rowOf(one)).toMatchObject({ state: 'dead', reason: 'answered 410' })
  expect(queue.actions.get('crm')).toMatchObject({
    reason: `${ENDPOINT} answered 410: it wants no more deliveries`,
    evidence: { lastFailure: 'answered 410', delivery: one.id },
  })
  expect(world.logged.find(({ event }) => event === 'action_disabled')?.fields).toMatchObject({ action: 'crm' })
  const two = delivery('/hook', { endpoint: ENDPOINT })
  queue.add(two)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(rowOf(two)).toMatchObject({ state: 'pending', leaseToken: null })
  expect(receiver.calls).toHaveLength(1)
  // Somebody sets it going again.
  await queue.setAction({ actionId: one.actionId, state: 'active', until: null, reason: 'it moved' })
  await until(() => rowOf(two)?.state === 'delivered')
})

test('a receiver that is down is left alone, then tried by one, then served again', async () => {
  start({ pollInterval: 10 })
  receiver.on('/hook', { status: 503 })
  const many = Array.from({ length: 12 }, () => delivery('/hook', { endpoint: ENDPOINT }))
  queue.add(...many)
  await until(() => (queue.endpoints.get(ENDPOINT)?.openUntil ?? 0) > 0)
  await until(() => many.every((each) => rowOf(each)?.leaseToken === null))
  const calls = receiver.calls.length
  expect(calls).toBeLessThan(12)
  expect(world.logged.find(({ event }) => event === 'breaker_opened')?.fields).toMatchObject({ endpoint: ENDPOINT })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.calls).toHaveLength(calls)
  const seen = { now: 0, most: 0 }
  receiver.on('/hook', (_call, response) => {
    seen.most = Math.max(seen.most, ++seen.now)
    setTimeout(() => {
      seen.now -= 1
      response.statusCode = receiver.calls.length === calls + 1 ? 503 : 200
      response.end()
    }, 50)
  })
  queue.turn(60_000)
  await until(() => (queue.endpoints.get(ENDPOINT)?.opened ?? 0) === 2)
  // It was tried by one, which failed: it is left alone for longer.
  expect(seen.most).toBe(1)
  expect(receiver.calls).toHaveLength(calls + 1)
  queue.turn(3_600_000)
  await until(() => many.every((each) => rowOf(each)?.state === 'delivered'))
  expect(queue.endpoints.get(ENDPOINT)).toMatchObject({ failures: 0, opened: 0, openUntil: null })
})

test('an action whose calls are all refused stands still before all of its deliveries are gone', async () => {
  start({ pollInterval: 10 })
  receiver.on('/hook', { status: 401 })
  const many = Array.from({ length: 60 }, () => delivery('/hook', { endpoint: ENDPOINT }))
  queue.add(...many)
  await until(() => queue.actions.get('crm')?.state === 'quarantined')
  await until(() => many.every((each) => rowOf(each)?.leaseToken === null))
  const left = many.filter((each) => rowOf(each)?.state === 'pending').length
  expect(left).toBeGreaterThan(20)
  expect(queue.actions.get('crm')).toMatchObject({ evidence: { lastFailure: 'answered 401' } })
  expect(queue.actions.get('crm')?.evidence?.failures).toBeGreaterThanOrEqual(20)
  expect(world.logged.some(({ event }) => event === 'action_quarantined')).toBe(true)
  // The key is mended, and somebody says so.
  receiver.on('/hook', { status: 200 })
  await queue.setAction({ actionId: actionId('crm'), state: 'active', until: null, reason: '' })
  await until(() => many.every((each) => rowOf(each)?.state !== 'pending'))
  expect(many.filter((each) => rowOf(each)?.state === 'delivered')).toHaveLength(left)
})

test('a quarantine that ends by itself is tried by one, and goes on if that fails', async () => {
  start({ pollInterval: 10 })
  receiver.on('/hook', { status: 401 })
  queue.add(...Array.from({ length: 60 }, () => delivery('/hook', { endpoint: ENDPOINT })))
  await until(() => queue.actions.get('crm')?.state === 'quarantined')
  await until(() => [...queue.rows.values()].every(({ leaseToken }) => leaseToken === null))
  const dead = () => [...queue.rows.values()].filter(({ state }) => state === 'dead').length
  const before = dead()
  queue.turn(3_600_001)
  await until(() => dead() === before + 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(dead()).toBe(before + 1)
  expect(queue.actions.get('crm')?.state).toBe('quarantined')
})

test('I15: an endpoint that hangs costs another nothing', async () => {
  start({ concurrency: 16 })
  receiver.on('/hangs', () => {})
  queue.add(
    ...Array.from({ length: 1_000 }, () =>
      delivery('/hangs', { endpoint: 'hangs', actionId: actionId('slow') }, { timeout: 60_000 }),
    ),
  )
  await until(() => receiver.calls.length === 8)
  const quick = Array.from({ length: 50 }, () => delivery('/hook', { endpoint: ENDPOINT }))
  queue.add(...quick)
  outbox.wake()
  await until(() => quick.every((each) => rowOf(each)?.state === 'delivered'), 2_000)
  expect(receiver.calls.filter(({ path }) => path === '/hangs')).toHaveLength(8)
})

test('I5: those of one identity come one after the other, those of others beside them', async () => {
  start({ concurrency: 16 })
  const order: string[] = []
  const seen = { now: 0, most: 0 }
  receiver.on('/hook', (call, response) => {
    order.push(String(call.headers['webhook-id']))
    seen.most = Math.max(seen.most, ++seen.now)
    setTimeout(() => {
      seen.now -= 1
      response.end()
    }, 10)
  })
  const people = Array.from({ length: 4 }, (_, person) =>
    Array.from({ length: 5 }, () => delivery('/hook', { orderKey: `crm ${person}` })),
  )
  for (let at = 0; at < 5; at++) for (const each of people) queue.add(...each.slice(at, at + 1))
  outbox.wake()
  await until(() => people.flat().every((each) => rowOf(each)?.state === 'delivered'))
  for (const each of people) {
    const ids = each.map(({ id }) => id)
    expect(order.filter((id) => ids.some((own) => own === id))).toEqual(ids)
  }
  expect(seen.most).toBeGreaterThan(1)
  expect(seen.most).toBeLessThanOrEqual(4)
})

test('completions that come together are written together, and none waits for another', async () => {
  start({ concurrency: 64 })
  queue.control.completionTime = 20
  const many = Array.from({ length: 64 }, () => delivery('/hook'))
  queue.add(...many)
  outbox.wake()
  await until(() => many.every((each) => rowOf(each)?.state === 'delivered'))
  expect(queue.control.completed).toBeLessThan(32)
})

test('an action that stands still asks nobody to wait: its awaited delivery is for later', async () => {
  start()
  await queue.setAction({ actionId: actionId('crm'), state: 'paused', until: null, reason: 'maintenance' })
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  const one = held('/hook')
  queue.add(one)
  await expect(outbox.deliverNow(one)).resolves.toMatchObject({ kind: 'postponed' })
  expect(receiver.calls).toEqual([])
  expect(rowOf(one)).toMatchObject({ state: 'pending', leaseToken: null })
})

test('the time an action stood still counts for no retry', async () => {
  start({ pollInterval: 10 })
  receiver.on('/hook', { status: 500 }, { status: 500 }, { status: 200 })
  const one = delivery('/hook')
  queue.add(one)
  await until(() => rowOf(one)?.tries === 1)
  await queue.setAction({ actionId: one.actionId, state: 'paused', until: null, reason: '' })
  // Ten days later it fails once more: that would have been the end.
  queue.turn(10 * 24 * 3_600_000)
  await queue.setAction({ actionId: one.actionId, state: 'active', until: null, reason: '' })
  await until(() => rowOf(one)?.tries === 2)
  expect(rowOf(one)?.state).toBe('pending')
})

test('what was kept long enough goes: the delivered after a week, the dead after a month', async () => {
  start()
  receiver.on('/hook', { status: 400 }, { status: 200 })
  const [dead, delivered] = [delivery('/hook'), delivery('/hook')]
  queue.add(dead)
  await until(() => rowOf(dead)?.state === 'dead')
  queue.add(delivered)
  await until(() => rowOf(delivered)?.state === 'delivered')
  const keep = () => ({ delivered: 7 * 24 * 3_600_000, dead: 30 * 24 * 3_600_000 })
  await sweep({ queue, keep, log: world.log })
  expect(queue.rows.size).toBe(2)
  queue.turn(8 * 24 * 3_600_000)
  await sweep({ queue, keep, log: world.log })
  expect([...queue.rows.keys()]).toEqual([dead.id])
  queue.turn(30 * 24 * 3_600_000)
  await sweep({ queue, keep, log: world.log })
  expect(queue.rows.size).toBe(0)
})

test('what could be made and comes late is said aloud; what waits for an action or a receiver is not', async () => {
  start()
  await outbox.stop(0)
  queue.add(delivery('/hook', { endpoint: ENDPOINT }))
  await warn({ queue, log: world.log })
  queue.turn(301_000)
  await warn({ queue, log: world.log })
  expect(world.logged).toEqual([
    { event: 'deliveries_late', fields: { queues: 1, action: 'crm', endpoint: ENDPOINT, late: expect.any(Number) } },
  ])
  await queue.setAction({ actionId: actionId('crm'), state: 'paused', until: null, reason: '' })
  await warn({ queue, log: world.log })
  expect(world.logged).toHaveLength(1)
})
