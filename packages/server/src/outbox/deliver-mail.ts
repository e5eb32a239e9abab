import type { Attempt } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { type Clock, fraction, type Milliseconds, type Random, type Time } from '../core/time.ts'
import type { Queue } from './queue.ts'
import type { Deliver } from './worker.ts'

/** What became of one try to send a message. */
export type MailSent =
  | { readonly kind: 'sent'; readonly status: number | null }
  /** Another try may help; or, where the server stops, was not even made. */
  | { readonly kind: 'retry' | 'given_up'; readonly status: number | null; readonly reason: string }
  /** Repeating it will never help: nobody is there, or nobody can be. */
  | { readonly kind: 'final'; readonly status: number | null; readonly reason: string }

export type SealedMessage = { readonly id: DeliveryId; readonly sealed: string; readonly createdAt: Time }

export type MailDeps = {
  readonly send: (message: SealedMessage, signal: AbortSignal) => Promise<MailSent>
  /** How often a message is tried again, by the configuration in force. */
  readonly retries: () => number
  readonly queue: Pick<Queue, 'now'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Sends a message once; it is abandoned when it was tried again as often as configured (ory-identity-api.md §11). */
export const attemptMail =
  (deps: MailDeps): Deliver =>
  async ({ delivery, attempts }, signal) => {
    const { id, content, createdAt } = delivery
    if (content.kind !== 'mail') throw new Error('only mail goes this lane')

    const startedAt = deps.clock.now()
    const sent = await deps.send({ id, sealed: content.sealed, createdAt }, signal)
    const made = [attemptOf(deps.random.uuid(), startedAt, deps.clock.now(), sent)]
    if (sent.kind === 'sent') return { attempts: made, next: { kind: 'delivered' } }
    // A try that the server's own end cut short does not count.
    if (sent.kind === 'given_up') return { attempts: [], next: { kind: 'pending', dueAt: await deps.queue.now() } }

    const wait = sent.kind === 'retry' && attempts < deps.retries() ? waitAfter(attempts + 1, deps.random) : null
    const fields = { delivery: id, reason: sent.reason, wait }
    deps.log(wait === null ? 'error' : 'warn', wait === null ? 'mail_abandoned' : 'mail_postponed', fields)
    if (wait === null) return { attempts: made, next: { kind: 'dead', reason: sent.reason } }
    return { attempts: made, next: { kind: 'pending', dueAt: (await deps.queue.now()) + wait } }
  }

function attemptOf(requestId: string, startedAt: Time, endedAt: Time, sent: MailSent): Attempt {
  const outcome = sent.kind === 'sent' ? 'delivered' : sent.kind === 'final' ? 'failed' : 'retry'
  return {
    requestId,
    startedAt,
    endedAt,
    outcome,
    status: sent.status,
    reason: sent.kind === 'sent' ? '' : sent.reason,
  }
}

const FIRST: Milliseconds = 5_000
const LONGEST: Milliseconds = 60 * 60 * 1000

/**
 * The wait after the n-th try: the five of the default last about ten minutes, longer than a mail server takes to come
 * back and shorter than a code lives. A quarter more or less is left to chance.
 */
function waitAfter(attempt: number, random: Pick<Random, 'bytes'>): Milliseconds {
  const longest = Math.min(FIRST * 3 ** (attempt - 1), LONGEST)
  return Math.round(longest * (0.75 + 0.5 * fraction(random)))
}
