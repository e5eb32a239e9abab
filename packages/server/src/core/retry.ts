import { retryAfter } from './retry-after.ts'
import { type Clock, fraction, type Milliseconds, type Random, type Stopwatch } from './time.ts'

/** What a call came to, as far as trying again is concerned. */
type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: { readonly [name: string]: string } }
  | { readonly kind: 'failed'; readonly reason: string }

type Deps = { readonly clock: Clock; readonly stopwatch: Stopwatch; readonly random: Pick<Random, 'bytes'> }

type Policy = {
  readonly attempts: number
  /** On the stopwatch: the end of all attempts together. */
  readonly deadline: Milliseconds
  readonly backoff: { readonly base: Milliseconds; readonly jitter: boolean }
}

/** Failures that another try may mend. The others say that the call itself is wrong. */
const MENDABLE = new Set(['timeout', 'dns', 'connect', 'closed', 'bad_answer'])

/** 429 and 5xx but 501, and whatever the network did (ory-actions.md §4.6). */
export const isWorthRepeating = (outcome: Outcome) =>
  outcome.kind === 'failed'
    ? MENDABLE.has(outcome.reason)
    : outcome.status === 429 || (outcome.status >= 500 && outcome.status !== 501)

/** Calls while somebody waits: a few attempts, short waits, one deadline for everything. The last outcome counts. */
export async function callWithRetries<O extends Outcome>(
  deps: Deps,
  { attempts, deadline, backoff }: Policy,
  call: (budget: Milliseconds, attempt: number) => Promise<O>,
): Promise<O> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await call(Math.max(0, deadline - deps.stopwatch.now()), attempt)
    if (attempt >= attempts || !isWorthRepeating(outcome)) return outcome
    const wait = askedToWait(outcome, deps.clock) ?? waitBefore(attempt, backoff, deps.random)
    if (deps.stopwatch.now() + wait >= deadline) return outcome
    await deps.stopwatch.sleep(wait)
  }
}

const askedToWait = (outcome: Outcome, clock: Clock) =>
  outcome.kind === 'answered' && (outcome.status === 429 || outcome.status === 503)
    ? retryAfter(outcome.headers['retry-after'], clock.now())
    : null

/** base · 2ⁿ before the n-th repetition; jitter takes up to half of it away. */
export function waitBefore(
  attempt: number,
  { base, jitter }: Policy['backoff'],
  random: Pick<Random, 'bytes'>,
): Milliseconds {
  const full = base * 2 ** (attempt - 1)
  return jitter ? full * (0.5 + fraction(random) / 2) : full
}
