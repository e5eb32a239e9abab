import type { Attempt } from '../core/delivery.ts'
import { retryAfter } from '../core/retry-after.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { FailureReason, Sent } from '../net/outgoing.ts'

/** What an attempt means for its delivery. */
export type Judgement =
  | { readonly kind: 'delivered'; readonly status: number }
  /** Another try may help; the receiver may have said when. */
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly asked: Milliseconds | null
      readonly status: number | null
    }
  /** Repeating the same bytes will never help. */
  | { readonly kind: 'final'; readonly reason: string; readonly status: number | null }

/**
 * | answer | meaning |
 * | --- | --- |
 * | 2xx, whatever its body | delivered |
 * | 408, 425, 429, every 5xx | retried, `Retry-After` honoured |
 * | 410 and any other 4xx | final |
 * | 3xx that is not followed | retried: the receiver may be moving |
 * | no answer, not even a connection | retried |
 * | a call that can't be sent at all | final |
 */
export function judge(sent: Sent, now: Time): Judgement {
  const status = sent.status ?? null
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered', status }
  if (sent.kind === 'failed') {
    return FINAL.has(sent.reason)
      ? { kind: 'final', reason: sent.detail, status }
      : { kind: 'retry', reason: sent.detail, asked: null, status }
  }
  const reason = `answered ${sent.status}`
  if (sent.status >= 400 && sent.status < 500 && !PASSING.has(sent.status)) {
    return { kind: 'final', reason, status }
  }
  return { kind: 'retry', reason, asked: retryAfter(sent.headers['retry-after'], now), status }
}

const PASSING = new Set([408, 425, 429])
const FINAL: ReadonlySet<FailureReason> = new Set<FailureReason>(['invalid_request'])

/** One try as it is kept. */
export function attemptOf(requestId: string, startedAt: number, endedAt: number, sent: Sent): Attempt {
  const judgement = judge(sent, endedAt)
  return {
    requestId,
    startedAt,
    endedAt,
    outcome: judgement.kind === 'final' ? 'failed' : judgement.kind,
    status: judgement.status,
    reason: judgement.kind === 'delivered' ? '' : judgement.reason,
  }
}
