import type { Visibility } from '../syntax/ast.ts'
import type { Machine, Run, Trace } from './machine.ts'

/** Plain data, in and out. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A computed value. Texts are always well-formed Unicode. */
export type Value = boolean | number | string | Null | Arr | Obj | Fn
/** Jsonnet's null is an object of its own, so that `undefined` and `??` are free to mean "not yet". */
export type Null = { readonly kind: 'null' }
export type Arr = { readonly kind: 'array'; readonly items: readonly Lazy[] }
/** A value, or the promise to compute it once. */
export type Lazy = Value | Thunk
export type Thunk = { readonly kind: 'thunk'; value: Value | undefined; run: Run; env: Env }

/** The variables in scope; one for each scope of the source, found by counting outwards. */
export type Env = {
  readonly vars: Lazy[]
  readonly up: Env | undefined
  readonly self: Obj | undefined
  /** How many layers of `self` lie above the object whose code this is: `super` starts below. */
  readonly level: number
}

export type Fn = { readonly kind: 'function'; readonly code: FnCode; readonly env: Env }
export type FnCode = {
  readonly params: readonly Parameter[]
  readonly required: number
  readonly body: Run | undefined
  readonly native: Native | undefined
}
export type Parameter = { readonly name: string; readonly fallback: Run | undefined; readonly optional: boolean }
/** A function of the library; a parameter left out arrives as `undefined`. */
export type Native = (m: Machine, args: readonly (Lazy | undefined)[], site: Trace) => Value | undefined

/** A field as its object wrote it; it means something only in an object. */
export type Slot = {
  readonly name: string
  readonly visibility: Visibility
  readonly body: Run
  /** Where the field sees other variables than its object: comprehensions. */
  readonly env: Env | undefined
  /** What needs no evaluation, and no frame. */
  readonly ready: Value | undefined
}
/** One object as written, without what it inherits. */
export type Layer =
  | {
      readonly kind: 'code'
      readonly slots: ReadonlyMap<string, Slot>
      readonly env: Env
      readonly locals: readonly Run[]
      readonly asserts: readonly Run[]
      /** The visible names in order, where the source shows them. */
      readonly names: readonly string[] | undefined
    }
  | { readonly kind: 'host'; readonly data: { readonly [key: string]: Json } }
export type Obj = {
  readonly kind: 'object'
  /** From the last heir to the first ancestor; put together when first needed. */
  layers: readonly Layer[] | undefined
  parts: readonly [Obj, Obj] | undefined
  /** Computed fields, by layer. */
  cache: Map<string, Value>[] | undefined
  /** The first layer of each field, where there are many layers. */
  first: ReadonlyMap<string, number> | undefined
  asserted: boolean
}

export const NULL: Null = Object.freeze({ kind: 'null' })
export const emptyArray: Arr = Object.freeze({ kind: 'array', items: Object.freeze([]) })
export const noEnv: Env = Object.freeze({ vars: [], up: undefined, self: undefined, level: 0 })

export function typeOf(value: Value): string {
  return typeof value === 'object' ? value.kind : typeof value
}

export function array(items: readonly Lazy[]): Arr {
  return { kind: 'array', items }
}

export function thunk(run: Run, env: Env): Thunk {
  return { kind: 'thunk', value: undefined, run, env }
}

export function isThunk(lazy: Lazy): lazy is Thunk {
  return typeof lazy === 'object' && lazy.kind === 'thunk'
}

/** What work that makes texts made; it may have had to wait, and is then handed on as a value. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? value : ''
}
