import { expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { readDocument } from './read-document.ts'

const read = (text: string) => readDocument('c.yml', text).over({})
const errorOf = (text: string, file = 'c.yml') => {
  try {
    readDocument(file, text)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

test.each([
  ['YAML', 'a: 1\nb: [x, true, null]', { a: 1, b: ['x', true, null] }],
  ['JSON', '{"a": 1, "b": ["x", true, null]}', { a: 1, b: ['x', true, null] }],
  ['JSON indented with tabs', '{\n\t"a": 1\n}', { a: 1 }],
  ['words that YAML 1.1 took for booleans', 'a: yes\nb: on\nc: NO', { a: 'yes', b: 'on', c: 'NO' }],
  ['anchors', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
  [
    'merged maps, under what is written',
    'a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}',
    { a: { b: 1, c: 2 }, d: { c: 3, b: 1 } },
  ],
  [
    'several merged maps, the first one first',
    'a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}',
    { a: { b: 1 }, c: { b: 2, d: 3 }, e: { b: 1, d: 3 } },
  ],
  ['nothing', '', {}],
  ['only comments', '# nothing\n', {}],
])('reads %s', (_name, text, value) => {
  expect(read(text)).toEqual(value)
})

test('a key named like a part of every object is a key', () => {
  const value = read('__proto__: {admin: true}')
  expect(Object.keys(value)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
})

test.each([
  ['a tab', 'a:\n\tb: 1', 'c.yml:2:1  (syntax)\n  got   Tabs are not allowed as indentation'],
  [
    'a repeated key',
    'hooks: 1\nb: 2\nhooks: 3',
    "c.yml:3:1  hooks\n  got   duplicate key 'hooks' (first at line 1)\n  need  each key once",
  ],
  [
    'a repeated key in JSON',
    '{"a": {"b": 1,\n "b": 2}}',
    "c.yml:2:2  a.b\n  got   duplicate key 'b' (first at line 1)",
  ],
  ['an unfinished list', 'a: [1,', 'c.yml:1:7  (syntax)'],
  ['two documents', 'a: 1\n---\nb: 2', '(syntax)'],
  ['a tag', 'a: !secret x', 'c.yml:1:4  (syntax)\n  got   Unresolved tag: !secret'],
  ['an anchor nobody set', 'a: *b', 'c.yml:1:4  a\n  got   *b\n  need  an anchor that is defined above'],
  ['a number that is none', 'a: .nan', 'c.yml:1:4  a\n  got   NaN\n  need  a number'],
  ['a list as a key', '? [a]\n: 1', 'need  a plain key'],
  ['a list at the top', '- a', 'c.yml:1:1  (the file)\n  need  keys and values at the top level'],
  ['a text', 'hello', 'need  keys and values at the top level'],
  ['more than a mebibyte', `a: ${'x'.repeat(1024 * 1024)}`, 'need  at most 1 MiB'],
  ['an anchor within itself', 'a: &x [*x]', 'need  at most 64 levels of nesting'],
  ['deep lists', `a: ${'['.repeat(100)}${']'.repeat(100)}`, 'need  at most 64 levels of nesting'],
  ['lists without end', '['.repeat(20_000), 'need  at most 64 levels of nesting'],
])('refuses %s', (_name, text, message) => {
  expect(errorOf(text)).toContain(message)
})

test('refuses what a few anchors make of a short text', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [at, name] of 'bcdefghij'.split('').entries())
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghij'[at]}`).join(', ')}]`)
  const start = performance.now()
  expect(errorOf(bomb.join('\n'))).toContain('got   the document expands beyond 1 MiB')
  expect(performance.now() - start).toBeLessThan(5_000)
})

test('refuses TOML by its name', () => {
  expect(errorOf('a = 1', 'kratos.toml')).toContain('got   TOML\n  need  YAML or JSON')
})

test.each([
  ['a key', ['a', 'b'], 'key', { file: 'c.yml', line: 2, column: 3 }],
  ['a value', ['a', 'b'], 'value', { file: 'c.yml', line: 2, column: 6 }],
  ['an item of a list', ['c', 1], 'value', { file: 'c.yml', line: 5, column: 5 }],
  ['a value behind an alias', ['d', 'b'], 'value', { file: 'c.yml', line: 2, column: 6 }],
  ['a value of a merged map', ['e', 'b'], 'value', { file: 'c.yml', line: 2, column: 6 }],
  ['what is not there', ['a', 'z'], 'key', null],
] as const)('finds %s', (_name, path, part, location) => {
  const source = readDocument('c.yml', 'a: &a\n  b: 1\nc:\n  - 1\n  - 2\nd: *a\ne: {<<: *a}\n')
  expect(source.locate(path, part)).toEqual(location)
})
