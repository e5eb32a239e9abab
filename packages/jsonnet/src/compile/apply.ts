import { bind, callStrictly, invoke, isTrimmable, TAIL, trim } from '../runtime/calls.ts'
import { type Machine, save } from '../runtime/machine.ts'
import { asFunction } from '../runtime/operators.ts'
import type { Env, Fn, Lazy, Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import { library } from '../std/library.ts'
import type { Node } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { type Code, codeOf } from './code.ts'
import { libraryCall } from './library-call.ts'
import { part, type Place, resolve, siteOf, type Tail, thunkPart } from './place.ts'

type Apply = Extract<Node, { kind: 'apply' }>
type Call = {
  readonly args: readonly Code[]
  readonly named: readonly { readonly name: string; readonly value: Code }[]
  readonly site: Site
  readonly tail: Tail
  readonly tailstrict: boolean
}

export function* compileApply(node: Apply, place: Place): Walk<Code> {
  const target = yield place.unit.compile(node.target, part(place))
  const later = thunkPart(place)
  const args: Code[] = []
  for (const arg of node.args) args.push(yield place.unit.compile(arg, later))
  const named: { name: string; value: Code }[] = []
  for (const arg of node.named) named.push({ name: arg.name, value: yield place.unit.compile(arg.value, later) })
  const call: Call = { args, named, site: siteOf(place, node), tail: place.tail, tailstrict: node.tailstrict }
  return knownCall(node, place, call) ?? openCall(target, call)
}

/** `std.name(…)` with all its arguments in order needs no looking up. */
function knownCall({ target }: Apply, place: Place, { args, named, site, tail, tailstrict }: Call): Code | undefined {
  if (target.kind !== 'dot' || target.target.kind !== 'var' || target.target.name !== 'std') return undefined
  if (named.length > 0 || tailstrict || resolve(place.scope, 'std') !== undefined) return undefined
  const code = library.get(target.name)?.code
  if (code?.native === undefined || args.length < code.required || args.length > code.params.length) return undefined
  return libraryCall(code.native, args, site, tail)
}

function openCall(target: Code, call: Call): Code {
  return codeOf(
    (m, env) => {
      const value = target.run(m, env)
      return value === undefined ? save(m, (late) => apply(m, env, late, call)) : apply(m, env, value, call)
    },
    [target],
  )
}

function apply(m: Machine, env: Env, target: Value, call: Call): Value | undefined {
  const { site, tail, tailstrict } = call
  const fn = asFunction(m, target, site)
  const args = argumentsOf(m, env, fn, call)
  if (tail !== 'no' && isTrimmable(m)) {
    trim(m)
    if (tail === 'proper') {
      m.tail = { fn, args, site, tailstrict }
      return TAIL
    }
  }
  return tailstrict ? callStrictly(m, fn, args, site) : invoke(m, fn, args, site)
}

function argumentsOf(m: Machine, env: Env, fn: Fn, { args, named, site }: Call): readonly (Lazy | undefined)[] {
  const given: Lazy[] = []
  for (const arg of args) given.push(arg.delay(m, env))
  if (named.length === 0 && given.length === fn.code.params.length) return given
  return bind(m, fn.code, {
    args: given,
    named: named.map(({ name, value }) => ({ name, value: value.delay(m, env) })),
    site,
  })
}
