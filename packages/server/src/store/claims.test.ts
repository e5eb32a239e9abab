import { performance } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import { claimSome } from '../../test/claim-some.ts'
import { AT, queued } from '../../test/store-samples.ts'
import { storeDeps } from '../../test/store-deps.ts'
import { DIALECTS, type Dialect, freshDsn, freshStore } from '../../test/stores.ts'
import type { Delivery } from '../core/delivery.ts'
import { actionId } from '../core/ids.ts'
import type { Share } from '../outbox/queue.ts'
import { openDatabase, openStore, storeOn } from './open-store.ts'
import { statement } from './sql.ts'
import type { Store } from './store.ts'

const commit = (store: Store, ...deliveries: readonly Delivery[]) =>
  store.commit(deliveries.map((delivery) => ({ kind: 'notify', delivery })))

const to = (endpoint: string, changes: Partial<Delivery> = {}) => queued({ endpoint, ...changes })

const share = (endpoint: string, changes: Partial<Share> = {}): Share => ({
  queue: `crm ${endpoint}`,
  endpoint,
  isOrdered: false,
  most: 100,
  concurrency: null,
  rate: null,
  ...changes,
})

const LEASE = 10_000

describe.each(DIALECTS)('%s', (dialect) => {
  async function turnable() {
    const time = { now: AT }
    const { store } = await freshStore(dialect, { queueClock: { now: () => time.now } })
    const take = (...shares: readonly Share[]) => store.deliveries.claim(shares, { lane: 'call', lease: LEASE })
    return { store, time, take }
  }

  test('what waits is told queue by queue, with what is known of its action and its receiver', async () => {
    const { store, time, take } = await turnable()
    await commit(store, to('a'), to('a'), to('b', { actionId: actionId('shop'), orderKey: 'shop ann' }))
    await store.deliveries.noteEndpoints([{ key: 'a', failed: 2, reason: 'answered 503' }])
    await store.deliveries.openBreaker({ endpoint: 'a', opened: 0 }, AT + 30_000)
    await store.deliveries.setAction({ actionId: actionId('shop'), state: 'paused', until: AT + 5, reason: 'no' })
    await take(share('a', { most: 1 }))
    time.now += 10
    const { now, waiting } = await store.deliveries.survey('call')
    expect(now).toBe(AT + 10)
    expect(waiting).toEqual([
      {
        queue: 'crm a',
        actionId: 'crm',
        endpoint: 'a',
        dueAt: AT,
        isOrdered: false,
        underWay: 1,
        action: null,
        receiver: { failures: 2, openUntil: AT + 30_000 },
        spentUntil: 0,
      },
      {
        queue: 'shop b',
        actionId: 'shop',
        endpoint: 'b',
        dueAt: AT,
        isOrdered: true,
        underWay: 0,
        action: { state: 'paused', until: AT + 5, failures: 0, resumedAt: null },
        receiver: null,
        spentUntil: 0,
      },
    ])
    await expect(store.deliveries.survey('mail')).resolves.toEqual({ now: 0, waiting: [] })
  })

  test('I15: what is under way is counted where it is claimed, whatever was thought before', async () => {
    const { store, time, take } = await turnable()
    await commit(store, ...Array.from({ length: 6 }, () => to('a')))
    await expect(take(share('a', { concurrency: 4 }))).resolves.toHaveLength(4)
    await expect(take(share('a', { concurrency: 4 }))).resolves.toEqual([])
    // A lease that has ended holds no place.
    time.now += LEASE
    await expect(take(share('a', { concurrency: 4 }))).resolves.toHaveLength(4)
  })

  test('I17: a rate holds, one by one or in small bursts', async () => {
    const { store, time, take } = await turnable()
    await commit(store, ...Array.from({ length: 200 }, () => to('a')))
    const begun = async (rate: Share['rate'], seconds: number, step: number) => {
      const until = time.now + seconds * 1_000
      let sum = 0
      while (time.now < until) {
        sum += (await take(share('a', { rate }))).length
        time.now += step
      }
      return sum
    }
    expect(await begun({ interval: 500, burst: 1 }, 5, 100)).toBe(10)
    time.now += 1_000
    expect(await begun({ interval: 20, burst: 5 }, 2, 50)).toBeGreaterThanOrEqual(95)
    // After a rest no more than a burst comes at once.
    time.now += 60_000
    await expect(take(share('a', { rate: { interval: 20, burst: 5 } }))).resolves.toHaveLength(5)
  })

  test('I5: nobody is claimed before those they have to wait for, however many wait', async () => {
    const { store, time, take } = await turnable()
    const ordered = (person: string) => to('a', { orderKey: `crm ${person}` })
    const anns = Array.from({ length: 400 }, () => ordered('ann'))
    const bobs = [ordered('bob'), ordered('bob')]
    await commit(store, ...anns, ...bobs)
    const inOrder = share('a', { isOrdered: true })
    const seen: string[] = []
    // The first look puts those aside that have to wait; bob is found behind them.
    for (let look = 0; look < 3; look++) seen.push(...(await take(inOrder)).map(({ delivery }) => delivery.id))
    expect(new Set(seen)).toEqual(new Set([anns[0]?.id, bobs[0]?.id]))
    await expect(take(inOrder)).resolves.toEqual([])
    for (const next of [anns[1], anns[2]]) {
      const held = await store.deliveries.find(anns[seen.length - 2]?.id ?? queued().id)
      const lease = { id: held?.delivery.id ?? queued().id, leaseToken: held?.leaseToken ?? '' }
      await store.deliveries.complete([{ ...lease, attempts: [], next: { kind: 'dead', reason: 'no' } }])
      await expect(take(inOrder)).resolves.toEqual([])
      await store.deliveries.promote(['crm ann'])
      const [claimed] = await take(inOrder)
      expect(claimed?.delivery.id).toBe(next?.id)
      seen.push(claimed?.delivery.id ?? '')
    }
    // Where nobody calls them they come of themselves.
    const held = await store.deliveries.find(bobs[0]?.id ?? queued().id)
    const lease = { id: held?.delivery.id ?? queued().id, leaseToken: held?.leaseToken ?? '' }
    await store.deliveries.complete([{ ...lease, attempts: [], next: { kind: 'delivered' } }])
    time.now += 30_000
    const late = [...(await take(inOrder)), ...(await take(inOrder)), ...(await take(inOrder))]
    expect(late.map(({ delivery }) => delivery.id)).toContain(bobs[1]?.id)
  })

  test('one that waits for its own next try is not called early by the end of another', async () => {
    const { store, time, take } = await turnable()
    const [one, two] = [to('a', { orderKey: 'k' }), to('a', { orderKey: 'k' })]
    await commit(store, one, two)
    const [claimed] = await take(share('a', { isOrdered: true }))
    if (claimed === undefined) throw new Error('one was due')
    const attempt = { requestId: 'r', startedAt: AT, endedAt: AT, outcome: 'retry', status: 503, reason: '' } as const
    const lease = { id: one.id, leaseToken: claimed.leaseToken }
    await store.deliveries.complete([{ ...lease, attempts: [attempt], next: { kind: 'pending', dueAt: AT + 60_000 } }])
    await store.deliveries.promote(['k'])
    await expect(take(share('a', { isOrdered: true }))).resolves.toEqual([])
    time.now += 60_000
    const [again] = await take(share('a', { isOrdered: true }))
    expect(again).toMatchObject({ delivery: { id: one.id }, attempts: 1, tries: 1, beganAt: AT })
  })

  test('I16: a hundred thousand that wait at one endpoint make no claim of another slow', async () => {
    const { store, db } = await filled(dialect)
    const one = queued({ endpoint: 'quick', actionId: actionId('other') })
    await commit(store, one)
    const times: number[] = []
    for (let round = 0; round < 30; round++) {
      const from = performance.now()
      const { waiting } = await store.deliveries.survey('call')
      expect(waiting.map(({ queue }) => queue)).toEqual(['crm slow', 'other quick'])
      const claimed = await store.deliveries.claim([share('quick', { queue: 'other quick', concurrency: 8 })], {
        lane: 'call',
        lease: 1,
      })
      times.push(performance.now() - from)
      expect(claimed.map(({ delivery }) => delivery.id)).toEqual(round === 0 ? [one.id] : expect.any(Array))
    }
    // The median, so that a neighbour on this machine does not decide.
    expect(times.toSorted((a, b) => a - b)[15]).toBeLessThan(50)
    await db.close()
  }, 120_000)
})

