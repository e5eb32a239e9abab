import { call } from '../runtime/calls.ts'
import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { fieldNames, has, index, layersOf, readySlot, slotObject, visibilityOf } from '../runtime/objects.ts'
import { asBoolean, asFunction, asObject, asString } from '../runtime/operators.ts'
import { hostField, hostNames } from '../runtime/host-data.ts'
import { array, type Lazy, NULL, type Obj, type Slot, typeOf, type Value } from '../runtime/values.ts'
import { builtin, type Chapter, lazyRoutine, library, libraryRoutine } from './define.ts'
import { later } from './elements.ts'

const fieldCost = 64

/** Objects. */
export const objects: Chapter = {
  objectFields: library(['o'], (m, [o], at) => names(m, asObject(m, o, at), false)),
  objectFieldsAll: library(['o'], (m, [o], at) => names(m, asObject(m, o, at), true)),
  objectFieldsEx: builtin(['obj', 'hidden'], (m, [obj, hidden], at) =>
    names(m, asObject(m, obj, at), asBoolean(m, hidden, at)),
  ),
  objectHas: library(['o', 'f'], (m, [o, f], at) => hasField(m, asObject(m, o, at), asString(m, f, at), false)),
  objectHasAll: library(['o', 'f'], (m, [o, f], at) => has(m, asObject(m, o, at), asString(m, f, at))),
  objectHasEx: builtin(['obj', 'fname', 'hidden'], (m, [obj, fname, hidden], at) =>
    hasField(m, asObject(m, obj, at), asString(m, fname, at), asBoolean(m, hidden, at)),
  ),
  objectValues: library(['o'], (m, [o], at) => values(m, asObject(m, o, at), false, at)),
  objectValuesAll: library(['o'], (m, [o], at) => values(m, asObject(m, o, at), true, at)),
  objectKeysValues: library(['o'], (m, [o], at) => entries(m, asObject(m, o, at), false, at)),
  objectKeysValuesAll: library(['o'], (m, [o], at) => entries(m, asObject(m, o, at), true, at)),
  objectRemoveKey: builtin(['obj', 'key'], (m, [obj, key], at) =>
    withoutField(m, asObject(m, obj, at), asString(m, key, at)),
  ),
  get: lazyRoutine(['o', 'f', ['default', NULL], ['inc_hidden', true]], function* (m, [o, f, fallback, hidden], at) {
    const obj = asObject(m, force(m, o ?? NULL, at) ?? (yield), at)
    const name = asString(m, force(m, f ?? NULL, at) ?? (yield), at)
    const all = asBoolean(m, force(m, hidden ?? true, at) ?? (yield), at)
    if (!hasField(m, obj, name, all)) return force(m, fallback ?? NULL, at) ?? (yield)
    return index(m, obj, name, at) ?? (yield)
  }),
  mapWithKey: library(['func', 'obj'], (m, [func, obj], at) => {
    if (typeOf(func) !== 'function') fail(m, `std.mapWithKey first param must be function, got ${typeOf(func)}`, at)
    if (typeOf(obj) !== 'object') fail(m, `std.mapWithKey second param must be object, got ${typeOf(obj)}`, at)
    const fn = asFunction(m, func, at)
    const source = asObject(m, obj, at)
    return computed(
      m,
      fieldNames(m, source, false),
      (name) => (inner) => call(inner, fn, [name, later((deep) => index(deep, source, name, at))], at),
    )
  }),
  mergePatch: libraryRoutine(['target', 'patch'], (m, [target, patch], at) => mergePatch(m, target, patch, at)),
  prune: libraryRoutine(['a'], (m, [a], at) => prune(m, a, at)),
}

function names(m: Machine, obj: Obj, hidden: boolean): Value {
  const found = fieldNames(m, obj, hidden)
  allocate(m, found.length * 8)
  return array(found)
}

function hasField(m: Machine, obj: Obj, name: string, hidden: boolean): boolean {
  const visibility = visibilityOf(m, obj, name)
  return visibility !== undefined && (hidden || visibility !== 'hidden')
}

function valueLater(obj: Obj, name: string, at: Trace): Lazy {
  return later((m) => index(m, obj, name, at))
}

function values(m: Machine, obj: Obj, hidden: boolean, at: Trace): Value {
  const found = fieldNames(m, obj, hidden)
  allocate(m, found.length * fieldCost)
  return array(found.map((name) => valueLater(obj, name, at)))
}

