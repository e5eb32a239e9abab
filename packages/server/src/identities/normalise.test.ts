import { expect, test } from 'vitest'
import { normaliseIdentifier, normalisePhone } from './normalise.ts'

test.each([
  ['ann@example.test', 'ann@example.test'],
  ['  ANN@Example.TEST ', 'ann@example.test'],
  ['\tann\n', 'ann'],
  ['ａｎｎ＠ｅｘａｍｐｌｅ．ｔｅｓｔ', 'ann@example.test'],
  ['ﬁona', 'fiona'],
  ['Ädä', 'ädä'],
  ['A\u0308da\u0308', 'ädä'],
  ['an\u200bn\u202e', 'ann'],
  ['an\u0000n', 'ann'],
  ['\ufeffann', 'ann'],
  ['+1 (415) 555-2671', '+14155552671'],
  ['+49 30 123456', '+4930123456'],
  ['0049 30 123456', '0049 30 123456'],
  ['+1', '+1'],
  ['+ANN', '+ann'],
  ['4155552671', '4155552671'],
  ['', ''],
  ['__proto__', '__proto__'],
  ['👩‍👩‍👧', '👩👩👧'],
])('%j is stored and looked up as %j', (typed, stored) => {
  expect(normaliseIdentifier(typed)).toBe(stored)
  expect(normaliseIdentifier(stored)).toBe(stored)
})

test('ten thousand characters are normalised like ten', () => {
  expect(normaliseIdentifier('Ä'.repeat(10_000))).toBe('ä'.repeat(10_000))
  expect(normaliseIdentifier(`+${'1'.repeat(10_000)}`)).toBe(`+${'1'.repeat(10_000)}`)
})

test.each([
  ['+14155552671', '+14155552671'],
  [' +1-415-555-2671 ', '+14155552671'],
  ['+442079460000', '+442079460000'],
  ['+1 555', null],
  ['+999 123456789', null],
  ['call +14155552671', null],
  ['14155552671', null],
])('%j dialled is %j', (typed, dialled) => {
  expect(normalisePhone(typed)).toBe(dialled)
})
