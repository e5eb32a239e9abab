import { call } from '../runtime/calls.ts'
import { allocate, drive, fail, force, type Machine, type Routine, step, type Trace } from '../runtime/machine.ts'
import { asArray, asBoolean, asFunction, asInt, asString, compare, equals, plus } from '../runtime/operators.ts'
import { characters } from '../runtime/text.ts'
import { textOf, type Arr, array, type Fn, type Lazy, NULL, typeOf, type Value } from '../runtime/values.ts'
import { builtin, builtinRoutine, type Chapter, lazyRoutine, libraryRoutine } from './define.ts'
import { callInside, callLater, elementLater } from './elements.ts'
import { join } from './join.ts'
import { sortBy } from './sort.ts'
import { identityFunction } from './types.ts'

const elementCost = 64
/** Tells an `onEmpty` left out from one that is null. */
const nothing: Value = Object.freeze({ kind: 'null' })
const inMap: Trace = { note: '<std>:279:50-62', context: 'function <anonymous>' }
const inMapElement: Trace = { note: '<std>:279:55-61', context: 'thunk from <function <anonymous>>' }
const inMapWithIndex: Trace = { note: '<std>:287:50-65', context: 'function <anonymous>' }
const inMapWithIndexElement: Trace = { note: '<std>:287:58-64', context: 'thunk from <function <anonymous>>' }

