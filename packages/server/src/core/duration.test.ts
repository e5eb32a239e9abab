import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test.each([
  ['3s', 3_000],
  ['500ms', 500],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['24h0m0s', 86_400_000],
  ['0', 0],
  ['0s', 0],
  ['100us', 0.1],
  ['', null],
  ['3', null],
  ['s', null],
  ['-3s', null],
  ['3 s', null],
  ['3d', null],
  ['1s!', null],
])('%j lasts %s', (text, expected) => {
  expect(parseDuration(text)).toBe(expected)
})
