import { sizeOf } from './define-function.ts'
import { type Budget, Refusal } from './limits.ts'
import {
  isDict,
  isList,
  isNothing,
  kindOf,
  memberOf,
  runes,
  show,
  showNumber,
  sortedKeys,
  type Value,
} from './values.ts'

const DIRECTIVE = /%([+\-# 0]*)(\d+)?(?:\.(\d*))?(.?)/gsu
const WIDEST = 1000

/** `fmt.Sprintf`, without explicit argument indexes and `*`. */
export function sprintf(budget: Budget, format: string, values: readonly Value[]): string {
  budget.claim(sizeOf(budget, values))
  let used = 0
  let length = 0
  const text = format.replace(
    DIRECTIVE,
    (written: string, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      const wide = Number(width ?? 0)
      if (wide > WIDEST || Number(precision ?? 0) > WIDEST) throw new Refusal(`printf: ${written} is too wide`)
      if (verb === '%') return '%'
      if (verb === '') return '%!(NOVERB)'
      if (used >= values.length) return `%!${verb}(MISSING)`
      const value = values[used++]
      const body = directive(
        budget,
        { flags, verb, precision: precision === undefined ? null : Number(precision) },
        value,
      )
      length += Math.max(body.length, wide)
      budget.claim(length)
      return pad(body, flags, wide, verb)
    },
  )
  const rest = values.slice(used).map((value) => `${typeName(value)}=${show(value)}`)
  const whole = rest.length === 0 ? text : `${text}%!(EXTRA ${rest.join(', ')})`
  budget.claim(whole.length)
  return whole
}

type Directive = { readonly flags: string; readonly verb: string; readonly precision: number | null }

function pad(body: string, flags: string, width: number, verb: string): string {
  const missing = width - runes(body).length
  if (missing <= 0) return body
  if (flags.includes('-')) return body + ' '.repeat(missing)
  if (!flags.includes('0') || verb === 'q') return ' '.repeat(missing) + body
  const sign = /^[+-]/.exec(body)?.[0] ?? ''
  return sign + '0'.repeat(missing) + body.slice(sign.length)
}

function directive(budget: Budget, of: Directive, value: Value): string {
  const { verb } = of
  if (verb === 'v') return of.flags.includes('#') ? goSyntax(value) : verbV(of, value)
  if (verb === 'T') return typeName(value)
  if (isNothing(value)) return `%!${verb}(<nil>)`
  if (isList(value) || isDict(value)) return composite(budget, of, value)
  if (typeof value === 'string') return ofString(of, value)
  if (typeof value === 'number') return ofNumber(of, value)
  return verb === 't' ? String(value) : bad(of, value)
}

function verbV(of: Directive, value: Value): string {
  if (typeof value === 'string') return ofString({ ...of, verb: 's' }, value)
  return typeof value === 'number' && of.flags.includes('+') && value >= 0 ? `+${showNumber(value)}` : show(value)
}

function composite(budget: Budget, of: Directive, value: Value): string {
  budget.spend(64)
  const inside = (item: Value) => directive(budget, of, item)
  if (isList(value)) return `[${value.map(inside).join(' ')}]`
  if (!isDict(value)) return ''
  const parts = sortedKeys(value).map((key) => `${ofString({ ...of }, key)}:${inside(memberOf(value, key))}`)
  return `map[${parts.join(' ')}]`
}

function ofString(of: Directive, value: string): string {
  const cut = of.precision === null ? value : runes(value).slice(0, of.precision).join('')
  switch (of.verb) {
    case 's':
      return cut
    case 'q':
      return quote(cut)
    case 'x':
      return Buffer.from(cut).toString('hex')
    case 'X':
      return Buffer.from(cut).toString('hex').toUpperCase()
    default:
      return bad(of, value)
  }
}

function ofNumber(of: Directive, value: number): string {
  const text = numberText(of, value)
  if (text === null) return bad(of, value)
  if (value < 0) return text
  return of.flags.includes('+') ? `+${text}` : of.flags.includes(' ') ? ` ${text}` : text
}

function numberText({ verb, precision, flags }: Directive, value: number): string | null {
  const isWhole = Number.isInteger(value)
  const digits = Math.min(precision ?? 6, 100)
  switch (verb) {
    case 'd':
      return isWhole ? BigInt(value).toString() : null
    case 'f':
    case 'F':
      return value.toFixed(digits)
    case 'e':
    case 'E': {
      const text = value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
      return verb === 'E' ? text.toUpperCase() : text
    }
    case 'g':
    case 'G':
      return precision === null ? showNumber(value) : showNumber(Number(value.toPrecision(Math.max(1, digits))))
    case 'x':
      return isWhole ? (flags.includes('#') ? '0x' : '') + BigInt(value).toString(16) : null
    case 'X':
      return isWhole ? (flags.includes('#') ? '0X' : '') + BigInt(value).toString(16).toUpperCase() : null
    case 'o':
      return isWhole ? BigInt(value).toString(8) : null
    case 'b':
      return isWhole ? BigInt(value).toString(2) : null
    case 'c':
      return character(value)
    case 'q':
      return quote(character(value), "'")
    case 'U':
      return isWhole && value >= 0 ? `U+${value.toString(16).toUpperCase().padStart(4, '0')}` : null
    default:
      return null
  }
}

const character = (value: number) =>
  Number.isInteger(value) && value >= 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)
    ? String.fromCodePoint(value)
    : '\ufffd'

const bad = ({ verb }: Directive, value: Value) => `%!${verb}(${typeName(value)}=${show(value)})`

function typeName(value: Value): string {
  const kind = kindOf(value)
  if (kind === 'slice') return '[]interface {}'
  if (kind === 'map') return 'map[string]interface {}'
  return kind === 'invalid' ? '<nil>' : kind
}

function goSyntax(value: Value): string {
  if (isNothing(value)) return '<nil>'
  if (typeof value === 'string') return quote(value)
  if (isList(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (!isDict(value)) return show(value)
  const parts = sortedKeys(value).map((key) => `${quote(key)}:${goSyntax(memberOf(value, key))}`)
  return `map[string]interface {}{${parts.join(', ')}}`
}

const ESCAPES: { readonly [character: string]: string } = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** A text in quotes, as `strconv.Quote` writes it. */
export function quote(text: string, mark = '"'): string {
  const inside = runes(text).map((character) => {
    if (character === mark) return `\\${mark}`
    const known = ESCAPES[character]
    if (known !== undefined) return known
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) return character
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return mark + inside.join('') + mark
}
