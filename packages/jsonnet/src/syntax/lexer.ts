import { type Source, staticError } from '../source.ts'
import { goQuoteChar } from './quote.ts'
import { keyword, type Token, type TokenKind } from './tokens.ts'

const blank = /[ \t\r\n]+/y
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y
const numeral = /(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const symbols = /[!$:~+\-&|^=<>*/%]+/y
const marks = /^[{}[\],.();]$/
const margin = /[ \t]*/y
const padding = /[ \t\r]*/y

type Cut = { readonly kind: TokenKind; readonly text: string; readonly to: number }

/** Cuts source text into tokens; the last one is always the end of the file. */
export function lex(source: Source): Token[] {
  const { text } = source
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += match(blank, text, at).length
    if (at >= text.length) break
    const comment = commentEnd(source, at)
    if (comment !== undefined) {
      at = comment
      continue
    }
    const cut = cutToken(source, at)
    tokens.push({ kind: cut.kind, text: cut.text, from: at, to: cut.to })
    at = cut.to
  }
  tokens.push({ kind: 'end of file', text: '', from: at, to: at })
  return tokens
}

function commentEnd(source: Source, at: number): number | undefined {
  const { text } = source
  if (text[at] === '#' || text.startsWith('//', at)) {
    const end = text.indexOf('\n', at)
    return end < 0 ? text.length : end
  }
  if (!text.startsWith('/*', at)) return undefined
  const end = text.indexOf('*/', at + 2)
  if (end < 0) throw fail(source, at, 'Multi-line comment has no terminating */')
  return end + 2
}

function cutToken(source: Source, at: number): Cut {
  const { text } = source
  const char = text.charAt(at)
  if (isMark(char)) return { kind: char, text: char, to: at + 1 }
  if (char >= '0' && char <= '9') return cutNumber(source, at)
  if (char === '"' || char === "'") return cutString(source, at, char)
  if (char === '@') return cutVerbatim(source, at)
  if (text.startsWith('|||', at)) return cutBlock(source, at)
  const word = match(identifier, text, at)
  if (word !== '') return { kind: keyword(word) ?? 'IDENTIFIER', text: word, to: at + word.length }
  const operator = cutOperator(match(symbols, text, at))
  if (operator === '') throw fail(source, at, `Could not lex the character ${goQuoteChar(charAt(text, at))}`)
  return { kind: operator === '$' ? '$' : 'OPERATOR', text: operator, to: at + operator.length }
}

function isMark(char: string): char is '{' | '}' | '[' | ']' | ',' | '.' | '(' | ')' | ';' {
  return marks.test(char)
}

function cutNumber(source: Source, at: number): Cut {
  const { text } = source
  const digits = match(numeral, text, at)
  const to = at + digits.length
  const next = text.charAt(to)
  if (next === '.' && !/[.eE]/.test(digits))
    throw fail(source, to + 1, `Couldn't lex number, junk after decimal point: ${goQuoteChar(charAt(text, to + 1))}`)
  if ((next === 'e' || next === 'E') && !/[eE]/.test(digits)) {
    const sign = /[+-]/.test(text.charAt(to + 1))
    const junk = to + (sign ? 2 : 1)
    const where = sign ? 'exponent sign' : "'E'"
    throw fail(source, junk, `Couldn't lex number, junk after ${where}: ${goQuoteChar(charAt(text, junk))}`)
  }
  return { kind: 'NUMBER', text: digits, to }
}

function cutString(source: Source, at: number, quote: '"' | "'"): Cut {
  const { text } = source
  let end = at + 1
  while (end < text.length && text[end] !== quote) end += text[end] === '\\' && end + 1 < text.length ? 2 : 1
  if (end >= text.length) throw fail(source, at, 'Unterminated String')
  return { kind: quote === '"' ? 'STRING_DOUBLE' : 'STRING_SINGLE', text: text.slice(at + 1, end), to: end + 1 }
}

function cutVerbatim(source: Source, at: number): Cut {
  const { text } = source
  const quote = text.charAt(at + 1)
  if (quote !== '"' && quote !== "'")
    throw fail(source, at, `Couldn't lex verbatim string, junk after '@': ${text.codePointAt(at + 1) ?? -1}`)
  let content = ''
  for (let from = at + 2; ; ) {
    const end = text.indexOf(quote, from)
    if (end < 0) throw fail(source, at, 'Unterminated String')
    content += text.slice(from, end)
    if (text[end + 1] !== quote) {
      const kind = quote === '"' ? 'VERBATIM_STRING_DOUBLE' : 'VERBATIM_STRING_SINGLE'
      return { kind, text: content, to: end + 1 }
    }
    content += quote
    from = end + 2
  }
}

function cutBlock(source: Source, start: number): Cut {
  const { text } = source
  const chomp = text[start + 3] === '-'
  let at = start + (chomp ? 4 : 3)
  at += match(padding, text, at).length
  if (text[at] !== '\n') throw fail(source, start, 'Text block requires new line after |||.')
  let content = ''
  const skipEmptyLines = (): void => {
    for (; text[at] === '\n'; at++) content += '\n'
  }
  at++
  skipEmptyLines()
  const indent = match(margin, text, at)
  if (indent === '') throw fail(source, start, "Text block's first line must start with whitespace")
  while (text.startsWith(indent, at)) {
    const end = text.indexOf('\n', at + indent.length)
    if (end < 0) throw fail(source, start, 'Unexpected EOF')
    content += text.slice(at + indent.length, end + 1)
    at = end + 1
    skipEmptyLines()
  }
  at += match(margin, text, at).length
  if (!text.startsWith('|||', at)) throw fail(source, start, 'Text block not terminated with |||')
  return { kind: 'STRING_BLOCK', text: chomp ? content.slice(0, -1) : content, to: at + 3 }
}

/** An operator ends before a comment or a text block, and does not end with a sign unless it is one character. */
function cutOperator(run: string): string {
  let operator = run
  for (let i = 1; i < operator.length; i++)
    if (/^(?:\/\/|\/\*|\|\|\|)/.test(operator.slice(i, i + 3))) operator = operator.slice(0, i)
  return operator.length > 1 && /[+\-~!$]$/.test(operator) ? operator.charAt(0) : operator
}

function charAt(text: string, at: number): string | undefined {
  const code = text.codePointAt(at)
  return code === undefined ? undefined : String.fromCodePoint(code)
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

function fail(source: Source, at: number, message: string): Error {
  return staticError(message, { source, from: at, to: at })
}
