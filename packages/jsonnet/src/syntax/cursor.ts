import { JsonnetError } from '../errors.ts'
import { type Source, staticError } from '../source.ts'
import type { Walk } from '../trampoline.ts'
import type { Node, Span } from './ast.ts'
import { kindText, type Token, type TokenKind, tokenText } from './tokens.ts'

/** The place in the tokens that reading has come to. */
export type Cursor = {
  readonly source: Source
  peek(): Token
  second(): Token
  take(): Token
  expect(kind: TokenKind): Token
  isOperator(text: string): boolean
  /** Reads an expression from here on; handed in, because the grammar goes in circles and files must not. */
  expression(): Walk<Node>
}

export function cursorOver(
  source: Source,
  tokens: readonly Token[],
  expression: (cursor: Cursor) => Walk<Node>,
): Cursor {
  let at = 0
  const token = (index: number): Token => {
    const found = tokens[Math.min(index, tokens.length - 1)]
    if (found === undefined) throw new JsonnetError('static', 'no tokens')
    return found
  }
  const take = (): Token => token(at++)
  const cursor: Cursor = {
    source,
    take,
    peek: () => token(at),
    second: () => token(at + 1),
    isOperator: (text) => token(at).kind === 'OPERATOR' && token(at).text === text,
    expect: (kind) => {
      const next = take()
      if (next.kind === kind) return next
      throw problem(source, next, `Expected token ${kindText(kind)} but got ${tokenText(next)}`)
    },
    expression: () => expression(cursor),
  }
  return cursor
}

export function problem(source: Source, { from, to }: Span, message: string): Error {
  return staticError(message, { source, from, to })
}
