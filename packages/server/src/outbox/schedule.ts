import type { RetryPolicy } from '../core/action.ts'
import { fraction, type Milliseconds, type Random, type Time } from '../core/time.ts'

const SHORTEST: Milliseconds = 1_000
const MOST_ASKED: Milliseconds = 24 * 60 * 60 * 1000

/** Thirty attempts take three days on average. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 30,
  horizon: 72 * 60 * 60 * 1000,
  min: 5_000,
  max: 8 * 60 * 60 * 1000,
}

export type Tried = {
  /** How many attempts have failed. */
  readonly attempt: number
  readonly now: Time
  /** When the first of them was made. */
  readonly since: Time
  /** What the receiver asks for; within reason it counts instead. */
  readonly asked?: Milliseconds | null
}

/**
 * How long to wait after the n-th attempt has failed; null if that was the last. Exponential with full jitter, so that
 * what failed together is not repeated together. Where the wait would pass the horizon, the last attempt is made there.
 */
export function waitAfter(
  { attempt, now, since, asked = null }: Tried,
  { attempts, horizon, min, max }: RetryPolicy,
  random: Pick<Random, 'bytes'>,
): Milliseconds | null {
  const left = since + horizon - now
  if (attempt >= attempts || left <= 0) return null
  return Math.min(asked === null ? jittered(attempt, min, max, random) : clamp(asked), left)
}

const clamp = (asked: Milliseconds) => Math.min(Math.max(asked, SHORTEST), MOST_ASKED)

function jittered(attempt: number, min: Milliseconds, max: Milliseconds, random: Pick<Random, 'bytes'>): Milliseconds {
  const longest = Math.min(min * 2 ** Math.min(attempt - 1, 40), max)
  return Math.max(Math.min(SHORTEST, max), Math.round(longest * fraction(random)))
}
