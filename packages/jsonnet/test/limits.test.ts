import { describe, expect, test } from 'vitest'
import { compile, defaultLimits, JsonnetError, type LimitName, type Limits } from '../src/index.ts'

/** Without a clock that matters, so that a stop is a counter's doing. */
const patient = { milliseconds: 60_000 }
/** A tenth of the usual memory and steps, so that the bombs end soon. */
const small = { ...patient, allocation: 6_400_000, steps: 400_000 }

function failureOf(program: string, limits: Partial<Limits> = {}): JsonnetError {
  try {
    compile(program).evaluate({ limits: { ...patient, ...limits } })
  } catch (error) {
    if (error instanceof JsonnetError) return error
    throw error
  }
  throw new Error(`no failure: ${program.slice(0, 80)}`)
}

const forever: readonly [name: string, program: string, limit: LimitName][] = [
  ['an endless loop', 'local f(x) = f(x + 1) tailstrict; f(0)', 'allocation'],
  ['an endless loop with room', 'local f(x) = f(x + 1) tailstrict; f(0)', 'steps'],
  ['endless recursion', 'local f(x) = 1 + f(x + 1); f(0)', 'depth'],
  ['a variable that needs itself', 'local x = x; x', 'depth'],
  ['two fields that need each other', '{ a: self.b, b: self.a }', 'depth'],
  ['an object without end', 'local o(n) = { next: o(n + 1) }; o(0)', 'output'],
  ['an array without end', 'local a(n) = [a(n + 1)]; a(0)', 'output'],
  ['fibonacci of 60', 'local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2); fib(60)', 'allocation'],
  ['a text doubled 30 times', 'std.foldl(function(s, i) s + s, std.range(1, 30), "xxxxxxxxxx")', 'allocation'],
  ['an array doubled 30 times', 'std.foldl(function(a, i) a + a, std.range(1, 30), [1])', 'allocation'],
  ['an object shown 30 times over', 'std.foldl(function(o, i) { a: o, b: o }, std.range(1, 30), 1)', 'output'],
  ['the same as a text', 'std.length("" + std.foldl(function(o, i) { a: o, b: o }, std.range(1, 30), 1))', 'steps'],
  ['a long array', 'std.makeArray(1000000000, function(i) i)', 'allocation'],
  ['a long range', 'std.range(1, 2000000000)', 'allocation'],
  ['a repeated text', 'std.repeat("x", 2000000000)', 'allocation'],
  ['a repeated array', 'std.repeat([1], 2000000000)', 'allocation'],
  ['a wide format', '"%2000000000d" % 1', 'allocation'],
  ['a precise format', '"%.2000000000d" % 1', 'allocation'],
  ['loops in loops', 'local r = std.range(1, 2000); std.length([1 for a in r for b in r for c in r])', 'allocation'],
  ['a sort of a large array', 'std.sort(std.makeArray(100000000, function(i) -i))', 'allocation'],
  ['joins of joins', 'std.foldl(function(s, i) std.join(s, [s, s, s]), std.range(1, 40), "ab")', 'allocation'],
  [
    'replacing that grows',
    'std.foldl(function(s, i) std.strReplace(s, "a", "aa"), std.range(1, 40), "a")',
    'allocation',
  ],
  ['lists flattened', 'std.foldl(function(a, i) std.flattenArrays([a, a]), std.range(1, 40), [1])', 'allocation'],
  ['a comparison of trees', 'local t(n) = if n == 0 then 0 else [t(n - 1), t(n - 1)]; t(40) == t(40)', 'allocation'],
  ['a large result', 'std.repeat("x", 300000)', 'output'],
]

describe('the bombs of reliability.md §6 stop by a counter', () => {
  test.each(forever)('%s', (name, program, limit) => {
    const limits = name.endsWith('with room') ? { ...small, allocation: 1e12 } : small
    expect(failureOf(program, limits)).toMatchObject({ kind: 'limit', limit })
  })
})

const deep = (open: string, inside: string, close: string, times = 40_000): string =>
  open.repeat(times) + inside + close.repeat(times)

