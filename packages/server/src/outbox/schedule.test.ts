import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { DEFAULT_RETRY, waitAfter } from './schedule.ts'

const always = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })
const HOUR = 3_600_000
const DAY = 24 * HOUR

const waitOf = (attempt: number, byte: number, more: { asked?: number; now?: number } = {}) =>
  waitAfter({ attempt, now: 0, since: 0, ...more }, DEFAULT_RETRY, always(byte))

test.each([
  [1, 5_000],
  [2, 10_000],
  [3, 20_000],
  [8, 640_000],
  [13, 20_480_000],
  [14, 8 * HOUR],
  [29, 8 * HOUR],
])('after attempt %i the wait is at most %i ms, and never less than a second', (attempt, longest) => {
  expect(waitOf(attempt, 255)).toBe(longest)
  expect(waitOf(attempt, 0)).toBe(1_000)
})

test('after the last attempt there is no wait', () => {
  expect(waitOf(30, 0)).toBeNull()
  expect(waitOf(30, 0, { asked: 1_000 })).toBeNull()
  expect(waitOf(35, 0)).toBeNull()
})

test.each([
  [3 * DAY - 1, 1],
  [3 * DAY, null],
  [9 * DAY, null],
])('no attempt begins later than three days after the first: %i ms after it the wait is %s', (now, wait) => {
  expect(waitOf(2, 255, { now })).toBe(wait)
})

test('what an action says of its own counts', () => {
  const policy = { attempts: 3, horizon: HOUR, min: 100, max: 150 }
  const wait = (attempt: number) => waitAfter({ attempt, now: 0, since: 0 }, policy, always(255))
  expect([1, 2, 3].map(wait)).toEqual([150, 150, null])
})

// I18
test.each([
  [0, 1_000],
  [500, 1_000],
  [90_000, 90_000],
  [10 ** 15, DAY],
])('I18: a receiver that asks for %i ms gets %i', (asked, wait) => {
  expect(waitOf(1, 0, { asked })).toBe(wait)
})

test('all attempts together take about three days, and what failed together is not repeated together', () => {
  const runs = Array.from({ length: 200 }, () => {
    let now = 0
    for (let attempt = 1; ; attempt++) {
      const wait = waitAfter({ attempt, now, since: 0 }, DEFAULT_RETRY, { bytes: randomBytes })
      if (wait === null) return now
      now += wait
    }
  })
  const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length / HOUR
  expect(mean).toBeGreaterThan(55)
  expect(mean).toBeLessThanOrEqual(72)
  expect(Math.max(...runs)).toBeLessThanOrEqual(3 * DAY)
})

test('I17: the waits after one failure are spread evenly over their range', () => {
  const waits = Array.from(
    { length: 2_000 },
    () => waitAfter({ attempt: 10, now: 0, since: 0 }, DEFAULT_RETRY, { bytes: randomBytes }) ?? 0,
  ).toSorted((a, b) => a - b)
  const longest = 5_000 * 2 ** 9
  // Kolmogorov's distance from an even spread; 0.05 is passed by chance once in ten thousand runs.
  const distance = Math.max(...waits.map((wait, at) => Math.abs(wait / longest - (at + 0.5) / waits.length)))
  expect(distance).toBeLessThan(0.05)
})
