import { allocate, drive, fail, force, type Machine, type Routine, save, type Trace } from './machine.ts'
import { toText } from './manifest.ts'
import { extend, fieldNames, index } from './objects.ts'
import { goNumber } from './numbers.ts'
import { compareText } from './text.ts'
import { textOf, type Arr, array, type Fn, type Obj, typeOf, type Value } from './values.ts'

const elementCost = 8
const heirCost = 150
const longestText = 2 ** 28

/** `+`: numbers, texts with anything, arrays, objects. */
export function plus(m: Machine, left: Value, right: Value, at: Trace): Value | undefined {
  if (typeof left === 'number' && typeof right === 'number') return finite(m, left + right, at)
  if (typeof right === 'string') return typeof left === 'string' ? concat(m, left, right) : prepend(m, left, right, at)
  if (typeof left === 'string') return append(m, left, right, at)
  if (typeof left === 'number') return wrongType(m, right, 'number', at)
  if (typeof left === 'boolean') return fail(m, `Unexpected type ${typeOf(left)}`, at)
  switch (left.kind) {
    case 'object':
      allocate(m, heirCost)
      return extend(left, asObject(m, right, at))
    case 'array':
      return concatArrays(m, left, asArray(m, right, at))
    case 'null':
    case 'function':
      return fail(m, `Unexpected type ${left.kind}`, at)
    default:
      return left satisfies never
  }
}

function prepend(m: Machine, left: Value, right: string, at: Trace): Value | undefined {
  const text = toText(m, left, at)
  return text === undefined ? save(m, (late) => concat(m, textOf(late), right)) : concat(m, text, right)
}

function append(m: Machine, left: string, right: Value, at: Trace): Value | undefined {
  const text = toText(m, right, at)
  return text === undefined ? save(m, (late) => concat(m, left, textOf(late))) : concat(m, left, text)
}

/** Joined texts share memory, so only the shorter one counts. */
export function concat(m: Machine, left: string, right: string): string {
  allocate(m, Math.min(left.length, right.length) + elementCost)
  if (left.length + right.length > longestText) allocate(m, Infinity)
  return left + right
}

function concatArrays(m: Machine, left: Arr, right: Arr): Arr {
  if (left.items.length === 0) return right
  if (right.items.length === 0) return left
  allocate(m, (left.items.length + right.items.length) * elementCost)
  return array([...left.items, ...right.items])
}

/** A number a program may see. */
export function finite(m: Machine, n: number, at: Trace): number {
  if (Number.isFinite(n)) return n
  return fail(m, Number.isNaN(n) ? 'Not a number' : 'Overflow', at)
}

export function modulo(m: Machine, left: Value, right: Value, at: Trace): number {
  const x = asNumber(m, left, at)
  const y = asNumber(m, right, at)
  return y === 0 ? fail(m, 'Division by zero.', at) : finite(m, x % y, at)
}

/** -1, 0 or 1; arrays element by element. */
export function compare(m: Machine, left: Value, right: Value, at: Trace): number | undefined {
  if (typeof left === 'number') {
    const other = asNumber(m, right, at)
    return left < other ? -1 : left > other ? 1 : 0
  }
  if (typeof left === 'string') return compareText(left, asString(m, right, at))
  if (typeof left !== 'object' || left.kind !== 'array') return fail(m, `Unexpected type ${typeOf(left)}`, at)
  return asCount(drive(m, compareArrays(m, left, asArray(m, right, at), at)))
}

