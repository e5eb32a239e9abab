import type { Delivery } from '../src/core/delivery.ts'
import { actionId, deliveryId } from '../src/core/ids.ts'
import type { OutgoingClient, Sent } from '../src/net/outgoing.ts'
import { attemptCall } from '../src/outbox/attempt-call.ts'
import type { Queue } from '../src/outbox/queue.ts'
import { startRecorder } from '../src/outbox/recorder.ts'
import { DEFAULT_RETRY } from '../src/outbox/schedule.ts'
import type { Timers } from '../src/outbox/timers.ts'
import { startWorker } from '../src/outbox/worker.ts'

/** The table that workers of a simulation share: in memory, or a real database whose clock is the simulation's. */
export type SimulatedTable = {
  readonly queue: Queue
  readonly add: (delivery: Delivery) => Promise<void>
  readonly stateOf: (id: string) => Promise<string | null>
}

export type SimulationOptions = {
  readonly seed: number
  readonly table: (now: () => number) => SimulatedTable | Promise<SimulatedTable>
  /** Without them nothing ever goes wrong. */
  readonly faults?: boolean
  readonly deliveries?: number
}

export type Simulated = {
  /** What should never have happened; empty if nothing did. */
  readonly violations: readonly string[]
  readonly events: number
  readonly crashes: number
  readonly pauses: number
  readonly lostLeases: number
  /** How often a receiver said yes to what it had already said yes to. */
  readonly repeats: number
}

const LEASE = 15_000
const HOUR = 3_600_000
const ENDPOINTS = 3
const CONCURRENCY = 2
const START = 1_700_000_000_000

/**
 * Real workers on a time, a network, a database and nodes that are not: all that happens, in which order, and what goes
 * wrong comes from one seed. First they live through faults; then everything is well, and what is left has to arrive.
 */
export async function simulate({
  seed,
  table: open,
  faults = true,
  deliveries: count = 8,
}: SimulationOptions): Promise<Simulated> {
  const random = randomFrom(seed)
  const time = { now: START, isHealed: !faults }
  const agenda = makeAgenda(time, random)
  const table = await open(() => time.now)
  const watch = makeWatch(table, time)
  const seen = { crashes: 0, pauses: 0, lostLeases: 0 }
  const below = (limit: number) => Math.floor(random() * limit)
  const bytes = (length: number) => Uint8Array.from({ length }, () => below(256))
  const ids = { next: 0 }
  const uuid = () => `00000000-0000-4000-8000-${String(ids.next++).padStart(12, '0')}`

  const startNode = (number: number) => {
    const node = { isDead: false, pausedUntil: 0 }
    /** The node goes on: not if it is dead, and not before it wakes up. */
    const onNode = (work: () => void): void => {
      if (node.isDead) return
      if (node.pausedUntil > time.now) agenda.at(node.pausedUntil, () => onNode(work))
      else work()
    }
    /** A question to the database: it may be lost on the way there, or its answer on the way back. */
    const ask = <T>(work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const fate = time.isHealed ? 1 : random()
        agenda.in(below(5), async () => {
          if (node.isDead && random() < 0.5) return
          if (fate < 0.03) {
            agenda.in(below(50), () => onNode(() => reject(new Error('not reached'))))
            return
          }
          const answer = await work()
          const delay = below(5)
          if (fate < 0.06) agenda.in(delay, () => onNode(() => reject(new Error('no answer'))))
          else agenda.in(delay, () => onNode(() => resolve(answer)))
        })
      })
    const timers: Timers = {
      after: (wait, work) => agenda.in(wait, () => onNode(work)),
      every: (wait, work) => {
        const state = { cancel: () => {} }
        const again = () => {
          state.cancel = agenda.in(wait, () =>
            onNode(() => {
              again()
              work()
            }),
          )
        }
        again()
        return () => state.cancel()
      },
    }
    const stopwatch = {
      now: () => time.now,
      sleep: (wait: number) => new Promise<void>((resolve) => void agenda.in(wait, () => onNode(resolve))),
    }
    const client: OutgoingClient = {
      close: async () => {},
      send: (call, { budget }) =>
        new Promise<Sent>((resolve) => {
          const id = call.headers['webhook-id'] ?? ''
          // Whoever is stopped here sends when it wakes up.
          onNode(() => {
            agenda.in(below(20), async () => {
              await watch.begin(id)
              const answer = answerOf(time.isHealed ? 0 : random())
              const duration = answer === null ? budget : below(random() < 0.3 ? budget : 400)
              if (answer === 200) watch.accept(id)
              agenda.in(duration, () => onNode(() => resolve(sentOf(answer))))
            })
          })
        }),
    }
    const queue = watch.queueOf(ask)
    const log = (_level: string, event: string) => {
      if (event === 'lease_lost') seen.lostLeases += 1
    }
    const own = { log, stopwatch, timers, random: { bytes, uuid, rowId: uuid }, clock: { now: () => time.now } }
    const recorder = startRecorder({ ...own, queue, quarantine: () => ({ failures: 0, after: 0, releaseAfter: 0 }) })
    startWorker({
      ...own,
      queue,
      recorder,
      lane: 'call',
      concurrency: 1 + below(4),
      lease: LEASE,
      limitsOf: () => ({ concurrency: CONCURRENCY }),
      deliver: attemptCall({ ...own, queue, client, sendingOf: () => null, retry: () => DEFAULT_RETRY }),
    })
    const live = () => {
      if (time.isHealed || node.isDead) return
      const fate = random()
      if (fate < 0.2) {
        node.isDead = true
        seen.crashes += 1
        agenda.in(below(8_000), () => startNode(number))
        return
      }
      if (fate < 0.4) {
        node.pausedUntil = time.now + below(3 * LEASE)
        seen.pauses += 1
      }
      agenda.in(below(4_000), live)
    }
    agenda.in(below(4_000), live)
  }

  const all: Delivery[] = []
  for (let at = 0; at < count; at++) {
    const one = deliveryOf(uuid(), below(ENDPOINTS), random() < 0.5 ? below(2) : null)
    all.push(one)
    agenda.in(time.isHealed ? 0 : below(20_000), async () => {
      await table.add(one)
      watch.added(one)
    })
  }
  for (let number = 0; number < 2 + below(2); number++) startNode(number)

  // A while of faults; then nothing fails any more, and everything has to come to its end.
  const events = await agenda.run(START + 40_000)
  time.isHealed = true
  const rest = await agenda.run(START + 24 * HOUR, async () => (await watch.unfinished(all)).length === 0)
  for (const id of await watch.unfinished(all)) watch.violation(`I3: ${id} never came to an end`)
  for (const { id } of all) if (!watch.isAccepted(id)) watch.violation(`I3: ${id} is lost: no receiver has it`)
  return { violations: watch.violations, events: events + rest, ...seen, repeats: watch.repeats() }
}