const FILL = statement(
  'test.fill',
  ({
    dialect,
  }) => `insert into deliveries (id, event_id, action_id, trigger_name, lane, queue, endpoint, order_key, state,
    next_at, attempts, tries, content, depth, erasing, created_at)
  ${dialect === 'postgres' ? '' : 'with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 100000)'}
  select 'd' || n, 'v' || n, 'crm', 't', 'call', 'crm slow', 'slow', 'crm ' || n % 50, 'pending', 1, 0, 0, '{}', 0, 0, 0
  from ${dialect === 'postgres' ? 'generate_series(1, 100000) n' : 'numbers'}`,
)

async function filled(dialect: Dialect) {
  const db = await openDatabase(await freshDsn(dialect), storeDeps())
  await db.apply([{ statement: FILL, values: [] }])
  return { db, store: storeOn(db, storeDeps()) }
}

test('I15: two nodes that claim at the same moment stay within what an endpoint can take', async () => {
  const dsn = await freshDsn('postgres')
  const nodes = await Promise.all([1, 2, 3].map(() => openStore(dsn, storeDeps())))
  const [one] = nodes
  if (one === undefined) throw new Error('three nodes')
  await commit(one, ...Array.from({ length: 100 }, () => to('a')))
  const claims = await Promise.all(
    nodes.flatMap((node) =>
      Array.from({ length: 10 }, () =>
        node.deliveries.claim([share('a', { most: 3, concurrency: 8 })], { lane: 'call', lease: 60_000 }),
      ),
    ),
  )
  expect(claims.flat()).toHaveLength(8)
  const rest = await claimSome(one.deliveries, { limit: 100, lease: 60_000 })
  expect(rest).toHaveLength(92)
  await Promise.all(nodes.map((node) => node.close()))
})