/** Lists. */
export const arrays: Chapter = {
  makeArray: builtin(['sz', 'func'], (m, [sz, func], at) => {
    const size = asInt(m, sz, at)
    const fn = asFunction(m, func, at)
    allocate(m, Math.max(0, size) * elementCost)
    const items: Lazy[] = []
    for (let i = 0; i < size; i++) items.push(callLater(fn, [i]))
    return array(items)
  }),
  range: builtin(['from', 'to'], (m, [from, to], at) => {
    const first = asInt(m, from, at)
    const last = asInt(m, to, at)
    allocate(m, Math.max(0, last - first + 1) * 16)
    const items: number[] = []
    for (let i = first; i <= last; i++) items.push(i)
    return array(items)
  }),
  map: lazyRoutine(['func', 'arr'], function* (m, [func = NULL, arr = NULL], at) {
    const { fn, items } = yield* mapping(m, [func, arr], ['std.map', 'array / string'], at)
    return array(items.map((item) => callInside(fn, [elementLater(item, inMapElement)], inMap)))
  }),
  mapWithIndex: lazyRoutine(['func', 'arr'], function* (m, [func = NULL, arr = NULL], at) {
    const { fn, items } = yield* mapping(m, [func, arr], ['std.mapWithIndex', 'array'], at)
    return array(items.map((item, i) => callInside(fn, [i, elementLater(item, inMapWithIndexElement)], inMapWithIndex)))
  }),
  filter: builtinRoutine(['func', 'arr'], function* (m, [func, arr], at) {
    const { items } = asArray(m, arr, at)
    return array(yield* chosen(m, asFunction(m, func, at), items, at))
  }),
  filterMap: libraryRoutine(['filter_func', 'map_func', 'arr'], function* (m, [filter, map, arr], at) {
    const test = functionParam(m, filter, 'std.filterMap first param must be function', at)
    const fn = functionParam(m, map, 'std.filterMap second param must be function', at)
    if (typeOf(arr) !== 'array') fail(m, `std.filterMap third param must be array, got ${typeOf(arr)}`, at)
    const items = yield* chosen(m, test, asArray(m, arr, at).items, at)
    allocate(m, items.length * elementCost)
    return array(items.map((item) => callInside(fn, [elementLater(item, inMapElement)], inMap)))
  }),
  flatMap: builtinRoutine(['func', 'arr'], function* (m, [func, arr], at) {
    const fn = asFunction(m, func, at)
    if (typeof arr === 'string') {
      let out = ''
      for (const char of characters(arr)) out += asString(m, call(m, fn, [char], at) ?? (yield), at)
      allocate(m, out.length)
      return out
    }
    if (typeOf(arr) !== 'array') fail(m, `std.flatMap second param must be array / string, got ${typeOf(arr)}`, at)
    const items: Lazy[] = []
    for (const item of asArray(m, arr, at).items) {
      const part = asArray(m, call(m, fn, [item], at) ?? (yield), at)
      allocate(m, part.items.length * 8)
      for (const element of part.items) items.push(element)
    }
    return array(items)
  }),
  foldl: builtinRoutine(['func', 'arr', 'init'], function* (m, [func, arr, init], at) {
    const fn = asFunction(m, func, at)
    let result = init
    for (const item of foldable(m, arr, 'foldl', at)) result = call(m, fn, [result, item], at) ?? (yield)
    return result
  }),
  foldr: builtinRoutine(['func', 'arr', 'init'], function* (m, [func, arr, init], at) {
    const fn = asFunction(m, func, at)
    let result = init
    for (const item of foldable(m, arr, 'foldr', at).toReversed()) result = call(m, fn, [item, result], at) ?? (yield)
    return result
  }),
  join: builtinRoutine(['sep', 'arr'], (m, [sep, arr], at) => join(m, sep, asArray(m, arr, at), at)),
  reverse: builtin(['arr'], (m, [arr], at) => {
    const { items } = asArray(m, arr, at)
    allocate(m, items.length * 8)
    return array(items.toReversed())
  }),
  sort: builtinRoutine(['arr', ['keyF', identityFunction]], (m, [arr, keyF], at) =>
    sortBy(m, asArray(m, arr, at), asFunction(m, keyF, at), at),
  ),
  member: builtinRoutine(['arr', 'x'], (m, [arr, x], at) => isMember(m, arr, x, at)),
  contains: builtinRoutine(['arr', 'elem'], (m, [arr, elem], at) => isMember(m, asArray(m, arr, at), elem, at)),
  count: libraryRoutine(['arr', 'x'], function* (m, [arr, x], at) {
    return (yield* positions(m, asArray(m, arr, at), x, at)).length
  }),
  find: libraryRoutine(['value', 'arr'], function* (m, [value, arr], at) {
    if (typeOf(arr) !== 'array') fail(m, `find second parameter should be an array, got ${typeOf(arr)}`, at)
    return array(yield* positions(m, asArray(m, arr, at), value, at))
  }),
  remove: builtinRoutine(['arr', 'elem'], function* (m, [arr, elem], at) {
    const list = asArray(m, arr, at)
    for (const [i, item] of list.items.entries())
      if ((equals(m, force(m, item, at) ?? (yield), elem, at) ?? (yield)) === true) return without(m, list, i)
    return list
  }),
  removeAt: builtin(['arr', 'i'], (m, [arr, i], at) => without(m, asArray(m, arr, at), asInt(m, i, at))),
  all: libraryRoutine(['arr'], (m, [arr], at) => quantify(m, arr, { name: 'all', stop: false }, at)),
  any: libraryRoutine(['arr'], (m, [arr], at) => quantify(m, arr, { name: 'any', stop: true }, at)),
  minArray: extreme((order) => order > 0),
  maxArray: extreme((order) => order < 0),
  flattenArrays: libraryRoutine(['arrs'], function* (m, [arrs], at) {
    let result: Value = array([])
    for (const item of foldable(m, arrs, 'foldl', at))
      result = plus(m, result, force(m, item, at) ?? (yield), at) ?? (yield)
    return result
  }),
  flattenDeepArray: libraryRoutine(['value'], function* (m, [value], at) {
    const items: Lazy[] = []
    yield* flattenDeep(m, value, items, at)
    return array(items)
  }),
  repeat: lazyRoutine(['what', 'count'], function* (m, [what = NULL, count = NULL], at) {
    const piece = force(m, what, at) ?? (yield)
    if (typeof piece !== 'string' && typeOf(piece) !== 'array')
      fail(m, 'std.repeat first argument must be an array or a string', at)
    const times = Math.max(0, asInt(m, force(m, count, at) ?? (yield), at))
    if (typeof piece === 'string') {
      allocate(m, piece.length * times)
      return piece.repeat(times)
    }
    const { items } = asArray(m, piece, at)
    allocate(m, items.length * times * 8)
    return array(Array.from({ length: times }, () => items).flat())
  }),
}

type Mapping = { readonly fn: Fn; readonly items: readonly Lazy[] }

