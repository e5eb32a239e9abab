import type { OnFailure, RetryPolicy } from '../core/action.ts'
import type { CallAttempt, CallOutcome, RecordCall } from '../core/call.ts'
import type { Attempt, Delivery } from '../core/delivery.ts'
import type { ActionId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { callWithRetries } from '../core/retry.ts'
import type { ActionSettings } from '../core/settings.ts'
import type { Clock, Milliseconds, Random, Stopwatch, Time } from '../core/time.ts'
import type { Sent } from '../net/outgoing.ts'
import { type Sendable, type SendDeps, sendDelivery } from './deliver-web-hook.ts'
import { attemptOf, judge } from './judge.ts'
import type { Completion, Queue } from './queue.ts'
import { waitAfter } from './schedule.ts'

export type DeliverNowDeps = SendDeps & {
  /** Keeps what became of a call somebody waited for. */
  readonly record?: RecordCall
  readonly queue: Pick<Queue, 'complete' | 'extend' | 'now'>
  /** Whether deliveries of an action are made just now. */
  readonly isGoing: (action: ActionId) => boolean
  readonly retry: () => RetryPolicy
  readonly settings: () => Pick<ActionSettings, 'attempts' | 'backoff' | 'awaitedFailure'>
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Random
  readonly log: Log
}

/** What an awaited delivery came to. Only `failed` fails the answer; a class as in ory-actions.md §4.8. */
export type DeliveredNow =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'postponed'; readonly detail: string }
  | { readonly kind: 'failed'; readonly class: 'U' | 'T' | 'P'; readonly detail: string }

/** Delivers what a request waits for, under the lease that the request took with its commit. */
export async function deliverNow(deps: DeliverNowDeps, delivery: Delivery): Promise<DeliveredNow> {
  const [startedAt, from] = [deps.clock.now(), deps.stopwatch.now()]
  const { content, actionId } = delivery
  const rule = deps.sendingOf(actionId)?.onFailure ?? (deps.settings().awaitedFailure === 'fail' ? 'deny' : 'queue')
  if (content.kind === 'mail' || content.kind === 'erased') throw new Error(`nobody waits for ${content.kind}`)
  if (content.kind === 'dead') {
    record(deps, delivery, { startedAt, from, rule, attempts: [], failure: content.reason })
    return outcomeOf(rule, 'P', content.reason)
  }

  if (!deps.isGoing(actionId)) return standStill(deps, delivery, startedAt)
  await keepLease(deps, delivery, content.timeout)
  const { sent, attempts } = await callInPlace(deps, delivery, content)
  const judgement = judge(sent, deps.clock.now())
  const wait = judgement.kind === 'retry' && rule === 'queue' ? waitOf(deps, delivery, judgement.asked) : null
  await complete(deps, delivery, async () => {
    if (judgement.kind === 'delivered') return { attempts, next: { kind: 'delivered' } }
    if (wait === null) return { attempts, next: { kind: 'dead', reason: judgement.reason } }
    return { attempts, next: { kind: 'pending', dueAt: (await deps.queue.now()) + wait } }
  })
  const failure = judgement.kind === 'delivered' ? null : judgement.reason
  record(deps, delivery, {
    startedAt,
    from,
    rule: wait === null && rule === 'queue' ? 'continue' : rule,
    attempts,
    failure,
  })
  return failure === null ? { kind: 'delivered' } : outcomeOf(rule, classOf(sent), failure)
}

const STANDS_STILL = 'the action stands still; its deliveries wait until it goes on'

/** Nobody is asked, and nobody is held up: a worker makes the call when the action goes on. */
async function standStill(deps: DeliverNowDeps, delivery: Delivery, startedAt: Time): Promise<DeliveredNow> {
  await complete(deps, delivery, async () => ({
    attempts: [],
    next: { kind: 'pending', dueAt: await deps.queue.now() },
  }))
  record(deps, delivery, { startedAt, rule: 'queue', attempts: [], failure: STANDS_STILL })
  return { kind: 'postponed', detail: STANDS_STILL }
}

function waitOf({ retry, sendingOf, clock, random }: DeliverNowDeps, delivery: Delivery, asked: Milliseconds | null) {
  const now = clock.now()
  const policy = { ...retry(), ...sendingOf(delivery.actionId)?.retry }
  return waitAfter({ attempt: 1, now, since: now, asked }, policy, random)
}

type Tried = {
  readonly startedAt: Time
  /** On the stopwatch; nothing where nobody was asked. */
  readonly from?: Milliseconds
  readonly rule: OnFailure
  readonly attempts: readonly Attempt[]
  readonly failure: string | null
}

