import { allocate, type Machine, type Routine, step, type Trace } from '../runtime/machine.ts'
import { asArray, asFunction, compare, equals, plus } from '../runtime/operators.ts'
import { sliceText } from '../runtime/text.ts'
import { type Arr, array, emptyArray, type Fn, type Lazy, type Value } from '../runtime/values.ts'
import { type Chapter, libraryRoutine } from './define.ts'
import { foldable } from './arrays.ts'
import { keyOf, sortBy } from './sort.ts'
import { sequence } from './sequence.ts'
import { identityFunction, lengthValue } from './types.ts'

const keyF: readonly [string, Value] = ['keyF', identityFunction]

/** Sorted lists without doubles. */
export const sets: Chapter = {
  uniq: libraryRoutine(['arr', keyF], (m, [arr, key], at) => uniq(m, foldable(m, arr, 'foldl', at), key, at)),
  set: libraryRoutine(['arr', keyF], function* (m, [arr, key], at) {
    const list = asArray(m, arr, at)
    const sorted = yield* sortBy(m, list, asFunction(m, key, at), at)
    return yield* uniq(m, sorted.items, key, at)
  }),
  setMember: libraryRoutine(['x', 'arr', keyF], function* (m, [x, arr, key], at) {
    const operands = pair(m, array([x]), arr, at)
    return (yield* walk(m, operands, key, { both: true, left: false, right: false }, at)).kept.length > 0
  }),
  setInter: operation({ both: true, left: false, right: false }),
  setUnion: operation({ both: true, left: true, right: true }),
  setDiff: operation({ both: false, left: true, right: false }),
}

/** Which elements a set operation keeps. */
type Keep = { readonly both: boolean; readonly left: boolean; readonly right: boolean }

function operation(keep: Keep): Fn {
  return libraryRoutine(['a', 'b', keyF], function* (m, [a, b, key], at) {
    const { kept, i, j } = yield* walk(m, pair(m, a, b, at), key, keep, at)
    // Union and difference end with what is left of one side, which may be a text.
    if (keep.right && i >= lengthValue(m, a, at)) return plus(m, array(kept), remainder(b, j), at) ?? (yield)
    if (keep.left && i < lengthValue(m, a, at)) return plus(m, array(kept), remainder(a, i), at) ?? (yield)
    return array(kept)
  })
}

function remainder(value: Value, from: number): Value {
  if (typeof value === 'string') return sliceText(value, from, Infinity)
  return typeof value === 'object' && value.kind === 'array' ? array(value.items.slice(from)) : emptyArray
}

type Pair = { readonly left: readonly Lazy[]; readonly right: readonly Lazy[] }

function pair(m: Machine, a: Value, b: Value, at: Trace): Pair {
  return { left: sequence(m, a, at), right: sequence(m, b, at) }
}

/** What a walk kept, and how far it came on either side. */
type Walked = { readonly kept: Lazy[]; readonly i: number; readonly j: number }

/** Goes through two sorted lists side by side, to the end of one of them. */
function* walk(m: Machine, { left, right }: Pair, key: Value, keep: Keep, at: Trace): Routine<Walked> {
  allocate(m, (left.length + right.length) * 8)
  const kept: Lazy[] = []
  let [i, j] = [0, 0]
  for (;;) {
    const [a, b] = [left[i], right[j]]
    if (a === undefined || b === undefined) break
    step(m)
    const x = keyOf(m, a, key, at) ?? (yield)
    const y = keyOf(m, b, key, at) ?? (yield)
    const isSame = (equals(m, x, y, at) ?? (yield)) === true
    const isLeft = !isSame && Number(compare(m, x, y, at) ?? (yield)) < 0
    if (isSame ? keep.both : isLeft && keep.left) kept.push(a)
    if (!isSame && !isLeft && keep.right) kept.push(b)
    if (isSame || isLeft) i++
    if (isSame || !isLeft) j++
  }
  return { kept, i, j }
}

function* uniq(m: Machine, items: readonly Lazy[], key: Value, at: Trace): Routine<Arr> {
  const kept: Lazy[] = []
  for (const item of items) {
    const last = kept.at(-1)
    step(m)
    if (last !== undefined) {
      const x = keyOf(m, last, key, at) ?? (yield)
      const y = keyOf(m, item, key, at) ?? (yield)
      if ((equals(m, x, y, at) ?? (yield)) === true) continue
    }
    kept.push(item)
  }
  allocate(m, kept.length * 8)
  return array(kept)
}
