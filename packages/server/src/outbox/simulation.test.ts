import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryQueue } from '../../test/memory-queue.ts'
import { simulate, type SimulatedTable } from '../../test/simulate-outbox.ts'
import { storeDeps } from '../../test/store-deps.ts'
import { type Dialect, freshDsn } from '../../test/stores.ts'
import { deliveryId } from '../core/ids.ts'
import { openStore } from '../store/open-store.ts'
import type { Queue } from './queue.ts'

// The workers, the recorder, the schedule and the breaker of the product, on a simulated time, network and nodes that
// crash, sleep and come back. A seed tells the whole story: run `simulate({ seed, table })` with it to see it again.

type Sabotage = (queue: Queue) => Queue

const inMemory =
  (sabotage: Sabotage = (queue) => queue) =>
  (now: () => number): SimulatedTable => {
    const queue = memoryQueue(now)
    return {
      queue: sabotage(queue),
      add: async (delivery) => queue.add(delivery),
      stateOf: async (id) => queue.rows.get(id)?.state ?? null,
    }
  }

const seedsFrom = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at)

async function failuresOf(seeds: readonly number[], table: Parameters<typeof simulate>[0]['table'], faults = true) {
  const found: string[] = []
  const sum = { crashes: 0, pauses: 0, lostLeases: 0, repeats: 0 }
  for (const seed of seeds) {
    const { violations, ...seen } = await simulate({ seed, table, faults })
    found.push(...violations.map((violation) => `seed ${seed}: ${violation}`))
    sum.crashes += seen.crashes
    sum.pauses += seen.pauses
    sum.lostLeases += seen.lostLeases
    sum.repeats += seen.repeats
  }
  return { found, sum }
}

describe('the protocol of claims and leases, in memory', () => {
  test('I3, I5, I6, I10, I15: whatever crashes, sleeps or fails, nothing is lost, overtaken, or held by two', async () => {
    const { found, sum } = await failuresOf(seedsFrom(1, 500), inMemory())
    expect(found).toEqual([])
    // It did go wrong, again and again.
    expect(sum.crashes).toBeGreaterThan(1_000)
    expect(sum.pauses).toBeGreaterThan(1_000)
    expect(sum.lostLeases).toBeGreaterThan(50)
    expect(sum.repeats).toBeGreaterThan(50)
  }, 60_000)

  test('I4: where nothing goes wrong, nothing is told twice', async () => {
    const { found, sum } = await failuresOf(seedsFrom(10_000, 150), inMemory(), false)
    expect(found).toEqual([])
    expect(sum).toEqual({ crashes: 0, pauses: 0, lostLeases: 0, repeats: 0 })
  }, 60_000)

  test('I9: a seed tells the same story every time', async () => {
    const [once, again] = await Promise.all([1, 2].map(() => simulate({ seed: 42, table: inMemory() })))
    expect(again).toEqual(once)
  })

  const sabotages: readonly (readonly [string, string, Sabotage])[] = [
    [
      'a completion that does not name its lease',
      'I10',
      (queue) => {
        const tokens = new Map<string, string>()
        return {
          ...queue,
          claim: async (shares, options) => {
            const claimed = await queue.claim(shares, options)
            for (const { delivery, leaseToken } of claimed) tokens.set(delivery.id, leaseToken)
            return claimed
          },
          complete: (completions) =>
            queue.complete(completions.map((each) => ({ ...each, leaseToken: tokens.get(each.id) ?? '' }))),
        }
      },
    ],
    ['a lease that is not renewed where it is said to be', 'I10', (queue) => ({ ...queue, extend: async () => {} })],
    [
      'a claim that does not count what is under way',
      'I15',
      (queue) => ({
        ...queue,
        claim: (shares, options) =>
          queue.claim(
            shares.map((share) => ({ ...share, concurrency: null, most: 8 })),
            options,
          ),
      }),
    ],
    [
      'a failure that is taken for a success',
      'I3',
      (queue) => ({
        ...queue,
        complete: (completions) =>
          queue.complete(
            completions.map((each) => (each.next.kind === 'pending' ? { ...each, next: { kind: 'delivered' } } : each)),
          ),
      }),
    ],
  ]
  test.each(sabotages)(
    'it would notice %s',
    async (_name, invariant, sabotage) => {
      const { found } = await failuresOf(seedsFrom(1, 300), inMemory(sabotage))
      expect(found.filter((violation) => violation.includes(`${invariant}:`))).not.toEqual([])
    },
    60_000,
  )

  test('it would notice those that overtake each other', async () => {
    const table = (now: () => number): SimulatedTable => {
      const { add, ...rest } = inMemory()(now)
      return { ...rest, add: ({ orderKey: _unused, ...delivery }) => add(delivery) }
    }
    const { found } = await failuresOf(seedsFrom(1, 40), table)
    expect(found.filter((violation) => violation.includes('I5:'))).not.toEqual([])
  }, 60_000)
})

/** No disk has to be waited for: what survives a crash of the machine is another question. */
const dsnOf = (dialect: Dialect) => (dialect === 'sqlite' ? 'memory' : freshDsn(dialect))

describe.each([
  ['sqlite', 30],
  ['postgres', 4],
] as const)('the same with the statements of %s', (dialect, count) => {
  test('I3, I5, I6, I10, I15: nothing is lost, overtaken, or held by two', async () => {
    const open = async (now: () => number): Promise<SimulatedTable> => {
      const store = await openStore(await dsnOf(dialect), { ...storeDeps(), queueClock: { now } })
      onTestFinished(() => store.close())
      return {
        queue: store.deliveries,
        add: async (delivery) => void (await store.commit([{ kind: 'notify', delivery }])),
        stateOf: async (id) => (await store.deliveries.find(deliveryId(id)))?.state ?? null,
      }
    }
    const { found } = await failuresOf(seedsFrom(1, count), open)
    expect(found).toEqual([])
  }, 120_000)
})
