import type { Attempt, Delivery } from '../src/core/delivery.ts'
import type { Completion, Lease, Queue } from '../src/outbox/queue.ts'

export type QueuedRow = {
  readonly delivery: Delivery
  state: 'pending' | 'delivered' | 'dead'
  reason: string | null
  nextAt: number
  leaseToken: string | null
  readonly attempts: Attempt[]
}

/** A table of deliveries in memory, with a clock that tests may turn and a database that may be away. */
export type MemoryQueue = Queue & {
  readonly rows: Map<string, QueuedRow>
  readonly add: (...deliveries: readonly Delivery[]) => void
  /** Time passes for the queue alone. */
  readonly turn: (milliseconds: number) => void
  readonly control: { isAway: boolean; extended: number }
}

export function memoryQueue(): MemoryQueue {
  const rows = new Map<string, QueuedRow>()
  const control = { isAway: false, extended: 0 }
  const clock = { offset: 0, tokens: 0 }
  const now = () => Date.now() + clock.offset
  const held = ({ id, leaseToken }: Lease) => {
    const row = rows.get(id)
    return row?.state === 'pending' && row.leaseToken === leaseToken ? row : null
  }
  const answer = <T>(work: () => T): Promise<T> =>
    control.isAway ? Promise.reject(new Error('the database is away')) : Promise.resolve(work())

  const completeOne = (completion: Completion): readonly Lease[] => {
    const row = held(completion)
    if (row === null) return [{ id: completion.id, leaseToken: completion.leaseToken }]
    const { next } = completion
    row.attempts.push(...completion.attempts)
    row.leaseToken = null
    row.state = next.kind
    row.reason = next.kind === 'dead' ? next.reason : null
    row.nextAt = next.kind === 'pending' ? next.dueAt : row.nextAt
    return []
  }
  return {
    rows,
    control,
    turn: (milliseconds) => {
      clock.offset += milliseconds
    },
    add: (...deliveries) => {
      for (const delivery of deliveries) {
        rows.set(delivery.id, {
          delivery,
          state: delivery.content.kind === 'dead' ? 'dead' : 'pending',
          reason: null,
          nextAt: delivery.leasedUntil ?? now(),
          leaseToken: delivery.leaseToken,
          attempts: [],
        })
      }
    },
    now: () => answer(now),
    claim: ({ limit, lease, lane = 'call' }) =>
      answer(() =>
        [...rows.values()]
          .filter(({ state, nextAt }) => state === 'pending' && nextAt <= now())
          .filter(({ delivery }) => (delivery.content.kind === 'mail' ? 'mail' : 'call') === lane)
          .slice(0, limit)
          .map((row) => {
            const leaseToken = `token-${clock.tokens++}`
            row.leaseToken = leaseToken
            row.nextAt = now() + lease
            const made = row.attempts.length
            const beganAt = row.attempts[0]?.startedAt ?? null
            return { delivery: row.delivery, leaseToken, attempts: made, tries: made, beganAt }
          }),
      ),
    complete: (completions) => answer(() => completions.flatMap(completeOne)),
    extend: (leases, lease) =>
      answer(() => {
        for (const row of leases.map(held)) if (row !== null) row.nextAt = now() + lease
        control.extended += 1
      }),
  }
}
