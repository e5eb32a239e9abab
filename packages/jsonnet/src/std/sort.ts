import { call } from '../runtime/calls.ts'
import { allocate, force, type Machine, type Routine, step, type Trace } from '../runtime/machine.ts'
import { asFunction, compare } from '../runtime/operators.ts'
import { compareText } from '../runtime/text.ts'
import { textOf, type Arr, array, type Fn, type Lazy, type Value } from '../runtime/values.ts'
import { identityFunction } from './types.ts'

type Keyed = { readonly item: Lazy; readonly key: Value }

/** Go sorts blocks of this size by insertion, and then merges; errors come from the same comparisons. */
const blockSize = 20

/** Sorts stably by a key. */
export function* sortBy(m: Machine, { items }: Arr, keyF: Fn, at: Trace): Routine<Arr> {
  allocate(m, items.length * 32)
  const keyed: Keyed[] = []
  for (const item of items) keyed.push({ item, key: keyOf(m, item, keyF, at) ?? (yield) })
  const sorted = sortPlain(m, keyed) ?? (yield* sortBlocks(m, keyed, at))
  return array(sorted.map(({ item }) => item))
}

/** The key of an element; asking the identity saves a call. */
export function keyOf(m: Machine, item: Lazy, keyF: Value, at: Trace): Value | undefined {
  return keyF === identityFunction ? force(m, item, at) : call(m, asFunction(m, keyF, at), [item], at)
}

/** Numbers or texts alone cannot fail. */
function sortPlain(m: Machine, keyed: readonly Keyed[]): Keyed[] | undefined {
  const isAll = (type: string): boolean => keyed.every(({ key }) => typeof key === type)
  if (!isAll('number') && !isAll('string')) return undefined
  return keyed.toSorted(({ key: a }, { key: b }) => {
    step(m)
    return typeof a === 'string' ? compareText(a, textOf(b)) : Number(a) - Number(b)
  })
}

function* sortBlocks(m: Machine, keyed: readonly Keyed[], at: Trace): Routine<Keyed[]> {
  let runs: Keyed[][] = []
  for (let from = 0; from < keyed.length; from += blockSize)
    runs.push(yield* insertionSort(m, keyed.slice(from, from + blockSize), at))
  while (runs.length > 1) {
    const merged: Keyed[][] = []
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* merge(m, runs[i] ?? [], runs[i + 1] ?? [], at))
    runs = merged
  }
  return runs[0] ?? []
}

function* insertionSort(m: Machine, block: Keyed[], at: Trace): Routine<Keyed[]> {
  for (let i = 1; i < block.length; i++)
    for (let j = i; j > 0; j--) {
      const [before, one] = [block[j - 1], block[j]]
      if (before === undefined || one === undefined) break
      step(m)
      if (Number(compare(m, one.key, before.key, at) ?? (yield)) >= 0) break
      block[j - 1] = one
      block[j] = before
    }
  return block
}

function* merge(m: Machine, left: readonly Keyed[], right: readonly Keyed[], at: Trace): Routine<Keyed[]> {
  const merged: Keyed[] = []
  let i = 0
  let j = 0
  for (;;) {
    const [a, b] = [left[i], right[j]]
    if (a === undefined || b === undefined) return [...merged, ...left.slice(i), ...right.slice(j)]
    step(m)
    if (Number(compare(m, b.key, a.key, at) ?? (yield)) < 0) {
      merged.push(b)
      j++
    } else {
      merged.push(a)
      i++
    }
  }
}
