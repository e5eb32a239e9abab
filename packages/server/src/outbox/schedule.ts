import { fraction, type Milliseconds, type Random } from '../core/time.ts'

const FIRST: Milliseconds = 5_000
const LONGEST: Milliseconds = 8 * 60 * 60 * 1000
const SHORTEST: Milliseconds = 1_000
const MOST_ASKED: Milliseconds = 24 * 60 * 60 * 1000

/** Thirty attempts take three days on average. */
export const MOST_ATTEMPTS = 30

/**
 * How long to wait after the n-th attempt has failed; null if that was the last. Exponential with full jitter, so that
 * what failed together is not repeated together. What the receiver asks for counts instead, within reason.
 */
export function waitAfter(
  attempt: number,
  random: Pick<Random, 'bytes'>,
  asked: Milliseconds | null = null,
): Milliseconds | null {
  if (attempt >= MOST_ATTEMPTS) return null
  if (asked !== null) return Math.min(Math.max(asked, SHORTEST), MOST_ASKED)
  const longest = Math.min(FIRST * 2 ** (attempt - 1), LONGEST)
  return Math.max(SHORTEST, Math.round(longest * fraction(random)))
}
