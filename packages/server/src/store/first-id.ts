import type { Time } from '../core/time.ts'

/** The beginning that no id made before this moment is greater than (RFC 9562 §5.7). */
export const firstIdAt = (time: Time) => {
  const hex = Math.max(0, time).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`
}

/** Greater than any id. */
export const AFTER_ALL = '~'
