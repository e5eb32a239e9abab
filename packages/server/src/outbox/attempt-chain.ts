import type { RetryPolicy } from '../core/action.ts'
import type { ChainAnswer, ChainPoint, Followed, StatusSays, WriteBack } from '../core/chain.ts'
import type { Attempt, Delivery, RenderedCall } from '../core/delivery.ts'
import type { IdentityId } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Log } from '../core/log.ts'
import type { Clock, Random, Time } from '../core/time.ts'
import type { FailureReason, Sent } from '../net/outgoing.ts'
import { type Sendable, type SendDeps, sendDelivery } from './deliver-web-hook.ts'
import { attemptOf, judge, type Judgement, outcomeOf } from './judge.ts'
import type { Queue, Taken } from './queue.ts'
import type { Outcome, Rest } from './recorder.ts'
import { waitAfter } from './schedule.ts'

export type ChainDeps = SendDeps & {
  readonly queue: Pick<Queue, 'now' | 'setAction'>
  readonly retry: () => RetryPolicy
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Keeps with an identity what a vendor said of it. */
  readonly writeBack?: (identity: IdentityId, change: WriteBack) => Promise<void>
}

type Chained = Sendable & { readonly chain: ChainPoint }

export const isChained = (content: Sendable): content is Chained => content.chain !== undefined

/**
 * Makes one call of a chain. What comes next is rendered and kept with the completion, before it is sent, so that a
 * process that dies in between sends the same bytes again and no step that is done is done twice.
 */
export async function attemptChain(
  deps: ChainDeps,
  taken: Taken,
  content: Chained,
  signal: AbortSignal,
): Promise<Rest> {
  const { delivery } = taken
  const { point, call } = standing(delivery, content)
  const startedAt = deps.clock.now()
  const { requestId, sent, isUnready } = await sendDelivery(
    deps,
    delivery,
    { ...content, call },
    { budget: content.timeout, signal },
  )
  const endedAt = deps.clock.now()
  const judgement = judge(sent, endedAt)
  const follow = deps.sendingOf(delivery.actionId)?.follow
  const wanted: Followed =
    follow === undefined || isUnready
      ? {
          kind: 'retry',
          reason: 'this connection, or a secret of it, is not configured any more',
          asked: null,
          atLeast: 0,
        }
      : follow(point, answerOf(sent), statusSays(judgement))
  // First this: where it fails, the answer is asked for again with the same key, and is the same.
  const followed = await keptWithIdentity(deps, delivery, wanted)
  const attempt = attemptAs(followed, attemptOf(requestId, startedAt, endedAt, sent), point.step)
  const rest = await restOf(deps, taken, followed, isAborted(sent))
  const seen = isAborted(sent) ? {} : { outcome: outcomeAs(followed, outcomeOf(judgement, isUnready)) }
  return { attempts: [attempt], ...rest, ...seen }
}

/** What could not be kept is tried again as any other call, with its waits: it must not be asked for without end. */
async function keptWithIdentity(
  { writeBack }: ChainDeps,
  { identityId }: Delivery,
  wanted: Followed,
): Promise<Followed> {
  if (!('writeBack' in wanted) || wanted.writeBack === null || identityId === null) return wanted
  try {
    await writeBack?.(identityId, wanted.writeBack)
    return wanted
  } catch (error) {
    return { kind: 'retry', reason: `what it answered could not be kept: ${String(error)}`, asked: null, atLeast: 0 }
  }
}

/** What the action and the receiver are known for afterwards. That one person was not taken says nothing of either. */
function outcomeAs(followed: Followed, { isReachable }: Outcome): Outcome {
  const works = followed.kind === 'done' || followed.kind === 'next' || (followed.kind === 'dead' && !followed.isAlert)
  return {
    isDelivered: works,
    isReachable: works ? true : isReachable,
    isFinal: followed.kind === 'dead' && followed.isAlert,
    // What a 410 means is the recipe's to say.
    isGone: false,
    reason: 'reason' in followed ? followed.reason : '',
  }
}

/** Where a chain stands: as it was queued, or as the last completion left it. */
function standing(
  { progress }: Delivery,
  { chain, call }: Chained,
): { readonly point: ChainPoint; readonly call: RenderedCall } {
  const kept = progress === undefined ? null : readProgress(progress)
  if (kept === null) return { point: chain, call }
  return { point: { ...chain, step: kept.step, steps: kept.steps }, call: kept.call }
}

type Progress = { readonly step: string; readonly steps: JsonObject; readonly call: RenderedCall }

const writeProgress = ({ step, steps, call }: Progress): Json => ({ step, steps, call: JSON.stringify(call) })

