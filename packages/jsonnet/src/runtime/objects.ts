import {
  allocate,
  drive,
  enter,
  fail,
  hop,
  leave,
  type Machine,
  type Routine,
  type Run,
  save,
  type Trace,
} from './machine.ts'
import { hostField, hostHas, hostNames } from './host-data.ts'
import type { Visibility } from '../syntax/ast.ts'
import { sortNames } from './text.ts'
import { type Env, type Layer, type Lazy, NULL, type Obj, type Slot, thunk, type Value } from './values.ts'

type CodeLayer = Extract<Layer, { kind: 'code' }>

/** From how many layers on an object keeps an index of its fields. */
const manyLayers = 8
const layerCost = 16

export function objectOf(layer: CodeLayer): Obj {
  const asserted = layer.asserts.length === 0
  return { kind: 'object', layers: [layer], parts: undefined, cache: undefined, first: undefined, asserted }
}

/** `left + right`; nothing is copied until a field is wanted. */
export function extend(left: Obj, right: Obj): Obj {
  return {
    kind: 'object',
    layers: undefined,
    parts: [left, right],
    cache: undefined,
    first: undefined,
    asserted: false,
  }
}

/** The layers of an object, the heirs first. */
export function layersOf(m: Machine, obj: Obj): readonly Layer[] {
  if (obj.layers !== undefined) return obj.layers
  const layers: Layer[] = []
  const waiting: Obj[] = [obj]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.layers !== undefined) for (const layer of next.layers) layers.push(layer)
    else if (next.parts !== undefined) waiting.push(...next.parts)
  }
  allocate(m, layers.length * layerCost)
  obj.layers = layers
  obj.parts = undefined
  return layers
}

/** The value of a field, looked for from a layer on. */
export function index(m: Machine, obj: Obj, name: string, at: Trace, level = 0): Value | undefined {
  if (!obj.asserted && check(m, obj, at) === undefined) return save(m, () => lookup(m, obj, name, at, level))
  return lookup(m, obj, name, at, level)
}

function lookup(m: Machine, obj: Obj, name: string, at: Trace, level: number): Value | undefined {
  const layers = layersOf(m, obj)
  if (level >= layers.length) fail(m, 'Attempt to use super when there is no super class.', at)
  const depth = find(obj, layers, name, level)
  const layer = layers[depth]
  if (layer === undefined) return fail(m, `Field does not exist: ${name}`, at)
  const known = obj.cache?.[depth]?.get(name)
  if (known !== undefined) return known
  if (layer.kind === 'host') return remember(obj, depth, name, hostField(layer.data, name))
  const slot = layer.slots.get(name)
  if (slot === undefined) return fail(m, `Field does not exist: ${name}`, at)
  return slot.ready ?? evaluate(m, obj, { layer, slot, depth }, at)
}

/** The layer that has the field, or -1. */
function find(obj: Obj, layers: readonly Layer[], name: string, level: number): number {
  if (level === 0 && layers.length > manyLayers) return firstLayers(obj, layers).get(name) ?? -1
  for (let depth = level; depth < layers.length; depth++) {
    const layer = layers[depth]
    if (layer !== undefined && layerHas(layer, name)) return depth
  }
  return -1
}

function firstLayers(obj: Obj, layers: readonly Layer[]): ReadonlyMap<string, number> {
  if (obj.first !== undefined) return obj.first
  const first = new Map<string, number>()
  for (let depth = layers.length - 1; depth >= 0; depth--) {
    const layer = layers[depth]
    if (layer?.kind === 'host') for (const name of hostNames(layer.data)) first.set(name, depth)
    else if (layer !== undefined) for (const name of layer.slots.keys()) first.set(name, depth)
  }
  obj.first = first
  return first
}

function layerHas(layer: Layer, name: string): boolean {
  return layer.kind === 'host' ? hostHas(layer.data, name) : layer.slots.has(name)
}

type Found = { readonly layer: CodeLayer; readonly slot: Slot; readonly depth: number }

function evaluate(m: Machine, obj: Obj, { layer, slot, depth }: Found, at: Trace): Value | undefined {
  enter(m, at)
  const value = hop(m, slot.body, inside(layer, slot.env ?? layer.env, obj, depth))
  if (value === undefined)
    return save(m, (late) => {
      leave(m)
      return remember(obj, depth, slot.name, late)
    })
  leave(m)
  return remember(obj, depth, slot.name, value)
}

