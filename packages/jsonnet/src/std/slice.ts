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
import { numberText } from '../runtime/numbers.ts'
import { compare } from '../runtime/operators.ts'
import { characters, sliceText } from '../runtime/text.ts'
import { type Lazy, textOf, array, type Native, typeOf, type Value } from '../runtime/values.ts'
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
  if (Number(compare(m, by, 0, at) ?? (yield)) < 0) return yield* refuse(m, [target, from, to], by, at)
  if (by === 0) fail(m, `got ${numberText(by)} but step must be greater than 0`, at)
  const indexable = force(m, target, at) ?? (yield)
  const isText = typeof indexable === 'string'
  if (!isText && typeOf(indexable) !== 'array')
    fail(m, `std.slice accepts a string or an array, but got: ${typeOf(indexable)}`, at)
  const length = lengthValue(m, indexable, at)
  const start = yield* boundOf(m, from, { absent: 0, least: 0, target }, at)
  const end = yield* boundOf(m, to, { absent: length, least: -Infinity, target }, at)
  leave(m)
  return take(m, indexable, { start: Number(start), end: Math.min(Number(end), length), by: Number(by) })
}

function* refuse(m: Machine, [target, from, to]: readonly [Lazy, Lazy, Lazy], by: Value, at: Trace): Routine {
  const start = yield* boundOf(m, from, { absent: 0, least: 0, target }, at)
  const end = yield* boundOf(m, to, { absent: undefined, least: -Infinity, target }, at)
  const shown: string[] = []
  for (const part of [start, end, by]) shown.push(textOf(toText(m, part, at) ?? (yield)))
  return fail(m, `got [${shown.join(':')}] but negative steps are not supported`, at)
}

function isNull(value: Value): boolean {
  return typeof value === 'object' && value.kind === 'null'
}

type Bounds = { readonly absent: number | undefined; readonly least: number; readonly target: Lazy }

/** A negative bound counts from the end. */
function* boundOf(m: Machine, bound: Lazy, { absent, least, target }: Bounds, at: Trace): Routine {
  const value = force(m, bound, at) ?? (yield)
  if (isNull(value)) return absent ?? lengthValue(m, force(m, target, at) ?? (yield), at)
  if (Number(compare(m, value, 0, at) ?? (yield)) >= 0) return value
  return Math.max(least, lengthValue(m, force(m, target, at) ?? (yield), at) + Number(value))
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
