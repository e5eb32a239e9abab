import type { ActionStanding, Attempt, Delivery, DeliveryState, EndpointStanding } from '../src/core/delivery.ts'
import { actionId } from '../src/core/ids.ts'
import type { Claimed, Completion, Lane, Lease, Noted, Queue, Share } from '../src/outbox/queue.ts'

export type QueuedRow = {
  readonly delivery: Delivery
  readonly ordinal: number
  state: DeliveryState
  reason: string | null
  nextAt: number
  leaseToken: string | null
  tries: number
  beganAt: number | null
  finishedAt: number | null
  readonly attempts: Attempt[]
}

/** A table of deliveries in memory, with a clock that tests may turn and a database that may be away. */
export type MemoryQueue = Queue & {
  readonly rows: Map<string, QueuedRow>
  readonly actions: Map<string, ActionStanding>
  readonly endpoints: Map<string, EndpointStanding>
  readonly add: (...deliveries: readonly Delivery[]) => void
  /** Time passes for the queue alone. */
  readonly turn: (milliseconds: number) => void
  readonly control: { isAway: boolean; extended: number; completed: number; completionTime: number }
}

const PUT_ASIDE = 30_000

/** It keeps the rules of `store/claims.ts` and `store/completion.ts`; `simulation.test.ts` tells all three the same stories. */
export function memoryQueue(realNow: () => number = () => Date.now()): MemoryQueue {
  const rows = new Map<string, QueuedRow>()
  const actions = new Map<string, ActionStanding>()
  const endpoints = new Map<string, EndpointStanding>()
  const spent = new Map<string, number>()
  const control = { isAway: false, extended: 0, completed: 0, completionTime: 0 }
  const clock = { offset: 0, tokens: 0, ordinals: 0 }
  const now = () => realNow() + clock.offset
  const held = ({ id, leaseToken }: Lease) => {
    const row = rows.get(id)
    return row?.state === 'pending' && row.leaseToken === leaseToken ? row : null
  }
  const answer = <T>(work: () => T): Promise<T> =>
    control.isAway ? Promise.reject(new Error('the database is away')) : Promise.resolve(work())

  const pendingIn = (lane: Lane) =>
    [...rows.values()].filter(({ state, delivery }) => state === 'pending' && laneOf(delivery) === lane)
  const underWay = (endpoint: string) =>
    [...rows.values()].filter(
      ({ state, leaseToken, nextAt, delivery }) =>
        state === 'pending' && leaseToken !== null && nextAt > now() && (delivery.endpoint ?? '') === endpoint,
    ).length
  const firstOf = (key: string) =>
    [...rows.values()]
      .filter(({ state, delivery }) => state === 'pending' && delivery.orderKey === key)
      .toSorted((a, b) => a.ordinal - b.ordinal)[0]
  const isBlocked = (row: QueuedRow) => row.delivery.orderKey !== undefined && firstOf(row.delivery.orderKey) !== row

  const claimShare = (share: Share, lane: Lane, lease: number, leaseToken: string): readonly QueuedRow[] => {
    const due = pendingIn(lane)
      .filter((row) => queueOf(row.delivery) === share.queue && row.nextAt <= now())
      .toSorted((a, b) => a.nextAt - b.nextAt)
    for (const row of due.filter(isBlocked)) {
      const first = row.delivery.orderKey === undefined ? undefined : firstOf(row.delivery.orderKey)
      row.nextAt = Math.min(Math.max(first?.nextAt ?? 0, now() + PUT_ASIDE), now() + 10 * PUT_ASIDE)
    }
    const room = share.concurrency === null ? share.most : share.concurrency - underWay(share.endpoint)
    const { rate } = share
    const ahead = rate === null ? 0 : now() + (rate.burst - 1) * rate.interval - (spent.get(share.endpoint) ?? 0)
    const allowed =
      rate === null ? share.most : ahead < 0 ? 0 : Math.min(rate.burst, 1 + Math.floor(ahead / rate.interval))
    const taken = due.filter((row) => !isBlocked(row)).slice(0, Math.max(0, Math.min(share.most, room, allowed)))
    for (const row of taken) {
      row.leaseToken = leaseToken
      row.nextAt = now() + lease
    }
    if (rate !== null && taken.length > 0)
      spent.set(share.endpoint, Math.max(spent.get(share.endpoint) ?? 0, now()) + rate.interval * taken.length)
    return taken
  }

  const completeOne = (completion: Completion): readonly Lease[] => {
    const row = held(completion)
    if (row === null) return [{ id: completion.id, leaseToken: completion.leaseToken }]
    const { next } = completion
    row.attempts.push(...completion.attempts)
    row.tries += completion.attempts.length
    if (completion.attempts.length > 0) row.beganAt ??= now()
    row.leaseToken = null
    row.state = next.kind
    row.reason = next.kind === 'dead' ? next.reason : null
    row.nextAt = next.kind === 'pending' ? next.dueAt : row.nextAt
    row.finishedAt = next.kind === 'pending' ? null : now()
    return []
  }
  const noteEndpoint = ({ key, failed, reason }: Noted): readonly EndpointStanding[] => {
    const old = endpoints.get(key)
    if (failed === 0) {
      if (old !== undefined)
        endpoints.set(key, { ...old, failures: 0, failingSince: null, lastFailure: null, opened: 0, openUntil: null })
      return []
    }
    const standing = {
      endpoint: key,
      failures: (old?.failures ?? 0) + failed,
      failingSince: old?.failingSince ?? now(),
      lastFailure: reason,
      opened: old?.opened ?? 0,
      openUntil: old?.openUntil ?? null,
    }
    endpoints.set(key, standing)
    return [standing]
  }
  const actionOf = (id: string): ActionStanding =>
    actions.get(id) ?? {
      actionId: actionId(id),
      state: 'active',
      since: now(),
      until: null,
      reason: '',
      evidence: null,
      failures: 0,
      failingSince: null,
      lastFailure: null,
      resumedAt: null,
    }
  const noteAction = ({ key, failed, reason }: Noted): readonly ActionStanding[] => {
    const old = actionOf(key)
    if (failed === 0) {
      if (actions.has(key)) actions.set(key, { ...old, failures: 0, failingSince: null, lastFailure: null })
      return []
    }
    const failures = old.failures + failed
    const standing = { ...old, failures, failingSince: old.failingSince ?? now(), lastFailure: reason }
    actions.set(key, standing)
    return [standing]
  }
  return {
    rows,
    actions,
    endpoints,
    control,
    turn: (milliseconds) => {
      clock.offset += milliseconds
    },
    add: (...deliveries) => {
      for (const delivery of deliveries) {
        rows.set(delivery.id, {
          delivery,
          ordinal: clock.ordinals++,
          state: delivery.content.kind === 'dead' ? 'dead' : 'pending',
          reason: null,
          nextAt: delivery.leasedUntil ?? now(),
          leaseToken: delivery.leaseToken,
          tries: 0,
          beganAt: null,
          finishedAt: null,
          attempts: [],
        })
      }
    },
    now: () => answer(now),
    survey: (lane) =>
      answer(() => ({
        now: now(),
        waiting: [...Map.groupBy(pendingIn(lane), ({ delivery }) => queueOf(delivery))].flatMap(([queue, all]) => {
          const [first] = all.toSorted((a, b) => a.nextAt - b.nextAt)
          if (first === undefined) return []
          const { actionId: action, endpoint = '', orderKey } = first.delivery
          return {
            queue,
            actionId: action,
            endpoint,
            dueAt: first.nextAt,
            isOrdered: orderKey !== undefined,
            underWay: underWay(endpoint),
            action: actions.get(action) ?? null,
            receiver: endpoints.get(endpoint) ?? null,
            spentUntil: spent.get(endpoint) ?? 0,
          }
        }),
      })),
    claim: (shares, { lane, lease }) =>
      answer(() => {
        const leaseToken = `token-${clock.tokens++}`
        return shares
          .flatMap((share) => claimShare(share, lane, lease, leaseToken))
          .map(
            ({ delivery, attempts, tries, beganAt }): Claimed => ({
              delivery,
              leaseToken,
              attempts: attempts.length,
              tries,
              beganAt,
            }),
          )
      }),
    complete: async (completions) => {
      if (control.completionTime > 0) await new Promise((resolve) => setTimeout(resolve, control.completionTime))
      return answer(() => {
        control.completed += 1
        return completions.flatMap(completeOne)
      })
    },
    promote: (keys) =>
      answer(() => {
        for (const key of keys) {
          const next = firstOf(key)
          if (next?.tries === 0 && next.leaseToken === null) next.nextAt = Math.min(next.nextAt, now())
        }
      }),
    extend: (leases, lease) =>
      answer(() => {
        for (const row of leases.map(held)) if (row !== null) row.nextAt = now() + lease
        control.extended += 1
      }),
    noteEndpoints: (noted) => answer(() => noted.flatMap(noteEndpoint)),
    noteActions: (noted) => answer(() => noted.flatMap(noteAction)),
    openBreaker: ({ endpoint, opened }, until) =>
      answer(() => {
        const standing = endpoints.get(endpoint)
        if (standing === undefined || standing.opened !== opened) return false
        endpoints.set(endpoint, { ...standing, opened: opened + 1, openUntil: until })
        return true
      }),
    setAction: ({ actionId: id, state, until, reason, evidence }, options) =>
      answer(() => {
        const old = actionOf(id)
        const isGoing = old.state === 'active' || (old.until !== null && old.until <= now())
        if (options?.onlyActive && !isGoing) return false
        const going = { failures: 0, failingSince: null, lastFailure: null, resumedAt: now() }
        const changed = { ...old, state, since: now(), until, reason, evidence: evidence ?? null }
        actions.set(id, state === 'active' ? { ...changed, ...going } : changed)
        return true
      }),
    actionStates: () => answer(() => [...actions.values()]),
    forget: (state, before, most) =>
      answer(() => {
        const old = [...rows.values()].filter(
          (row) => row.state === state && laneOf(row.delivery) === 'call' && (row.finishedAt ?? before) < before,
        )
        for (const { delivery } of old.slice(0, most)) rows.delete(delivery.id)
        return Math.min(old.length, most)
      }),
  }
}

const laneOf = ({ content }: Delivery): Lane => (content.kind === 'mail' ? 'mail' : 'call')
const queueOf = (delivery: Delivery) =>
  laneOf(delivery) === 'mail' ? 'mail' : `${delivery.actionId} ${delivery.endpoint ?? ''}`
