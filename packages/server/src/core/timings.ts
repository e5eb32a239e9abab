import type { Milliseconds } from './time.ts'

/** The parts of a call, in the order in which they come. */
export const TIMED_PARTS = ['dns', 'connect', 'tls', 'wait', 'read'] as const
export type TimedPart = (typeof TIMED_PARTS)[number]

/**
 * Where the time of one try went. Null: it had no such part, as the connection was open already or is a plain one, or
 * it came to its end before. `wait` is from the request's first byte to the answer's.
 */
export type Timings = { readonly [P in TimedPart]: Milliseconds | null }
