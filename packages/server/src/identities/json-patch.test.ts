import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import { applyPatch } from './json-patch.ts'

const allowAll = () => false

test.each<[string, Json, Json, Json]>([
  ['add a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['add over a member', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
  ['add null', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['replace what is there', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
  ['replace what is not there', { a: {} }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
  ['remove', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['insert into a list', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
  ['append to a list', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
  ['replace in a list', [1, 2], [{ op: 'replace', path: '/1', value: 3 }], [1, 3]],
  ['remove from a list', [1, 2], [{ op: 'remove', path: '/0' }], [2]],
  ['change inside a list', [{ a: 1 }], [{ op: 'replace', path: '/0/a', value: 2 }], [{ a: 2 }]],
  ['move', { a: 1, b: {} }, [{ op: 'move', from: '/a', path: '/b/c' }], { b: { c: 1 } }],
  ['copy', { a: [1] }, [{ op: 'copy', from: '/a/0', path: '/b' }], { a: [1], b: 1 }],
  [
    'escaped names',
    { 'a/b': 1, 'c~d': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'replace', path: '/c~0d', value: 3 },
    ],
    { 'c~d': 3 },
  ],
  [
    'one after the other',
    {},
    [
      { op: 'add', path: '/a', value: {} },
      { op: 'add', path: '/a/b', value: 1 },
    ],
    { a: { b: 1 } },
  ],
  ['nothing', { a: 1 }, [], { a: 1 }],
  ['names of prototype members', {}, [{ op: 'add', path: '/constructor', value: 1 }], { constructor: 1 }],
])('%s', (_, document, patch, expected) => {
  expect(applyPatch(document, patch, allowAll)).toEqual(expected)
})

test.each<[string, Json, Json | undefined, string]>([
  ['no list', {}, {}, 'must be a list'],
  ['no body', {}, undefined, 'must be a list'],
  ['test', { a: 1 }, [{ op: 'test', path: '/a', value: 1 }], 'unsupported operation: test'],
  ['no operation', {}, [{ path: '/a' }], 'unsupported operation'],
  ['an operation that is a number', {}, [5], 'must be an object'],
  ['no value', {}, [{ op: 'add', path: '/a' }], 'needs a value'],
  ['a path without a slash', {}, [{ op: 'add', path: 'a', value: 1 }], 'JSON Pointer'],
  ['no path', {}, [{ op: 'remove' }], 'JSON Pointer'],
  ['removing what is not there', {}, [{ op: 'remove', path: '/a' }], 'nonexistent key'],
  ['reaching through what is not there', {}, [{ op: 'add', path: '/a/b', value: 1 }], 'nonexistent key'],
  ['reaching into a text', { a: 'x' }, [{ op: 'add', path: '/a/b', value: 1 }], 'nonexistent key'],
  [
    'reaching into what every object inherits',
    {},
    [{ op: 'add', path: '/constructor/prototype/x', value: 1 }],
    'nonexistent key',
  ],
  ['reaching behind the object', {}, [{ op: 'add', path: '/__proto__/x', value: 1 }], 'nonexistent key'],
  ['copying what is inherited', {}, [{ op: 'copy', from: '/toString', path: '/a' }], 'nonexistent key'],
  ['an index behind the end', [1], [{ op: 'add', path: '/3', value: 1 }], 'invalid index'],
  ['an index that is none', [1], [{ op: 'replace', path: '/01', value: 1 }], 'invalid index'],
  ['too many operations', {}, Array.from({ length: 101 }, () => ({ op: 'add', path: '/a', value: 1 })), 'at most 100'],
  [
    'copies that double until nothing else fits',
    { a: ['x'.repeat(1_000_000)] },
    Array.from({ length: 20 }, () => ({ op: 'copy', from: '/a', path: '/a/-' })),
    'too large',
  ],
])('%s is refused', (_, document, patch, why) => {
  expect(() => applyPatch(document, patch, allowAll)).toThrow(why)
})

test('a refused path is refused as source and as target, before anything is applied', () => {
  const isDenied = ([first]: readonly string[]) => first === 'id'
  for (const operation of [
    { op: 'replace', path: '/id', value: 1 },
    { op: 'copy', from: '/a', path: '/ID' },
    { op: 'move', from: '/id', path: '/a' },
  ]) {
    expect(() => applyPatch({ id: 0, a: 1 }, [operation], isDenied)).toThrow('denied path')
  }
})

test('whatever is sent as a patch, it is applied or refused, and the document stays as it was', () => {
  const step = fc.constantFrom('a', '0', '-', '__proto__', 'constructor', '', 'b~1c')
  const path = fc.array(step, { maxLength: 3 }).map((steps) => steps.map((name) => `/${name}`).join(''))
  const operation = fc.record({
    op: fc.constantFrom('add', 'replace', 'remove', 'move', 'copy', 'test'),
    path,
    from: path,
    value: fc.jsonValue(),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
      const document: Json = { a: [{ a: 1 }, 2], 'b/c': {} }
      const before = JSON.stringify(document)
      const patch: Json = JSON.parse(JSON.stringify(operations))
      try {
        applyPatch(document, patch, allowAll)
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
      expect(JSON.stringify(document)).toBe(before)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
  )
})
