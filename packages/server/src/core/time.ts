/** A moment: milliseconds since 1970, UTC. */
export type Time = number
/** A span of time in milliseconds. */
export type Milliseconds = number

/** Where time comes from; tests pass a clock they can turn. */
export type Clock = { now(): Time }

/** Measures how long something takes, on a clock that nobody sets, and waits. */
export type Stopwatch = {
  now(): Milliseconds
  sleep(time: Milliseconds): Promise<void>
}

/** Where chance comes from: cryptographically strong, passed in so that a run can be repeated. */
export type Random = {
  bytes(length: number): Uint8Array
  /** UUID v4: for everything a stranger could guess from. */
  uuid(): string
  /** UUID v7: for rows, so that an index grows at its end. */
  rowId(): string
}

/** A number from 0 up to, but not including, 1. */
export const fraction = (random: Pick<Random, 'bytes'>) => random.bytes(6).reduce((sum, byte) => (sum + byte) / 256, 0)

/** RFC 3339 in UTC with a fraction, as all times cross the wire. */
export const toTimestamp = (time: Time) => new Date(time).toISOString()

/** What Go prints for a time that was never set; clients see it where a row does not exist yet. */
export const ZERO_TIMESTAMP = '0001-01-01T00:00:00Z'
