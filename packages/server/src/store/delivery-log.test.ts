import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { claimSome } from '../../test/claim-some.ts'
import { AT, callOf, person, queued, queuedMessage } from '../../test/store-samples.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'
import type { Attempt, Delivery } from '../core/delivery.ts'
import { actionId, type DeliveryId, deliveryId, flowId, identityId } from '../core/ids.ts'
import { firstIdAt } from './first-id.ts'
import type { Store } from './store.ts'

const commit = (store: Store, ...deliveries: readonly Delivery[]) =>
  store.commit(deliveries.map((delivery) => ({ kind: 'notify', delivery })))

const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  requestId: randomUUID(),
  startedAt: AT,
  endedAt: AT + 40,
  outcome: 'failed',
  status: 400,
  reason: 'answered 400 about ann@example.test',
  step: 'upsert',
  timings: { dns: 1, connect: 2.5, tls: null, wait: 10, read: 0.1 },
  answer: { headers: { 'content-type': 'text/plain' }, body: 'ann@example.test \u0000 \ud800', length: 20 },
  ...changes,
})

/** An id made at a moment, as `rowId` makes them. */
const madeAt = (time: number): DeliveryId => deliveryId(`${firstIdAt(time)}7000${randomUUID().slice(18)}`)

describe.each(DIALECTS)('%s', (dialect) => {
  async function turnable() {
    const time = { now: AT }
    const { store } = await freshStore(dialect, { queueClock: { now: () => time.now } })
    /** Makes the one attempt that ends a delivery. */
    const end = async (kind: 'delivered' | 'dead', changes: Partial<Attempt> = {}) => {
      const [claimed] = await claimSome(store.deliveries, { limit: 1, lease: 1_000 })
      if (claimed === undefined) throw new Error('one was due')
      const lease = { id: claimed.delivery.id, leaseToken: claimed.leaseToken }
      const next = kind === 'dead' ? ({ kind, reason: 'no: ann@example.test' } as const) : ({ kind } as const)
      await store.deliveries.complete([{ ...lease, attempts: [attempt(changes)], next }])
      return claimed.delivery
    }
    return { store, time, end }
  }

  test('a delivery keeps all that is said of it', async () => {
    const { store } = await turnable()
    const full = queued({
      flowId: flowId(randomUUID()),
      identityId: identityId(randomUUID()),
      endpoint: 'https://crm.example.test/people',
      orderKey: 'crm ann',
      context: { identity: { traits: { odd: 'a\u0000b \ud800' } } },
      progress: { done: ['find'] },
      replayOf: deliveryId(randomUUID()),
      cause: deliveryId(randomUUID()),
      depth: 2,
    })
    await commit(store, full)
    expect((await store.deliveries.find(full.id))?.delivery).toEqual(full)
    await expect(store.deliveries.replaysOf(full.replayOf ?? full.id)).resolves.toEqual([full.id])
    const one = attempt()
    const [claimed] = await claimSome(store.deliveries, { limit: 1, lease: 1_000 })
    await store.deliveries.complete([
      {
        id: full.id,
        leaseToken: claimed?.leaseToken ?? '',
        attempts: [one],
        progress: { done: ['find', 'upsert'] },
        next: { kind: 'pending', dueAt: AT },
      },
    ])
    await expect(store.deliveries.attemptsOf(full.id)).resolves.toEqual([one])
    const [again] = await claimSome(store.deliveries, { limit: 1, lease: 1_000 })
    expect(again).toMatchObject({ delivery: { progress: { done: ['find', 'upsert'] } }, tries: 1, beganAt: AT })
  })

  test('deliveries are listed newest first, page by page, by all that is asked for', async () => {
    const { store } = await turnable()
    const [ann, flow] = [identityId(randomUUID()), flowId(randomUUID())]
    const all = Array.from({ length: 12 }, (_, at) =>
      queued({
        id: madeAt(AT + at),
        actionId: actionId(at % 2 === 0 ? 'crm' : 'shop'),
        trigger: at % 3 === 0 ? 'login.after.password' : 'registration.after.password',
        identityId: at < 4 ? ann : null,
        ...(at === 5 ? { flowId: flow } : {}),
        ...(at > 8 ? { content: { kind: 'dead', reason: 'no template' } } : {}),
      }),
    )
    await commit(store, ...all)
    await store.commit([{ kind: 'sendMail', message: queuedMessage() }])
    const list = async (filter: object) => {
      const page = await store.deliveries.list({ before: null, size: 100, ...filter })
      return page.map(({ delivery }) => all.findIndex(({ id }) => id === delivery.id))
    }
    expect(await list({})).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    expect(await list({ size: 3 })).toEqual([11, 10, 9])
    expect(await list({ size: 3, before: all[9]?.id })).toEqual([8, 7, 6])
    expect(await list({ actionId: 'crm' })).toEqual([10, 8, 6, 4, 2, 0])
    expect(await list({ trigger: 'login.after.password' })).toEqual([9, 6, 3, 0])
    expect(await list({ identityId: ann })).toEqual([3, 2, 1, 0])
    expect(await list({ flowId: flow })).toEqual([5])
    expect(await list({ state: 'dead' })).toEqual([11, 10, 9])
    expect(await list({ state: 'dead', actionId: 'shop' })).toEqual([11, 9])
    expect(await list({ state: 'pending', size: 2 })).toEqual([8, 7])
    expect(await list({ state: 'delivered' })).toEqual([])
    expect(await list({ since: AT + 3, until: AT + 6 })).toEqual([5, 4, 3])
    expect(await list({ until: AT + 6, before: all[4]?.id, actionId: 'crm' })).toEqual([2, 0])
    expect(await list({ actionId: 'c\u0000rm' })).toEqual([10, 8, 6, 4, 2, 0])
  })

  test('I19: a replay is the same delivery once more, with its id and its bytes', async () => {
    const { store, time, end } = await turnable()
    const one = queued()
    await commit(store, one)
    await end('dead')
    time.now += 40 * 24 * 3_600_000
    await expect(store.deliveries.replay([one.id, queued().id])).resolves.toEqual([one.id])
    const [claimed] = await claimSome(store.deliveries, { limit: 1, lease: 1_000 })
    // It begins again: what it was tried before counts for nothing but the log.
    expect(claimed).toMatchObject({ attempts: 1, tries: 0, beganAt: null })
    expect(claimed?.delivery.content).toEqual(one.content)
    // While it is under way nobody replays it, and nobody cancels it.
    await expect(store.deliveries.replay([one.id])).resolves.toEqual([])
    await expect(store.deliveries.cancel([one.id], 'enough')).resolves.toEqual([])
    const lease = { id: one.id, leaseToken: claimed?.leaseToken ?? '' }
    await store.deliveries.complete([{ ...lease, attempts: [attempt({ status: 200 })], next: { kind: 'delivered' } }])
    await expect(store.deliveries.find(one.id)).resolves.toMatchObject({ state: 'delivered', attempts: 2, tries: 1 })
  })

  test('what waits for its next try is due at once when it is replayed', async () => {
    const { store, time } = await turnable()
    const one = queued()
    await commit(store, one)
    const [claimed] = await claimSome(store.deliveries, { limit: 1, lease: 1_000 })
    const lease = { id: one.id, leaseToken: claimed?.leaseToken ?? '' }
    await store.deliveries.complete([
      { ...lease, attempts: [attempt()], next: { kind: 'pending', dueAt: time.now + 3_600_000 } },
    ])
    await expect(store.deliveries.replay([one.id])).resolves.toEqual([one.id])
    await expect(claimSome(store.deliveries, { limit: 1, lease: 1_000 })).resolves.toHaveLength(1)
  })

  test('what could not be rendered is not replayed: there are no bytes', async () => {
    const { store } = await turnable()
    const one = queued({ content: { kind: 'dead', reason: 'no template' } })
    await commit(store, one)
    await expect(store.deliveries.replay([one.id])).resolves.toEqual([])
  })

  test('what waits can be cancelled, and replayed all the same', async () => {
    const { store } = await turnable()
    const one = queued()
    await commit(store, one)
    await expect(store.deliveries.cancel([one.id], 'sent by hand')).resolves.toEqual([one.id])
    await expect(store.deliveries.find(one.id)).resolves.toMatchObject({ state: 'cancelled', reason: 'sent by hand' })
    await expect(claimSome(store.deliveries, { limit: 1, lease: 1_000 })).resolves.toEqual([])
    await expect(store.deliveries.cancel([one.id], 'again')).resolves.toEqual([])
    await expect(store.deliveries.replay([one.id])).resolves.toEqual([one.id])
  })

  test('I22: where a person is gone, nothing is left of a chain that is cancelled on its way', async () => {
    const { store } = await turnable()
    const ann = person('ann@example.test')
    const half = queued({ identityId: ann.id, progress: { call: 'ann@example.test' } })
    await store.commit([{ kind: 'createIdentity', identity: ann }])
    await commit(store, half)
    await store.commit([{ kind: 'deleteIdentity', identityId: ann.id }])
    await store.deliveries.cancel([half.id], 'enough')
    const left = await store.deliveries.find(half.id)
    expect(left).toMatchObject({ state: 'cancelled', delivery: { content: { kind: 'erased' } } })
    expect(JSON.stringify(left)).not.toContain('ann@example.test')
  })

  test('figures tell what waits, for how long, and which came first', async () => {
    const { store, time } = await turnable()
    const first = queued({ id: madeAt(AT), endpoint: 'a' })
    await commit(store, first, queued({ endpoint: 'a' }), queued({ endpoint: 'b' }))
    await store.commit([{ kind: 'sendMail', message: queuedMessage() }])
    time.now += 70_000
    const { queues, oldest, now } = await store.deliveries.figures()
    expect(now).toBe(time.now)
    expect(queues.toSorted((x, y) => (x.lane + x.endpoint < y.lane + y.endpoint ? -1 : 1))).toEqual([
      { lane: 'call', actionId: 'crm', endpoint: 'a', pending: 2, overdue: 70_000 },
      { lane: 'call', actionId: 'crm', endpoint: 'b', pending: 1, overdue: 70_000 },
      { lane: 'mail', actionId: 'courier', endpoint: '', pending: 1, overdue: 70_000 },
    ])
    expect(oldest).toMatchObject({ id: first.id, actionId: 'crm' })
  })

  test('I22: what is kept long enough is deleted, batch by batch, and what waits never is', async () => {
    const { store, time, end } = await turnable()
    const [waiting, ...done] = [queued({ createdAt: 0 }), queued(), queued(), queued()]
    await commit(store, ...done)
    for (const _ of done) await end('delivered')
    await commit(store, waiting)
    await store.commit([{ kind: 'sendMail', message: queuedMessage() }])
    await expect(store.deliveries.forget('delivered', time.now, 10)).resolves.toBe(0)
    time.now += 1
    await expect(store.deliveries.forget('dead', time.now, 10)).resolves.toBe(0)
    await expect(store.deliveries.forget('delivered', time.now, 2)).resolves.toBe(2)
    await expect(store.deliveries.forget('delivered', time.now, 2)).resolves.toBe(1)
    for (const { id } of done) await expect(store.deliveries.attemptsOf(id)).resolves.toEqual([])
    await expect(store.deliveries.find(waiting.id)).resolves.toMatchObject({ state: 'pending' })
  })

  test('I22: with a person goes what was said of them, and what still has to be said goes after that', async () => {
    const { store, end } = await turnable()
    const ann = person('ann@example.test')
    await store.commit([{ kind: 'createIdentity', identity: ann }])
    const secret = { context: { identity: { traits: { email: 'ann@example.test' } } }, identityId: ann.id }
    const about = (changes: Partial<Delivery> = {}) =>
      queued({
        ...secret,
        content: {
          kind: 'rendered',
          call: { method: 'POST', url: 'https://e.test', headers: {}, body: 'ann@example.test', secretHeaders: [] },
          timeout: 1,
          emitHeaders: true,
        },
        ...changes,
      })
    const [delivered, dead, waiting] = [about(), about(), about()]
    const unrendered = about({ content: { kind: 'dead', reason: 'RUNTIME ERROR: ann@example.test' } })
    const somebodyElses = queued()
    for (const [one, kind] of [
      [delivered, 'delivered'],
      [dead, 'dead'],
    ] as const) {
      await commit(store, one)
      await end(kind)
    }
    await commit(store, waiting, unrendered, somebodyElses)
    const mail = queuedMessage({ delivery: queued({ ...secret, content: { kind: 'mail', sealed: 'c2VhbGVk' } }) })
    await store.commit([{ kind: 'sendMail', message: mail }])
    const call = { ...callOf(ann.id, flowId(randomUUID())), detail: 'ann@example.test' }
    await store.calls.keep([call])
    const farewell = about({ trigger: 'identity.deleted' })
    await store.commit([
      { kind: 'deleteIdentity', identityId: ann.id },
      { kind: 'notify', delivery: farewell },
    ])

    const everything = async () => {
      const ids = [delivered, dead, waiting, unrendered, farewell].map(({ id }) => id)
      const standings = await Promise.all(ids.map((id) => store.deliveries.find(id)))
      const attempts = await Promise.all(ids.map((id) => store.deliveries.attemptsOf(id)))
      return { standings, attempts, calls: await store.calls.list({ before: null, size: 10 }) }
    }
    const now = await everything()
    expect(now.standings.map((each) => [each?.state, each?.delivery.content.kind])).toEqual([
      ['delivered', 'erased'],
      ['dead', 'erased'],
      ['pending', 'rendered'],
      ['dead', 'erased'],
      ['pending', 'rendered'],
    ])
    expect(JSON.stringify(now.calls)).not.toContain('ann@')
    expect(now.calls).toMatchObject([{ id: call.id, outcome: 'denied', endpoint: call.endpoint, attempts: [] }])
    expect(await store.messages.list({ before: null, size: 10 })).toMatchObject([{ recipient: '' }])
    // The last two are still told, and emptied then.
    const told = [await end('delivered'), await end('dead'), await end('delivered')]
    expect(told.flatMap(({ content }) => (content.kind === 'rendered' ? [content.call.body] : []))).toHaveLength(3)
    const then = await everything()
    expect(JSON.stringify(then)).not.toContain('ann@')
    expect(then.standings.map((each) => each?.delivery.content.kind)).toEqual(Array.from({ length: 5 }, () => 'erased'))
    expect(then.attempts.map((each) => each.length)).toEqual([1, 1, 1, 0, 1])
    await expect(store.deliveries.replay([delivered.id])).resolves.toEqual([])
    expect((await store.deliveries.find(somebodyElses.id))?.delivery.content.kind).toBe('rendered')
  })
})
