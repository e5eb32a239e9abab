import type { EndpointStanding } from '../core/delivery.ts'
import { fraction, type Milliseconds, type Random, type Time } from '../core/time.ts'

/** So many failures in a row, whichever action's, and the receiver is left alone for a while. */
const FAILURES: number = 5
const FIRST: Milliseconds = 30_000
const LONGEST: Milliseconds = 15 * 60_000

/**
 * Until when the receiver is left alone after another failure; null if it is not, or is already. Afterwards one delivery
 * tries it: the breaker is half open. Each time it fails again, the pause doubles. A fifth more or less is left to chance.
 */
export function opensUntil(
  { failures, opened, openUntil }: Pick<EndpointStanding, 'failures' | 'opened' | 'openUntil'>,
  now: Time,
  random: Pick<Random, 'bytes'>,
): Time | null {
  if (failures < FAILURES || (openUntil !== null && openUntil > now)) return null
  const pause = Math.min(FIRST * 2 ** Math.min(opened, 10), LONGEST)
  return now + Math.round(pause * (0.8 + 0.4 * fraction(random)))
}
