/** A moment: milliseconds since 1970, UTC. */
export type Time = number
/** A span of time in milliseconds. */
export type Milliseconds = number

/** Where time comes from; tests pass a clock they can turn. */
export type Clock = { now(): Time }

/** Where chance comes from: cryptographically strong, passed in so that a run can be repeated. */
export type Random = {
  bytes(length: number): Uint8Array
  /** UUID v4: for everything a stranger could guess from. */
  uuid(): string
  /** UUID v7: for rows, so that an index grows at its end. */
  rowId(): string
}

/** RFC 3339 in UTC with a fraction, as all times cross the wire. */
export const toTimestamp = (time: Time) => new Date(time).toISOString()

/** What Go prints for a time that was never set; clients see it where a row does not exist yet. */
export const ZERO_TIMESTAMP = '0001-01-01T00:00:00Z'
