// Programs made by chance, the same for the same seed: expressions of all kinds, and every function of the library
// on arguments that fit and on arguments that do not.
import fc from 'fast-check'
import { library } from '../src/std/library.ts'

/** Puts code together. */
const code = (strings, ...parts) => String.raw({ raw: strings }, ...parts)

const texts = [
  '""',
  '"a"',
  "'héllo'",
  '"a,b,c"',
  '"%d %s"',
  '"\\u0000\\u007f\\n"',
  '"12"',
  '"😀x"',
  '"  pad "',
  '"ABCabc"',
]
const numbers = ['0', '1', '2', '-1', '3.5', '-0', '1e20', '0.1', '255', '1e-7', '123456789', '16']
const arrays = [
  '[]',
  '[1, 2, 3]',
  '["a", "b"]',
  '[3, 1, 2]',
  '[null, "x"]',
  '[[1], [2, [3]]]',
  '[true, false]',
  '[{a: 1}, {a: 2}]',
]
const objects = [
  '{}',
  '{a: 1, b: "x"}',
  '{a:: 1, b: 2}',
  '{a: {b: {c: null}}}',
  '{"x y": [1], z: {}}',
  '({a: 1} + {a+: 2})',
]
const functions = ['function(x) x', 'function(x, y) [x, y]', 'function(x) x > 1', 'function(a, b=2) a', 'std.length']
const others = ['null', 'true', 'false', 'error "boom"', '[error "late"]', '{a: error "inside"}']
const pools = { texts, numbers, arrays, objects, functions, others }
const anyValue = fc.constantFrom(...Object.values(pools).flat())

/** Which pool a parameter's name asks for. */
const wanted = [
  [/^(func|keyF|filter_func|map_func)$/, functions],
  [/^(str|str_|s|c|from|to|pat|chars|sep|f|r|indent|key|fname|newline|key_val_sep|str1|str2)$/, texts],
  [/^(n|x|y|sz|len|maxsplits|minVal|maxVal|count|i|index|end|step)$/, numbers],
  [/^(arr|a|b|arrs|bytes|arr1|arr2)$/, arrays],
  [/^(o|obj|ini|conf|target|patch)$/, objects],
]

const argument = (name) => {
  const pool = wanted.find(([pattern]) => pattern.test(name))?.[1]
  if (pool === undefined) return anyValue
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...pool) }, { weight: 1, arbitrary: anyValue })
}

/** Functions whose answer is a crash in go-jsonnet for some arguments, or depends on what ran before. */
const left = new Set(['native', 'thisFile', 'extVar', 'trace'])

const libraryCalls = [...library]
  .filter(([name]) => !left.has(name))
  .map(([name, { code: fn }]) => {
    const parameters = fn.params.map((param) => param.name)
    const given = fc.tuple(...parameters.map(argument))
    const count = fc.integer({ min: fn.required, max: parameters.length })
    return fc.tuple(given, count).map(([args, size]) => code`std.${name}(${args.slice(0, size).join(', ')})`)
  })

const operators = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '<<',
  '>>',
  '<',
  '<=',
  '>',
  '>=',
  '==',
  '!=',
  '&',
  '^',
  '|',
  '&&',
  '||',
  'in',
]

