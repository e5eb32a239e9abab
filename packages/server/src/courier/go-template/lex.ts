import { problemAt, type Source } from './problem.ts'

/** One piece of a template. `spaced` says that a blank stands before it, which matters for `.a.b` and `.a .b`. */
export type Token = { readonly at: number; readonly spaced: boolean } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' | 'close' | 'dot' | 'nil' | 'pipe' | 'left' | 'right' | 'declare' | 'assign' | 'comma' }
  | { readonly kind: 'field' | 'variable' | 'identifier' | 'keyword'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: string | number | boolean }
)

const KEYWORDS = new Set(['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue'])

/** Cuts a template into its tokens; white space that `{{-` and `-}}` take away is gone (text/template, "Text and spaces"). */
export function lex(source: Source, from: number): readonly Token[] {
  const { text } = source
  const tokens: Token[] = []
  let at = from
  let trimsNext = false
  for (;;) {
    const open = text.indexOf('{{', at)
    const end = open === -1 ? text.length : open
    const trimsBefore = open !== -1 && /^\{\{-[ \t\r\n]/.test(text.slice(open, open + 4))
    addText(tokens, text.slice(at, end), { at, trimsStart: trimsNext, trimsEnd: trimsBefore })
    if (open === -1) return tokens

    const start = open + (trimsBefore ? 3 : 2)
    const comment = /^[ \t\r\n]*\/\*/.exec(text.slice(start))
    const action =
      comment === null ? lexAction(source, tokens, open, start) : skipComment(source, open, start, trimsBefore)
    at = action.end
    trimsNext = action.trimsNext
  }
}

type Trim = { readonly at: number; readonly trimsStart: boolean; readonly trimsEnd: boolean }

function addText(tokens: Token[], raw: string, { at, trimsStart, trimsEnd }: Trim): void {
  const head = trimsStart ? raw.replace(/^[ \t\r\n]+/, '') : raw
  const text = trimsEnd ? head.slice(0, head.length - trailingBlanks(head)) : head
  if (text !== '') tokens.push({ kind: 'text', text, at: at + (raw.length - head.length), spaced: false })
}

/** Counted by hand: a pattern that ends in `+$` would look at every run of blanks again and again. */
function trailingBlanks(text: string): number {
  let count = 0
  while (count < text.length && ' \t\r\n'.includes(text.charAt(text.length - 1 - count))) count++
  return count
}

type Action = { readonly end: number; readonly trimsNext: boolean }

/** A comment stands alone in its delimiters, blanks only where there is a trim marker. */
function skipComment(source: Source, open: number, start: number, trims: boolean): Action {
  const { text } = source
  const body = trims ? start + (/^[ \t\r\n]*/.exec(text.slice(start))?.[0].length ?? 0) : start
  if (!text.startsWith('/*', body)) throw problemAt(source, start, 'a comment must start right after {{')
  const close = text.indexOf('*/', body + 2)
  if (close === -1) throw problemAt(source, open, 'unclosed comment')
  const end = /^(?:[ \t\r\n]+-)?\}\}/.exec(text.slice(close + 2, close + 64))?.[0]
  if (end === undefined) throw problemAt(source, close, 'a comment must end right before }}')
  return { end: close + 2 + end.length, trimsNext: end.includes('-') }
}

const NUMBER = /^[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/
const NAME = /^[\p{L}_][\p{L}\p{Nd}_]*/u

function lexAction(source: Source, tokens: Token[], open: number, start: number): Action {
  const { text } = source
  tokens.push({ kind: 'open', at: open, spaced: false })
  let at = start
  let depth = 0
  for (;;) {
    const before = at
    while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
    const spaced = at > before || before === start
    const rest = text.slice(at, at + 4096)
    const close = /^-?\}\}/.exec(rest)?.[0]
    if (close === '}}' || (close === '-}}' && at > before)) {
      if (depth > 0) throw problemAt(source, at, 'unclosed left parenthesis')
      tokens.push({ kind: 'close', at, spaced })
      return { end: at + close.length, trimsNext: close === '-}}' }
    }
    const lexed = lexOne(source, at, rest, spaced)
    if (lexed === null) throw problemAt(source, open, 'unclosed action')
    if (lexed.token.kind === 'left') depth++
    if (lexed.token.kind === 'right' && --depth < 0) throw problemAt(source, at, 'unexpected right parenthesis')
    tokens.push(lexed.token)
    at += lexed.length
  }
}

const SIGNS = { '|': 'pipe', '(': 'left', ')': 'right', ',': 'comma' } as const

