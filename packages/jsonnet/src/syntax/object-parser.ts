import type { Walk } from '../trampoline.ts'
import type { FieldName, Member, Node, Param, Visibility } from './ast.ts'
import { type Cursor, problem } from './cursor.ts'
import { readBind, readForSpecs, readMessage, readParams, skipComma } from './parts.ts'
import { readString } from './string-literal.ts'
import { isString, type Token, tokenText } from './tokens.ts'

const visibilities: Record<string, Visibility> = { ':': 'inherit', '::': 'hidden', ':::': 'visible' }

/** Reads an object or an object comprehension behind its opening brace. */
export function* readObject(cursor: Cursor, brace: Token): Walk<Node> {
  const members: Member[] = []
  const names = new Set<string>()
  for (let comma = true; ; comma = skipComma(cursor)) {
    const next = cursor.take()
    if (next.kind === '}') return { kind: 'object', members, from: brace.from, to: next.to }
    if (next.kind === 'for') return yield readComprehension(cursor, brace, { members, keyword: next })
    if (!comma) throw problem(cursor.source, next, 'Expected a comma before next field')
    members.push(yield* readMember(cursor, next, { members, names }))
  }
}

type Seen = { readonly members: readonly Member[]; readonly names: Set<string> }

function* readMember(cursor: Cursor, first: Token, seen: Seen): Generator<Walk<Node>, Member, Node> {
  if (first.kind === 'local') {
    const earlier = seen.members.filter((member) => member.kind === 'local')
    const { name, params, body } = yield* readBind(cursor, earlier)
    return { kind: 'local', name, params, body }
  }
  if (first.kind === 'assert') {
    const condition = yield cursor.expression()
    const message = yield* readMessage(cursor)
    return { kind: 'assert', condition, message, from: first.from, to: (message ?? condition).to }
  }
  if (first.kind !== '[' && first.kind !== 'IDENTIFIER' && !isString(first.kind))
    throw problem(cursor.source, first, `Unexpected: ${tokenText(first)} while parsing field definition`)
  return yield* readField(cursor, first, seen.names)
}

function* readField(cursor: Cursor, first: Token, names: Set<string>): Generator<Walk<Node>, Member, Node> {
  const name = yield* readName(cursor, first)
  let params: Param[] | undefined
  if (cursor.peek().kind === '(') {
    cursor.take()
    params = yield* readParams(cursor, 'method parameter')
  }
  const { plus, visibility } = readAssignment(cursor)
  if (plus && params !== undefined)
    throw problem(cursor.source, first, `Cannot use +: syntax sugar in a method: ${first.text}`)
  if (name.kind === 'fixed') {
    // As in go-jsonnet, spellings are compared here, and values when the object is made.
    if (names.has(first.text)) throw problem(cursor.source, first, `Duplicate field: ${first.text}`)
    names.add(first.text)
  }
  const body = yield cursor.expression()
  return { kind: 'field', name, params, body, plus, visibility }
}

function* readName(cursor: Cursor, first: Token): Generator<Walk<Node>, FieldName, Node> {
  if (first.kind === 'IDENTIFIER') return { kind: 'fixed', name: first.text }
  if (first.kind !== '[') return { kind: 'fixed', name: readString(cursor.source, first).value }
  const node = yield cursor.expression()
  cursor.expect(']')
  return { kind: 'computed', node }
}

function readAssignment(cursor: Cursor): { plus: boolean; visibility: Visibility } {
  const token = cursor.expect('OPERATOR')
  const plus = token.text.startsWith('+')
  const visibility = visibilities[plus ? token.text.slice(1) : token.text]
  if (visibility !== undefined) return { plus, visibility }
  throw problem(cursor.source, token, `Expected one of :, ::, :::, +:, +::, +:::, got: ${token.text}`)
}

type Before = { readonly members: readonly Member[]; readonly keyword: Token }

function* readComprehension(cursor: Cursor, brace: Token, { members, keyword }: Before): Walk<Node> {
  const refuse = (message: string): Error => problem(cursor.source, keyword, message)
  const fields = members.filter((member) => member.kind === 'field')
  const [field] = fields
  if (members.some((member) => member.kind === 'assert')) throw refuse('Object comprehension cannot have asserts')
  if (field === undefined || fields.length > 1) throw refuse('Object comprehension can only have one field')
  if (field.visibility !== 'inherit') throw refuse('Object comprehensions cannot have hidden fields')
  if (field.name.kind === 'fixed') throw refuse('Object comprehensions can only have [e] fields')
  const { specs, end } = yield* readForSpecs(cursor, '}')
  return { kind: 'objectComp', members, specs, from: brace.from, to: end.to }
}