/** Half of the time the receiver has it, and sometimes says otherwise. Null: silence. */
function answerOf(chance: number): number | null {
  if (chance < 0.5) return 200
  if (chance < 0.75) return 500
  return chance < 0.9 ? 503 : null
}

function sentOf(status: number | null): Sent {
  if (status === null) return { kind: 'failed', reason: 'timeout', detail: 'no answer' }
  return { kind: 'answered', status, headers: {}, body: Buffer.alloc(0) }
}

function deliveryOf(id: string, endpoint: number, person: number | null): Delivery {
  const key = person === null ? {} : { orderKey: `crm${endpoint} ${person}` }
  return {
    id: deliveryId(id),
    eventId: id,
    actionId: actionId(`crm${endpoint}`),
    trigger: 'login.after.password',
    identityId: null,
    endpoint: `https://crm.example.test/${endpoint}`,
    createdAt: START,
    leasedUntil: null,
    leaseToken: null,
    content: {
      kind: 'rendered',
      call: { method: 'POST', url: 'https://crm.example.test/', headers: {}, body: id, secretHeaders: [] },
      // Longer than a lease: the worker has to renew it.
      timeout: 20_000,
      emitHeaders: false,
    },
    ...key,
  }
}

/** Sees every claim, completion and call, and says what must not be. */
function makeWatch(table: SimulatedTable, time: { readonly now: number }) {
  const violations: string[] = []
  const known = new Map<string, Delivery>()
  const order: Delivery[] = []
  const leases = new Map<string, { token: string; until: number; isOpen: boolean }>()
  const begun = new Set<string>()
  const accepted = new Map<string, number>()
  const finished = new Set<string>()
  const violation = (text: string) => void violations.push(`${text} (at ${time.now - START} ms)`)

  const claimed = (ids: readonly string[], token: string) => {
    for (const id of ids) {
      const before = leases.get(id)
      if (before?.isOpen && before.until > time.now) violation(`I10: ${id} was claimed under a valid lease`)
      if (finished.has(id)) violation(`I4: ${id} was claimed although it was finished`)
      leases.set(id, { token, until: time.now + LEASE, isOpen: true })
      const key = known.get(id)?.orderKey
      const earlier = order
        .slice(
          0,
          order.findIndex((each) => each.id === id),
        )
        .filter((each) => each.orderKey === key)
      if (key !== undefined && earlier.some((each) => !finished.has(each.id)))
        violation(`I5: ${id} was claimed before those it has to wait for were finished`)
    }
    for (const [endpoint, all] of Map.groupBy(known.values(), (each) => each.endpoint)) {
      const held = all.filter(({ id }) => isHeld(leases.get(id), time.now)).length
      if (held > CONCURRENCY) violation(`I15: ${held} deliveries to ${endpoint} are under way`)
    }
  }
  return {
    violations,
    violation,
    added: (delivery: Delivery) => {
      known.set(delivery.id, delivery)
      order.push(delivery)
    },
    begin: async (id: string) => {
      if (begun.has(id)) return
      begun.add(id)
      const key = known.get(id)?.orderKey
      const earlier = order
        .slice(
          0,
          order.findIndex((each) => each.id === id),
        )
        .filter((each) => each.orderKey === key)
      if (key !== undefined && earlier.some((each) => !finished.has(each.id)))
        violation(`I5: the receiver saw ${id} before those it has to wait for were finished`)
    },
    accept: (id: string) => void accepted.set(id, (accepted.get(id) ?? 0) + 1),
    isAccepted: (id: string) => accepted.has(id),
    repeats: () => [...accepted.values()].reduce((sum, times) => sum + times - 1, 0),
    unfinished: async (all: readonly Delivery[]) => {
      const states = await Promise.all(all.map(async ({ id }) => [id, await table.stateOf(id)] as const))
      return states.flatMap(([id, state]) => (state === 'delivered' ? [] : [id]))
    },
    queueOf: (ask: <T>(work: () => Promise<T>) => Promise<T>): Queue => {
      const { queue } = table
      return {
        survey: (lane) => ask(() => queue.survey(lane)),
        claim: (shares, options) =>
          ask(async () => {
            const taken = await queue.claim(shares, options)
            const [first] = taken
            if (first !== undefined)
              claimed(
                taken.map(({ delivery }) => delivery.id),
                first.leaseToken,
              )
            return taken
          }),
        complete: (completions) =>
          ask(async () => {
            const lost = new Set((await queue.complete(completions)).map(({ id }) => id))
            for (const { id, leaseToken, next } of completions) {
              const lease = leases.get(id)
              const isMine = lease?.isOpen === true && lease.token === leaseToken
              if (lost.has(id) && isMine) violation(`I10: ${id} was refused to the one that holds it`)
              if (lost.has(id)) continue
              if (!isMine) violation(`I10: ${id} was completed by one that had lost it`)
              leases.set(id, { token: leaseToken, until: 0, isOpen: false })
              if (next.kind !== 'pending') finished.add(id)
            }
            return completions.filter(({ id }) => lost.has(id)).map(({ id, leaseToken }) => ({ id, leaseToken }))
          }),
        extend: (held, lease) =>
          ask(async () => {
            await queue.extend(held, lease)
            for (const { id, leaseToken } of held) {
              const known = leases.get(id)
              if (known?.token === leaseToken && known.isOpen) known.until = time.now + lease
            }
          }),
        promote: (keys) => ask(() => queue.promote(keys)),
        noteEndpoints: (noted) => ask(() => queue.noteEndpoints(noted)),
        noteActions: (noted) => ask(() => queue.noteActions(noted)),
        openBreaker: (standing, until) => ask(() => queue.openBreaker(standing, until)),
        setAction: (change, options) => ask(() => queue.setAction(change, options)),
        actionStates: () => ask(() => queue.actionStates()),
        forget: (state, before, most) => ask(() => queue.forget(state, before, most)),
        now: () => ask(() => queue.now()),
      }
    },
  }
}

