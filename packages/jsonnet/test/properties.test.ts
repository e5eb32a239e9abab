import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, type Json, JsonnetError } from '../src/index.ts'

const runs = { numRuns: 300, seed: 20 }
const limits = { steps: 100_000, allocation: 4_000_000 }

/** JSON as Jsonnet may hold it: texts are whole characters, and there is no `-0` in what JSON gives back. */
const json = fc.jsonValue({ maxDepth: 5 }).map((value): Json => JSON.parse(JSON.stringify(value)))

function outcomeOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

const pieces = fc.constantFrom(
  ...'{ } [ ] ( ) , ; : . $ + - ! == < |||\n ||| "a" \' @" /* */ // # 1 1e 0x local x = function if then else for in'.split(
    ' ',
  ),
  'self',
  'super.',
  'error ',
  'import "x"',
  'assert ',
  'tailstrict',
  '\n',
  ' ',
  '\\u12',
  'é',
  '\ud800',
)

describe('the parser throws nothing but its own error', () => {
  test('on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (source) => {
        const outcome = outcomeOf(() => compile(source))
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(JsonnetError)
      }),
      { ...runs, numRuns: 1000 },
    )
  })

  test('on texts that look like programs, evaluated too', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        const outcome = outcomeOf(() => compile(parts.join('')).evaluate({ limits }))
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(JsonnetError)
      }),
      { ...runs, numRuns: 3000 },
    )
  })
})

describe('data is what it was', () => {
  test('printed and evaluated again', () => {
    fc.assert(
      fc.property(json, (value) => {
        const source = JSON.stringify(value)
        const printed = compile(source).evaluate()
        expect(JSON.parse(printed)).toEqual(value)
        expect(compile(printed).evaluate()).toBe(printed)
      }),
      runs,
    )
  })

  test('handed in and out', () => {
    fc.assert(
      fc.property(json, (value) => {
        const before = JSON.stringify(value)
        const program = compile('function(x) x')
        expect(program.evaluateValue({ tla: { x: { value } } })).toEqual(value)
        expect(program.evaluate({ tla: { x: { value } } })).toBe(compile(before).evaluate())
        expect(JSON.stringify(value)).toBe(before)
      }),
      runs,
    )
  })

  test('through the library: JSON printed and read', () => {
    const program = compile('function(x) std.parseJson(std.manifestJsonEx(x, "  ")) == x')
    fc.assert(
      fc.property(json, (value) => {
        expect(program.evaluate({ tla: { x: { value } } })).toBe('true\n')
      }),
      runs,
    )
  })

  test('through the library: YAML printed and read', () => {
    const program = compile('function(x) std.parseYaml(std.manifestYamlDoc(x))')
    const plain = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme-ascii' })
    fc.assert(
      fc.property(plain, (value) => {
        const given: Json = JSON.parse(JSON.stringify({ value }))
        expect(program.evaluateValue({ tla: { x: { value: given } } })).toEqual(given)
      }),
      runs,
    )
  })
})

describe('the library keeps its laws', () => {
  const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 })
  const holds = (program: string, inputs: fc.Arbitrary<Json>): void => {
    const compiled = compile(program)
    fc.assert(
      fc.property(inputs, (value) => {
        expect(compiled.evaluate({ tla: { x: { value } } })).toBe('true\n')
      }),
      runs,
    )
  }
  test('a sorted list is in order and has the same members', () => {
    holds(
      `function(x) local s = std.sort(x);
       std.all([s[i] <= s[i + 1] for i in std.range(0, std.length(s) - 2)]) && std.set(s) == std.set(x)`,
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 }),
    )
  })
  test('what is sorted by nothing stays where it was', () => {
    holds('function(x) std.sort(x, function(y) 0) == x', numbers)
  })
  test('lists of lists sort like their numbers', () => {
    holds('function(x) [y[0] for y in std.sort([[y] for y in x])] == std.sort(x)', numbers)
  })
  test('sets obey the laws of sets', () => {
    holds(
      `function(x) local a = std.set(x), b = std.set([y + 1 for y in x]);
       std.setUnion(std.setDiff(a, b), std.setInter(a, b)) == a && std.setUnion(a, b) == std.setUnion(b, a)`,
      numbers,
    )
  })
  test('splitting and joining are one another’s opposite', () => {
    holds(
      'function(x) std.join(",", std.split(x, ",")) == x',
      fc.string({ unit: fc.constantFrom('a', ',', 'é', '😀') }),
    )
  })
  test('base64 comes back', () => {
    holds('function(x) std.base64DecodeBytes(std.base64(x)) == x', fc.array(fc.nat(255), { maxLength: 20 }))
  })
  test('characters and their numbers are one another’s opposite', () => {
    holds(
      'function(x) std.join("", [std.char(std.codepoint(c)) for c in std.stringChars(x)]) == x',
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed()),
    )
  })
})