const OUTCOMES: { readonly [R in OnFailure]: CallOutcome } = {
  deny: 'failed',
  continue: 'let_through',
  queue: 'queued',
}

function record(deps: DeliverNowDeps, delivery: Delivery, { startedAt, from, rule, attempts, failure }: Tried): void {
  const { id, actionId, trigger, identityId, flowId = null, content } = delivery
  const sending = deps.sendingOf(actionId)
  deps.record?.({
    id,
    actionId,
    where: sending?.where ?? '',
    trigger,
    flowId,
    identityId,
    method: content.kind === 'rendered' ? content.call.method : '',
    endpoint: sending?.endpoint ?? '',
    startedAt,
    endedAt: deps.clock.now(),
    ...(from === undefined ? {} : { elapsed: deps.stopwatch.now() - from }),
    outcome: failure === null ? 'proceeded' : OUTCOMES[rule],
    detail: failure ?? '',
    attempts: attempts.map(
      ({ requestId, startedAt, endedAt, status, reason, timings }): CallAttempt => ({
        requestId,
        startedAt,
        endedAt,
        status,
        reason,
        ...(timings === undefined ? {} : { timings }),
      }),
    ),
  })
}

const MARGIN: Milliseconds = 5_000

/** Where others were waited for first, the lease may end during the call, and a worker would make it as well. */
async function keepLease(deps: DeliverNowDeps, delivery: Delivery, timeout: Milliseconds): Promise<void> {
  const { id, leaseToken, leasedUntil } = delivery
  const needed = timeout + MARGIN
  if (leaseToken === null || leasedUntil === null || leasedUntil - deps.clock.now() >= needed) return
  try {
    await deps.queue.extend([{ id, leaseToken }], needed)
  } catch (error) {
    deps.log('error', 'extend_failed', { delivery: id, detail: String(error) })
  }
}

const outcomeOf = (rule: OnFailure, kind: 'U' | 'T' | 'P', detail: string): DeliveredNow =>
  rule === 'deny' ? { kind: 'failed', class: kind, detail } : { kind: 'postponed', detail }

const classOf = (sent: Sent) => {
  if (sent.kind === 'failed') return sent.reason === 'timeout' ? 'T' : 'P'
  return sent.status === 501 || (sent.status < 500 && sent.status !== 429) ? 'U' : 'P'
}

const NO_PLACE: Sent = {
  kind: 'failed',
  reason: 'connect',
  detail: 'as many calls of this action as may be are under way already (concurrency)',
}

/** Where all its places are taken, nobody waits for one. */
async function callInPlace(deps: DeliverNowDeps, delivery: Delivery, content: Sendable) {
  const { enter } = deps.sendingOf(delivery.actionId) ?? {}
  const leave = enter === undefined ? () => {} : enter()
  if (leave === null) return { sent: NO_PLACE, attempts: [] }
  try {
    return await callNow(deps, delivery, content)
  } finally {
    leave()
  }
}

/** A few quick attempts within the hook's one budget, each of them kept. */
async function callNow(deps: DeliverNowDeps, delivery: Delivery, content: Sendable) {
  const settings = deps.settings()
  const attempts: Attempt[] = []
  const policy = {
    attempts: deps.sendingOf(delivery.actionId)?.attempts ?? settings.attempts,
    deadline: deps.stopwatch.now() + content.timeout,
    backoff: settings.backoff,
  }
  const sent = await callWithRetries(deps, policy, async (budget) => {
    const startedAt = deps.clock.now()
    const { requestId, sent } = await sendDelivery(deps, delivery, content, { budget })
    attempts.push(attemptOf(requestId, startedAt, deps.clock.now(), sent))
    return sent
  })
  return { sent, attempts }
}

type Rest = Pick<Completion, 'attempts' | 'next'>

/** The call has been made, so the person is answered whatever the database says; a worker takes the row over then. */
async function complete(deps: DeliverNowDeps, delivery: Delivery, rest: () => Promise<Rest>): Promise<void> {
  if (delivery.leaseToken === null) return
  try {
    const lost = await deps.queue.complete([{ id: delivery.id, leaseToken: delivery.leaseToken, ...(await rest()) }])
    if (lost.length > 0) deps.log('warn', 'lease_lost', { delivery: delivery.id, action: delivery.actionId })
  } catch (error) {
    deps.log('error', 'delivery_not_recorded', { delivery: delivery.id, detail: String(error) })
  }
}
