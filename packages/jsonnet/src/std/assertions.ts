import { drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { compare, equals } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { textOf, typeOf, type Value } from '../runtime/values.ts'
import { type Chapter, define, libraryRoutine } from './define.ts'
import { mod } from './operators.ts'
import { slice } from './slice.ts'
import { sequence } from './sequence.ts'
import { lengthValue } from './types.ts'

/** Checks and comparisons, and the functions behind operators. */
export const assertions: Chapter = {
  assertEqual: libraryRoutine(['a', 'b'], function* (m, [a, b], at) {
    if ((equals(m, a, b, at) ?? (yield)) === true) return true
    const left = yield* shown(m, a, at)
    const right = yield* shown(m, b, at)
    return fail(m, `Assertion failed. ${left} != ${right}`, at)
  }),
  mod: define(['a', 'b'], mod),
  slice: define(['indexable', 'index', 'end', 'step'], slice),
  __compare: libraryRoutine(['v1', 'v2'], (m, [a, b], at) => compareAny(m, a, b, at)),
  __compare_array: libraryRoutine(['arr1', 'arr2'], (m, [a, b], at) => compareLists(m, a, b, at)),
  __array_less: comparison((order) => order < 0),
  __array_greater: comparison((order) => order > 0),
  __array_less_or_equal: comparison((order) => order <= 0),
  __array_greater_or_equal: comparison((order) => order >= 0),
}

function* shown(m: Machine, value: Value, at: Trace): Routine<string> {
  return typeof value === 'string' ? quote(value) : textOf(toText(m, value, at) ?? (yield))
}

function comparison(holds: (order: number) => boolean): Value {
  return libraryRoutine(['arr1', 'arr2'], function* (m, [a, b], at) {
    return holds(Number(yield* compareLists(m, a, b, at)))
  })
}

/** Lists, and texts as lists of characters. */
function* compareLists(m: Machine, a: Value, b: Value, at: Trace): Routine {
  const [left, right] = [lengthValue(m, a, at), lengthValue(m, b, at)]
  for (let i = 0; i < Math.min(left, right); i++) {
    const one = sequence(m, a, at)[i]
    const other = sequence(m, b, at)[i]
    if (one === undefined || other === undefined) break
    const first = force(m, one, at) ?? (yield)
    const order = yield* compareAny(m, first, force(m, other, at) ?? (yield), at)
    if (order !== 0) return order
  }
  return Math.sign(left - right)
}

function* compareAny(m: Machine, a: Value, b: Value, at: Trace): Routine {
  const [left, right] = [typeOf(a), typeOf(b)]
  if (left !== right) fail(m, `Comparison requires matching types. Got ${left} and ${right}`, at)
  if (left === 'array') return drive(m, compareLists(m, a, b, at)) ?? (yield)
  if (left === 'function' || left === 'object' || left === 'boolean')
    fail(m, `Values of type ${left} are not comparable.`, at)
  return compare(m, a, b, at) ?? (yield)
}
