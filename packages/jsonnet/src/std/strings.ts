import { allocate, fail, force, type Machine, type Routine, step, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { asArray, asInt, asNumber, asString, plus } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { characters, lengthOf, sliceText } from '../runtime/text.ts'
import { textOf, array, type Fn, type Lazy, typeOf, type Value } from '../runtime/values.ts'
import { isMember } from './arrays.ts'
import { charOf } from './char.ts'
import { builtin, builtinRoutine, type Chapter, library, libraryRoutine } from './define.ts'
import { elementCopied, later } from './elements.ts'
import { format } from './format.ts'
import { deepJoin, join } from './join.ts'
import { sequence } from './sequence.ts'
import { lengthValue } from './types.ts'

/** Texts. */
export const strings: Chapter = {
  codepoint: builtin(['str'], (m, [str], at) => {
    const text = asString(m, str, at)
    const length = lengthOf(text)
    if (length !== 1) fail(m, `codepoint takes a string of length 1, got length ${length}`, at)
    return text.codePointAt(0) ?? 0
  }),
  char: builtin(['n'], (m, [n], at) => charOf(m, asNumber(m, n, at), at)),
  substr: builtin(['str', 'from', 'len'], (m, [str, from, len], at) => substr(m, [str, from, len], at)),
  startsWith: library(['a', 'b'], (m, [a, b], at) => affix(m, a, b, at, (text, part) => text.startsWith(part))),
  endsWith: library(['a', 'b'], (m, [a, b], at) => affix(m, a, b, at, (text, part) => text.endsWith(part))),
  stringChars: library(['str'], (m, [str], at) => {
    const items = sequence(m, str, at)
    allocate(m, items.length * 16)
    return array(items.map((item) => elementCopied(item, at)))
  }),
  split: library(['str', 'c'], (m, [str, c], at) => {
    const text = textParam(m, str, 'std.split first parameter must be a String', at)
    const separator = textParam(m, c, 'std.split second parameter must be a String', at)
    if (separator === '') fail(m, 'std.split second parameter must have length 1 or greater, got 0', at)
    return list(m, text.split(separator))
  }),
  splitLimit: builtin(['str', 'c', 'maxsplits'], (m, [str, c, most], at) => {
    const { text, separator, limit } = splitting(m, [str, c, most], 'std.splitLimit', at)
    return list(m, splitFirst(text, separator, limit))
  }),
  splitLimitR: builtin(['str', 'c', 'maxsplits'], (m, [str, c, most], at) => {
    const { text, separator, limit } = splitting(m, [str, c, most], 'std.splitLimitR', at)
    return list(m, splitLast(text, separator, limit))
  }),
  strReplace: builtin(['str', 'from', 'to'], (m, [str, from, to], at) => {
    const [text, old, fresh] = [asString(m, str, at), asString(m, from, at), asString(m, to, at)]
    if (old === '') fail(m, "'from' string must not be zero length.", at)
    return replaceAll(m, text, old, fresh)
  }),
  asciiUpper: libraryRoutine(['str'], function* (m, [str], at) {
    return (yield* spelled(m, str, at)).replace(/[a-z]+/g, (run) => run.toUpperCase())
  }),
  asciiLower: libraryRoutine(['str'], function* (m, [str], at) {
    return (yield* spelled(m, str, at)).replace(/[A-Z]+/g, (run) => run.toLowerCase())
  }),
  isEmpty: builtin(['str'], (m, [str], at) => asString(m, str, at) === ''),
  trim: builtin(['str'], (m, [str], at) => asString(m, str, at).replace(edges, '')),
  lstripChars: stripping({ left: true, right: false }),
  rstripChars: stripping({ left: false, right: true }),
  stripChars: stripping({ left: true, right: true }),
  equalsIgnoreCase: builtin(['str1', 'str2'], (m, [a, b], at) => isSameFolded(asString(m, a, at), asString(m, b, at))),
  findSubstr: library(['pat', 'str'], (m, [pat, str], at) => {
    const part = textParam(m, pat, 'findSubstr first parameter should be a string', at)
    const text = textParam(m, str, 'findSubstr second parameter should be a string', at)
    return array(part === '' ? [] : occurrences(m, text, part))
  }),
  parseInt: builtin(['str'], (m, [str], at) => {
    const text = asString(m, str, at)
    const isInteger = /^[+-]?[0-9]+$/.test(text)
    const value = isInteger ? BigInt(text.replace(/^\+/, '')) : undefined
    if (value === undefined || BigInt.asIntN(64, value) !== value)
      return fail(m, `${text} is not a base 10 integer`, at)
    return Number(value)
  }),
  parseOctal: library(['str'], (m, [str], at) => {
    const text = textParam(m, str, 'Expected string', at)
    return text === '' ? fail(m, 'Not an octal number: ""', at) : parseNatural(m, text, 8, at)
  }),
  parseHex: library(['str'], (m, [str], at) => {
    const text = textParam(m, str, 'Expected string', at)
    return text === '' ? fail(m, 'Not hexadecimal: ""', at) : parseNatural(m, text, 16, at)
  }),
  format: libraryRoutine(['str', 'vals'], function* (m, [str, vals], at) {
    return format(m, yield* template(m, str, at), vals, at) ?? (yield)
  }),
  lines: libraryRoutine(['arr'], function* (m, [arr], at) {
    const ended = plus(m, arr, array(['']), at) ?? (yield)
    return yield* join(m, '\n', asArray(m, ended, at), at)
  }),
  deepJoin: libraryRoutine(['arr'], (m, [arr], at) => deepJoin(m, arr, at)),
  resolvePath: library(['f', 'r'], (m, [f, r], at) => {
    const parts = textParam(m, f, 'std.split first parameter must be a String', at).split('/')
    return [...parts.slice(0, -1), asString(m, r, at)].join('/')
  }),
  escapeStringJson: escaping(['str_'], false, quote),
  escapeStringPython: escaping(['str'], true, quote),
  escapeStringBash: escaping(['str_'], true, (text) => `'${text.replaceAll("'", `'"'"'`)}'`),
  escapeStringDollars: escaping(['str_'], true, (text) => text.replaceAll('$', '$$$$')),
  escapeStringXML: escaping(['str_'], true, (text) => text.replace(/[<>&"']/g, (char) => xml[char] ?? char)),
}

const xml: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' }
/** Go's white space at both ends. */
const edges =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g
function textParam(m: Machine, value: Value, message: string, at: Trace): string {
  return typeof value === 'string' ? value : fail(m, `${message}, got ${typeOf(value)}`, at)
}

/** A template that is a list counts as its elements, written one behind the other. */
function* template(m: Machine, value: Value, at: Trace): Routine<string> {
  if (typeof value === 'string') return value
  let text = ''
  for (const item of sequence(m, value, at)) text += textOf(toText(m, force(m, item, at) ?? (yield), at) ?? (yield))
  return text
}

/** A text, or what is made of its characters where a value only looks like one. */
function* spelled(m: Machine, value: Value, at: Trace): Routine<string> {
  if (typeof value === 'string') return value
  let text = ''
  for (const item of sequence(m, value, at)) {
    const char = force(m, elementCopied(elementCopied(item, at), at), at) ?? (yield)
    if (typeof char !== 'string') void (force(m, elementCopied(refused(char, at), at), at) ?? (yield))
    text += textOf(char)
  }
  return text
}

/** An element that is no character, and says so when it is wanted. */
function refused(value: Value, at: Trace): Lazy {
  return later((m) => asString(m, value, at))
}

function list(m: Machine, parts: readonly string[]): Value {
  allocate(m, parts.reduce((sum, part) => sum + part.length, 0) + parts.length * 8)
  return array(parts)
}

function substr(m: Machine, [str, from, len]: readonly [Value, Value, Value], at: Trace): string {
  const text = textParam(m, str, 'substr first parameter should be a string', at)
  if (typeof from !== 'number') return fail(m, `substr second parameter should be a number, got ${typeOf(from)}`, at)
  if (from % 1 !== 0) fail(m, `substr second parameter should be an integer, got ${from.toFixed(6)}`, at)
  if (from < 0) fail(m, `substr second parameter should be greater than zero, got ${from.toFixed(6)}`, at)
  if (typeof len !== 'number') return fail(m, `substr third parameter should be a number, got ${typeOf(len)}`, at)
  if ((len | 0) !== len) fail(m, `substr third parameter should be an integer, got ${len.toFixed(6)}`, at)
  if (len < 0) fail(m, `substr third parameter should be greater than zero, got ${len}`, at)
  return sliceText(text, from, from + len)
}

type Test = (text: string, part: string) => boolean

function affix(m: Machine, whole: Value, part: Value, at: Trace, test: Test): boolean {
  if (typeof whole === 'string' && typeof part === 'string') return test(whole, part)
  if (lengthValue(m, whole, at) < lengthValue(m, part, at)) return false
  if (typeof whole === 'string') return false
  return fail(m, `substr first parameter should be a string, got ${typeOf(whole)}`, at)
}

type Splitting = { readonly text: string; readonly separator: string; readonly limit: number }

function splitting(m: Machine, [str, c, most]: readonly [Value, Value, Value], name: string, at: Trace): Splitting {
  const [text, separator, limit] = [asString(m, str, at), asString(m, c, at), asInt(m, most, at)]
  if (limit < -1) fail(m, `${name} third parameter should be -1 or non-negative, got ${limit}`, at)
  if (separator === '') fail(m, `${name} second parameter should have length 1 or greater, got 0`, at)
  return { text, separator, limit }
}

function splitFirst(text: string, separator: string, limit: number): string[] {
  if (limit < 0) return text.split(separator)
  const parts: string[] = []
  let rest = text
  for (let at = rest.indexOf(separator); at >= 0 && parts.length < limit; at = rest.indexOf(separator)) {
    parts.push(rest.slice(0, at))
    rest = rest.slice(at + separator.length)
  }
  return [...parts, rest]
}

function splitLast(text: string, separator: string, limit: number): string[] {
  // As many as there are from the left, but cut from the right.
  const count = text.split(separator).length - 1
  const parts: string[] = []
  let rest = text
  for (let left = limit < 0 ? count : Math.min(count, limit); left > 0; left--) {
    const at = rest.lastIndexOf(separator)
    parts.unshift(rest.slice(at + separator.length))
    rest = rest.slice(0, at)
  }
  return [rest, ...parts]
}

function replaceAll(m: Machine, text: string, old: string, fresh: string): string {
  const parts = text.split(old)
  allocate(m, text.length + (parts.length - 1) * fresh.length)
  return parts.join(fresh)
}

type Sides = { readonly left: boolean; readonly right: boolean }

function stripping({ left, right }: Sides): Fn {
  return builtinRoutine(['str', 'chars'], function* (m, [str, unwanted], at) {
    if (typeof str !== 'string') return fail(m, `Unexpected type ${typeOf(str)}, expected string`, at)
    const all = characters(str)
    let [from, to] = [0, all.length]
    if (left) while (from < to && (yield* isMember(m, unwanted, all[from] ?? '', at))) from++
    if (right) while (from < to && (yield* isMember(m, unwanted, all[to - 1] ?? '', at))) to--
    return all.slice(from, to).join('')
  })
}

/** Equality under Unicode's simple case folding. */
function isSameFolded(a: string, b: string): boolean {
  const [left, right] = [characters(a), characters(b)]
  return left.length === right.length && left.every((char, i) => isSameChar(char, right[i] ?? ''))
}

function isSameChar(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase() || a.toUpperCase() === b.toUpperCase()
}

/** Where a text contains another, in code points; occurrences may overlap. */
function occurrences(m: Machine, text: string, part: string): number[] {
  const found: number[] = []
  let [units, points] = [0, 0]
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    points += lengthOf(text.slice(units, at))
    units = at
    step(m)
    found.push(points)
  }
  allocate(m, found.length * 8)
  return found
}

function parseNatural(m: Machine, text: string, base: number, at: Trace): number {
  let value = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    const digit = code >= 97 ? code - 87 : code >= 65 ? code - 55 : code - 48
    if (digit < 0 || digit >= base) fail(m, `${text} is not a base ${base} integer`, at)
    value = base * value + digit
  }
  return Number.isFinite(value) ? value : fail(m, 'Overflow', at)
}

function escaping(params: readonly string[], framed: boolean, escape: (text: string) => string): Fn {
  const body = function* (m: Machine, [str]: readonly Value[], at: Trace): Routine {
    const text = textOf(toText(m, str ?? '', at) ?? (yield))
    const escaped = escape(text)
    allocate(m, escaped.length)
    return escaped
  }
  return framed ? libraryRoutine(params, body) : builtinRoutine(params, body)
}
