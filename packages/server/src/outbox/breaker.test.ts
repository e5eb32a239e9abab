import { expect, test } from 'vitest'
import { opensUntil } from './breaker.ts'

/** Exactly a half. */
const middle = { bytes: (length: number) => new Uint8Array(length).fill(128, length - 1) }
const NOW = 1_000_000

test.each([
  [4, 0, null, null],
  [5, 0, null, 30],
  [5, 1, null, 60],
  [5, 2, NOW, 120],
  [50, 5, null, 900],
  [50, 60, null, 900],
  // Somebody else has just opened it.
  [9, 1, NOW + 1, null],
])('after %i failures in a row, opened %i times, open until %s: %s seconds', (failures, opened, openUntil, seconds) => {
  const until = opensUntil({ failures, opened, openUntil }, NOW, middle)
  expect(until === null ? null : Math.round((until - NOW) / 1_000)).toBe(seconds)
})

test('a fifth more or less is left to chance', () => {
  const ends = [0, 255].map((byte) =>
    opensUntil({ failures: 5, opened: 0, openUntil: null }, 0, {
      bytes: (length) => new Uint8Array(length).fill(byte),
    }),
  )
  expect(ends).toEqual([24_000, 36_000])
})
