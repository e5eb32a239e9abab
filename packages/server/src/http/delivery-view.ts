import type { Attempt, Delivery } from '../core/delivery.ts'
import type { JsonObject } from '../core/json.ts'
import type { Redactor } from '../core/redactor.ts'
import { type Time, toTimestamp } from '../core/time.ts'
import type { Standing } from '../store/rows.ts'

const timeOrNull = (time: Time | null) => (time === null ? null : toTimestamp(time))

/** A delivery in a list: where it stands, and nothing of what it says. */
export function deliveryLine({
  delivery,
  state,
  reason,
  nextAt,
  leaseToken,
  attempts,
  finishedAt,
}: Standing): JsonObject {
  const { id, actionId, trigger, flowId, identityId, endpoint, createdAt, replayOf, eventId } = delivery
  return {
    id,
    event_id: eventId,
    action_id: actionId,
    trigger,
    flow_id: flowId ?? null,
    identity_id: identityId,
    endpoint: endpoint ?? '',
    status: state,
    // Somebody is at it just now.
    under_way: state === 'pending' && leaseToken !== null,
    reason: reason ?? '',
    attempts,
    created_at: toTimestamp(createdAt),
    next_attempt_at: state === 'pending' ? toTimestamp(nextAt) : null,
    finished_at: timeOrNull(finishedAt),
    replay_of: replayOf ?? null,
  }
}

export type Told = {
  readonly attempts: readonly Attempt[]
  readonly replays: readonly string[]
  /** Where its action stands, and what that means for it. */
  readonly action: JsonObject
}

/** A whole delivery: what is sent, every try and its answer, without secrets. */
export const deliveryView = (
  redactor: Redactor,
  standing: Standing,
  { attempts, replays, action }: Told,
): JsonObject => ({
  ...deliveryLine(standing),
  request: requestView(redactor, standing.delivery),
  tries: attempts.map((attempt) => attemptView(redactor, attempt)),
  replays: [...replays],
  action,
  cause: standing.delivery.cause ?? null,
  ctx: standing.delivery.context === undefined ? null : redactor.json(standing.delivery.context),
})

/** What goes out; headers with secrets are named, and filled in when it is sent. */
export function requestView(redactor: Redactor, { content }: Pick<Delivery, 'content'>): JsonObject | null {
  if (content.kind !== 'rendered') return null
  const { method, url, headers, body, secretHeaders, isSigned = false } = content.call
  return {
    method,
    url: redactor.url(url),
    headers: {
      ...redactor.headers(headers),
      ...Object.fromEntries(secretHeaders.map((name) => [name, '<redacted>'])),
    },
    signed: isSigned,
    body: body === null ? null : redactor.body(body),
  }
}

const attemptView = (redactor: Redactor, attempt: Attempt): JsonObject => ({
  request_id: attempt.requestId,
  started_at: toTimestamp(attempt.startedAt),
  ended_at: toTimestamp(attempt.endedAt),
  duration_ms: attempt.endedAt - attempt.startedAt,
  outcome: attempt.outcome,
  status: attempt.status,
  reason: attempt.reason,
  ...(attempt.step === undefined ? {} : { step: attempt.step }),
  timings_ms: attempt.timings === undefined ? null : { ...attempt.timings },
  answer:
    attempt.answer === undefined
      ? null
      : {
          headers: redactor.headers(attempt.answer.headers),
          body: redactor.body(attempt.answer.body),
          length: attempt.answer.length,
        },
})
