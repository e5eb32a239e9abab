import type { Source } from '../source.ts'
import { run, type Walk } from '../trampoline.ts'
import type { BinaryOp, Bind, ImportForm, NamedArg, Node, Span, UnaryOp } from './ast.ts'
import { type Cursor, cursorOver, problem } from './cursor.ts'
import { lex } from './lexer.ts'
import { readObject } from './object-parser.ts'
import { readBind, readForSpecs, readMessage, readParams, skipComma } from './parts.ts'
import { readString } from './string-literal.ts'
import { isString, kindText, type Token, type TokenKind, tokenText } from './tokens.ts'

const binary: ReadonlyMap<string, { readonly op: BinaryOp; readonly level: number }> = new Map(
  (
    [
      [5, ['*', '/', '%']],
      [6, ['+', '-']],
      [7, ['<<', '>>']],
      [8, ['>', '>=', '<', '<=', 'in']],
      [9, ['==', '!=']],
      [10, ['&']],
      [11, ['^']],
      [12, ['|']],
      [13, ['&&']],
      [14, ['||']],
    ] as const
  ).flatMap(([level, ops]) => ops.map((op) => [op, { op, level }])),
)
const unary: ReadonlyMap<string, UnaryOp> = new Map((['!', '~', '+', '-'] as const).map((op) => [op, op]))
const loosest = 14

/** Reads a program; nesting is bounded by memory only. */
export function parse(source: Source): Node {
  const cursor = cursorOver(source, lex(source), readExpression)
  const node = run(readExpression(cursor))
  const rest = cursor.peek()
  if (rest.kind !== 'end of file') throw problem(source, rest, `Did not expect: ${tokenText(rest)}`)
  return node
}

/** Reads an expression whose operators all bind at least as tightly as `level`. */
function* readExpression(cursor: Cursor, level: number = loosest): Walk<Node> {
  const begin = cursor.peek()
  const prefixed = prefix(cursor, begin.kind)
  if (prefixed !== undefined) return yield prefixed
  let left = yield readUnary(cursor)
  for (;;) {
    const next = cursor.peek()
    const found = binaryAt(cursor, next)
    if (found === undefined || found.level > level) return left
    cursor.take()
    if (found.op === 'in' && cursor.peek().kind === 'super') {
      left = { kind: 'inSuper', index: left, from: begin.from, to: cursor.take().to }
      continue
    }
    const right: Node = yield readExpression(cursor, found.level - 1)
    left = { kind: 'binary', op: found.op, left, right, from: begin.from, to: right.to }
  }
}

function binaryAt(cursor: Cursor, token: Token): { readonly op: BinaryOp; readonly level: number } | undefined {
  if (token.kind === 'in') return binary.get('in')
  // A colon ends the expression: it belongs to an assert, a slice or a field.
  if (token.kind !== 'OPERATOR' || token.text === ':' || token.text === '::') return undefined
  const found = binary.get(token.text)
  if (found === undefined) throw problem(cursor.source, token, `Not a binary operator: ${token.text}`)
  return found
}

/** The forms that start with a keyword. */
const forms: Partial<Record<TokenKind, (cursor: Cursor) => Walk<Node>>> = {
  assert: readAssert,
  error: readError,
  if: readIf,
  function: readFunction,
  import: readImport,
  importstr: readImport,
  importbin: readImport,
  local: readLocal,
}

function prefix(cursor: Cursor, kind: TokenKind): Walk<Node> | undefined {
  return forms[kind]?.(cursor)
}

function* readAssert(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const condition = yield cursor.expression()
  const message = yield* readMessage(cursor)
  cursor.expect(';')
  const rest = yield cursor.expression()
  return { kind: 'assert', condition, message, rest, from: begin.from, to: rest.to }
}

function* readError(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const message = yield cursor.expression()
  return { kind: 'error', message, from: begin.from, to: message.to }
}

