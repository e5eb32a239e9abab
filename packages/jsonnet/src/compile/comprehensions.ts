import { allocate, drive, enter, fail, leave, type Machine, type Routine, type Run, save } from '../runtime/machine.ts'
import { slotObject } from '../runtime/objects.ts'
import { asArray, asBoolean } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { array, type Env, type Lazy, NULL, type Slot, type Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import type { ForSpec, Node } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { isTrimmable, trim } from '../runtime/calls.ts'
import { type Code, codeOf, constant } from './code.ts'
import { compileBody, type FieldBody, fieldBody, nameOf, objectLocals, objectScope } from './objects.ts'
import { bareSite, innerScope, nowhere, part, type Place, siteOf, thunkPart } from './place.ts'

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>
type Loop = { readonly source: Code; readonly conditions: readonly Code[] }
/** The loops with, inside them, what the comprehension makes. */
type Loops = { readonly loops: readonly Loop[]; readonly site: Site }

const elementCost = 64

export function* compileArrayComp(node: Of<'arrayComp'>, place: Place): Walk<Code> {
  const site = bareSite(place, node)
  const places = specPlaces(node.specs, place)
  const innermost = places.at(-1) ?? place
  // go-jsonnet looks at the inside before the outside; the first error found is the one reported.
  const conditions = yield* compileConditions(node.specs, places)
  const body = yield place.unit.compile(node.body, thunkPart({ ...innermost, context: place.context }))
  const loops = yield* compileSources(node.specs, place, places, conditions)
  return codeOf((m, env) => {
    if (place.tail !== 'no' && isTrimmable(m)) trim(m)
    const out: Lazy[] = []
    const collect = drive(
      m,
      iterate(m, { loops, site }, 0, env, (inner) => void out.push(body.delay(m, inner))),
    )
    return collect === undefined ? save(m, () => array(out)) : array(out)
  }, [])
}

function specPlaces(specs: readonly ForSpec[], place: Place): Place[] {
  const places: Place[] = []
  let at = { ...part(place), tail: 'proper' as const }
  for (const spec of specs) {
    at = { ...innerScope(at, [spec.name]), tail: 'proper' }
    places.push(at)
  }
  return places
}

function* compileConditions(
  specs: readonly ForSpec[],
  places: readonly Place[],
): Generator<Walk<Code>, Code[][], Code> {
  const all: Code[][] = []
  for (const [i, spec] of specs.entries()) {
    const at = places[i]
    const conditions: Code[] = []
    if (at !== undefined)
      for (const condition of spec.conditions) conditions.push(yield at.unit.compile(condition, part(at)))
    all.push(conditions)
  }
  return all
}

/** Each source is evaluated outside its own loop. */
function* compileSources(
  specs: readonly ForSpec[],
  place: Place,
  places: readonly Place[],
  conditions: readonly Code[][],
): Generator<Walk<Code>, Loop[], Code> {
  const loops: Loop[] = []
  for (let i = specs.length - 1; i >= 0; i--) {
    const spec = specs[i]
    const outer = places[i - 1] ?? { ...part(place), tail: 'proper' as const }
    if (spec === undefined) continue
    const source = yield outer.unit.compile(spec.source, outer)
    loops.unshift({ source, conditions: conditions[i] ?? [] })
  }
  return loops
}

/** Runs the loops from one on, and hands on each innermost turn's variables. */
function* iterate(m: Machine, all: Loops, depth: number, env: Env, emit: (inner: Env) => void): Routine {
  const loop = all.loops[depth]
  if (loop === undefined) {
    allocate(m, elementCost)
    emit(env)
    return NULL
  }
  enter(m, all.site)
  const source = loop.source.run(m, env) ?? (yield)
  leave(m)
  for (const item of asArray(m, source, all.site).items) {
    enter(m, all.site)
    const inner: Env = { vars: [item], up: env, self: env.self, level: env.level }
    let wanted = true
    for (const condition of loop.conditions) {
      wanted = asBoolean(m, condition.run(m, inner) ?? (yield), nowhere)
      if (!wanted) break
    }
    if (wanted && depth === all.loops.length - 1) {
      allocate(m, elementCost)
      emit(inner)
    } else if (wanted) void (drive(m, iterate(m, all, depth + 1, inner, emit)) ?? (yield))
    leave(m)
  }
  return NULL
}

export function* compileObjectComp(node: Of<'objectComp'>, place: Place): Walk<Code> {
  const places = specPlaces(node.specs, place)
  const innermost = { ...(places.at(-1) ?? place), bound: place.bound }
  const conditions = yield* compileConditions(node.specs, places)
  const field = node.members.find((member) => member.kind === 'field')
  const inside = objectScope(node.members, innermost)
  const locals = yield* objectLocals(node.members, inside)
  const code = field === undefined ? constant(NULL) : yield compileBody(field, inside)
  const name = field === undefined ? constant(NULL) : yield nameOf(field, innermost)
  const loops = yield* compileSources(node.specs, place, places, conditions)
  const site = bareSite(place, node)
  const pieces: Pieces = {
    loops: { loops, site },
    name,
    site: siteOf(place, node),
    body: field === undefined ? () => code.run : fieldBody(field, code, inside),
    locals: locals.map((local) => local.run),
  }
  return codeOf((m, env) => {
    if (place.tail !== 'no' && isTrimmable(m)) trim(m)
    return drive(m, merge(m, env, pieces))
  }, [])
}

type Pieces = {
  readonly loops: Loops
  readonly name: Code
  readonly body: FieldBody
  readonly locals: readonly Run[]
  readonly site: Site
}

function* merge(m: Machine, env: Env, { loops, name, body, locals, site }: Pieces): Routine {
  const turns: Env[] = []
  enter(m, loops.site)
  void (
    drive(
      m,
      iterate(m, loops, 0, env, (inner) => void turns.push(inner)),
    ) ?? (yield)
  )
  leave(m)
  const slots = new Map<string, Slot>()
  for (const inner of turns) {
    enter(m, loops.site)
    const key: Value = name.run(m, inner) ?? (yield)
    const isLeftOut = typeof key === 'object' && key.kind === 'null'
    if (typeof key !== 'string' && !isLeftOut)
      fail(m, `Field name must be string, got ${typeof key === 'object' ? key.kind : typeof key}`, site)
    leave(m)
    if (typeof key !== 'string') continue
    if (slots.has(key)) fail(m, `Duplicate field name: ${quote(key)}`, loops.site)
    slots.set(key, { name: key, visibility: 'inherit', body: body(key), env: inner, ready: undefined })
  }
  return slotObject(slots, locals)
}
