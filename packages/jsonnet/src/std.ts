import type { Machine } from './machine.ts'
import { fieldNames, type Fn, type Lazy, type Obj, object, type Slot, thunk, typeOf, type Value } from './values.ts'

type Rule = (...args: Value[]) => Value

/** The part of the standard library that exists so far. */
export function standardLibrary(m: Machine, extVar: (name: string) => Value, file: string): Obj {
  const { force, call, text, num, items, record, fn, bool, fail, toText } = m
  const list = (all: readonly Lazy[]): Value => ({ kind: 'array', items: all })
  const each = (v: Value): readonly Lazy[] => (typeof v === 'string' ? Array.from(v) : items(v))
  const get: Rule = (o, f, fallback = null, all = true) =>
    fieldNames(record(o), bool(all)).includes(text(f)) ? m.field(record(o), text(f)) : fallback
  const asText: [string, Rule] = ['a', (a) => toText(a)]
  const slice: Rule = (v, from, to, step) => {
    const all = each(v)
    const at = (x: Value, otherwise: number): number =>
      x === null ? otherwise : num(x) < 0 ? Math.max(0, all.length + num(x)) : num(x)
    const stride = step === null ? 1 : num(step)
    if (stride <= 0) fail(`got [${toText(from)}:${toText(to)}:${toText(step)}] but negative steps are not supported`)
    const start = at(from, 0)
    const kept = all.slice(start, at(to, all.length)).filter((_, i) => i % stride === 0)
    return typeof v === 'string' ? kept.map((x) => text(force(x))).join('') : list(kept)
  }
  const rules: Record<string, [params: string, run: Rule]> = {
    type: ['x', (x) => typeOf(x ?? null)],
    length: [
      'x',
      (x) =>
        typeof x === 'string'
          ? Array.from(x).length
          : typeOf(x) === 'array'
            ? items(x).length
            : typeOf(x) === 'object'
              ? fieldNames(record(x), false).length
              : fail(`Unexpected type ${typeOf(x)}`),
    ],
    toString: asText,
    slice: ['indexable index end step', slice],
    extVar: ['x', (x) => extVar(text(x))],
    get: ['o f default? inc_hidden?', get],
    objectHas: ['o f', (o, f) => fieldNames(record(o), false).includes(text(f))],
    objectHasAll: ['o f', (o, f) => m.has(record(o), text(f))],
    objectFields: ['o', (o) => list(fieldNames(record(o), false))],
    objectFieldsAll: ['o', (o) => list(fieldNames(record(o), true))],
    objectValues: ['o', (o) => list(fieldNames(record(o), false).map((k) => thunk(() => m.field(record(o), k))))],
    map: ['func arr', (f, a) => list(each(a).map((x) => thunk(() => call(fn(f), [x]))))],
    mapWithIndex: ['func arr', (f, a) => list(each(a).map((x, i) => thunk(() => call(fn(f), [i, x]))))],
    filter: ['func arr', (f, a) => list(items(a).filter((x) => bool(call(fn(f), [x]))))],
    flatMap: ['func arr', (f, a) => list(items(a).flatMap((x) => items(call(fn(f), [x]))))],
    foldl: ['func arr init', (f, a, init) => each(a).reduce<Value>((acc, x) => call(fn(f), [acc, x]), init)],
    foldr: ['func arr init', (f, a, init) => each(a).reduceRight<Value>((acc, x) => call(fn(f), [x, acc]), init)],
    join: [
      'sep arr',
      (sep, a) => {
        const parts = items(a)
          .map(force)
          .filter((x) => x !== null)
        if (typeof sep === 'string') {
          const out = parts.map(text).join(sep)
          m.allocate(out.length)
          return out
        }
        return list(parts.flatMap((p, i) => (i === 0 ? items(p) : [...items(sep), ...items(p)])))
      },
    ],
    range: [
      'from to',
      (from, to) => {
        const size = Math.max(0, num(to) - num(from) + 1)
        m.allocate(size * 8)
        return list(Array.from({ length: size }, (_, i) => num(from) + i))
      },
    ],
    makeArray: [
      'sz func',
      (sz, f) => {
        m.allocate(num(sz) * 16)
        return list(Array.from({ length: num(sz) }, (_, i) => thunk(() => call(fn(f), [i]))))
      },
    ],
    reverse: ['arr', (a) => list(items(a).toReversed())],
    sort: [
      'arr keyF?',
      (a, f = null) =>
        list(
          each(a)
            .map((x) => ({ x, key: f === null ? force(x) : call(fn(f), [x]) }))
            .toSorted((p, q) => m.compare(p.key, q.key))
            .map((p) => p.x),
        ),
    ],
    member: [
      'arr x',
      (a, x) => (typeof a === 'string' ? a.includes(text(x)) : items(a).some((y) => m.equals(force(y), x))),
    ],
    split: ['str c', (s, c) => list(text(s).split(text(c)))],
    strReplace: ['str from to', (s, a, b) => text(s).replaceAll(text(a), () => text(b))],
    substr: [
      'str from len',
      (s, a, n) =>
        Array.from(text(s))
          .slice(num(a), num(a) + num(n))
          .join(''),
    ],
    startsWith: ['a b', (a, b) => text(a).startsWith(text(b))],
    endsWith: ['a b', (a, b) => text(a).endsWith(text(b))],
    asciiUpper: ['str', (s) => text(s).replace(/[a-z]+/g, (x) => x.toUpperCase())],
    asciiLower: ['str', (s) => text(s).replace(/[A-Z]+/g, (x) => x.toLowerCase())],
    isString: ['v', (v) => typeof v === 'string'],
    isNumber: ['v', (v) => typeof v === 'number'],
    isBoolean: ['v', (v) => typeof v === 'boolean'],
    isObject: ['v', (v) => typeOf(v) === 'object'],
    isArray: ['v', (v) => typeOf(v) === 'array'],
    isFunction: ['v', (v) => typeOf(v) === 'function'],
    floor: ['x', (x) => Math.floor(num(x))],
    ceil: ['x', (x) => Math.ceil(num(x))],
    abs: ['n', (x) => Math.abs(num(x))],
    max: ['a b', (a, b) => Math.max(num(a), num(b))],
    min: ['a b', (a, b) => Math.min(num(a), num(b))],
  }
  const slots = new Map<string, Slot>()
  const hidden = (key: string, value: Value): void => {
    slots.set(key, { visibility: 'hidden', plus: false, read: () => value })
  }
  hidden('thisFile', file)
  for (const [key, [params, run]] of Object.entries(rules)) {
    const names = params.split(' ')
    const builtin: Fn = {
      kind: 'builtin',
      params: names.map((n) => n.replace('?', '')),
      required: names.filter((n) => !n.endsWith('?')).length,
      run: (args) =>
        Reflect.apply(
          run,
          undefined,
          args.map((a) => (a === undefined ? undefined : force(a))),
        ),
    }
    hidden(key, builtin)
  }
  return object([{ slots, check: undefined }])
}