function readProgress(progress: Json): Progress | null {
  if (!isJsonObject(progress) || !isJsonObject(progress.steps ?? null)) return null
  const { step, call, steps = {} } = progress
  if (typeof step !== 'string' || typeof call !== 'string' || !isJsonObject(steps)) return null
  const parsed: RenderedCall = JSON.parse(call)
  return { step, steps, call: parsed }
}

/** Before a connection stood, nothing can have arrived. */
const NOT_ARRIVED: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'dns',
  'connect',
  'tls',
  'refused_address',
  'invalid_request',
  'no_token',
])

function answerOf(sent: Sent): ChainAnswer {
  if (sent.kind === 'failed')
    return { kind: 'failed', reason: sent.detail, mayHaveArrived: !NOT_ARRIVED.has(sent.reason) }
  return { kind: 'answered', status: sent.status, headers: sent.headers, text: sent.body.toString() }
}

function statusSays(judgement: Judgement): StatusSays {
  if (judgement.kind === 'delivered') return { kind: 'delivered', reason: '', asked: null }
  const asked = judgement.kind === 'retry' ? judgement.asked : null
  return { kind: judgement.kind, reason: judgement.reason, asked }
}

const isAborted = (sent: Sent) => sent.kind === 'failed' && sent.reason === 'aborted'

const OUTCOMES: { readonly [K in Followed['kind']]: Attempt['outcome'] } = {
  done: 'delivered',
  next: 'delivered',
  retry: 'retry',
  paused: 'retry',
  dead: 'failed',
}

const attemptAs = (followed: Followed, attempt: Attempt, step: string): Attempt => ({
  ...attempt,
  step,
  outcome: OUTCOMES[followed.kind],
  reason: 'reason' in followed ? followed.reason : '',
})

/** A paused action's deliveries wait for whoever resumes it. */
async function restOf(
  deps: ChainDeps,
  taken: Taken,
  followed: Followed,
  isGivenUp: boolean,
): Promise<Pick<Rest, 'next' | 'progress'>> {
  const { delivery } = taken
  const now = await deps.queue.now()
  switch (followed.kind) {
    case 'done':
      return { next: { kind: 'delivered' }, progress: { steps: followed.steps } }
    case 'next':
      return { next: { kind: 'pending', dueAt: now }, progress: writeProgress(followed) }
    case 'dead':
      logEnd(deps, delivery, followed.reason, followed.isAlert)
      return { next: { kind: 'dead', reason: followed.reason } }
    case 'paused':
      await pause(deps, delivery, followed.reason)
      return { next: { kind: 'pending', dueAt: now } }
    case 'retry':
      // A try that the server's own end cut short is made again at once.
      return { next: isGivenUp ? { kind: 'pending', dueAt: now } : retried(deps, taken, followed, now) }
    default:
      return followed satisfies never
  }
}

async function pause({ queue, log }: ChainDeps, { id, actionId, trigger }: Delivery, said: string): Promise<void> {
  const reason = `${said}; mend the credentials, then resume it`
  const change = { actionId, state: 'paused', until: null, reason } as const
  const isChanged = await queue.setAction(change, { onlyActive: true })
  if (isChanged) log('error', 'connection_paused', { action: actionId, reason, delivery: id, trigger })
}

function retried(
  deps: ChainDeps,
  { delivery, tries, beganAt, goingSince }: Taken,
  { reason, asked, atLeast }: Extract<Followed, { kind: 'retry' }>,
  now: Time,
): Rest['next'] {
  const policy = { ...deps.retry(), ...deps.sendingOf(delivery.actionId)?.retry }
  const since = Math.max(beganAt ?? now, goingSince ?? 0)
  const usual = waitAfter({ attempt: tries + 1, now, since, asked }, policy, deps.random)
  if (usual === null) {
    logEnd(deps, delivery, reason, true)
    return { kind: 'dead', reason }
  }
  // It grows with every try all the same, so that an outage of days is not used up in minutes.
  const wait = Math.max(usual, atLeast)
  deps.log('warn', 'delivery_postponed', { ...about(delivery, reason), wait })
  return { kind: 'pending', dueAt: now + wait }
}

/** Some ends are of no interest to anybody: one address that a vendor does not take. Others are. */
const logEnd = ({ log }: ChainDeps, delivery: Delivery, reason: string, isAlert: boolean) =>
  log(isAlert ? 'error' : 'warn', 'delivery_dead', { ...about(delivery, reason), alert: isAlert })

const about = ({ id, actionId, trigger }: Delivery, reason: string) => ({
  delivery: id,
  action: actionId,
  trigger,
  reason,
})
