import { type Site, staticError } from './errors.ts'

export type TokenKind = 'id' | 'keyword' | 'number' | 'string' | 'block' | 'op' | 'mark' | 'end'
export type Token = { kind: TokenKind; text: string; site: Site }

const keywords = new Set(
  'assert else error false for function if import importstr importbin in local null self super tailstrict then true'.split(
    ' ',
  ),
)
const blank = /[ \t\r\n]+/y
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y
const numeral = /(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const symbols = /[!$:~+\-&|^=<>*/%]+/y

/** Cuts source text into tokens; the last one is always `end`. */
export function lex(source: string, file: string): Token[] {
  const tokens: Token[] = []
  const starts = lineStarts(source)
  let line = 0
  const siteAt = (from: number, to: number): Site => {
    while ((starts[line + 1] ?? Infinity) <= from) line++
    while ((starts[line] ?? 0) > from) line--
    let endLine = line
    while ((starts[endLine + 1] ?? Infinity) <= to) endLine++
    return {
      file,
      line: line + 1,
      column: from - (starts[line] ?? 0) + 1,
      endLine: endLine + 1,
      endColumn: to - (starts[endLine] ?? 0) + 1,
      context: '',
    }
  }
  const match = (pattern: RegExp, at: number): string => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0] ?? ''
  }
  let at = 0
  const push = (kind: TokenKind, text: string, end: number): void => {
    tokens.push({ kind, text, site: siteAt(at, end) })
    at = end
  }
  for (;;) {
    at += match(blank, at).length
    if (at >= source.length) break
    const fail = (message: string, where = at): never => {
      throw staticError(message, siteAt(where, where))
    }
    const c = source.charAt(at)
    if (c === '#' || source.startsWith('//', at)) {
      const end = source.indexOf('\n', at)
      at = end < 0 ? source.length : end
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2)
      if (end < 0) fail('Multi-line comment has no terminating */')
      at = end + 2
    } else if ('{}[],.();'.includes(c)) push('mark', c, at + 1)
    else if (c >= '0' && c <= '9') {
      const text = match(numeral, at)
      const end = at + text.length
      const junk = quoted(source, end + 1)
      if (source.charAt(end) === '.' && !/[.eE]/.test(text))
        fail(`Couldn't lex number, junk after decimal point: ${junk}`, end + 1)
      if (/[eE]/.test(source.charAt(end)) && !/[eE]/.test(text)) {
        const signed = /[+-]/.test(source.charAt(end + 1))
        fail(
          signed
            ? `Couldn't lex number, junk after exponent sign: ${quoted(source, end + 2)}`
            : `Couldn't lex number, junk after 'E': ${junk}`,
          signed ? end + 2 : end + 1,
        )
      }
      push('number', text, end)
    } else if (c === '"' || c === "'") {
      let end = at + 1
      while (end < source.length && source.charAt(end) !== c) end += source.charAt(end) === '\\' ? 2 : 1
      if (end >= source.length) fail('Unterminated String')
      push('string', unescapeString(source.slice(at + 1, end), siteAt(at, end + 1)), end + 1)
    } else if (c === '@') {
      const quote = source.charAt(at + 1)
      if (quote !== '"' && quote !== "'")
        fail(`Couldn't lex verbatim string, junk after '@': ${source.codePointAt(at + 1) ?? -1}`)
      let end = at + 2
      let text = ''
      for (;;) {
        const close = source.indexOf(quote, end)
        if (close < 0) fail('Unterminated String')
        text += source.slice(end, close)
        end = close + 1
        if (source.charAt(end) !== quote) break
        text += quote
        end++
      }
      push('string', text, end)
    } else if (source.startsWith('|||', at)) {
      const { text, end } = textBlock(source, at, fail)
      push('block', text, end)
    } else if (/[A-Za-z_]/.test(c)) {
      const text = match(identifier, at)
      push(keywords.has(text) ? 'keyword' : 'id', text, at + text.length)
    } else {
      let text = match(symbols, at)
      if (text === '') fail(`Could not lex the character ${quoted(source, at)}`)
      for (const stop of ['//', '/*', '|||']) {
        const cut = text.indexOf(stop === '/*' ? '/' : stop, 1)
        if (cut > 0 && source.startsWith(stop, at + cut)) text = text.slice(0, cut)
      }
      while (text.length > 1 && /[+\-~!$]$/.test(text)) text = text.slice(0, -1)
      push(text === '$' ? 'mark' : 'op', text, at + text.length)
    }
  }
  push('end', '', at)
  return tokens
}

function lineStarts(source: string): number[] {
  const starts = [0]
  for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) starts.push(i + 1)
  return starts
}

function quoted(source: string, at: number): string {
  const code = source.codePointAt(at)
  if (code === undefined) return `'\\ufffd'`
  if (code >= 32 && code < 127) return `'${String.fromCodePoint(code)}'`
  return code > 0xffff ? `'\\U${code.toString(16).padStart(8, '0')}'` : `'\\u${code.toString(16).padStart(4, '0')}'`
}

function textBlock(source: string, start: number, fail: (message: string) => never): { text: string; end: number } {
  let at = start + 3
  const chomp = source.charAt(at) === '-'
  if (chomp) at++
  while (' \t\r'.includes(source.charAt(at)) && at < source.length) at++
  if (source.charAt(at) !== '\n') fail('Text block requires new line after |||.')
  at++
  let text = ''
  const skipBlankLines = (): void => {
    for (; source.charAt(at) === '\n'; at++) text += '\n'
  }
  skipBlankLines()
  const indent = /[ \t]*/y
  indent.lastIndex = at
  const margin = indent.exec(source)?.[0] ?? ''
  if (margin === '') fail("Text block's first line must start with whitespace")
  while (source.startsWith(margin, at)) {
    const end = source.indexOf('\n', at)
    if (end < 0) fail('Unexpected EOF')
    text += source.slice(at + margin.length, end + 1)
    at = end + 1
    skipBlankLines()
  }
  while (at < source.length && ' \t'.includes(source.charAt(at))) at++
  if (!source.startsWith('|||', at)) fail('Text block not terminated with |||')
  return { text: chomp ? text.slice(0, -1) : text, end: at + 3 }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function unescapeString(text: string, site: Site): string {
  if (!text.includes('\\')) return text
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c !== '\\') {
      out += c
      continue
    }
    i++
    const e = text.charAt(i)
    if (e === 'u') {
      const hex = text.slice(i + 1, i + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw staticError(`Unicode escape sequence was malformed: ${hex}`, site)
      out += String.fromCharCode(Number.parseInt(hex, 16))
      i += 4
    } else {
      const plain = Object.hasOwn(escapes, e) ? escapes[e] : undefined
      if (plain === undefined) throw staticError(`Unknown escape sequence in string literal: \\${e}`, site)
      out += plain
    }
  }
  return out.toWellFormed()
}
