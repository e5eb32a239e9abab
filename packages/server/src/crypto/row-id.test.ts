import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isUuid } from '../core/ids.ts'
import { rowIds } from './row-id.ts'

test('row ids are UUIDs of version 7 that start with the time', () => {
  const id = rowIds({ now: () => Date.UTC(2026, 0, 2) }, randomBytes)()
  expect(isUuid(id)).toBe(true)
  expect(id[14]).toBe('7')
  expect('89ab').toContain(id[19])
  expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.UTC(2026, 0, 2))
})

test('each is greater than the last, also within a millisecond and when the clock goes back', () => {
  const clock = { time: 1_000_000 }
  const next = rowIds({ now: () => clock.time }, randomBytes)
  const ids = Array.from({ length: 20_000 }, (_, at) => {
    if (at % 5_000 === 0) clock.time -= 3
    return next()
  })
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
})