const { expression } = fc.letrec((tie) => {
  const inner = tie('expression')
  const name = fc.constantFrom('a', 'b', 'c', '"d e"', '[if true then "f"]', '["g" + 1]', '[null]')
  const sign = fc.constantFrom(':', ':', ':', '::', ':::', '+:')
  const field = fc.tuple(name, sign, inner).map((parts) => parts.join(' '))
  const member = fc.oneof(
    { weight: 6, arbitrary: field },
    { weight: 1, arbitrary: inner.map((body) => code`local l = ${body}`) },
    { weight: 1, arbitrary: inner.map((body) => code`m(p, q=1): ${body}`) },
    { weight: 1, arbitrary: inner.map((body) => code`assert ${body}`) },
    { weight: 1, arbitrary: fc.constantFrom('h: self.a', 'h: $.b', 'h: super.a', 'h: "a" in super', 'h: self') },
  )
  const object = fc.array(member, { maxLength: 4 }).map((members) => code`{ ${members.join(', ')} }`)
  const value = fc.oneof(anyValue, fc.constantFrom('x', 'y', 'f', 'o', 'f(1)', 'o.a', 'o.m(2)'))
  const two = fc.tuple(inner, inner)
  return {
    expression: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      value,
      value,
      fc.tuple(inner, fc.constantFrom(...operators), inner).map(([a, op, b]) => code`(${a} ${op} ${b})`),
      fc.tuple(fc.constantFrom('!', '~', '-', '+'), inner).map(([op, a]) => code`(${op} ${a})`),
      object,
      fc.array(inner, { maxLength: 3 }).map((items) => code`[${items.join(', ')}]`),
      two.map(([a, b]) => code`(if ${a} then ${b})`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => code`(if ${a} then ${b} else ${c})`),
      two.map(([a, b]) => code`(local x = ${a}; ${b})`),
      two.map(([a, b]) => code`(local f(x, y=${a}) = ${b}; f(1))`),
      two.map(([a, b]) => code`(${a})(${b})`),
      two.map(([a, b]) => code`f(${a}, y=${b})`),
      // go-jsonnet computes strict arguments in any order, so only one of them may fail.
      inner.map((a) => code`(f(${a}, 1) tailstrict)`),
      two.map(([a, b]) => code`${a}[${b}]`),
      fc.tuple(inner, fc.constantFrom('a', 'b', 'm')).map(([a, id]) => code`(${a}).${id}`),
      fc
        .tuple(inner, fc.constantFrom('0:2', '1:', ':-1', '::2', '1:3:1', '::0', '-2:'))
        .map(([a, cut]) => code`${a}[${cut}]`),
      two.map(([a, b]) => code`[${a} for x in ${b}]`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => code`[${a} for x in ${b} for y in ${c} if x != y]`),
      two.map(([a, b]) => code`{ ['k' + x]: ${a} for x in ${b} }`),
      two.map(([a, b]) => code`(assert ${a} : ${b}; 1)`),
      two.map(([a, b]) => code`(${a} + ${b})`),
      inner.map((a) => code`(error ${a})`),
      two.map(([a, b]) => code`(${a} { c: ${b} })`),
      fc.oneof(...libraryCalls),
    ),
  }
})

const prelude = 'local x = 2, y = "why", f(x, y=3) = [x, y], o = { a: 1, m(p): p + self.a, b: [$.a] };'

const formats = fc
  .tuple(
    fc.constantFrom('', '#', '0', '-', ' ', '+', '-0', '+0', '#0'),
    fc.constantFrom('', '1', '5', '12'),
    fc.constantFrom('', '.0', '.1', '.3', '.10'),
    fc.constantFrom('d', 'i', 'u', 'o', 'x', 'X', 'e', 'E', 'f', 'F', 'g', 'G', 'c', 's', '%'),
    fc.oneof(fc.constantFrom(...numbers), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), anyValue),
  )
  .map(([flags, width, precision, letter, value]) => code`'<%${flags}${width}${precision}${letter}>' % [${value}]`)

const oneNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? '-0' : String(n)))
const functionsOfNumbers = fc
  .tuple(
    fc.constantFrom(
      'sin',
      'cos',
      'tan',
      'asin',
      'acos',
      'atan',
      'exp',
      'log',
      'sqrt',
      'floor',
      'ceil',
      'round',
      'exponent',
      'mantissa',
      'toString',
      'log2',
      'log10',
      'manifestJsonMinified',
    ),
    fc.oneof(oneNumber, fc.constantFrom(...numbers)),
  )
  .map(([name, n]) => code`std.${name}(${n})`)

const broken = fc
  .tuple(
    expression,
    fc.nat(),
    fc.constantFrom(
      '',
      '(',
      ')',
      '{',
      ']',
      ',',
      ';',
      ':',
      '"',
      "'",
      '|||',
      '/*',
      '#',
      '$',
      '@',
      '1.',
      '\\',
      'local',
      'for',
      'é',
    ),
  )
  .map(
    ([program, at, junk]) =>
      program.slice(0, at % (program.length + 1)) + junk + program.slice(at % (program.length + 1)),
  )

/** So many programs, made from a seed. */
export function programs(count, seed) {
  const share = Math.ceil(count / 5)
  const make = (arbitrary) => fc.sample(arbitrary, { numRuns: share, seed })
  const withPrelude = (arbitrary) => make(arbitrary).map((program) => code`${prelude} ${program}`)
  return [
    ...withPrelude(expression),
    ...make(fc.oneof(...libraryCalls)),
    ...make(formats),
    ...make(functionsOfNumbers),
    ...withPrelude(broken),
  ]
}
