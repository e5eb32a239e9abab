import type { ActionStanding, EndpointStanding } from '../core/delivery.ts'
import type { JsonObject } from '../core/json.ts'
import { type Time, toTimestamp } from '../core/time.ts'

/** Where an action stands now: a state that has ended by itself is over, and nothing known means that it is going. */
export type ActionStateNow = Omit<ActionStanding, 'actionId' | 'resumedAt'>

export function standingOfAction(standings: readonly ActionStanding[], actionId: string, now: Time): ActionStateNow {
  const found = standings.find((standing) => standing.actionId === actionId)
  if (found === undefined) return UNKNOWN
  const isOver = found.until !== null && found.until <= now
  return isOver
    ? { ...found, state: 'active', since: found.until ?? now, until: null, reason: '', evidence: null }
    : found
}

const UNKNOWN: ActionStateNow = {
  state: 'active',
  since: 0,
  until: null,
  reason: '',
  evidence: null,
  failures: 0,
  failingSince: null,
  lastFailure: null,
}

const timeOrNull = (time: Time | null) => (time === null || time === 0 ? null : toTimestamp(time))

/** As administrators see it. */
export const actionStateView = (standing: ActionStateNow): JsonObject => ({
  state: standing.state,
  since: timeOrNull(standing.since),
  until: timeOrNull(standing.until),
  reason: standing.reason,
  failures: standing.failures,
  failing_since: timeOrNull(standing.failingSince),
  last_failure: standing.lastFailure,
  evidence:
    standing.evidence === null
      ? null
      : {
          failures: standing.evidence.failures,
          failing_since: timeOrNull(standing.evidence.failingSince),
          last_failure: standing.evidence.lastFailure,
          delivery_id: standing.evidence.delivery,
        },
})

/** Whether calls go through: half open, one of them is let through to see. */
export function breakerOf(endpoint: EndpointStanding | undefined, now: Time): 'closed' | 'open' | 'half_open' {
  if (endpoint === undefined || endpoint.openUntil === null) return 'closed'
  return endpoint.openUntil > now ? 'open' : 'half_open'
}
