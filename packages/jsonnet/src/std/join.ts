import { allocate, fail, force, type Machine, type Routine, step, type Trace } from '../runtime/machine.ts'
import { asArray, asString } from '../runtime/operators.ts'
import { type Arr, array, type Lazy, typeOf, type Value } from '../runtime/values.ts'

/** Joins texts or lists; nulls are left out. */
export function* join(m: Machine, separator: Value, { items }: Arr, at: Trace): Routine {
  if (typeof separator === 'string') return yield* joinTexts(m, separator, items, at)
  if (typeOf(separator) === 'array') return yield* joinLists(m, asArray(m, separator, at), items, at)
  return fail(m, `join first parameter should be string or array, got ${typeOf(separator)}`, at)
}

function* joinTexts(m: Machine, separator: string, items: readonly Lazy[], at: Trace): Routine {
  const parts: string[] = []
  for (const item of items) {
    step(m)
    const value = force(m, item, at) ?? (yield)
    if (typeof value === 'object' && value.kind === 'null') continue
    const text = asString(m, value, at)
    allocate(m, text.length + separator.length)
    parts.push(text)
  }
  return parts.join(separator)
}

function* joinLists(m: Machine, separator: Arr, items: readonly Lazy[], at: Trace): Routine {
  const joined: Lazy[] = []
  let isFirst = true
  for (const item of items) {
    step(m)
    const value = force(m, item, at) ?? (yield)
    if (typeof value === 'object' && value.kind === 'null') continue
    const part = asArray(m, value, at)
    allocate(m, (part.items.length + separator.items.length) * 8)
    if (!isFirst) for (const element of separator.items) joined.push(element)
    for (const element of part.items) joined.push(element)
    isFirst = false
  }
  return array(joined)
}

/** The texts in lists in lists, one behind the other. */
export function* deepJoin(m: Machine, value: Value, at: Trace): Routine<string> {
  const parts: string[] = []
  const open: Lazy[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    step(m)
    const part = force(m, next, at) ?? (yield)
    if (typeof part === 'string') {
      allocate(m, part.length)
      parts.push(part)
    } else if (typeof part === 'object' && part.kind === 'array')
      for (const item of part.items.toReversed()) open.push(item)
    else fail(m, `Expected string or array, got ${typeOf(part)}`, at)
  }
  return parts.join('')
}
