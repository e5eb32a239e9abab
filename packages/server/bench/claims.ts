import { finishMany } from './fill.ts'
import { median } from './percentile.ts'
import { queueUp, withStore } from './queue-up.ts'
import type { Bench } from './run-task.ts'

export const CLAIM_COST = 'claim of eight beside finished ones'

/** As many as one receiver has places. */
const AT_ONCE = 8
const LEASE = 15_000
const WARM = 100
const TIMES = 400

type Cost = { readonly claim: number; readonly complete: number }

/** What a worker asks of the database for eight deliveries: in an empty table, and beside a million that are finished. */
export async function measureClaims({ options, add }: Bench, server: string, dsn: string): Promise<void> {
  const empty = await costOf(dsn)
  await finishMany(dsn, options.finished)
  const filled = await costOf(dsn)
  const ratio = (name: keyof Cost) =>
    `${name} ${filled[name].toFixed(2)} ms beside ${options.finished}, ${empty[name].toFixed(2)} ms beside none: ${(filled[name] / empty[name]).toFixed(2)}x`
  add({ work: CLAIM_COST, server, note: `${ratio('claim')}; ${ratio('complete')}` })
}

/** Medians. The queues are filled anew each time: what is measured is a busy worker, and nothing that waits for work. */
async function costOf(dsn: string): Promise<Cost> {
  return withStore(dsn, async (store) => {
    const { deliveries } = store
    const times: { readonly claim: number[]; readonly complete: number[] } = { claim: [], complete: [] }
    await queueUp(store, [{ actionId: 'crm', url: 'https://crm.example.test/', count: (WARM + TIMES) * AT_ONCE }])
    for (let round = 0; round < WARM + TIMES; round++) {
      const from = performance.now()
      const { waiting } = await deliveries.survey('call')
      const shares = waiting.map(({ queue, endpoint, isOrdered }) => ({
        queue,
        endpoint,
        isOrdered,
        most: AT_ONCE,
        concurrency: AT_ONCE,
        rate: null,
      }))
      const claimed = await deliveries.claim(shares, { lane: 'call', lease: LEASE })
      const between = performance.now()
      if (claimed.length !== AT_ONCE) throw new Error(`${claimed.length} were claimed, not ${AT_ONCE}`)
      const lost = await deliveries.complete(
        claimed.map(({ delivery, leaseToken }) => ({
          id: delivery.id,
          leaseToken,
          attempts: [attemptAt(delivery.createdAt)],
          next: { kind: 'delivered' },
        })),
      )
      const until = performance.now()
      if (lost.length > 0) throw new Error(`${lost.length} leases were lost`)
      if (round < WARM) continue
      times.claim.push(between - from)
      times.complete.push(until - between)
    }
    return { claim: median(times.claim), complete: median(times.complete) }
  })
}

const attemptAt = (at: number) =>
  ({
    requestId: 'bench',
    startedAt: at,
    endedAt: at,
    outcome: 'delivered',
    status: 204,
    reason: 'answered 204',
  }) as const
