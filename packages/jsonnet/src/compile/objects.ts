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
} from '../runtime/machine.ts'
import { has, index, objectOf } from '../runtime/objects.ts'
import { asBoolean, plus } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { sortNames } from '../runtime/text.ts'
import { type Env, type Layer, NULL, type Obj, type Slot, type Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import type { Field, Member, Node, ObjectAssert, Visibility } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { type Code, codeOf, constant, immediate } from './code.ts'
import { functionOf } from './functions.ts'
import { anonymous, bareSite, innerScope, nowhere, part, type Place, siteOf } from './place.ts'
import { errorCode } from './error-code.ts'

type ObjectNode = Extract<Node, { kind: 'object' }>
type CodeLayer = Extract<Layer, { kind: 'code' }>
type FieldCode = { readonly name: Code; readonly visibility: Visibility; readonly body: FieldBody }
/** A field's code, which for `+:` knows the name of the field. */
export type FieldBody = (name: string) => Run
/** About what an object weighs, with the fields it will remember. */
const objectCost = 150

/** What all objects made at one place share. */
type Shape = Pick<CodeLayer, 'locals' | 'asserts'>

export function* compileObject(node: ObjectNode, place: Place): Walk<Code> {
  const inside = objectScope(node.members, place)
  const locals = yield* objectLocals(node.members, inside)
  const bodies: FieldBody[] = []
  const fields = node.members.filter((member) => member.kind === 'field')
  for (const field of fields) bodies.push(fieldBody(field, yield compileBody(field, inside), inside))
  const asserts: Run[] = []
  for (const member of node.members)
    if (member.kind === 'assert') asserts.push((yield compileAssertion(member, inside)).run)
  const codes: FieldCode[] = []
  for (const [i, field] of fields.entries()) {
    const name = yield nameOf(field, place)
    codes.push({ name, visibility: field.visibility, body: bodies[i] ?? (() => () => NULL) })
  }
  const shape = { locals: locals.map((local) => local.run), asserts }
  return fixedObject(codes, shape) ?? computedObject(codes, shape, siteOf(place, node))
}

/** The scope of an object's locals; the outermost object is also `$`. */
export function objectScope(members: readonly Member[], place: Place): Place {
  const names = members.flatMap((member) => (member.kind === 'local' ? [member.name] : []))
  const inner = innerScope(place, names)
  return {
    ...inner,
    context: place.context && { label: `object <${place.bound}>` },
    bound: anonymous,
    tail: 'proper',
    outermost: place.outermost ?? inner.scope,
  }
}

export function* objectLocals(members: readonly Member[], inside: Place): Generator<Walk<Code>, Code[], Code> {
  const locals: Code[] = []
  for (const member of members)
    if (member.kind === 'local')
      locals.push(
        member.params === undefined
          ? yield inside.unit.compile(member.body, inside)
          : yield functionOf({ params: member.params, body: member.body }, inside),
      )
  return locals
}

export function* compileBody(field: Field, inside: Place): Walk<Code> {
  if (field.params === undefined) return yield inside.unit.compile(field.body, inside)
  return yield functionOf({ params: field.params, body: field.body }, inside)
}

/** `field+: body` is what `super` has, plus the body. */
export function fieldBody(field: Field, body: Code, inside: Place): FieldBody {
  if (!field.plus) return () => body.run
  const site: Site = { ...bodySite(field.body, inside), context: { label: '+:' } }
  return (name) => (m, env) => drive(m, addToSuper(m, env, { name, body, site }))
}

/** The place of a body as go-jsonnet knows it: without parentheses, and none for what desugaring made anew. */
function bodySite(body: Node, inside: Place): Site {
  let node = body
  while (node.kind === 'parens') node = node.inner
  return node.kind === 'assert' ? nowhere : bareSite(inside, node)
}

type Plus = { readonly name: string; readonly body: Code; readonly site: Site }

function* addToSuper(m: Machine, env: Env, { name, body, site }: Plus): Routine {
  enter(m, site)
  const right = hop(m, body.run, env) ?? (yield)
  leave(m)
  const { self } = env
  if (self === undefined || !has(m, self, name, env.level + 1)) return right
  const left = index(m, self, name, site, env.level + 1) ?? (yield)
  return plus(m, left, right, site) ?? (yield)
}

function* compileAssertion(member: ObjectAssert, inside: Place): Walk<Code> {
  const site = bareSite(inside, member)
  const condition = yield inside.unit.compile(member.condition, part(inside))
  const message =
    member.message === undefined
      ? constant('Object assertion failed.')
      : yield inside.unit.compile(member.message, part(inside))
  const failure = errorCode(message, site)
  const decide = (m: Machine, env: Env, value: Value): Value | undefined =>
    asBoolean(m, value, site) ? true : failure.run(m, env)
  return codeOf(
    (m, env) => {
      const value = condition.run(m, env)
      return value === undefined ? save(m, (late) => decide(m, env, late)) : decide(m, env, value)
    },
    [condition, failure],
  )
}

/** A field's name is evaluated outside the object. */
export function* nameOf(field: Field, place: Place): Walk<Code> {
  if (field.name.kind === 'fixed') return constant(field.name.name)
  return yield place.unit.compile(field.name.node, part(place))
}

/** Where all names are known, all objects share their fields. */
function fixedObject(fields: readonly FieldCode[], shape: Shape): Code | undefined {
  const slots = new Map<string, Slot>()
  for (const { name, visibility, body } of fields) {
    const key = name.constant
    if (typeof key !== 'string' || slots.has(key)) return undefined
    slots.set(key, { name: key, visibility, body: body(key), env: undefined, ready: undefined })
  }
  const names = sortNames([...slots.values()].flatMap((slot) => (slot.visibility === 'hidden' ? [] : [slot.name])))
  const { locals, asserts } = shape
  return immediate((m, env) => {
    allocate(m, objectCost)
    return objectOf({ kind: 'code', slots, env, locals, asserts, names })
  })
}

function computedObject(fields: readonly FieldCode[], shape: Shape, site: Site): Code {
  return codeOf((m, env) => drive(m, build(m, env, { fields, shape, site })), [])
}

type Pieces = { readonly fields: readonly FieldCode[]; readonly shape: Shape; readonly site: Site }

function* build(m: Machine, env: Env, { fields, shape, site }: Pieces): Routine<Obj> {
  allocate(m, objectCost * (1 + fields.length))
  const slots = new Map<string, Slot>()
  for (const { name, visibility, body } of fields) {
    const key: Value = name.run(m, env) ?? (yield)
    if (typeof key === 'object' && key.kind === 'null') continue
    if (typeof key !== 'string')
      return fail(m, `Field name must be string, got ${typeof key === 'object' ? key.kind : typeof key}`, site)
    if (slots.has(key)) return fail(m, `Duplicate field name: ${quote(key)}`, site)
    slots.set(key, { name: key, visibility, body: body(key), env: undefined, ready: undefined })
  }
  return objectOf({ kind: 'code', slots, env, names: undefined, ...shape })
}
