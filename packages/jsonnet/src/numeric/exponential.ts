import { fma, frexp, ldexp } from './floats.ts'

/*
 * JavaScript leaves the last digit of these functions to the engine, and engines differ from Go. Templates must give
 * the same text everywhere, so they are computed here, step by step as Go does on 64-bit PCs.
 */

const largestExponent = 709.782712893384
const upperLn2 = 0.693147180559663
const lowerLn2 = 2.8235290563031577e-13
/** The Taylor series of `exp`, without its first terms. */
const series = [
  0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664, 0.16666666666666666, 0.5, 1,
]

/** e to the power of x. */
export function exp(x: number): number {
  if (x > largestExponent) return Infinity
  const power = roundEven(Math.LOG2E * x)
  if (power < -1074) return 0
  const reduced = fma(-lowerLn2, power, fma(-upperLn2, power, x)) * 0.0625
  const sum = series.reduce((so_far, term) => fma(so_far, reduced, term), 0.0000248015873015873)
  // (e ** y - 1) is doubled in argument four times; the last step adds the one again.
  let grown = reduced * sum
  for (let i = 0; i < 3; i++) grown *= grown + 2
  return ldexp(fma(grown, grown + 2, 1), power)
}

function roundEven(x: number): number {
  const rounded = Math.round(x)
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

const upper = 0.6931471803691238
const lower = 1.9082149292705877e-10
const oddTerms = [0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586]
const evenTerms = [0.3999999999940942, 0.22222198432149784, 0.15313837699209373]

/** The natural logarithm. */
export function log(x: number): number {
  if (x === 0) return -Infinity
  if (!(x > 0)) return NaN
  const { mantissa, exponent } = binaryParts(x)
  const isSmall = mantissa < Math.SQRT1_2
  const power = isSmall ? exponent - 1 : exponent
  const f = (isSmall ? mantissa * 2 : mantissa) - 1
  const s = f / (2 + f)
  const s2 = s * s
  const s4 = s2 * s2
  const remainder = s2 * polynomial(oddTerms, s4) + s4 * polynomial(evenTerms, s4)
  const half = 0.5 * f * f
  return power * upper - (half - (s * (half + remainder) + power * lower) - f)
}

/** Go's routine takes subnormal numbers as they are stored. */
function binaryParts(x: number): { mantissa: number; exponent: number } {
  if (x >= 2 ** -1022) return frexp(x)
  return { mantissa: 0.5 + x * 2 ** 1021, exponent: -1022 }
}

function polynomial(terms: readonly number[], x: number): number {
  return terms.reduceRight((sum, term) => sum * x + term, 0)
}

const greatestWhole = 2 ** 63

/** x to the power of y. */
export function pow(x: number, y: number): number {
  const special = simplePower(x, y)
  if (special !== undefined) return special
  let whole = Math.trunc(Math.abs(y))
  let fraction = Math.abs(y) - whole
  if (fraction !== 0 && x < 0) return NaN
  if (whole >= greatestWhole) return x === -1 ? 1 : Math.abs(x) < 1 === y > 0 ? 0 : Infinity
  let mantissa = 1
  if (fraction !== 0) {
    if (fraction > 0.5) {
      fraction--
      whole++
    }
    mantissa = exp(fraction * log(x))
  }
  const power = wholePower(x, BigInt(whole), mantissa)
  return y < 0 ? ldexp(1 / power.mantissa, -power.exponent) : ldexp(power.mantissa, power.exponent)
}

function simplePower(x: number, y: number): number | undefined {
  if (y === 0 || x === 1) return 1
  if (y === 1) return x
  if (x === 0) return zeroPower(x, y)
  if (y === 0.5) return Math.sqrt(x)
  return y === -0.5 ? 1 / Math.sqrt(x) : undefined
}

function zeroPower(x: number, y: number): number {
  const isOdd = Math.abs(y % 2) === 1
  const zero = isOdd ? x : 0
  return y < 0 ? 1 / zero : zero
}

/** By squaring, with the powers of two kept apart. */
function wholePower(x: number, power: bigint, start: number): { mantissa: number; exponent: number } {
  let { mantissa: square, exponent: squareExponent } = frexp(x)
  let [mantissa, exponent] = [start, 0]
  for (let bits = power; bits !== 0n; bits >>= 1n) {
    if (Math.abs(squareExponent) > 4096) return { mantissa, exponent: exponent + squareExponent }
    if ((bits & 1n) === 1n) {
      mantissa *= square
      exponent += squareExponent
    }
    square *= square
    squareExponent *= 2
    if (square < 0.5) {
      square += square
      squareExponent--
    }
  }
  return { mantissa, exponent }
}