const isHeld = (lease: { until: number; isOpen: boolean } | undefined, now: number) =>
  lease !== undefined && lease.isOpen && lease.until > now

type Entry = {
  readonly at: number
  readonly order: number
  readonly run: () => void | Promise<unknown>
  isCancelled: boolean
}

/** What happens when. What falls on the same moment comes in an order that is chance as well. */
function makeAgenda(time: { now: number }, random: () => number) {
  const entries: Entry[] = []
  const at = (moment: number, run: Entry['run']) => {
    const entry = { at: moment, order: random(), run, isCancelled: false }
    entries.push(entry)
    return () => {
      entry.isCancelled = true
    }
  }
  const next = (until: number): Entry | null => {
    let first = -1
    for (const [index, entry] of entries.entries()) {
      const best = entries[first]
      if (best === undefined || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) first = index
    }
    const entry = entries[first]
    if (entry === undefined || entry.at > until) return null
    entries.splice(first, 1)
    return entry
  }
  return {
    at,
    in: (wait: number, run: Entry['run']) => at(time.now + wait, run),
    run: async (until: number, isDone: () => Promise<boolean> = async () => false): Promise<number> => {
      let events = 0
      for (let entry = next(until); entry !== null; entry = next(until)) {
        if (entry.isCancelled) continue
        time.now = Math.max(time.now, entry.at)
        await entry.run()
        // Whatever that set in motion has to come to rest first.
        for (let hop = 0; hop < 20; hop++) await Promise.resolve()
        events += 1
        if (events % 50 === 0 && (await isDone())) break
      }
      return events
    },
  }
}

/** Mulberry32: small, fast, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
