import { fail, force, type Machine, type Trace } from '../runtime/machine.ts'
import { asArray, asNumber, compare, finite, modulo } from '../runtime/operators.ts'
import { typeOf, type Value } from '../runtime/values.ts'
import { builtin, builtinRoutine, type Chapter, library, libraryRoutine } from './define.ts'
import { exp, log, pow } from '../numeric/exponential.ts'
import { frexp } from '../numeric/floats.ts'
import { acos, asin, atan, atan2, cos, sin, tan } from '../numeric/trigonometry.ts'

const PI = Math.PI

function lift(params: readonly string[], compute: (...operands: number[]) => number): Value {
  return builtin(params, (m, args, at) => {
    const operands = params.map((_, i) => asNumber(m, args[i] ?? args[0], at))
    return finite(m, compute(...operands), at)
  })
}

function decide(test: (n: number) => boolean): Value {
  return builtin(['x'], (m, [x], at) => test(asNumber(m, x, at)))
}

function numberParam(m: Machine, value: Value, message: string, at: Trace): number {
  return typeof value === 'number' ? value : fail(m, `${message}, got ${typeOf(value)}`, at)
}

/** Numbers. */
export const math: Chapter = {
  pi: PI,
  abs: library(['n'], (m, [n], at) => {
    const x = numberParam(m, n, 'std.abs expected number', at)
    // The absolute of 0 is -0, as in go-jsonnet.
    return x > 0 ? x : -x
  }),
  sign: library(['n'], (m, [n], at) => Math.sign(numberParam(m, n, 'std.sign expected number', at)) + 0),
  max: library(['a', 'b'], (m, [a, b], at) => {
    const x = numberParam(m, a, 'std.max first param expected number', at)
    const y = numberParam(m, b, 'std.max second param expected number', at)
    return x > y ? x : y
  }),
  min: library(['a', 'b'], (m, [a, b], at) => {
    const x = numberParam(m, a, 'std.min first param expected number', at)
    const y = numberParam(m, b, 'std.min second param expected number', at)
    return x < y ? x : y
  }),
  clamp: libraryRoutine(['x', 'minVal', 'maxVal'], function* (m, [x, least, greatest], at) {
    if (Number(compare(m, x, least, at) ?? (yield)) < 0) return least
    return Number(compare(m, x, greatest, at) ?? (yield)) > 0 ? greatest : x
  }),
  modulo: builtin(['x', 'y'], (m, [x, y], at) => modulo(m, x, y, at)),
  floor: lift(['x'], Math.floor),
  ceil: lift(['x'], Math.ceil),
  round: lift(['x'], roundAway),
  sqrt: lift(['x'], Math.sqrt),
  hypot: lift(['x', 'y'], hypot),
  pow: lift(['x', 'n'], pow),
  exp: lift(['x'], exp),
  log: lift(['x'], log),
  log2: library(['x'], (m, [x], at) => finite(m, log(asNumber(m, x, at)), at) / log(2)),
  log10: library(['x'], (m, [x], at) => finite(m, log(asNumber(m, x, at)), at) / log(10)),
  sin: lift(['x'], sin),
  cos: lift(['x'], cos),
  tan: lift(['x'], tan),
  asin: lift(['x'], asin),
  acos: lift(['x'], acos),
  atan: lift(['x'], atan),
  atan2: lift(['y', 'x'], atan2),
  deg2rad: library(['x'], (m, [x], at) => (asNumber(m, x, at) * PI) / 180),
  rad2deg: library(['x'], (m, [x], at) => (asNumber(m, x, at) * 180) / PI),
  mantissa: lift(['x'], (x) => frexp(x).mantissa),
  exponent: lift(['x'], (x) => frexp(x).exponent),
  isEven: decide((x) => Math.trunc(x) % 2 === 0),
  isOdd: decide((x) => Math.trunc(x) % 2 !== 0),
  isInteger: decide((x) => Number.isInteger(x)),
  isDecimal: decide((x) => !Number.isInteger(x)),
  sum: builtinRoutine(['arr'], function* (m, [arr], at) {
    let sum = 0
    for (const item of asArray(m, arr, at).items) sum += asNumber(m, force(m, item, at) ?? (yield), at)
    return sum
  }),
  avg: builtinRoutine(['arr'], function* (m, [arr], at) {
    const { items } = asArray(m, arr, at)
    if (items.length === 0) fail(m, 'Cannot calculate average of an empty array.', at)
    let sum = 0
    for (const item of items) sum += asNumber(m, force(m, item, at) ?? (yield), at)
    return sum / items.length
  }),
}

/** Halves are rounded away from zero. */
function roundAway(x: number): number {
  const rounded = Math.trunc(x)
  const isUp = Math.abs(x - rounded) >= 0.5
  return isUp ? rounded + Math.sign(x) : rounded === 0 ? x * 0 : rounded
}

function hypot(x: number, y: number): number {
  const p = Math.max(Math.abs(x), Math.abs(y))
  const q = Math.min(Math.abs(x), Math.abs(y))
  if (p === 0) return 0
  const ratio = q / p
  return p * Math.sqrt(1 + ratio * ratio)
}