/** Narrows what a routine that makes numbers made. */
export function asCount(value: Value | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function* compareArrays(m: Machine, left: Arr, right: Arr, at: Trace): Routine {
  for (const [i, element] of left.items.entries()) {
    const other = right.items[i]
    if (other === undefined) break
    const x = force(m, element, at) ?? (yield)
    const y = force(m, other, at) ?? (yield)
    const order = compare(m, x, y, at) ?? (yield)
    if (order !== 0) return order
  }
  return Math.sign(left.items.length - right.items.length)
}

/** Deep equality; functions have none. */
export function equals(m: Machine, left: Value, right: Value, at: Trace): boolean | undefined {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right
  if (left.kind === 'array' && right.kind === 'array')
    return left.items.length === right.items.length ? asTruth(drive(m, equalArrays(m, left, right, at))) : false
  if (left.kind === 'object' && right.kind === 'object') return equalObjects(m, left, right, at)
  if (left.kind !== right.kind) return false
  return left.kind === 'function' ? fail(m, 'Cannot test equality of functions', at) : true
}

/** Narrows what a routine that makes booleans made. */
export function asTruth(value: Value | undefined): boolean | undefined {
  return value === undefined ? undefined : value === true
}

function* equalArrays(m: Machine, left: Arr, right: Arr, at: Trace): Routine {
  for (const [i, element] of left.items.entries()) {
    const x = force(m, element, at) ?? (yield)
    const y = force(m, right.items[i] ?? element, at) ?? (yield)
    if (!(equals(m, x, y, at) ?? (yield))) return false
  }
  return true
}

function equalObjects(m: Machine, left: Obj, right: Obj, at: Trace): boolean | undefined {
  const names = fieldNames(m, left, false)
  const others = fieldNames(m, right, false)
  if (names.length !== others.length || names.some((name, i) => name !== others[i])) return false
  return asTruth(drive(m, equalFields(m, [left, right], names, at)))
}

function* equalFields(m: Machine, [left, right]: [Obj, Obj], names: readonly string[], at: Trace): Routine {
  for (const name of names) {
    const x = index(m, left, name, at) ?? (yield)
    const y = index(m, right, name, at) ?? (yield)
    if (!(equals(m, x, y, at) ?? (yield))) return false
  }
  return true
}

const least = -(2 ** 63)
const greatest = 2 ** 63

/** The bitwise operators, on 64-bit integers. */
export function bitwise(m: Machine, op: '<<' | '>>' | '&' | '|' | '^', operands: [Value, Value], at: Trace): number {
  const x = asNumber(m, operands[0], at)
  const y = asNumber(m, operands[1], at)
  for (const n of [x, y])
    if (n < least || n > greatest)
      fail(
        m,
        `Bitwise operator argument ${goNumber(n)} outside of range [-9223372036854775808, 9223372036854775807]`,
        at,
      )
  const isShift = op === '<<' || op === '>>'
  if (isShift && y < 0) fail(m, 'Shift by negative exponent.', at)
  return Number(BigInt.asIntN(64, onIntegers(op, integer(x), integer(y))))
}

function onIntegers(op: '<<' | '>>' | '&' | '|' | '^', x: bigint, y: bigint): bigint {
  switch (op) {
    case '<<':
      return x << (y % 64n)
    case '>>':
      return x >> (y % 64n)
    case '&':
      return x & y
    case '|':
      return x | y
    case '^':
      return x ^ y
    default:
      return op satisfies never
  }
}

/** As Go converts: towards zero; what does not fit becomes the smallest integer. */
export function integer(n: number): bigint {
  return n >= greatest || n < least ? -(2n ** 63n) : BigInt(Math.trunc(n))
}

function wrongType(m: Machine, value: Value, wanted: string, at: Trace): never {
  return fail(m, `Unexpected type ${typeOf(value)}, expected ${wanted}`, at)
}

export function asNumber(m: Machine, value: Value, at: Trace): number {
  return typeof value === 'number' ? value : wrongType(m, value, 'number', at)
}

export function asString(m: Machine, value: Value, at: Trace): string {
  return typeof value === 'string' ? value : wrongType(m, value, 'string', at)
}

export function asBoolean(m: Machine, value: Value, at: Trace): boolean {
  return typeof value === 'boolean' ? value : wrongType(m, value, 'boolean', at)
}

export function asArray(m: Machine, value: Value, at: Trace): Arr {
  return typeof value === 'object' && value.kind === 'array' ? value : wrongType(m, value, 'array', at)
}

export function asObject(m: Machine, value: Value, at: Trace): Obj {
  return typeof value === 'object' && value.kind === 'object' ? value : wrongType(m, value, 'object', at)
}

export function asFunction(m: Machine, value: Value, at: Trace): Fn {
  return typeof value === 'object' && value.kind === 'function' ? value : wrongType(m, value, 'function', at)
}

/** An integer that fits into 32 bits, as indices must. */
export function asInt(m: Machine, value: Value, at: Trace): number {
  const n = asNumber(m, value, at)
  return (n | 0) === n ? n : fail(m, `Expected an integer, but got ${goNumber(n)}`, at)
}
