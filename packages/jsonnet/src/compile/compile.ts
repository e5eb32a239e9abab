import { fail, save, type Machine, type Run } from '../runtime/machine.ts'
import { asBoolean, asString } from '../runtime/operators.ts'
import { has, index } from '../runtime/objects.ts'
import { type Env, NULL, type Obj, type Value, type Lazy } from '../runtime/values.ts'
import { type Site, type Source, topContext } from '../source.ts'
import type { Node } from '../syntax/ast.ts'
import { run, type Walk } from '../trampoline.ts'
import { compileApply } from './apply.ts'
import { compileArray } from './arrays.ts'
import { compileArrayComp, compileObjectComp } from './comprehensions.ts'
import { type Code, codeOf, constant, immediate, outward, variable } from './code.ts'
import { errorCode } from './error-code.ts'
import { compileFunction, functionOf } from './functions.ts'
import { compileDot, compileIndex, compileSlice } from './indexing.ts'
import { compileObject } from './objects.ts'
import { compileApplyBrace, compileBinary, compileUnary } from './operations.ts'
import {
  analysisError,
  anonymous,
  bareSite,
  desugaringError,
  hopsTo,
  innerScope,
  nowhere,
  part,
  type Place,
  resolve,
  siteOf,
  type Unit,
} from './place.ts'

/** Compiles a program; its free variable is `std`. */
export function compileProgram(source: Source, root: Node): Run {
  const unit: Unit = { source, problems: { desugaring: [], analysis: [] }, compile: compileNode }
  const place: Place = {
    unit,
    scope: { names: new Map(), up: undefined },
    context: topContext,
    bound: anonymous,
    tail: 'proper',
    outermost: undefined,
  }
  const code = run(compileNode(root, place))
  const [problem] = [...unit.problems.desugaring, ...unit.problems.analysis]
  if (problem !== undefined) throw problem
  return code.run
}

function* compileNode(node: Node, place: Place): Walk<Code> {
  switch (node.kind) {
    case 'null':
      return constant(NULL)
    case 'boolean':
      return constant(node.value)
    case 'string':
      return constant(node.value)
    case 'number':
      return compileNumber(node.text, siteOf(place, node))
    case 'self':
      if (place.outermost === undefined) analysisError(place, node, "Can't use self outside of an object.")
      return immediate((m, env) => env.self ?? fail(m, "Can't use self outside of an object.", siteOf(place, node)))
    case 'dollar':
      return compileDollar(node, place)
    case 'var':
      return compileVar(node.name, node, place)
    case 'parens':
      return yield compileNode(node.inner, { ...place, bound: anonymous })
    case 'super':
      return yield compileSuper(node, place)
    case 'inSuper':
      return yield compileInSuper(node, place)
    case 'dot':
      return yield compileDot(node, place)
    case 'index':
      return yield compileIndex(node, place)
    case 'slice':
      return yield compileSlice(node, place)
    case 'apply':
      return yield compileApply(node, place)
    case 'applyBrace':
      return yield compileApplyBrace(node, place)
    case 'array':
      return yield compileArray(node, place)
    case 'arrayComp':
      return yield compileArrayComp(node, place)
    case 'object':
      return yield compileObject(node, place)
    case 'objectComp':
      return yield compileObjectComp(node, place)
    case 'function':
      return yield compileFunction(node, place)
    case 'local':
      return yield compileLocal(node, place)
    case 'if':
      return yield compileIf(node, place)
    case 'assert':
      return yield compileAssert(node, place)
    case 'error':
      return yield compileError(node.message, siteOf(place, node), place)
    case 'import':
      return compileImport(node, place)
    case 'unary':
      return yield compileUnary(node, place)
    case 'binary':
      return yield compileBinary(node, place)
    default:
      return node satisfies never
  }
}

function compileNumber(text: string, site: Site): Code {
  const value = Number(text)
  return Number.isFinite(value) ? constant(value) : codeOf((m) => fail(m, 'overflow', site), [])
}

function compileDollar(node: Node, place: Place): Code {
  if (place.outermost === undefined) {
    desugaringError(place, node, 'No top-level object found.')
    return constant(NULL)
  }
  const hops = hopsTo(place.scope, place.outermost)
  return immediate((m, env) => outward(env, hops).self ?? fail(m, 'No top-level object found.', siteOf(place, node)))
}

