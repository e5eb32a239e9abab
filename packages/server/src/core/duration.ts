import type { Milliseconds } from './time.ts'

const UNITS: { readonly [unit: string]: Milliseconds } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g

/** Reads a span of time as configurations write it: `3s`, `1m30s`, `500ms`, `1.5h`. Null if it is none. */
export function parseDuration(text: string): Milliseconds | null {
  if (text === '0') return 0
  if (!WHOLE.test(text)) return null
  const parts = [...text.matchAll(PART)].map(([, amount = '', unit = '']) => Number(amount) * (UNITS[unit] ?? 0))
  return parts.reduce((sum, part) => sum + part, 0)
}
