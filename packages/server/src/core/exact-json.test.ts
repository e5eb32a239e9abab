import { expect, test } from 'vitest'
import { parseExactly, withDoubles } from './exact-json.ts'
import { isJsonObject } from './json.ts'

test.each([
  '{"id":9007199254740993}',
  '{"id":-123456789012345678901234567890,"list":[18446744073709551615],"text":"1234567890123456789"}',
  '{"n":1.5,"m":12345678901234567}',
  '[1,2,{"a":null}]',
  '"ünïcode 🎉"',
])('%s is written again as it was', (text) => {
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})

test('small and broken numbers are plain ones', () => {
  expect(parseExactly('{"a":9007199254740991,"b":1.2345678901234567,"c":1e300}')).toEqual({
    a: Number.MAX_SAFE_INTEGER,
    b: 1.2345678901234567,
    c: 1e300,
  })
  expect(() => parseExactly('{')).toThrow(SyntaxError)
})

test('where numbers are doubles, they are rounded', () => {
  const exact = parseExactly('{"id":9007199254740993}')
  expect(isJsonObject(exact) ? withDoubles(exact) : null).toEqual({ id: 9_007_199_254_740_992 })
})
