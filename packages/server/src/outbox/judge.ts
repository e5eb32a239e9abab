import type { AnswerExcerpt, Attempt } from '../core/delivery.ts'
import { retryAfter } from '../core/retry-after.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { Answered, FailureReason, Sent } from '../net/outgoing.ts'
import type { Outcome } from './recorder.ts'

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
  /** Repeating the same bytes will never help; `isGone`: nor will anything else that is sent there. */
  | { readonly kind: 'final'; readonly reason: string; readonly status: number | null; readonly isGone: boolean }

/**
 * What an answer means for its delivery. The table in docs/deliveries.md says it to operators; a test holds them together.
 *
 * | answer | meaning |
 * | --- | --- |
 * | 2xx, whatever its body | delivered |
 * | 408, 425, 429, every 5xx | retried, `Retry-After` honoured |
 * | 410 | final, and the action is disabled |
 * | any other 4xx | final |
 * | 3xx that is not followed | retried: the receiver may be moving |
 * | no answer, not even a connection | retried |
 * | a call that can't be sent at all | final |
 */
export function judge(sent: Sent, now: Time): Judgement {
  const status = sent.status ?? null
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered', status }
  if (sent.kind === 'failed') {
    return FINAL.has(sent.reason)
      ? { kind: 'final', reason: sent.detail, status, isGone: false }
      : { kind: 'retry', reason: sent.detail, asked: null, status }
  }
  const reason = `answered ${sent.status}`
  if (sent.status >= 400 && sent.status < 500 && !PASSING.has(sent.status)) {
    return { kind: 'final', reason, status, isGone: sent.status === 410 }
  }
  return { kind: 'retry', reason, asked: retryAfter(sent.headers['retry-after'], now), status }
}

const PASSING = new Set([408, 425, 429])
const FINAL: ReadonlySet<FailureReason> = new Set<FailureReason>(['invalid_request'])

/** One try as it is kept. */
export function attemptOf(requestId: string, startedAt: Time, endedAt: Time, sent: Sent): Attempt {
  const judgement = judge(sent, endedAt)
  return {
    requestId,
    startedAt,
    endedAt,
    outcome: judgement.kind === 'final' ? 'failed' : judgement.kind,
    status: judgement.status,
    reason: judgement.kind === 'delivered' ? '' : judgement.reason,
    ...(sent.timings === undefined ? {} : { timings: sent.timings }),
    ...(sent.kind === 'answered' ? { answer: excerptOf(sent) } : {}),
  }
}

/** What an attempt says of the action and of its receiver. A call that was never ready to be sent asked nobody. */
export function outcomeOf(judgement: Judgement, isUnready: boolean): Outcome {
  const status = judgement.status ?? 0
  return {
    isDelivered: judgement.kind === 'delivered',
    isReachable: isUnready ? null : isAnswer(status),
    isFinal: judgement.kind === 'final',
    isGone: judgement.kind === 'final' && judgement.isGone,
    reason: judgement.kind === 'delivered' ? '' : judgement.reason,
  }
}

/** Somebody is there and knows what to do with a call, if only to refuse it. */
const isAnswer = (status: number) =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && !PASSING.has(status))

const KEPT_HEADERS = ['content-type', 'content-length', 'location', 'retry-after', 'server', 'date', 'x-request-id']
const KEPT_BODY = 2_000
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/x-www-form-urlencoded)/i

/** The beginning of an answer, where it is text. */
function excerptOf({ headers, body }: Answered): AnswerExcerpt {
  const isText = TEXT.test(headers['content-type'] ?? '')
  return {
    headers: Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
    ),
    body: isText ? body.subarray(0, KEPT_BODY).toString('utf8') : '',
    length: body.length,
  }
}
