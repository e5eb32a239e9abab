import { drive, enter, fail, force, leave, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { asObject, asString, modulo } from '../runtime/operators.ts'
import { has } from '../runtime/objects.ts'
import { type Native, typeOf } from '../runtime/values.ts'
import { inLibrary, type LazyArgs } from './define.ts'
import { format } from './format.ts'

/** `a % b`: the remainder of numbers, or texts filled in. */
export const mod: Native = (m, args, at) => {
  enter(m, at)
  return drive(m, rest(m, args, inLibrary))
}

function* rest(m: Machine, [left = 0, right = 0]: LazyArgs, at: Trace): Routine {
  const a = force(m, left, at) ?? (yield)
  if (typeof a !== 'string' && typeof a !== 'number') {
    const b = force(m, right, at) ?? (yield)
    fail(m, `Operator % cannot be used on types ${typeOf(a)} and ${typeOf(b)}.`, at)
  }
  const b = force(m, right, at) ?? (yield)
  if (typeof a === 'number' && typeof b !== 'number')
    fail(m, `Operator % cannot be used on types ${typeOf(a)} and ${typeOf(b)}.`, at)
  const result = typeof a === 'string' ? (format(m, a, b, at) ?? (yield)) : modulo(m, a, b, at)
  leave(m)
  return result
}

/** `name in object`, whose operands arrive the other way round. */
export const hasAll: Native = (m, args, at) => {
  enter(m, at)
  return drive(m, look(m, args, inLibrary))
}

function* look(m: Machine, [object = 0, name = 0]: LazyArgs, at: Trace): Routine {
  const obj = force(m, object, at) ?? (yield)
  const key = force(m, name, at) ?? (yield)
  const found = has(m, asObject(m, obj, at), asString(m, key, at))
  leave(m)
  return found
}