function* readIf(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const condition = yield cursor.expression()
  cursor.expect('then')
  const yes = yield cursor.expression()
  if (cursor.peek().kind !== 'else') return { kind: 'if', condition, yes, no: undefined, from: begin.from, to: yes.to }
  cursor.take()
  const no = yield cursor.expression()
  return { kind: 'if', condition, yes, no, from: begin.from, to: no.to }
}

function* readFunction(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const next = cursor.take()
  if (next.kind !== '(') throw problem(cursor.source, next, `Expected ( but got ${tokenText(next)}`)
  const params = yield* readParams(cursor, 'function parameter')
  const body = yield cursor.expression()
  return { kind: 'function', params, body, from: begin.from, to: body.to }
}

function* readImport(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const form: ImportForm = begin.kind === 'importstr' || begin.kind === 'importbin' ? begin.kind : 'import'
  const path = yield cursor.expression()
  if (path.kind !== 'string') throw problem(cursor.source, path, 'Computed imports are not allowed')
  if (path.spelling === 'STRING_BLOCK')
    throw problem(cursor.source, path, 'Block string literals not allowed in imports')
  return { kind: 'import', form, path: path.value, from: begin.from, to: path.to }
}

function* readLocal(cursor: Cursor): Walk<Node> {
  const begin = cursor.take()
  const binds: Bind[] = []
  for (;;) {
    binds.push(yield* readBind(cursor, binds))
    const delimiter = cursor.take()
    if (delimiter.kind === ';') break
    if (delimiter.kind !== ',')
      throw problem(cursor.source, delimiter, `Expected , or ; but got ${tokenText(delimiter)}`)
  }
  const body = yield cursor.expression()
  return { kind: 'local', binds, body, from: begin.from, to: body.to }
}

function* readUnary(cursor: Cursor): Walk<Node> {
  const begin = cursor.peek()
  // A keyword form is an operand too, and takes all that follows.
  const prefixed = prefix(cursor, begin.kind)
  if (prefixed !== undefined) return yield prefixed
  if (begin.kind !== 'OPERATOR') return yield readPostfix(cursor)
  const op = unary.get(begin.text)
  if (op === undefined) throw problem(cursor.source, begin, `Not a unary operator: ${begin.text}`)
  cursor.take()
  const body = yield readUnary(cursor)
  return { kind: 'unary', op, body, from: begin.from, to: body.to }
}

function* readPostfix(cursor: Cursor): Walk<Node> {
  const begin = cursor.peek()
  let node = yield readTerminal(cursor)
  for (;;) {
    const next = cursor.peek()
    if (next.kind === '.') {
      cursor.take()
      const name = cursor.expect('IDENTIFIER')
      node = { kind: 'dot', target: node, name: name.text, from: begin.from, to: name.to }
    } else if (next.kind === '[') node = yield* readIndex(cursor, begin, node)
    else if (next.kind === '(') node = yield* readCall(cursor, begin, node)
    else if (next.kind === '{') {
      const right: Node = yield readObject(cursor, cursor.take())
      node = { kind: 'applyBrace', left: node, right, from: begin.from, to: right.to }
    } else return node
  }
}

function* readIndex(cursor: Cursor, begin: Span, target: Node): Generator<Walk<Node>, Node, Node> {
  cursor.take()
  const bounds: (Node | undefined)[] = [undefined, undefined, undefined]
  let colons = 0
  let mayRead = true
  let end = cursor.peek()
  while (colons < 3) {
    const next = cursor.peek()
    if (next.kind === ']') {
      end = cursor.take()
      break
    }
    if (next.text === ':' || next.text === '::') {
      end = cursor.take()
      colons += next.text.length
      mayRead = true
    } else if (mayRead) {
      bounds[colons] = yield cursor.expression()
      mayRead = false
    } else throw problem(cursor.source, next, `Expected token ${kindText(']')} but got ${tokenText(next)}`)
  }
  if (colons > 2) throw problem(cursor.source, end, 'Invalid slice: too many colons')
  const [index] = bounds
  if (colons > 0) return { kind: 'slice', target, bounds, from: begin.from, to: end.to }
  if (index === undefined) throw problem(cursor.source, end, 'ast.Index requires an expression')
  return { kind: 'index', target, index, from: begin.from, to: end.to }
}

