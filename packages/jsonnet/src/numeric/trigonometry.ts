import { reduceLarge } from './reduce.ts'

/* See exponential.ts: these too are computed as Go does, by the approximations of the Cephes library. */

const sinTerms = [
  1.5896230157654656e-10, -2.5050747762857807e-8, 0.0000027557313621385722, -0.0001984126982958954,
  0.008333333333322118, -0.1666666666666663,
]
const cosTerms = [
  -1.1358536521387682e-11, 2.087570084197473e-9, -2.755731417929674e-7, 0.000024801587288851704, -0.0013888888888873056,
  0.041666666666666595,
]
const tanTop = [-13093.693918138379, 1153516.6483858742, -17956525.197648488]
const tanBottom = [1, 13681.296347069296, -1320892.3444021097, 25008380.18233579, -53869575.592945464]

export function sin(x: number): number {
  if (x === 0) return x
  const { octant, rest } = reduce(Math.abs(x))
  const value = octant % 4 === 2 ? cosine(rest) : sine(rest)
  return x < 0 !== octant > 3 ? -value : value
}

export function cos(x: number): number {
  const { octant, rest } = reduce(Math.abs(x))
  const value = octant % 4 === 2 ? sine(rest) : cosine(rest)
  return octant > 1 && octant < 6 ? -value : value
}

export function tan(x: number): number {
  if (x === 0) return x
  const { octant, rest } = reduce(Math.abs(x))
  const square = rest * rest
  const value =
    square > 1e-14 ? rest + rest * ((square * polynomial(tanTop, square)) / polynomial(tanBottom, square)) : rest
  const turned = octant % 4 === 2 ? -1 / value : value
  return x < 0 ? -turned : turned
}

function sine(x: number): number {
  const square = x * x
  return x + x * square * polynomial(sinTerms, square)
}

function cosine(x: number): number {
  const square = x * x
  return 1 - 0.5 * square + square * square * polynomial(cosTerms, square)
}

/** From the highest power down. */
function polynomial(terms: readonly number[], x: number): number {
  return terms.reduce((sum, term) => sum * x + term, 0)
}

const large = 2 ** 29
/** A quarter of pi in three parts. */
const quarterA = 0.7853981256484985
const quarterB = 3.774894707930798e-8
const quarterC = 2.6951514290790595e-15

/** The eighth of the circle, made even, and what is left. */
function reduce(x: number): { octant: number; rest: number } {
  if (x >= large) return reduceLarge(x)
  const eighths = Math.trunc(x * (4 / Math.PI))
  const even = eighths + (eighths % 2)
  return { octant: even % 8, rest: x - even * quarterA - even * quarterB - even * quarterC }
}

export function atan(x: number): number {
  if (x === 0) return x
  return x > 0 ? positiveAtan(x) : -positiveAtan(-x)
}

const atanTop = [-0.8750608600031904, -16.157537187333652, -75.00855792314705, -122.88666844901361, -64.85021904942025]
const atanBottom = [1, 24.858464901423062, 165.02700983169885, 432.88106049129027, 485.3903996359137, 194.5506571482614]
/** What half of pi has more than a number can hold. */
const moreBits = 6.123233995736766e-17
const tanOfThreeEighths = 2.414213562373095

function positiveAtan(x: number): number {
  if (x <= 0.66) return smallAtan(x)
  if (x > tanOfThreeEighths) return Math.PI / 2 - smallAtan(1 / x) + moreBits
  return Math.PI / 4 + smallAtan((x - 1) / (x + 1)) + 0.5 * moreBits
}

function smallAtan(x: number): number {
  const square = x * x
  return x * ((square * polynomial(atanTop, square)) / polynomial(atanBottom, square)) + x
}

export function asin(x: number): number {
  if (x === 0) return x
  const size = Math.abs(x)
  if (size > 1) return NaN
  const other = Math.sqrt(1 - size * size)
  const angle = size > 0.7 ? Math.PI / 2 - positiveAtan(other / size) : positiveAtan(size / other)
  return x < 0 ? -angle : angle
}

export function acos(x: number): number {
  return Math.PI / 2 - asin(x)
}

export function atan2(y: number, x: number): number {
  if (y === 0 || x === 0) return Math.atan2(y, x)
  const angle = atan(y / x)
  if (x > 0) return angle
  return angle <= 0 ? angle + Math.PI : angle - Math.PI
}
