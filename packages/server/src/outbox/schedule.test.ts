import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { MOST_ATTEMPTS, waitAfter } from './schedule.ts'

const always = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })
const HOUR = 3_600_000

test.each([
  [1, 5_000],
  [2, 10_000],
  [3, 20_000],
  [8, 640_000],
  [13, 20_480_000],
  [14, 8 * HOUR],
  [29, 8 * HOUR],
])('after attempt %i the wait is at most %i ms, and never less than a second', (attempt, longest) => {
  expect(waitAfter(attempt, always(255))).toBe(longest)
  expect(waitAfter(attempt, always(0))).toBe(1_000)
})

test('after the last attempt there is no wait', () => {
  expect(waitAfter(MOST_ATTEMPTS, always(0))).toBeNull()
  expect(waitAfter(MOST_ATTEMPTS, always(0), 1_000)).toBeNull()
  expect(waitAfter(MOST_ATTEMPTS + 5, always(0))).toBeNull()
})

test.each([
  [0, 1_000],
  [500, 1_000],
  [90_000, 90_000],
  [10 ** 15, 24 * HOUR],
])('a receiver that asks for %i ms gets %i', (asked, wait) => {
  expect(waitAfter(1, always(0), asked)).toBe(wait)
})

test('all attempts together take about three days', () => {
  const runs = Array.from({ length: 200 }, () =>
    Array.from({ length: MOST_ATTEMPTS - 1 }, (_, at) => waitAfter(at + 1, { bytes: randomBytes }) ?? 0).reduce(
      (sum, wait) => sum + wait,
      0,
    ),
  )
  const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length / HOUR
  expect(mean).toBeGreaterThan(60)
  expect(mean).toBeLessThan(80)
})
