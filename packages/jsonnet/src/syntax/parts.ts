import type { Walk } from '../trampoline.ts'
import type { Bind, ForSpec, Node, Param } from './ast.ts'
import { type Cursor, problem } from './cursor.ts'
import { kindText, type Token, tokenText } from './tokens.ts'

/** `: message`, where there is one. */
export function* readMessage(cursor: Cursor): Generator<Walk<Node>, Node | undefined, Node> {
  if (!cursor.isOperator(':')) return undefined
  cursor.take()
  return yield cursor.expression()
}

/** The parameters behind an opening parenthesis, with the closing one. */
export function* readParams(cursor: Cursor, what: string): Generator<Walk<Node>, Param[], Node> {
  const params: Param[] = []
  for (let comma = true; cursor.peek().kind !== ')'; ) {
    const next = cursor.peek()
    if (!comma) throw problem(cursor.source, next, `Expected a comma before next ${what}, got ${tokenText(next)}`)
    const name = cursor.take()
    if (name.kind !== 'IDENTIFIER')
      throw problem(
        cursor.source,
        name,
        `Expected token ${kindText('IDENTIFIER')} but got ${tokenText(name)} while parsing parameter`,
      )
    let fallback: Node | undefined
    if (cursor.isOperator('=')) {
      cursor.take()
      fallback = yield cursor.expression()
    }
    params.push({ name: name.text, fallback })
    comma = skipComma(cursor)
  }
  cursor.take()
  return params
}

export function skipComma(cursor: Cursor): boolean {
  const isComma = cursor.peek().kind === ','
  if (isComma) cursor.take()
  return isComma
}

/** `name = body` or `name(params) = body`, of a `local`. */
export function* readBind(
  cursor: Cursor,
  earlier: readonly { readonly name: string }[],
): Generator<Walk<Node>, Bind, Node> {
  const name = cursor.expect('IDENTIFIER')
  if (earlier.some((bind) => bind.name === name.text))
    throw problem(cursor.source, name, `Duplicate local var: ${name.text}`)
  let params: Param[] | undefined
  if (cursor.peek().kind === '(') {
    cursor.take()
    params = yield* readParams(cursor, 'function parameter')
  }
  const equals = cursor.take()
  if (equals.kind !== 'OPERATOR' || equals.text !== '=')
    throw problem(cursor.source, equals, `Expected operator = but got ${tokenText(equals)}`)
  const body = yield cursor.expression()
  return { name: name.text, params, body, from: name.from, to: body.to }
}

/** What stands behind a `for`, to the end of the comprehension. */
export function* readForSpecs(
  cursor: Cursor,
  close: ']' | '}',
): Generator<Walk<Node>, { specs: ForSpec[]; end: Token }, Node> {
  const specs: ForSpec[] = []
  for (;;) {
    const name = cursor.expect('IDENTIFIER')
    cursor.expect('in')
    const source = yield cursor.expression()
    const conditions: Node[] = []
    let next = cursor.take()
    for (; next.kind === 'if'; next = cursor.take()) conditions.push(yield cursor.expression())
    specs.push({ name: name.text, source, conditions })
    if (next.kind === close) return { specs, end: next }
    if (next.kind !== 'for')
      throw problem(
        cursor.source,
        next,
        `Expected for, if or ${kindText(close)} after for clause, got: ${tokenText(next)}`,
      )
  }
}
