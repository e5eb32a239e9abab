import type { Delivery } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { QuarantineSettings } from '../core/settings.ts'
import type { Milliseconds, Random, Stopwatch } from '../core/time.ts'
import { opensUntil } from './breaker.ts'
import { pace } from './pace.ts'
import { quarantineAfter } from './quarantine.ts'
import type { Completion, Noted, Queue, Survey } from './queue.ts'

/** What became of an attempt, and what it says of the action and of the receiver; nothing where it says nothing. */
export type Rest = Pick<Completion, 'attempts' | 'next' | 'progress'> & { readonly outcome?: Outcome }

export type Outcome = {
  readonly isDelivered: boolean
  /** The receiver is there, whatever it thinks of the call. Null: it was not asked. */
  readonly isReachable: boolean | null
  /** Repeating the call will never help. */
  readonly isFinal: boolean
  /** The receiver wants no more of them (410). */
  readonly isGone: boolean
  readonly reason: string
}

export type RecorderDeps = {
  readonly queue: Pick<
    Queue,
    'complete' | 'promote' | 'noteActions' | 'noteEndpoints' | 'openBreaker' | 'setAction' | 'now'
  >
  readonly quarantine: () => QuarantineSettings
  readonly random: Pick<Random, 'bytes'>
  readonly stopwatch: Stopwatch
  readonly log: Log
}

export type Recorder = {
  /** Resolves once it is written down what became of the delivery. */
  record(delivery: Delivery, leaseToken: string, rest: Rest): Promise<void>
  /** Who is failing just now: only of them a success is worth a note. */
  learn(survey: Survey): void
}

