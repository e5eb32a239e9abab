import type { Json } from '../../runtime/values.ts'

const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
])
const notNumbers: ReadonlyMap<string, string> = new Map([
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, 'NaN'] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, '+Inf'] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, '-Inf'] as const),
])
const float = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/

/** What a scalar without quotes means (YAML 1.1, as Go's parser has it), or what is wrong with it. */
export function resolvePlain(text: string): { readonly value: Json } | { readonly problem: string } {
  const word = words.get(text)
  if (word !== undefined) return { value: word }
  const infinite = notNumbers.get(text)
  if (infinite !== undefined) return { problem: `json: unsupported value: ${infinite}` }
  const plain = text.replaceAll('_', '')
  return { value: /^[-+.0-9]/.test(text) ? (integer(plain) ?? decimal(plain) ?? text) : text }
}

function integer(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? []
  const based = digits.replace(/^0([0-7]+)$/, '0o$1')
  if (!/^(?:0|[1-9][0-9]*|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.test(based)) return undefined
  const value = Number(BigInt(based))
  return sign === '-' ? -value : value
}

function decimal(text: string): number | undefined {
  return float.test(text) ? Number(text) : undefined
}

/** A scalar with a tag that says what it is. */
export function resolveTagged(tag: string, text: string): { readonly value: Json } | { readonly problem: string } {
  if (tag === '!!str' || tag === '!' || tag === '!!binary') return { value: text }
  const plain = resolvePlain(text)
  if (tag === '!!int' && 'value' in plain && typeof plain.value !== 'number')
    return { problem: `yaml: cannot decode !!str \`${text}\` as a !!int` }
  return tag.startsWith('!!') ? plain : { value: text }
}

/** The text of a key, as JSON must have it. */
export function keyText(key: Json): string | undefined {
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'boolean') return String(key)
  return undefined
}

const escapes: Record<string, string> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\u001b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '/': '/',
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
}
const digitsOf: Record<string, number> = { x: 2, u: 4, U: 8 }

/** An escape in double quotes, without its backslash: what it means, and how long it is. */
export function readEscape(text: string, at: number): { readonly text: string; readonly length: number } | undefined {
  const code = text.charAt(at)
  const plain = escapes[code]
  if (plain !== undefined) return { text: plain, length: 1 }
  const count = digitsOf[code]
  if (count === undefined) return undefined
  const digits = text.slice(at + 1, at + 1 + count)
  const point = /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : Infinity
  if (digits.length !== count || point > 0x10ffff) return undefined
  return { text: String.fromCodePoint(point).toWellFormed(), length: 1 + count }
}

/** Line breaks in a scalar: one is a space, more are one less. */
export function foldLines(lines: readonly string[]): string {
  let text = lines[0] ?? ''
  let breaks = 0
  for (const line of lines.slice(1)) {
    breaks++
    if (line === '') continue
    text += (breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)) + line
    breaks = 0
  }
  return breaks > 1 ? text + '\n'.repeat(breaks - 1) : text
}
