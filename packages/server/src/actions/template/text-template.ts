import type { JsonObject } from '../../core/json.ts'
import { evaluate, type Expression, ExpressionError, readExpression } from './expression.ts'

/** A text with `${…}` in it: what stands there literally, expressions over `ctx`, and names of the hook's own secrets. */
export type TextTemplate = readonly Part[]
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'secret'; readonly name: string }

/** Whether anything in a text is to be filled in. `$${` stands for `${` itself. */
export const isTemplate = (text: string) => text.includes('${')

const SECRET = /^\s*secrets\.([A-Za-z_]\w*)\s*$/

/** Reads a text template over `ctx`, unless `read` says otherwise; throws ExpressionError where it can't be read. */
export function readTextTemplate(
  text: string,
  read: (source: string) => Expression = (source) => readExpression(source),
): TextTemplate {
  const parts: Part[] = []
  let literal = ''
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('$${', at)) {
      literal += '${'
      at += 3
    } else if (text.startsWith('${', at)) {
      if (literal !== '') parts.push({ kind: 'text', text: literal })
      literal = ''
      const end = endOf(text, at + 2)
      parts.push(partOf(text.slice(at + 2, end), read))
      at = end + 1
    } else literal += text[at++]
  }
  return literal === '' ? parts : [...parts, { kind: 'text', text: literal }]
}

function partOf(source: string, read: (source: string) => Expression): Part {
  const name = SECRET.exec(source)?.[1]
  if (name !== undefined) return { kind: 'secret', name }
  if (source.trim() === '') throw new ExpressionError('an expression is empty: ${}')
  return { kind: 'expression', expression: read(source) }
}

/** Where the brace that was opened is closed: not inside a text, and after those opened since. */
function endOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (sign === '"' || sign === "'") at = endOfText(text, at)
    else if (sign === '{') depth += 1
    else if (sign === '}' && depth-- === 0) return at
  }
  throw new ExpressionError('an expression has no end: ${ without }')
}

function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === text[from]) return at
  }
  throw new ExpressionError('a text inside an expression has no end')
}

/** The secrets a template names. */
export const secretsIn = (template: TextTemplate) =>
  template.flatMap((part) => (part.kind === 'secret' ? [part.name] : []))

/** Fills a template in; secrets stay names until the moment of sending. `write` says how a value may stand in the text. */
export const fillIn = (
  template: TextTemplate,
  context: JsonObject,
  write: (value: string, before: string) => string,
): string =>
  template.reduce((filled, part) => {
    switch (part.kind) {
      case 'text':
        return filled + part.text
      case 'secret':
        return `${filled}\${secrets.${part.name}}`
      case 'expression':
        return filled + write(textOf(part.expression, context), filled)
      default:
        return part satisfies never
    }
  }, '')

function textOf(expression: Expression, context: JsonObject): string {
  const value = evaluate(expression, context)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
  throw new ExpressionError(`\${${expression.source}} gives ${got}, and a text is needed`)
}