function* readCall(cursor: Cursor, begin: Span, target: Node): Generator<Walk<Node>, Node, Node> {
  cursor.take()
  const args: Node[] = []
  const named: NamedArg[] = []
  for (let comma = true; cursor.peek().kind !== ')'; ) {
    const next = cursor.peek()
    if (!comma)
      throw problem(cursor.source, next, `Expected a comma before next function argument, got ${tokenText(next)}`)
    const isNamed = next.kind === 'IDENTIFIER' && cursor.second().kind === 'OPERATOR' && cursor.second().text === '='
    if (isNamed) {
      cursor.take()
      cursor.take()
    }
    const value = yield cursor.expression()
    comma = skipComma(cursor)
    if (isNamed) named.push({ name: next.text, value })
    else if (named.length === 0) args.push(value)
    else throw problem(cursor.source, next, 'Positional argument after a named argument is not allowed')
  }
  const end = cursor.take()
  const tailstrict = cursor.peek().kind === 'tailstrict'
  if (tailstrict) cursor.take()
  return { kind: 'apply', target, args, named, tailstrict, from: begin.from, to: end.to }
}

function* readTerminal(cursor: Cursor): Walk<Node> {
  const token = cursor.take()
  const { kind, text, from, to } = token
  if (isString(kind)) return readString(cursor.source, token)
  if (kind === 'NUMBER') return { kind: 'number', text, from, to }
  if (kind === 'IDENTIFIER') return { kind: 'var', name: text, from, to }
  if (kind === 'null' || kind === 'self') return { kind, from, to }
  if (kind === 'true' || kind === 'false') return { kind: 'boolean', value: kind === 'true', from, to }
  if (kind === '$') return { kind: 'dollar', from, to }
  if (kind === '{') return yield readObject(cursor, token)
  if (kind === '[') return yield readArray(cursor, token)
  if (kind === '(') return yield readParens(cursor, token)
  if (kind === 'super') return yield readSuper(cursor, token)
  if (kind === 'end of file') throw problem(cursor.source, token, 'Unexpected end of file')
  throw problem(cursor.source, token, `Unexpected: ${tokenText(token)} while parsing terminal`)
}

function* readParens(cursor: Cursor, { from }: Token): Walk<Node> {
  const inner = yield cursor.expression()
  return { kind: 'parens', inner, from, to: cursor.expect(')').to }
}

function* readSuper(cursor: Cursor, token: Token): Walk<Node> {
  const { from, to } = token
  const next = cursor.take()
  if (next.kind === '.')
    return { kind: 'super', index: { kind: 'fixed', name: cursor.expect('IDENTIFIER').text }, from, to }
  if (next.kind !== '[') throw problem(cursor.source, token, 'Expected . or [ after super')
  const node = yield cursor.expression()
  cursor.expect(']')
  return { kind: 'super', index: { kind: 'computed', node }, from, to }
}

function* readArray(cursor: Cursor, begin: Token): Walk<Node> {
  const { from } = begin
  if (cursor.peek().kind === ']') return { kind: 'array', items: [], from, to: cursor.take().to }
  const items = [yield cursor.expression()]
  let comma = skipComma(cursor)
  if (cursor.peek().kind === 'for') {
    cursor.take()
    const { specs, end } = yield* readForSpecs(cursor, ']')
    const [body] = items
    if (body !== undefined) return { kind: 'arrayComp', body, specs, from, to: end.to }
  }
  while (cursor.peek().kind !== ']') {
    if (!comma) throw problem(cursor.source, cursor.peek(), 'Expected a comma before next array element')
    items.push(yield cursor.expression())
    comma = skipComma(cursor)
  }
  return { kind: 'array', items, from, to: cursor.take().to }
}
