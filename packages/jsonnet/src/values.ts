import type { Node, Param, Visibility } from './ast.ts'

/** Plain data, in and out. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type Scope = { vars: Map<string, Lazy>; up: Scope | undefined; self: Obj | undefined; level: number }
export type Thunk = { kind: 'thunk'; run: (() => Value) | undefined; value: Value; busy: boolean }
export type Arr = { kind: 'array'; items: readonly Lazy[] }
export type Slot = { visibility: Visibility; plus: boolean; read: (self: Obj, level: number) => Value }
export type Layer = { slots: ReadonlyMap<string, Slot>; check: ((self: Obj, level: number) => void) | undefined }
export type Obj = { kind: 'object'; layers: readonly Layer[]; cache: Map<string, Value>; checked: boolean }
export type Fn =
  | { kind: 'function'; params: readonly Param[]; body: Node; scope: Scope }
  | { kind: 'builtin'; params: readonly string[]; required: number; run: (args: (Lazy | undefined)[]) => Value }
export type Value = null | boolean | number | string | Arr | Obj | Fn
export type Lazy = Value | Thunk

export function typeOf(value: Value): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return value.kind === 'builtin' ? 'function' : value.kind
}

export function object(layers: readonly Layer[]): Obj {
  return { kind: 'object', layers, cache: new Map(), checked: false }
}

export function thunk(run: () => Value): Thunk {
  return { kind: 'thunk', run, value: null, busy: false }
}

/** The caller's data as a value; each level is converted when it is first touched. */
export function fromJson(json: Json): Value {
  if (json === null || typeof json !== 'object') return json
  if (Array.isArray(json)) return { kind: 'array', items: json.map((item: Json) => thunk(() => fromJson(item))) }
  const slots = new Map<string, Slot>()
  for (const [key, item] of Object.entries(json))
    slots.set(key, { visibility: 'inherit', plus: false, read: () => fromJson(item) })
  return object([{ slots, check: undefined }])
}

/** Go sorts field names by code point; JavaScript by code unit. */
export function compareText(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.codePointAt(i) ?? 0
    const y = b.codePointAt(i) ?? 0
    if (x !== y) return x < y ? -1 : 1
  }
  return Math.sign(a.length - b.length)
}

export function fieldNames(obj: Obj, hidden: boolean): string[] {
  const seen = new Map<string, Visibility>()
  for (const layer of obj.layers)
    for (const [key, slot] of layer.slots)
      if (slot.visibility !== 'inherit' || !seen.has(key)) seen.set(key, slot.visibility)
  return [...seen]
    .filter(([, v]) => hidden || v !== 'hidden')
    .map(([key]) => key)
    .toSorted(compareText)
}