function* mapping(
  m: Machine,
  [func, arr]: readonly [Lazy, Lazy],
  [name, wanted]: readonly [string, string],
  at: Trace,
): Routine<Mapping> {
  const fn = functionParam(m, force(m, func, at) ?? (yield), `${name} first param must be function`, at)
  const list = force(m, arr, at) ?? (yield)
  const type = typeOf(list)
  if (type !== 'array' && type !== 'string') fail(m, `${name} second param must be ${wanted}, got ${type}`, at)
  const items = typeof list === 'string' ? characters(list) : asArray(m, list, at).items
  allocate(m, items.length * elementCost)
  return { fn, items }
}

function functionParam(m: Machine, value: Value, message: string, at: Trace): Fn {
  if (typeof value === 'object' && value.kind === 'function') return value
  return fail(m, `${message}, got ${typeOf(value)}`, at)
}

function* chosen(m: Machine, test: Fn, items: readonly Lazy[], at: Trace): Routine<Lazy[]> {
  const kept: Lazy[] = []
  for (const item of items) if (asBoolean(m, call(m, test, [item], at) ?? (yield), at)) kept.push(item)
  allocate(m, kept.length * 8)
  return kept
}

/** What a fold goes through. */
export function foldable(m: Machine, value: Value, name: string, at: Trace): readonly Lazy[] {
  if (typeof value === 'string') return characters(value)
  if (typeof value === 'object' && value.kind === 'array') return value.items
  return fail(m, `${name} second parameter should be string or array, got ${typeOf(value)}`, at)
}

/** Whether a text contains another, or a list a value. */
export function* isMember(m: Machine, list: Value, wanted: Value, at: Trace): Routine<boolean> {
  if (typeof list === 'string') return list.includes(asString(m, wanted, at))
  if (typeOf(list) !== 'array') fail(m, 'std.member first argument must be an array or a string', at)
  for (const item of asArray(m, list, at).items) {
    step(m)
    if ((equals(m, force(m, item, at) ?? (yield), wanted, at) ?? (yield)) === true) return true
  }
  return false
}

function* positions(m: Machine, { items }: Arr, wanted: Value, at: Trace): Routine<number[]> {
  const found: number[] = []
  for (const [i, item] of items.entries()) {
    step(m)
    if ((equals(m, force(m, item, at) ?? (yield), wanted, at) ?? (yield)) === true) found.push(i)
  }
  return found
}

function without(m: Machine, { items }: Arr, index: number): Arr {
  allocate(m, items.length * 8)
  return array(items.filter((_, i) => i !== index))
}

type Quantifier = { readonly name: string; readonly stop: boolean }

function* quantify(m: Machine, arr: Value, { name, stop }: Quantifier, at: Trace): Routine {
  if (typeOf(arr) !== 'array') fail(m, `${name}() parameter should be an array, got ${typeOf(arr)}`, at)
  for (const item of asArray(m, arr, at).items) {
    step(m)
    const value = force(m, item, at) ?? (yield)
    if (typeof value !== 'boolean') {
      const text = plus(m, '', value, at) ?? (yield)
      fail(m, `element "${textOf(text)}" of type ${typeOf(value)} is not a boolean`, at)
    }
    if (value === stop) return stop
  }
  return !stop
}

/** The first element whose key no other's beats. */
function extreme(isBeaten: (order: number) => boolean): Fn {
  return builtinRoutine(
    ['arr', ['keyF', identityFunction], ['onEmpty', nothing]],
    function* (m, [arr, key, empty], at) {
      const [first, ...others] = asArray(m, arr, at).items
      const fn = asFunction(m, key, at)
      if (first === undefined)
        return empty === nothing ? fail(m, 'Expected at least one element in array. Got none', at) : empty
      let best = force(m, first, at) ?? (yield)
      let bestKey = call(m, fn, [first], at) ?? (yield)
      for (const item of others) {
        const value = force(m, item, at) ?? (yield)
        const key = call(m, fn, [item], at) ?? (yield)
        if (isBeaten(Number(compare(m, bestKey, key, at) ?? (yield)))) [best, bestKey] = [value, key]
      }
      return best
    },
  )
}

/** Lists in lists become one list. */
function* flattenDeep(m: Machine, value: Value, into: Lazy[], at: Trace): Routine {
  if (typeof value !== 'object' || value.kind !== 'array') {
    allocate(m, 8)
    into.push(value)
    return NULL
  }
  for (const item of value.items) {
    const inner = force(m, item, at) ?? (yield)
    void (drive(m, flattenDeep(m, inner, into, at)) ?? (yield))
  }
  return NULL
}
