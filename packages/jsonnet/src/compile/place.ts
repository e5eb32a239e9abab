import { type Context, type Site, type Source, staticError } from '../source.ts'
import type { Node, Span } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import type { Code } from './code.ts'

/** The variables that one scope adds. */
export type Scope = { readonly names: ReadonlyMap<string, number>; readonly up: Scope | undefined }

/** Whether a call here may replace its caller's frame: at once, or with work left to do afterwards. */
export type Tail = 'proper' | 'pending' | 'no'

/** Where an expression stands. */
export type Place = {
  readonly unit: Unit
  readonly scope: Scope
  readonly context: Context | undefined
  /** The name the expression is bound to, for stack traces. */
  readonly bound: string
  readonly tail: Tail
  /** The scope of the outermost object around: `$`. */
  readonly outermost: Scope | undefined
}

/** One program being compiled. */
export type Unit = {
  readonly source: Source
  /** What is wrong; found by two passes in go-jsonnet, of which the first one's errors come first. */
  readonly problems: { readonly desugaring: Error[]; readonly analysis: Error[] }
  compile(node: Node, place: Place): Walk<Code>
}

export const anonymous = 'anonymous'
const nowhereSource: Source = { file: '', text: '' }
/** The place of code that nobody wrote. */
export const nowhere: Site = { source: nowhereSource, from: -1, to: -1 }

export function siteOf({ unit, context }: Place, { from, to }: Span): Site {
  return { source: unit.source, from, to, context }
}

/** The place of something that desugaring made: go-jsonnet gives it no context. */
export function bareSite({ unit }: Place, { from, to }: Span): Site {
  return { source: unit.source, from, to, context: undefined }
}

export function analysisError(place: Place, span: Span, message: string): void {
  place.unit.problems.analysis.push(staticError(message, siteOf(place, span)))
}

export function desugaringError(place: Place, span: Span, message: string): void {
  place.unit.problems.desugaring.push(staticError(message, siteOf(place, span)))
}

/** The same place, for a part whose value is needed before the whole's. */
export function part(place: Place): Place {
  return place.tail === 'no' && place.bound === anonymous ? place : { ...place, tail: 'no', bound: anonymous }
}

/** The same place, for a part after which only a check or an operation is left. */
export function pendingPart(place: Place): Place {
  return { ...place, tail: place.tail === 'no' ? 'no' : 'pending', bound: anonymous }
}

/** The place of something evaluated later. */
export function thunkPart(place: Place): Place {
  const context = place.context && { label: 'thunk from <', outer: place.context }
  return { ...place, context, tail: 'proper', bound: anonymous }
}

/** A part that go-jsonnet gives no context, nor anything in it. */
export function unnamedPart(place: Place): Place {
  return { ...place, context: undefined, tail: 'no', bound: anonymous }
}

export function innerScope(place: Place, names: readonly string[]): Place {
  return { ...place, scope: { names: new Map(names.map((name, i) => [name, i])), up: place.scope } }
}

/** Where a name is bound: how many scopes out, and at which index there. */
export function resolve(scope: Scope, name: string): { readonly hops: number; readonly index: number } | undefined {
  let hops = 0
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up, hops++) {
    const index = at.names.get(name)
    if (index !== undefined) return { hops, index }
  }
  return undefined
}

export function hopsTo(scope: Scope, target: Scope): number {
  let hops = 0
  for (let at: Scope | undefined = scope; at !== undefined && at !== target; at = at.up) hops++
  return hops
}
