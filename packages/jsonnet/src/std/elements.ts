import { call } from '../runtime/calls.ts'
import { drive, enter, force, leave, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { type Fn, isThunk, type Lazy, noEnv, thunk, type Value } from '../runtime/values.ts'

/** Code of the library without a place of its own. */
const unnamed: Trace = { note: '' }

/** A call made when its value is wanted. */
export function callLater(fn: Fn, args: readonly Lazy[]): Lazy {
  return thunk((m) => call(m, fn, args, unnamed), noEnv)
}

/** A call made from a function of the library, when its value is wanted. */
export function callInside(fn: Fn, args: readonly Lazy[], at: Trace): Lazy {
  return thunk((m) => drive(m, inside(m, fn, args, at)), noEnv)
}

function* inside(m: Machine, fn: Fn, args: readonly Lazy[], at: Trace): Routine {
  enter(m, unnamed)
  const value = call(m, fn, args, at) ?? (yield)
  leave(m)
  return value
}

/** An element as an argument that a function of the library passes on. */
export function elementLater(item: Lazy, at: Trace): Lazy {
  if (!isThunk(item)) return item
  return item.value ?? thunk((m) => force(m, item, at), noEnv)
}

/** A value of the library's own making, computed when wanted. */
export function later(compute: (m: Machine) => Value | undefined): Lazy {
  return thunk(compute, noEnv)
}

/** An element of a list that the library makes of another value's elements. */
export function elementCopied(item: Lazy, at: Trace): Lazy {
  if (!isThunk(item)) return item
  return item.value ?? thunk((m) => drive(m, copied(m, item, at)), noEnv)
}

function* copied(m: Machine, item: Lazy, at: Trace): Routine {
  enter(m, unnamed)
  const value = force(m, item, at) ?? (yield)
  leave(m)
  return value
}
