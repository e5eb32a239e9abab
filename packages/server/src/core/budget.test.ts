import { expect, test } from 'vitest'
import { intervalOf, waitFor, waitText } from './budget.ts'

const MINUTE = 60_000
const rate = { limit: 10, window: 15 * MINUTE }
const EACH = intervalOf(rate)

test.each([
  ['nobody has tried', 0, 0],
  ['the last one may be made', 9 * EACH, 0],
  ['all of them are spent', 10 * EACH, EACH],
  ['all of them, half a try ago', 9.5 * EACH, EACH / 2],
  ['spent long ago', -5 * MINUTE, 0],
])('where %s, the next try waits', (_name, ahead, wait) => {
  expect(waitFor(rate, ahead === 0 ? 0 : 1_000_000 + ahead, 1_000_000)).toBe(wait)
})

test('more tries than milliseconds still count one by one', () => {
  const dense = { limit: 7_000, window: 1_000 }
  expect([intervalOf(dense), waitFor(dense, 6_999, 0), waitFor(dense, 7_000, 0)]).toEqual([1, 0, 1])
})

test.each([
  [1, 'a second'],
  [89_001, '90 seconds'],
  [120_000, '2 minutes'],
  [7_200_000, '2 hours'],
])('%i ms are %s', (wait, text) => {
  expect(waitText(wait)).toBe(text)
})