function remember(obj: Obj, depth: number, name: string, value: Value): Value {
  const caches = (obj.cache ??= [])
  const cache = (caches[depth] ??= new Map())
  cache.set(name, value)
  return value
}

const noVars: Lazy[] = []

/** What a field sees: the object's locals, and the object as `self`. */
function inside(layer: CodeLayer, up: Env, self: Obj, level: number): Env {
  const { locals } = layer
  if (locals.length === 0) return { vars: noVars, up, self, level }
  const env: Env = { vars: [], up, self, level }
  for (const local of locals) env.vars.push(thunk(local, env))
  return env
}

/** Checks the object's assertions, once; meanwhile they count as passed, because they may use the object. */
export function check(m: Machine, obj: Obj, at: Trace): Value | undefined {
  if (obj.asserted) return NULL
  obj.asserted = true
  const layers = layersOf(m, obj)
  if (layers.every((layer) => layer.kind === 'host' || layer.asserts.length === 0)) return NULL
  return drive(m, checkAll(m, obj, at))
}

function* checkAll(m: Machine, obj: Obj, at: Trace): Routine {
  for (const [depth, layer] of layersOf(m, obj).entries()) {
    if (layer.kind === 'host') continue
    for (const assert of layer.asserts) {
      enter(m, at)
      void (hop(m, assert, inside(layer, layer.env, obj, depth)) ?? (yield))
      leave(m)
    }
  }
  return NULL
}

/** Whether the object has the field, from a layer on, hidden or not. */
export function has(m: Machine, obj: Obj, name: string, level = 0): boolean {
  return find(obj, layersOf(m, obj), name, level) >= 0
}

/** The names of an object's fields, in order. */
export function fieldNames(m: Machine, obj: Obj, hidden: boolean): readonly string[] {
  const layers = layersOf(m, obj)
  const [only] = layers
  if (layers.length === 1 && only?.kind === 'code' && !hidden && only.names !== undefined) return only.names
  if (layers.length === 1 && only?.kind === 'host') return sortNames(hostNames(only.data))
  const seen = visibilities(layers)
  const names: string[] = []
  for (const [name, visibility] of seen) if (hidden || visibility !== 'hidden') names.push(name)
  return sortNames(names)
}

/** How visible a field is, if it exists. */
export function visibilityOf(m: Machine, obj: Obj, name: string): Visibility | undefined {
  const layers = layersOf(m, obj)
  let found: Visibility | undefined
  for (const layer of layers) {
    const visibility = layer.kind === 'host' ? hostVisibility(layer.data, name) : layer.slots.get(name)?.visibility
    if (visibility === undefined) continue
    if (visibility !== 'inherit') return visibility
    found = visibility
  }
  return found
}

function hostVisibility(data: Parameters<typeof hostHas>[0], name: string): Visibility | undefined {
  return hostHas(data, name) ? 'inherit' : undefined
}

/** The heirs decide; `:` leaves the decision to the ancestors. */
function visibilities(layers: readonly Layer[]): Map<string, Visibility> {
  const seen = new Map<string, Visibility>()
  for (const layer of layers) {
    if (layer.kind === 'host') {
      for (const name of hostNames(layer.data)) if (!seen.has(name)) seen.set(name, 'inherit')
    } else
      for (const slot of layer.slots.values()) {
        const before = seen.get(slot.name)
        if (before === undefined || before === 'inherit') seen.set(slot.name, slot.visibility)
      }
  }
  return seen
}

/** An object of values that are there already. */
export function readyObject(fields: Iterable<readonly [string, Value]>, visibility: Visibility = 'inherit'): Obj {
  const slots = new Map<string, Slot>()
  for (const [name, ready] of fields) slots.set(name, readySlot(name, ready, visibility))
  return slotObject(slots)
}

export function readySlot(name: string, ready: Value, visibility: Visibility): Slot {
  return { name, visibility, body: () => ready, env: undefined, ready }
}

/** An object of slots that bring their own variables. */
export function slotObject(slots: ReadonlyMap<string, Slot>, locals: readonly Run[] = []): Obj {
  const env: Env = { vars: [], up: undefined, self: undefined, level: 0 }
  return objectOf({ kind: 'code', slots, env, locals, asserts: [], names: undefined })
}