function entries(m: Machine, obj: Obj, hidden: boolean, at: Trace): Value {
  const found = fieldNames(m, obj, hidden)
  allocate(m, found.length * fieldCost * 2)
  return array(
    found.map((name) =>
      slotObject(
        new Map([
          ['key', readySlot('key', name, 'inherit')],
          ['value', slot('value', (m) => index(m, obj, name, at))],
        ]),
      ),
    ),
  )
}

function slot(name: string, body: Slot['body']): Slot {
  return { name, visibility: 'inherit', body, env: undefined, ready: undefined }
}

/** An object of visible fields that are computed when wanted. */
function computed(m: Machine, found: readonly string[], bodyOf: (name: string) => Slot['body']): Obj {
  allocate(m, found.length * fieldCost)
  return slotObject(new Map(found.map((name) => [name, slot(name, bodyOf(name))])))
}

/** The object less one field; what it inherits becomes its own. */
function withoutField(m: Machine, obj: Obj, key: string): Obj {
  const slots = new Map<string, Slot>()
  const layers = layersOf(m, obj)
  const [only] = layers
  if (layers.length === 1 && only?.kind === 'code') {
    for (const [name, field] of only.slots) if (name !== key) slots.set(name, { ...field, env: field.env ?? only.env })
    allocate(m, slots.size * fieldCost)
    return slotObject(slots, only.locals)
  }
  if (layers.length === 1 && only?.kind === 'host') {
    for (const name of hostNames(only.data))
      if (name !== key) slots.set(name, readySlot(name, hostField(only.data, name), 'inherit'))
    return slotObject(slots)
  }
  for (const name of fieldNames(m, obj, true)) {
    const visibility = visibilityOf(m, obj, name) ?? 'inherit'
    if (name !== key) slots.set(name, { ...slot(name, (inner) => index(inner, obj, name, name)), visibility })
  }
  allocate(m, slots.size * fieldCost)
  return slotObject(slots)
}

function* mergePatch(m: Machine, target: Value, patch: Value, at: Trace): Routine {
  if (typeof patch !== 'object' || patch.kind !== 'object') return patch
  const base = typeof target === 'object' && target.kind === 'object' ? target : slotObject(new Map())
  const removed = new Set<string>()
  for (const name of fieldNames(m, patch, false)) {
    const value = index(m, patch, name, at) ?? (yield)
    if (typeof value === 'object' && value.kind === 'null') removed.add(name)
  }
  const all = new Set([...fieldNames(m, base, false), ...fieldNames(m, patch, false)])
  return computed(
    m,
    [...all].filter((name) => !removed.has(name)),
    (name) => (inner) => {
      if (!hasField(inner, patch, name, false)) return index(inner, base, name, at)
      return drive(inner, mergeField(inner, [base, patch], name, at))
    },
  )
}

function* mergeField(m: Machine, [base, patch]: readonly [Obj, Obj], name: string, at: Trace): Routine {
  const after = index(m, patch, name, at) ?? (yield)
  const before = hasField(m, base, name, false) ? (index(m, base, name, at) ?? (yield)) : NULL
  return drive(m, mergePatch(m, before, after, at)) ?? (yield)
}

/** Leaves out nulls, and what is empty or becomes so. */
function* prune(m: Machine, value: Value, at: Trace): Routine {
  if (typeof value !== 'object') return value
  if (value.kind === 'array') {
    const kept: Value[] = []
    for (const item of value.items) {
      const inner = force(m, item, at) ?? (yield)
      const pruned = drive(m, prune(m, inner, at)) ?? (yield)
      if (isContent(m, pruned)) kept.push(pruned)
    }
    allocate(m, kept.length * 8)
    return array(kept)
  }
  if (value.kind !== 'object') return value
  const kept = new Map<string, Slot>()
  for (const name of fieldNames(m, value, false)) {
    const inner = index(m, value, name, at) ?? (yield)
    const pruned = drive(m, prune(m, inner, at)) ?? (yield)
    if (isContent(m, pruned)) kept.set(name, readySlot(name, pruned, 'inherit'))
  }
  allocate(m, kept.size * fieldCost)
  return slotObject(kept)
}

function isContent(m: Machine, value: Value): boolean {
  if (typeof value !== 'object') return true
  if (value.kind === 'array') return value.items.length > 0
  if (value.kind === 'object') return fieldNames(m, value, false).length > 0
  return value.kind !== 'null'
}