describe('depth lies in memory, not on the stack of the host', () => {
  const endless = { depth: 200_000, allocation: 1e10, steps: 1e9, output: 1e9 }
  const unbounded: readonly [name: string, program: string][] = [
    ['parentheses', deep('(', '1', ')')],
    ['sums', `1${'+1'.repeat(60_000)}`],
    ['sums to the right', deep('1+(', '1', ')')],
    ['signs', `${'- '.repeat(60_000)}1`],
    ['negations', `${'! '.repeat(60_000)}true`],
    ['conditions', `${'if true then '.repeat(40_000)}1`],
    ['variables', `${'local x=1;'.repeat(40_000)}x`],
    ['calls of calls', `local id(x) = x; ${deep('id(', '1', ')')}`],
    ['fields of fields', `local o = { a: self }; o${'.a'.repeat(60_000)} == 1`],
    ['comprehensions', `std.length(${deep('[x for x in ', '[1]', ']', 10_000)})`],
    ['loops', `[1 ${'for x in [1] '.repeat(15_000)}]`],
    ['recursion', 'local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(100000)'],
    ['promises', 'local f(n, acc) = if n == 0 then acc else f(n - 1, acc + 1); f(60000, 0)'],
    ['objects of objects', 'local o(n) = if n == 0 then { v: 0 } else { v: 1 + o(n - 1).v }; o(30000).v'],
    ['heirs', 'local o(n) = if n == 0 then { a: 0 } else o(n - 1) + { a: super.a + 1 }; o(20000).a'],
    ['equality', 'local a(n) = if n == 0 then [] else [a(n - 1)]; a(50000) == a(50000)'],
    ['order', 'local a(n) = if n == 0 then [] else [a(n - 1)]; a(50000) < a(50000)'],
    ['printing', 'local a(n) = if n == 0 then [] else [a(n - 1)]; std.length("" + a(50000))'],
    [
      'printing as YAML',
      'local a(n) = if n == 0 then 1 else { a: a(n - 1) }; std.length(std.manifestJsonEx(a(3000), ""))',
    ],
    ['pruning', 'local a(n) = if n == 0 then 1 else [a(n - 1)]; std.length(std.prune(a(20000)))'],
    ['folds in folds', 'local f(n) = if n == 0 then 0 else std.foldl(function(a, b) 1 + f(n - 1), [1], 0); f(20000)'],
    ['keys of sorts', 'local f(n) = if n == 0 then 0 else std.length(std.sort([f(n - 1)], function(x) x)); f(20000)'],
    ['tail calls', 'local f(n) = if n == 0 then 0 else f(n - 1) tailstrict; f(1000000)'],
  ]
  test.each(unbounded)('%s have their result', (_, program) => {
    expect(compile(program).evaluate({ limits: { ...patient, ...endless } })).not.toBe('')
  })

  const bounded: readonly [name: string, program: string][] = [
    ['arrays', deep('[', '', ']', 60_000)],
    ['objects', deep('{a:', '1', '}', 60_000)],
    ['recursion', 'local f(n) = 1 + f(n + 1); f(0)'],
    ['promises', 'local f(n, acc) = if n == 0 then acc else f(n - 1, acc + 1); f(100000, 0)'],
    ['assertions', 'local o(n) = { assert o(n + 1).a == 1, a: 1 }; o(0).a'],
  ]
  test.each(bounded)('%s beyond the limit end in its error', (_, program) => {
    expect(failureOf(program, { ...endless, depth: 50_000 })).toMatchObject({ kind: 'limit', limit: 'depth' })
  })

  test('brackets that are never closed are an error of the source', () => {
    for (const bracket of ['(', '[', '{', '{a:', 'f(', 'if ', 'local x = '])
      expect(failureOf(bracket.repeat(30_000)).kind).toBe('static')
  })
})

test.each([
  'std.length(std.deepJoin(std.makeArray(300000, function(i) "a")))',
  'std.length(std.join("", std.makeArray(300000, function(i) "a")))',
  'std.length(std.flattenArrays([std.makeArray(300000, function(i) i)]))',
  'std.length(std.manifestTomlEx({ a: std.makeArray(150000, function(i) 1) }, "")) > 300000',
  'std.length(std.sort(std.makeArray(300000, function(i) -i)))',
  'std.length(std.maxArray([std.range(1, 300000)]))',
  'std.length(std.flatMap(function(x) x, [std.range(1, 300000)]))',
])('a long list is no deep one: %s', (program) => {
  expect(['true\n', '300000\n']).toContain(compile(program).evaluate({ limits: { ...patient, allocation: 1e9 } }))
})

describe('counters', () => {
  test('a frame more than allowed is one too many, as in go-jsonnet', () => {
    const down = (n: number): string => `local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(${n})`
    expect(compile(down(497)).evaluate()).toBe('497\n')
    expect(failureOf(down(600))).toMatchObject({ limit: 'depth' })
  })

  test('the same program always costs the same steps and the same memory', () => {
    const program = compile('[std.format("%d", [x]) for x in std.range(1, 50)]')
    const least = (name: 'steps' | 'allocation'): number => {
      let [low, high] = [0, 1_000_000]
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        if (isEnough(() => program.evaluate({ limits: { ...patient, [name]: middle } }))) high = middle
        else low = middle + 1
      }
      return low
    }
    expect([least('steps'), least('allocation')]).toEqual([least('steps'), least('allocation')])
    expect(least('steps')).toBeGreaterThan(50)
  })

  test('long sources and long code from the caller are refused', () => {
    expect(() => compile('1'.repeat(20), { limits: { input: 10 } })).toThrow('source too large')
    const long = { extVars: { x: { code: ' '.repeat(defaultLimits.input + 1) } } }
    expect(() => compile('std.extVar("x")').evaluate(long)).toThrow('source too large')
  })

  test('the clock is the last net', () => {
    const limits = { steps: 1e12, allocation: 1e15, milliseconds: 20 }
    const program = compile('local f(x) = f(x + 1) tailstrict; f(0)')
    expect(() => program.evaluate({ limits })).toThrow('took too long')
  })

  test('one failure leaves the next evaluation untouched', () => {
    const program = compile('function(n) local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(n)')
    const run = (n: number): string => program.evaluate({ tla: { n: { value: n } } })
    expect(() => run(1000)).toThrow('max stack frames exceeded.')
    expect(run(3)).toBe('3\n')
    expect(() => run(1000)).toThrow('max stack frames exceeded.')
    expect(run(4)).toBe('4\n')
  })
})

function isEnough(evaluate: () => string): boolean {
  try {
    evaluate()
    return true
  } catch (error) {
    if (error instanceof JsonnetError) return false
    throw error
  }
}
