import { expect, test } from 'vitest'
import type { Json } from './json.ts'
import { mergePatch } from './merge-patch.ts'

// RFC 7396, appendix A.
test.each<readonly [Json, Json, Json]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j with %j is %j', (document, patch, expected) => {
  expect(mergePatch(document, patch)).toEqual(expected)
})

test('a member by the name of __proto__ is one like any other', () => {
  const patched = mergePatch({}, JSON.parse('{"__proto__": {"a": 1}}'))
  expect(JSON.stringify(patched)).toBe('{"__proto__":{"a":1}}')
  expect(Object.hasOwn({}, 'a')).toBe(false)
})
