import { expect, test } from 'vitest'
import { readJson } from './read-json.ts'

test.each([
  ['', 'the body is empty'],
  ['{', 'the body is not JSON'],
  [`${'['.repeat(65)}${']'.repeat(65)}`, 'the body is nested deeper than 64 levels'],
  [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'the body is nested deeper than 64 levels'],
  ['{"a":1e999}', 'the body holds a number or a character that cannot be kept'],
  [String.raw`{"a":"\u0000"}`, 'the body holds a number or a character that cannot be kept'],
])('%.20s is unreadable', (text, detail) => {
  expect(readJson(text)).toEqual({ kind: 'unreadable', detail })
})

test('brackets within a text are no nesting', () => {
  const text = '[{"\\'.repeat(100)
  expect(readJson(JSON.stringify({ text }))).toEqual({ kind: 'json', value: { text } })
})

test('a quotation mark that is never closed is found out at once, however many seem to follow', () => {
  const from = performance.now()
  expect(readJson(`"${'\\"'.repeat(500_000)}`)).toMatchObject({ kind: 'unreadable' })
  expect(performance.now() - from).toBeLessThan(5_000)
})
