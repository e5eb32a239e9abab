import { allocate, fail, force, type Machine, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { fieldNames } from '../runtime/objects.ts'
import { asBoolean, asString, equals } from '../runtime/operators.ts'
import { lengthOf } from '../runtime/text.ts'
import { type Fn, NULL, typeOf, type Value } from '../runtime/values.ts'
import { lineOf } from '../source.ts'
import { builtin, type Chapter, library } from './define.ts'

const identity: Fn = builtin(['x'], (_, [x]) => x)

/** What values are, what they hold, and what surrounds the program. */
export const types: Chapter = {
  id: identity,
  type: builtin(['x'], (_, [x]) => typeOf(x)),
  isString: library(['v'], (_, [v]) => typeof v === 'string'),
  isNumber: library(['v'], (_, [v]) => typeof v === 'number'),
  isBoolean: library(['v'], (_, [v]) => typeof v === 'boolean'),
  isObject: library(['v'], (_, [v]) => typeOf(v) === 'object'),
  isArray: library(['v'], (_, [v]) => typeOf(v) === 'array'),
  isFunction: library(['v'], (_, [v]) => typeOf(v) === 'function'),
  length: builtin(['x'], (m, [x], at) => lengthValue(m, x, at)),
  toString: builtin(['a'], (m, [a], at) => toText(m, a, at)),
  equals: builtin(['x', 'y'], (m, [x, y], at) => equals(m, x, y, at)),
  primitiveEquals: builtin(['x', 'y'], (m, [x, y], at) => primitiveEquals(m, x, y, at)),
  xor: builtin(['x', 'y'], (m, [x, y], at) => asBoolean(m, x, at) !== asBoolean(m, y, at)),
  xnor: builtin(['x', 'y'], (m, [x, y], at) => asBoolean(m, x, at) === asBoolean(m, y, at)),
  extVar: builtin(['x'], (m, [x], at) => {
    const name = asString(m, x, at)
    const value = m.world.extVar(m, name)
    return value === undefined ? fail(m, `Undefined external variable: ${name}`, at) : force(m, value, at)
  }),
  /** Asking for a function that the caller does not have is no error. */
  native: builtin(['x'], (m, [x], at) => m.world.native(asString(m, x, at)) ?? NULL),
  trace: builtin(['str', 'rest'], (m, [str, rest], at) => {
    const text = asString(m, str, at)
    const place = typeof at === 'object' && 'source' in at ? `${at.source.file}:${lineOf(at)}` : '<std>:0'
    allocate(m, text.length)
    m.world.trace(`TRACE: ${place} ${text}`)
    return rest
  }),
}

export const identityFunction = identity

/** The size of anything that has one; of functions, how many arguments they must get. */
export function lengthValue(m: Machine, value: Value, at: Trace): number {
  if (typeof value === 'string') return lengthOf(value)
  if (typeof value !== 'object' || value.kind === 'null') return fail(m, `Unexpected type ${typeOf(value)}`, at)
  switch (value.kind) {
    case 'array':
      return value.items.length
    case 'object':
      return fieldNames(m, value, false).length
    case 'function':
      return value.code.required
    default:
      return value satisfies never
  }
}

function primitiveEquals(m: Machine, x: Value, y: Value, at: Trace): boolean {
  const type = typeOf(x)
  if (type !== typeOf(y)) return false
  if (type === 'function') fail(m, 'Cannot test equality of functions', at)
  if (type === 'array' || type === 'object') fail(m, `primitiveEquals operates on primitive types, got ${type}`, at)
  return x === y
}
