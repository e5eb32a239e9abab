import { fail, force, save, type Machine } from '../runtime/machine.ts'
import { index } from '../runtime/objects.ts'
import { asNumber, asString, integer } from '../runtime/operators.ts'
import { characters, lengthOf } from '../runtime/text.ts'
import { NULL, type Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import { slice } from '../std/slice.ts'
import type { Node } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { libraryCall } from './library-call.ts'
import { type Code, codeOf, constant } from './code.ts'
import { bareSite, part, type Place, siteOf, unnamedPart } from './place.ts'

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>

export function* compileDot(node: Of<'dot'>, place: Place): Walk<Code> {
  // go-jsonnet forgets the context of what stands before a dot.
  const target = yield place.unit.compile(node.target, unnamedPart(place))
  const { name } = node
  const site = siteOf(place, node)
  return codeOf(
    (m, env) => {
      const value = target.run(m, env)
      if (value === undefined) return save(m, (late) => indexValue(m, late, name, site))
      if (typeof value === 'object' && value.kind === 'object') return index(m, value, name, site)
      return indexValue(m, value, name, site)
    },
    [target],
  )
}

export function* compileIndex(node: Of<'index'>, place: Place): Walk<Code> {
  const site = siteOf(place, node)
  const target = yield place.unit.compile(node.target, part(place))
  const key = yield place.unit.compile(node.index, part(place))
  return indexCode(target, key, site)
}

function indexCode(target: Code, key: Code, site: Site): Code {
  return codeOf(
    (m, env) => {
      const value = target.run(m, env)
      if (value === undefined) return save(m, (late) => withTarget(late))
      return withTarget(value)

      function withTarget(found: Value): Value | undefined {
        const at = key.run(m, env)
        return at === undefined ? save(m, (late) => indexValue(m, found, late, site)) : indexValue(m, found, at, site)
      }
    },
    [target, key],
  )
}

const goTypes: Record<string, string> = {
  boolean: '*jsonnet.valueBoolean',
  number: '*jsonnet.valueNumber',
  null: '*jsonnet.valueNull',
  function: '*jsonnet.valueFunction',
}

/** `target[key]` of any values. */
function indexValue(m: Machine, target: Value, key: Value, site: Site): Value | undefined {
  if (typeof target === 'string') return characterAt(m, target, asNumber(m, key, site), site)
  if (typeof target === 'object' && target.kind === 'object') return index(m, target, asString(m, key, site), site)
  if (typeof target === 'object' && target.kind === 'array') {
    const at = asNumber(m, key, site)
    const element = target.items[Math.trunc(at)]
    return element === undefined ? outside(m, at, target.items.length, site) : force(m, element, site)
  }
  return fail(m, `Value non indexable: ${goTypes[typeof target === 'object' ? target.kind : typeof target]}`, site)
}

function characterAt(m: Machine, text: string, at: number, site: Site): string {
  const index = Math.trunc(at)
  const unit = text.charCodeAt(index)
  const length = lengthOf(text)
  if (!(index >= 0 && index < length)) return outside(m, at, length, site)
  if (length === text.length && unit >= 0) return text.charAt(index)
  return characters(text)[index] ?? ''
}

function outside(m: Machine, at: number, length: number, site: Site): never {
  return fail(m, `Index ${integer(at)} out of bounds, not within [0, ${length})`, site)
}

export function* compileSlice(node: Of<'slice'>, place: Place): Walk<Code> {
  const site = bareSite(place, node)
  const parts = [yield place.unit.compile(node.target, { ...part(place), tail: 'proper' })]
  const [from, to, step] = node.bounds
  for (const bound of [from, to]) parts.push(yield compileBound(bound, { ...part(place), tail: 'proper' }))
  // go-jsonnet gives the step no context.
  parts.push(yield compileBound(step, { ...unnamedPart(place), tail: 'proper' }))
  return libraryCall(slice, parts, site, place.tail)
}

function* compileBound(node: Node | undefined, place: Place): Walk<Code> {
  return node === undefined ? constant(NULL) : yield place.unit.compile(node, place)
}
