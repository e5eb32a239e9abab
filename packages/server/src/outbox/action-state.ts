import type { ActionStanding } from '../core/delivery.ts'
import type { Time } from '../core/time.ts'

type Standing = Pick<ActionStanding, 'state' | 'until' | 'resumedAt'> | null

/** Whether deliveries of the action are made; an action nobody has said anything about is going. */
export const isGoing = (action: Standing, now: Time) =>
  action === null || action.state === 'active' || (action.until !== null && action.until <= now)

/** When the action was last set going again, by somebody or by itself: the time it stood still counts for no retry. */
export function goingSince(action: Standing, now: Time): Time | null {
  if (action === null) return null
  const { state, until, resumedAt } = action
  return state !== 'active' && until !== null && until <= now ? Math.max(until, resumedAt ?? 0) : resumedAt
}
