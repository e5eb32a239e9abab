import type { Milliseconds, Time } from './time.ts'

/** What a receiver asks us to wait (RFC 9110 §10.2.3): seconds or a date. Null if it says nothing that makes sense. */
export function retryAfter(value: string | undefined, now: Time): Milliseconds | null {
  const text = value?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3},? /.test(text)) return null
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