type Entry = {
  readonly delivery: Delivery
  readonly completion: Completion
  readonly outcome: Outcome | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const TRIES = 5
/** No more in one statement, however many wait. */
const BATCH = 200

/** So far apart batches begin: the first is written at once, and a busy worker writes once for many. */
const APART: Milliseconds = 5

/** Writes down what became of deliveries, all of those together that have come since the last batch. Until then each keeps its lease. */
export function startRecorder(deps: RecorderDeps): Recorder {
  const waiting: Entry[] = []
  const failing = { actions: new Set<string>(), endpoints: new Set<string>() }
  const state = { isWriting: false }
  const turn = pace(deps.stopwatch, APART)

  const write = async () => {
    if (state.isWriting) return
    state.isWriting = true
    while (waiting.length > 0) {
      await turn()
      await writeBatch(deps, failing, waiting.splice(0, BATCH))
    }
    state.isWriting = false
  }
  return {
    record: (delivery, leaseToken, { outcome, ...rest }) =>
      new Promise((resolve, reject) => {
        const completion = { id: delivery.id, leaseToken, ...rest }
        waiting.push({ delivery, completion, outcome, resolve, reject })
        void write()
      }),
    learn: ({ waiting: queues }) => {
      for (const { actionId, endpoint, action, receiver } of queues) {
        if ((action?.failures ?? 0) > 0) failing.actions.add(actionId)
        if ((receiver?.failures ?? 0) > 0) failing.endpoints.add(endpoint)
      }
    },
  }
}

type Failing = { readonly actions: Set<string>; readonly endpoints: Set<string> }

async function writeBatch(deps: RecorderDeps, failing: Failing, batch: readonly Entry[]): Promise<void> {
  const written = await tryAll(deps, batch)
  const done = written.filter(({ isHeld }) => isHeld).map(({ entry }) => entry)
  await follow(deps, failing, done).catch((error: unknown) => deps.log('error', 'not_noted', { detail: String(error) }))
  for (const { entry, error } of written) {
    if (error === null) entry.resolve()
    else entry.reject(error)
  }
}

type Written = { readonly entry: Entry; readonly isHeld: boolean; readonly error: unknown }

/** The receivers have them; only if nobody can write that down are they told again. One that can't be written spoils no other. */
async function tryAll(deps: RecorderDeps, batch: readonly Entry[]): Promise<readonly Written[]> {
  try {
    const lost = new Set(await completeAll(deps, batch))
    return batch.map((entry) => ({ entry, isHeld: !lost.has(entry.delivery.id), error: null }))
  } catch (error) {
    const [only] = batch
    if (batch.length === 1 && only !== undefined) return [{ entry: only, isHeld: false, error }]
    const written: Written[] = []
    for (const entry of batch) written.push(...(await tryAll(deps, [entry])))
    return written
  }
}

async function completeAll(
  { queue, stopwatch, log }: RecorderDeps,
  batch: readonly Entry[],
): Promise<readonly DeliveryId[]> {
  for (let tried = 1; ; tried++) {
    try {
      const lost = await queue.complete(batch.map(({ completion }) => completion))
      for (const { id } of lost) log('warn', 'lease_lost', { delivery: id })
      return lost.map(({ id }) => id)
    } catch (error) {
      if (tried >= TRIES) throw error
      await stopwatch.sleep(100 * 2 ** tried)
    }
  }
}

/** What a batch means for those that wait for their turn, for the actions and for the receivers. */
async function follow(deps: RecorderDeps, failing: Failing, done: readonly Entry[]): Promise<void> {
  const ended = done.filter(({ completion }) => completion.next.kind !== 'pending')
  await deps.queue.promote([...new Set(ended.flatMap(({ delivery }) => delivery.orderKey ?? []))])
  await noteEndpoints(deps, failing.endpoints, done)
  await noteActions(deps, failing.actions, done)
}

type Seen = { readonly works: boolean; readonly reason: string }

/** One note for each key: it works if anything worked. Where nobody was failing, that is no news. */
function notesOf(seen: readonly (Seen & { readonly key: string })[], failing: ReadonlySet<string>): readonly Noted[] {
  return [...Map.groupBy(seen, ({ key }) => key)].flatMap(([key, all]) => {
    const works = all.some((each) => each.works)
    if (works && !failing.has(key)) return []
    return [{ key, failed: works ? 0 : all.length, reason: all.findLast((each) => !each.works)?.reason ?? '' }]
  })
}

function keep(failing: Set<string>, notes: readonly Noted[]): void {
  for (const { key, failed } of notes) {
    if (failed > 0) failing.add(key)
    else failing.delete(key)
  }
}

async function noteEndpoints(deps: RecorderDeps, failing: Set<string>, done: readonly Entry[]): Promise<void> {
  const seen = done.flatMap(({ delivery: { endpoint = '' }, outcome }) =>
    outcome === undefined || outcome.isReachable === null || endpoint === ''
      ? []
      : [{ key: endpoint, works: outcome.isReachable, reason: outcome.reason }],
  )
  const notes = notesOf(seen, failing)
  if (notes.length === 0) return
  keep(failing, notes)
  const standings = await deps.queue.noteEndpoints(notes)
  const now = await deps.queue.now()
  for (const standing of standings) {
    const until = opensUntil(standing, now, deps.random)
    if (until === null || !(await deps.queue.openBreaker(standing, until))) continue
    const { endpoint, failures, lastFailure } = standing
    deps.log('warn', 'breaker_opened', { endpoint, failures, reason: lastFailure, for: until - now })
  }
}

async function noteActions(deps: RecorderDeps, failing: Set<string>, done: readonly Entry[]): Promise<void> {
  const told = done.flatMap(({ delivery, outcome }) => (outcome === undefined ? [] : [{ delivery, outcome }]))
  const seen = told.map(({ delivery, outcome }) => ({
    key: delivery.actionId,
    works: outcome.isDelivered,
    reason: outcome.reason,
  }))
  const notes = notesOf(seen, failing)
  if (notes.length === 0) return
  keep(failing, notes)
  const standings = await deps.queue.noteActions(notes)
  const now = await deps.queue.now()
  for (const standing of standings) {
    const { actionId, failures, failingSince } = standing
    const last = told.findLast(({ delivery, outcome }) => delivery.actionId === actionId && !outcome.isDelivered)
    if (last === undefined) continue
    const { delivery, outcome } = last
    const evidence = { failures, failingSince, lastFailure: outcome.reason, delivery: delivery.id }
    const gone = told.find((each) => each.delivery.actionId === actionId && each.outcome.isGone)
    if (gone !== undefined) {
      const reason = `${gone.delivery.endpoint ?? 'the receiver'} ${outcome.reason}: it wants no more deliveries`
      const isChanged = await deps.queue.setAction(
        { actionId, state: 'disabled', until: null, reason, evidence: { ...evidence, delivery: gone.delivery.id } },
        { onlyActive: true },
      )
      if (isChanged) deps.log('error', 'action_disabled', { action: actionId, reason, delivery: gone.delivery.id })
      continue
    }
    const quarantine = quarantineAfter(standing, { ...outcome, delivery: delivery.id }, now, deps.quarantine())
    if (quarantine === null) continue
    const isChanged = await deps.queue.setAction(
      { actionId, state: 'quarantined', ...quarantine },
      { onlyActive: true },
    )
    if (isChanged)
      deps.log('error', 'action_quarantined', { action: actionId, reason: quarantine.reason, delivery: delivery.id })
  }
}
