import { fail, type Machine, save } from '../runtime/machine.ts'
import { asBoolean, asNumber, bitwise, compare, equals, finite, integer, plus } from '../runtime/operators.ts'
import type { Env, Native, Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import { hasAll, mod } from '../std/operators.ts'
import type { BinaryOp, Node, UnaryOp } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { type Code, codeOf } from './code.ts'
import { libraryCall } from './library-call.ts'
import { bareSite, part, pendingPart, type Place, siteOf } from './place.ts'

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>
type Operator = (m: Machine, left: Value, right: Value, site: Site) => Value | undefined

export function* compileBinary(node: Of<'binary'>, place: Place): Walk<Code> {
  if (node.op === '&&' || node.op === '||') return yield compileLogical(node, node.op === '||', place)
  // Two operators are calls of library functions.
  if (node.op === '%') return yield compileLibraryOperator([node.left, node.right], mod, node, place)
  if (node.op === 'in') return yield compileLibraryOperator([node.right, node.left], hasAll, node, place)
  const left = yield place.unit.compile(node.left, part(place))
  const right = yield place.unit.compile(node.right, pendingPart(place))
  return operation(left, right, operators[node.op], siteOf(place, node))
}

function* compileLibraryOperator(operands: readonly Node[], native: Native, node: Node, place: Place): Walk<Code> {
  const codes: Code[] = []
  for (const operand of operands) codes.push(yield place.unit.compile(operand, { ...part(place), tail: 'proper' }))
  return libraryCall(native, codes, bareSite(place, node), place.tail)
}

export function* compileApplyBrace(node: Of<'applyBrace'>, place: Place): Walk<Code> {
  const left = yield place.unit.compile(node.left, part(place))
  const right = yield place.unit.compile(node.right, pendingPart(place))
  return operation(left, right, plus, siteOf(place, node))
}

function operation(left: Code, right: Code, operator: Operator, site: Site): Code {
  const withLeft = (m: Machine, env: Env, x: Value): Value | undefined => {
    const y = right.run(m, env)
    return y === undefined ? save(m, (late) => operator(m, x, late, site)) : operator(m, x, y, site)
  }
  return codeOf(
    (m, env) => {
      const x = left.run(m, env)
      return x === undefined ? save(m, (late) => withLeft(m, env, late)) : withLeft(m, env, x)
    },
    [left, right],
  )
}

function* compileLogical(node: Of<'binary'>, decided: boolean, place: Place): Walk<Code> {
  const site = siteOf(place, node)
  const left = yield place.unit.compile(node.left, part(place))
  const right = yield place.unit.compile(node.right, pendingPart(place))
  const withLeft = (m: Machine, env: Env, x: Value): Value | undefined => {
    if (asBoolean(m, x, site) === decided) return decided
    const y = right.run(m, env)
    return y === undefined ? save(m, (late) => asBoolean(m, late, site)) : asBoolean(m, y, site)
  }
  return codeOf(
    (m, env) => {
      const x = left.run(m, env)
      return x === undefined ? save(m, (late) => withLeft(m, env, late)) : withLeft(m, env, x)
    },
    [left, right],
  )
}

const operators: Record<Exclude<BinaryOp, '&&' | '||' | '%' | 'in'>, Operator> = {
  '+': plus,
  '-': (m, x, y, site) => finite(m, asNumber(m, x, site) - asNumber(m, y, site), site),
  '*': (m, x, y, site) => finite(m, asNumber(m, x, site) * asNumber(m, y, site), site),
  '/': (m, x, y, site) => {
    const dividend = asNumber(m, x, site)
    const divisor = asNumber(m, y, site)
    return divisor === 0 ? fail(m, 'Division by zero.', site) : finite(m, dividend / divisor, site)
  },
  '<<': (m, x, y, site) => bitwise(m, '<<', [x, y], site),
  '>>': (m, x, y, site) => bitwise(m, '>>', [x, y], site),
  '&': (m, x, y, site) => bitwise(m, '&', [x, y], site),
  '|': (m, x, y, site) => bitwise(m, '|', [x, y], site),
  '^': (m, x, y, site) => bitwise(m, '^', [x, y], site),
  '<': (m, x, y, site) => ordered(m, compare(m, x, y, site), (order) => order < 0),
  '>': (m, x, y, site) => ordered(m, compare(m, x, y, site), (order) => order > 0),
  '<=': (m, x, y, site) => ordered(m, compare(m, x, y, site), (order) => order <= 0),
  '>=': (m, x, y, site) => ordered(m, compare(m, x, y, site), (order) => order >= 0),
  '==': (m, x, y, site) => equals(m, x, y, site),
  '!=': (m, x, y, site) => {
    const same = equals(m, x, y, site)
    return same === undefined ? save(m, (late) => late !== true) : !same
  },
}

function ordered(m: Machine, order: number | undefined, holds: (order: number) => boolean): boolean | undefined {
  return order === undefined ? save(m, (late) => holds(Number(late))) : holds(order)
}

export function* compileUnary(node: Of<'unary'>, place: Place): Walk<Code> {
  const site = siteOf(place, node)
  const body = yield place.unit.compile(node.body, pendingPart(place))
  const apply = unaries[node.op]
  return codeOf(
    (m, env) => {
      const value = body.run(m, env)
      return value === undefined ? save(m, (late) => apply(m, late, site)) : apply(m, value, site)
    },
    [body],
  )
}

const unaries: Record<UnaryOp, (m: Machine, value: Value, site: Site) => Value> = {
  '!': (m, value, site) => !asBoolean(m, value, site),
  '~': (m, value, site) => Number(BigInt.asIntN(64, ~integer(asNumber(m, value, site)))),
  '+': (m, value, site) => asNumber(m, value, site),
  '-': (m, value, site) => -asNumber(m, value, site),
}