function lexOne(source: Source, at: number, rest: string, spaced: boolean): Lexed | null {
  const first = rest.charAt(0)
  if (first === '') return null
  if (rest.startsWith(':=')) return { token: { kind: 'declare', at, spaced }, length: 2 }
  if (first === '=') return { token: { kind: 'assign', at, spaced }, length: 1 }
  if (first === '|' || first === '(' || first === ')' || first === ',') {
    return { token: { kind: SIGNS[first], at, spaced }, length: 1 }
  }
  if (first === '"' || first === '`' || first === "'") return lexQuoted(source, at, spaced)
  const number = /^[+-]?\.?\d/.test(rest) ? NUMBER.exec(rest)?.[0] : undefined
  if (number !== undefined) return lexNumber(source, at, number, spaced)
  if (first === '.' || first === '$') return lexReference(at, rest, spaced)
  return lexWord(source, at, rest, spaced)
}

type Lexed = { readonly token: Token; readonly length: number }

function lexNumber(source: Source, at: number, written: string, spaced: boolean): Lexed {
  const after = source.text.charAt(at + written.length)
  const sign = written.startsWith('-') ? -1 : 1
  const digits = written.replace(/^[+-]/, '').replaceAll('_', '')
  const isOctal = /^0\d+$/.test(digits)
  const value = sign * Number(isOctal ? `0o${digits.slice(1)}` : digits)
  if (!Number.isFinite(value) || /[\p{L}\p{Nd}_.]/u.test(after)) {
    throw problemAt(source, at, `bad number syntax: ${written}${after}`)
  }
  return { token: { kind: 'constant', value, at, spaced }, length: written.length }
}

/** `.`, `.name`, `$` or `$name`. */
function lexReference(at: number, rest: string, spaced: boolean): Lexed {
  const name = NAME.exec(rest.slice(1))?.[0] ?? ''
  const length = 1 + name.length
  if (rest.startsWith('$')) return { token: { kind: 'variable', name: `$${name}`, at, spaced }, length }
  if (name === '') return { token: { kind: 'dot', at, spaced }, length }
  return { token: { kind: 'field', name, at, spaced }, length }
}

function lexWord(source: Source, at: number, rest: string, spaced: boolean): Lexed {
  const name = NAME.exec(rest)?.[0]
  if (name === undefined)
    throw problemAt(source, at, `unexpected ${JSON.stringify(Array.from(rest.slice(0, 2))[0])} in an action`)
  const length = name.length
  if (name === 'nil') return { token: { kind: 'nil', at, spaced }, length }
  if (name === 'true' || name === 'false') {
    return { token: { kind: 'constant', value: name === 'true', at, spaced }, length }
  }
  return { token: { kind: KEYWORDS.has(name) ? 'keyword' : 'identifier', name, at, spaced }, length }
}

/** The three ways in which Go quotes: a string with escapes, a raw string, a character that stands for its number. */
function lexQuoted(source: Source, at: number, spaced: boolean): Lexed {
  const quote = source.text.charAt(at)
  const end = endOfQuoted(source, at, quote)
  const inside = source.text.slice(at + 1, end)
  const length = end + 1 - at
  if (quote === '`') return { token: { kind: 'constant', value: inside.replaceAll('\r', ''), at, spaced }, length }
  const value = unescape(source, at, inside, quote)
  if (quote === '"') return { token: { kind: 'constant', value, at, spaced }, length }
  const character = Array.from(value)
  if (character.length !== 1) throw problemAt(source, at, 'a character constant must hold one character')
  return { token: { kind: 'constant', value: value.codePointAt(0) ?? 0, at, spaced }, length }
}

function endOfQuoted(source: Source, at: number, quote: string): number {
  const { text } = source
  for (let i = at + 1; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === quote) return i
    if (quote === '`') continue
    if (character === '\n') break
    if (character === '\\') i++
  }
  throw problemAt(source, at, quote === "'" ? 'unterminated character constant' : 'unterminated quoted string')
}

const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))/gs
const SINGLE: { readonly [letter: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

function unescape(source: Source, at: number, inside: string, quote: string): string {
  return inside.replaceAll(
    ESCAPE,
    (written: string, letter?: string, hex?: string, short?: string, long?: string, octal?: string) => {
      const isOther = letter === "'" || letter === '"'
      if (isOther && letter === quote) return letter
      if (letter !== undefined && !isOther) return SINGLE[letter] ?? ''
      const digits = hex ?? short ?? long
      const code =
        digits === undefined ? (octal === undefined ? -1 : Number.parseInt(octal, 8)) : Number.parseInt(digits, 16)
      if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        throw problemAt(source, at, `invalid escape ${written} in a string`)
      }
      return String.fromCodePoint(code)
    },
  )
}
