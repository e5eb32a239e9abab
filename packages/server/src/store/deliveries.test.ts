import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AT, queued } from '../../test/store-samples.ts'
import { claimSome } from '../../test/claim-some.ts'
import { storeDeps } from '../../test/store-deps.ts'
import { DIALECTS, freshDsn, freshStore } from '../../test/stores.ts'
import type { Attempt, Delivery } from '../core/delivery.ts'
import type { Claimed } from '../outbox/queue.ts'
import { openStore } from './open-store.ts'
import type { Store } from './store.ts'

const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  requestId: randomUUID(),
  startedAt: AT,
  endedAt: AT + 40,
  outcome: 'retry',
  status: 503,
  reason: 'answered 503',
  ...changes,
})

const queue = (store: Store, ...deliveries: readonly Delivery[]) =>
  store.commit(deliveries.map((delivery) => ({ kind: 'notify', delivery })))

const leaseOf = ({ delivery, leaseToken }: Claimed) => ({ id: delivery.id, leaseToken })

async function claimOne(store: Store, lease = 10_000): Promise<Claimed> {
  const [claimed] = await claimSome(store.deliveries, { limit: 1, lease })
  if (claimed === undefined) throw new Error('nothing to claim')
  return claimed
}

describe.each(DIALECTS)('%s', (dialect) => {
  /** A store whose leases run on a clock that the test turns. */
  async function turnable() {
    const time = { now: AT }
    const { store } = await freshStore(dialect, { queueClock: { now: () => time.now } })
    return { store, time }
  }

  test('a claim returns what was queued, byte for byte, and the token that proves it', async () => {
    const { store, time } = await turnable()
    const one = queued({ identityId: null })
    await queue(store, one)
    const claimed = await claimOne(store)
    expect(claimed).toEqual({
      delivery: { ...one, leasedUntil: time.now + 10_000, leaseToken: claimed.leaseToken },
      leaseToken: claimed.leaseToken,
      attempts: 0,
      tries: 0,
      beganAt: null,
    })
    expect(claimed.leaseToken).not.toBe('')
  })

  test('what is claimed is nobody else’s until the lease ends', async () => {
    const { store, time } = await turnable()
    await queue(store, queued())
    const first = await claimOne(store)
    time.now += 9_999
    await expect(claimSome(store.deliveries, { limit: 10, lease: 1 })).resolves.toEqual([])
    time.now += 1
    const second = await claimOne(store)
    expect(second.delivery.id).toBe(first.delivery.id)
    expect(second.leaseToken).not.toBe(first.leaseToken)
  })

  test('what is due longest comes first, and no more than asked for', async () => {
    const { store, time } = await turnable()
    const all = Array.from({ length: 5 }, () => queued())
    for (const each of all) {
      await queue(store, each)
      time.now += 1
    }
    const claimed = await claimSome(store.deliveries, { limit: 3, lease: 10_000 })
    expect(new Set(claimed.map(({ delivery }) => delivery.id))).toEqual(new Set(all.slice(0, 3).map(({ id }) => id)))
    await expect(claimSome(store.deliveries, { limit: 10, lease: 10_000 })).resolves.toHaveLength(2)
  })

  test('of many workers, each gets its own', async () => {
    const { store } = await freshStore(dialect)
    const all = Array.from({ length: 60 }, () => queued())
    await queue(store, ...all)
    const claims = await Promise.all(
      Array.from({ length: 12 }, () => claimSome(store.deliveries, { limit: 5, lease: 10_000 })),
    )
    const ids = claims.flat().map(({ delivery }) => delivery.id)
    const rest = await claimSome(store.deliveries, { limit: 100, lease: 10_000 })
    expect(new Set([...ids, ...rest.map(({ delivery }) => delivery.id)])).toEqual(new Set(all.map(({ id }) => id)))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('a request that delivers by itself holds its row from the commit on', async () => {
    const { store, time } = await turnable()
    const held = queued({ leasedUntil: AT + 15_000, leaseToken: randomUUID() })
    // The lease is a span of time: that the server's clock is late does not shorten it.
    time.now += 3_600_000
    await queue(store, held)
    time.now += 14_999
    await expect(claimSome(store.deliveries, { limit: 10, lease: 1 })).resolves.toEqual([])
    const lease = { id: held.id, leaseToken: held.leaseToken ?? '' }
    await expect(
      store.deliveries.complete([
        { ...lease, attempts: [attempt({ outcome: 'delivered' })], next: { kind: 'delivered' } },
      ]),
    ).resolves.toEqual([])
    await expect(store.deliveries.find(held.id)).resolves.toMatchObject({ state: 'delivered', attempts: 1 })
  })

  test('a delivery without a call is dead from the start, with its reason', async () => {
    const { store } = await turnable()
    const dead = queued({ content: { kind: 'dead', reason: 'RUNTIME ERROR: \u0000no such field' } })
    await queue(store, dead)
    await expect(claimSome(store.deliveries, { limit: 10, lease: 1 })).resolves.toEqual([])
    await expect(store.deliveries.find(dead.id)).resolves.toMatchObject({
      delivery: dead,
      state: 'dead',
      reason: 'RUNTIME ERROR: no such field',
    })
  })

  test('a completion says what became of it, and keeps every try in order', async () => {
    const { store, time } = await turnable()
    const one = queued()
    await queue(store, one)
    const [first, second, third] = [
      attempt(),
      attempt({ status: null, reason: 'timeout' }),
      attempt({ outcome: 'failed' }),
    ]
    await expect(
      store.deliveries.complete([
        {
          ...leaseOf(await claimOne(store)),
          attempts: [first, second],
          next: { kind: 'pending', dueAt: time.now + 500 },
        },
      ]),
    ).resolves.toEqual([])
    await expect(store.deliveries.find(one.id)).resolves.toMatchObject({
      state: 'pending',
      leaseToken: null,
      nextAt: AT + 500,
      attempts: 2,
    })
    await expect(claimSome(store.deliveries, { limit: 1, lease: 1 })).resolves.toEqual([])
    time.now += 500
    const again = await claimOne(store)
    expect(again.attempts).toBe(2)
    await store.deliveries.complete([
      { ...leaseOf(again), attempts: [third], next: { kind: 'dead', reason: 'gave up: a\u0000b' } },
    ])
    await expect(store.deliveries.find(one.id)).resolves.toMatchObject({
      state: 'dead',
      reason: 'gave up: ab',
      attempts: 3,
    })
    await expect(store.deliveries.attemptsOf(one.id)).resolves.toEqual([first, second, third])
  })

  test('whoever has lost the lease changes nothing and is told', async () => {
    const { store, time } = await turnable()
    await queue(store, queued())
    const slow = await claimOne(store)
    time.now += 10_000
    const quick = await claimOne(store)
    const late = { ...leaseOf(slow), attempts: [attempt()], next: { kind: 'delivered' } } as const
    await expect(store.deliveries.complete([late])).resolves.toEqual([leaseOf(slow)])
    await expect(store.deliveries.find(slow.delivery.id)).resolves.toMatchObject({
      state: 'pending',
      leaseToken: quick.leaseToken,
      attempts: 0,
    })
    await expect(store.deliveries.attemptsOf(slow.delivery.id)).resolves.toEqual([])
    // Its successor is not disturbed, and once it is done nobody completes it again.
    const done = { ...leaseOf(quick), attempts: [attempt()], next: { kind: 'delivered' } } as const
    await expect(store.deliveries.complete([done])).resolves.toEqual([])
    await expect(store.deliveries.complete([done])).resolves.toEqual([leaseOf(quick)])
    await expect(store.deliveries.attemptsOf(slow.delivery.id)).resolves.toHaveLength(1)
  })

  test('completions come in batches, each by itself: lost ones do not take the others along', async () => {
    const { store, time } = await turnable()
    await queue(store, ...Array.from({ length: 4 }, () => queued()))
    const claimed = await claimSome(store.deliveries, { limit: 4, lease: 10_000 })
    const completions = claimed.map((each, at) => ({
      ...leaseOf(each),
      leaseToken: at === 1 ? 'not mine' : each.leaseToken,
      attempts: Array.from({ length: at }, () => attempt()),
      next: at === 2 ? ({ kind: 'pending', dueAt: time.now } as const) : ({ kind: 'delivered' } as const),
    }))
    const lost = await store.deliveries.complete(completions)
    expect(lost).toEqual([{ id: claimed[1]?.delivery.id, leaseToken: 'not mine' }])
    const standings = await Promise.all(claimed.map(({ delivery }) => store.deliveries.find(delivery.id)))
    expect(standings.map((each) => each?.state)).toEqual(['delivered', 'pending', 'pending', 'delivered'])
    expect(standings.map((each) => each?.attempts)).toEqual([0, 0, 2, 3])
    await expect(store.deliveries.complete([])).resolves.toEqual([])
  })

  test('a lease is extended by those who hold it, and only by them', async () => {
    const { store, time } = await turnable()
    await queue(store, queued(), queued())
    const [mine, other] = await claimSome(store.deliveries, { limit: 2, lease: 10_000 })
    if (mine === undefined || other === undefined) throw new Error('two were queued')
    time.now += 9_000
    await store.deliveries.extend([leaseOf(mine), { ...leaseOf(other), leaseToken: 'not mine' }], 10_000)
    await store.deliveries.extend([], 10_000)
    time.now += 5_000
    const due = await claimSome(store.deliveries, { limit: 10, lease: 10_000 })
    expect(due.map(({ delivery }) => delivery.id)).toEqual([other.delivery.id])
  })

  test('without a clock of the test, time is the database’s own', async () => {
    const { store } = await freshStore(dialect)
    expect(Math.abs((await store.deliveries.now()) - Date.now())).toBeLessThan(5_000)
    // A server whose clock is an hour ahead queues something: it is due at once all the same.
    await queue(store, queued({ createdAt: Date.now() + 3_600_000 }))
    const claimed = await claimOne(store, 10_000)
    expect((claimed.delivery.leasedUntil ?? 0) - (await store.deliveries.now())).toBeGreaterThan(5_000)
  })

  test('a row that commits late is not passed over', async () => {
    const { store } = await freshStore(dialect)
    const [early, late] = [queued({ createdAt: AT + 1_000 }), queued({ createdAt: AT })]
    await queue(store, early)
    await claimOne(store)
    await queue(store, late)
    expect((await claimOne(store)).delivery.id).toBe(late.id)
  })
})

test('two nodes on one PostgreSQL share the work: nothing is claimed twice, nothing is left', async () => {
  const dsn = await freshDsn('postgres')
  const nodes = await Promise.all([1, 2].map(() => openStore(dsn, storeDeps())))
  const [one] = nodes
  if (one === undefined) throw new Error('two nodes')
  await queue(one, ...Array.from({ length: 200 }, () => queued()))
  const claimed = await Promise.all(
    nodes.flatMap((node) => Array.from({ length: 10 }, () => claimSome(node.deliveries, { limit: 15, lease: 60_000 }))),
  )
  const ids = claimed.flat().map(({ delivery }) => delivery.id)
  expect(new Set(ids).size).toBe(ids.length)
  const rest = await claimSome(one.deliveries, { limit: 500, lease: 60_000 })
  expect(ids.length + rest.length).toBe(200)
  await Promise.all(nodes.map((node) => node.close()))
})