function compileVar(name: string, node: Node, place: Place): Code {
  const found = resolve(place.scope, name)
  if (found !== undefined) return variable(found.hops, found.index, siteOf(place, node))
  if (name !== 'std') analysisError(place, node, `Unknown variable: ${name}`)
  const { file } = place.unit.source
  return immediate((m) => m.world.std(file))
}

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>

function* compileSuper(node: Of<'super'>, place: Place): Walk<Code> {
  const site = siteOf(place, node)
  if (place.outermost === undefined) analysisError(place, node, "Can't use super outside of an object.")
  const name =
    node.index.kind === 'fixed' ? constant(node.index.name) : yield place.unit.compile(node.index.node, part(place))
  const read = (m: Machine, env: Env, key: Value): Value | undefined =>
    index(m, selfOf(m, env, site), asString(m, key, site), site, env.level + 1)
  return codeOf(
    (m, env) => {
      const key = name.run(m, env)
      return key === undefined ? save(m, (late) => read(m, env, late)) : read(m, env, key)
    },
    [name],
  )
}

function* compileInSuper(node: Of<'inSuper'>, place: Place): Walk<Code> {
  const site = siteOf(place, node)
  if (place.outermost === undefined) analysisError(place, node, "Can't use super outside of an object.")
  const name = yield place.unit.compile(node.index, part(place))
  const look = (m: Machine, env: Env, key: Value): Value =>
    has(m, selfOf(m, env, site), asString(m, key, site), env.level + 1)
  return codeOf(
    (m, env) => {
      const key = name.run(m, env)
      return key === undefined ? save(m, (late) => look(m, env, late)) : look(m, env, key)
    },
    [name],
  )
}

function selfOf(m: Machine, env: Env, site: Site): Obj {
  return env.self ?? fail(m, "Can't use super outside of an object.", site)
}

function* compileLocal(node: Of<'local'>, place: Place): Walk<Code> {
  const inner = innerScope(
    place,
    node.binds.map((bind) => bind.name),
  )
  const binds: Code[] = []
  for (const bind of node.binds) {
    const context = place.context && { label: `thunk <${bind.name}> from <`, outer: place.context }
    const at: Place = { ...inner, context, bound: bind.name, tail: 'proper' }
    binds.push(
      bind.params === undefined
        ? yield place.unit.compile(bind.body, at)
        : yield functionOf({ params: bind.params, body: bind.body }, at),
    )
  }
  const body = yield place.unit.compile(node.body, { ...inner, bound: place.bound })
  return codeOf((m, env) => body.run(m, bindAll(m, env, binds)), [body])
}

function bindAll(m: Machine, up: Env, binds: readonly Code[]): Env {
  const vars: Lazy[] = []
  const env: Env = { vars, up, self: up.self, level: up.level }
  for (const bind of binds) vars.push(bind.delay(m, env))
  return env
}

function* compileIf(node: Of<'if'>, place: Place): Walk<Code> {
  const condition = yield place.unit.compile(node.condition, part(place))
  const branch = { ...place, bound: anonymous }
  const yes = yield place.unit.compile(node.yes, branch)
  const no = node.no === undefined ? constant(NULL) : yield place.unit.compile(node.no, branch)
  return choose(condition, yes, no, siteOf(place, node))
}

function choose(condition: Code, yes: Code, no: Code, site: Site): Code {
  const decide = (m: Machine, env: Env, value: Value): Value | undefined =>
    asBoolean(m, value, site) ? yes.run(m, env) : no.run(m, env)
  return codeOf(
    (m, env) => {
      const value = condition.run(m, env)
      return value === undefined ? save(m, (late) => decide(m, env, late)) : decide(m, env, value)
    },
    [condition, yes, no],
  )
}

function* compileAssert(node: Of<'assert'>, place: Place): Walk<Code> {
  const condition = yield place.unit.compile(node.condition, part(place))
  const rest = yield place.unit.compile(node.rest, { ...place, bound: anonymous })
  const failure =
    node.message === undefined
      ? errorCode(constant('Assertion failed'), bareSite(place, node))
      : yield compileError(node.message, bareSite(place, node), place)
  return choose(condition, rest, failure, nowhere)
}

function* compileError(message: Node, site: Site, place: Place): Walk<Code> {
  return errorCode(yield place.unit.compile(message, part(place)), site)
}

function compileImport(node: Of<'import'>, place: Place): Code {
  const site = siteOf(place, node)
  return codeOf((m) => m.world.import(m, node.form, node.path, site), [])
}
