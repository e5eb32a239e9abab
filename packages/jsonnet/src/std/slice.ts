import {
  allocate,
  drive,
  enter,
  fail,
  force,
  leave,
  type Machine,
  type Routine,
  type Trace,
} from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { compare } from '../runtime/operators.ts'
import { characters, sliceText } from '../runtime/text.ts'
import { textOf, array, type Native, typeOf, type Value } from '../runtime/values.ts'
import { inLibrary, type LazyArgs } from './define.ts'
import { lengthValue } from './types.ts'

/** `target[from:to:step]`. */
export const slice: Native = (m, args, at) => {
  enter(m, at)
  return drive(m, cut(m, args, inLibrary))
}

function* cut(m: Machine, [target = 0, from = 0, to = 0, step = 0]: LazyArgs, at: Trace): Routine {
  const stride = force(m, step, at) ?? (yield)
  const by = isNull(stride) ? 1 : stride
  if (Number(compare(m, by, 0, at) ?? (yield)) < 0) {
    const range: string[] = []
    for (const bound of [from, to]) {
      const text = toText(m, force(m, bound, at) ?? (yield), at) ?? (yield)
      range.push(textOf(text))
    }
    const text = toText(m, by, at) ?? (yield)
    fail(m, `got [${range.join(':')}:${textOf(text)}] but negative steps are not supported`, at)
  }
  if (by === 0) fail(m, 'got 0 but step must be greater than 0', at)
  const indexable = force(m, target, at) ?? (yield)
  const isText = typeof indexable === 'string'
  if (!isText && typeOf(indexable) !== 'array')
    fail(m, `std.slice accepts a string or an array, but got: ${typeOf(indexable)}`, at)
  const length = lengthValue(m, indexable, at)
  const start = boundOf(m, force(m, from, at) ?? (yield), { absent: 0, length, least: 0 }, at)
  const end = boundOf(m, force(m, to, at) ?? (yield), { absent: length, length, least: -Infinity }, at)
  leave(m)
  return take(m, indexable, { start, end: Math.min(end, length), by: Number(by) })
}

function isNull(value: Value): boolean {
  return typeof value === 'object' && value.kind === 'null'
}

type Bounds = { readonly absent: number; readonly length: number; readonly least: number }

/** A negative bound counts from the end. */
function boundOf(m: Machine, value: Value, { absent, length, least }: Bounds, at: Trace): number {
  if (isNull(value)) return absent
  if (typeof value === 'string') return fail(m, 'Unexpected type number, expected string', at)
  if (typeof value !== 'number') return fail(m, `Unexpected type ${typeOf(value)}`, at)
  return value < 0 ? Math.max(least, length + value) : value
}

type Cut = { readonly start: number; readonly end: number; readonly by: number }

function take(m: Machine, indexable: Value, { start, end, by }: Cut): Value {
  if (typeof indexable === 'string') {
    allocate(m, Math.max(0, end - start))
    if (by === 1) return end > start ? sliceText(indexable, start, end) : ''
    const all = characters(indexable)
    let out = ''
    for (let i = start; i < end; i += by) out += all[Math.trunc(i)] ?? ''
    return out
  }
  if (typeof indexable !== 'object' || indexable.kind !== 'array') return indexable
  allocate(m, Math.max(0, end - start) * 8)
  if (by === 1) return array(end > start ? indexable.items.slice(start, end) : [])
  const items = []
  for (let i = start; i < end; i += by) {
    const item = indexable.items[Math.trunc(i)]
    if (item !== undefined) items.push(item)
  }
  return array(items)
}
