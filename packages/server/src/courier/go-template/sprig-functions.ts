import { createHash } from 'node:crypto'
import { fn, type GoFunction, MANY, shown, sizeOf, toInt } from './define-function.ts'
import { quote } from './format.ts'
import { type Budget, Refusal } from './limits.ts'
import { REGEX } from './regex-functions.ts'
import {
  type Dict,
  dictOf,
  isDict,
  isList,
  isNothing,
  isSame,
  isTrue,
  kindOf,
  memberOf,
  runes,
  sortedKeys,
  type Value,
} from './values.ts'

type Functions = { readonly [name: string]: GoFunction }

/** A text made of one text, no longer than `factor` times that, and a little. */
const mapped = (factor: number, change: (text: string) => string) =>
  fn(1, 1, ({ text }, budget) => {
    const given = text(0)
    budget.claim(given.length * factor)
    return change(given)
  })

const joined = (budget: Budget, parts: readonly string[], separator: string) => {
  budget.claim(parts.reduce((sum, part) => sum + part.length + separator.length, 0))
  return parts.join(separator)
}

const lines = (budget: Budget, text: string, before: string) => joined(budget, text.split('\n'), `\n${before}`)

const indented = (budget: Budget, count: number, text: string) => {
  const blanks = repeated(budget, ' ', count)
  return blanks + lines(budget, text, blanks)
}

function repeated(budget: Budget, text: string, count: number): string {
  if (count < 0) throw new Refusal('a negative number of repetitions')
  budget.claim(text.length * count)
  return text.repeat(count)
}

function replaced(budget: Budget, text: string, old: string, by: string): string {
  const pieces = old === '' ? runes(text).length + 2 : text.split(old).length
  budget.claim(text.length + pieces * by.length)
  return text.replaceAll(old, () => by)
}

const cutset = (text: string, cut: string) => {
  const characters = runes(text)
  const inCut = new Set(cut)
  let [from, to] = [0, characters.length]
  while (from < to && inCut.has(characters[from] ?? '')) from++
  while (to > from && inCut.has(characters[to - 1] ?? '')) to--
  return characters.slice(from, to).join('')
}

/** Cut by bytes, as Go does, but never inside a character. */
const bytes = (text: string, from: number, to: number) => Buffer.from(text).subarray(from, to).toString()

function substr(start: number, end: number, text: string): string {
  const length = Buffer.byteLength(text)
  if (start < 0) return bytes(text, 0, Math.max(0, end))
  return end < 0 || end > length ? bytes(text, start, length) : bytes(text, start, end)
}

const trunc = (count: number, text: string) => {
  const length = Buffer.byteLength(text)
  if (count < 0 && length + count > 0) return bytes(text, length + count, length)
  return count >= 0 && length > count ? bytes(text, 0, count) : text
}

const words = (text: string) =>
  text
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .split(/[\s_\-.]+/u)
    .filter((word) => word !== '')

const capital = (text: string) => text.replace(/^./u, (letter) => letter.toUpperCase())

const STRINGS: Functions = {
  trim: mapped(1, (text) => text.trim()),
  trimAll: fn(2, 2, ({ text }) => cutset(text(1), text(0))),
  trimPrefix: fn(2, 2, ({ text }) => (text(1).startsWith(text(0)) ? text(1).slice(text(0).length) : text(1))),
  trimSuffix: fn(2, 2, ({ text }) =>
    text(1).endsWith(text(0)) ? text(1).slice(0, text(1).length - text(0).length) : text(1),
  ),
  upper: mapped(3, (text) => text.toUpperCase()),
  lower: mapped(3, (text) => text.toLowerCase()),
  title: mapped(3, (text) =>
    text.replace(/(^|[^\p{L}\p{N}_'’])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  ),
  untitle: mapped(3, (text) =>
    text.replace(/(^|\s)(\S)/gu, (_, before: string, letter: string) => before + letter.toLowerCase()),
  ),
  swapcase: mapped(3, (text) =>
    runes(text)
      .map((letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()))
      .join(''),
  ),
  nospace: mapped(1, (text) => text.replace(/\s/gu, '')),
  initials: mapped(1, (text) =>
    text
      .split(/\s+/u)
      .map((word) => runes(word)[0] ?? '')
      .join(''),
  ),
  snakecase: mapped(2, (text) => words(text).join('_').toLowerCase()),
  kebabcase: mapped(2, (text) => words(text).join('-').toLowerCase()),
  camelcase: mapped(2, (text) =>
    words(text)
      .map((word) => capital(word.toLowerCase()))
      .join(''),
  ),
  repeat: fn(2, 2, ({ int, text }, budget) => repeated(budget, text(1), int(0))),
  substr: fn(3, 3, ({ int, text }) => substr(int(0), int(1), text(2))),
  trunc: fn(2, 2, ({ int, text }) => trunc(int(0), text(1))),
  abbrev: fn(2, 2, ({ int, text }) => {
    const [width, given] = [int(0), text(1)]
    return width < 4 || given.length <= width ? given : `${given.slice(0, width - 3)}...`
  }),
  contains: fn(2, 2, ({ text }) => text(1).includes(text(0))),
  hasPrefix: fn(2, 2, ({ text }) => text(1).startsWith(text(0))),
  hasSuffix: fn(2, 2, ({ text }) => text(1).endsWith(text(0))),
  replace: fn(3, 3, ({ text }, budget) => replaced(budget, text(2), text(0), text(1))),
  indent: fn(2, 2, ({ int, text }, budget) => indented(budget, int(0), text(1))),
  nindent: fn(2, 2, ({ int, text }, budget) => `\n${indented(budget, int(0), text(1))}`),
  plural: fn(3, 3, ({ text, int }) => (int(2) === 1 ? text(0) : text(1))),
  quote: fn(0, MANY, ({ all }, budget) =>
    joined(
      budget,
      all.filter((value) => !isNothing(value)).map((value) => quote(shown(budget, value))),
      ' ',
    ),
  ),
  squote: fn(0, MANY, ({ all }, budget) =>
    joined(
      budget,
      all.filter((value) => !isNothing(value)).map((value) => `'${shown(budget, value)}'`),
      ' ',
    ),
  ),
  cat: fn(0, MANY, ({ all }, budget) =>
    joined(
      budget,
      all.filter((value) => !isNothing(value)).map((value) => shown(budget, value)),
      ' ',
    ),
  ),
  wrap: fn(2, 2, ({ int, text }, budget) => wrapped(budget, text(1), int(0), '\n', false)),
  wrapWith: fn(3, 3, ({ int, text }, budget) => wrapped(budget, text(2), int(0), text(1), true)),
  toString: fn(1, 1, ({ shown }) => shown(0)),
  toStrings: fn(1, 1, ({ any }, budget) => listOf(any(0)).map((value) => shown(budget, value))),
  join: fn(2, 2, ({ text, any }, budget) =>
    joined(
      budget,
      listOf(any(1))
        .filter((value) => !isNothing(value))
        .map((value) => shown(budget, value)),
      text(0),
    ),
  ),
  splitList: fn(2, 2, ({ text }, budget) => split(budget, text(1), text(0))),
  split: fn(2, 2, ({ text }, budget) => numbered(split(budget, text(1), text(0)))),
  splitn: fn(3, 3, ({ text, int }, budget) => {
    const [separator, count] = [text(0), int(1)]
    const parts = split(budget, text(2), separator)
    const rest = count > 0 && parts.length > count ? [parts.slice(count - 1).join(separator)] : null
    return numbered(rest === null ? parts : [...parts.slice(0, count - 1), ...rest])
  }),
  sortAlpha: fn(1, 1, ({ any }, budget) =>
    listOf(any(0))
      .map((value) => shown(budget, value))
      .sort(),
  ),
}

function split(budget: Budget, text: string, separator: string): readonly string[] {
  const parts = separator === '' ? runes(text) : text.split(separator)
  budget.claimItems(parts.length)
  return parts
}

const numbered = (parts: readonly string[]) => dictOf(parts.map((part, at) => [`_${at}`, part]))

function wrapped(budget: Budget, text: string, width: number, end: string, breaks: boolean): string {
  const most = Math.max(1, width)
  const out: string[] = []
  for (const word of text.split(' ')) {
    const pieces =
      breaks && word.length > most ? (word.match(new RegExp(`.{1,${Math.min(most, 10_000)}}`, 'gsu')) ?? []) : [word]
    for (const piece of pieces) {
      const last = out.at(-1)
      if (last !== undefined && last.length + 1 + piece.length <= most) out[out.length - 1] = `${last} ${piece}`
      else out.push(piece)
    }
    budget.spend(most)
  }
  return joined(budget, out, end)
}

const listOf = (value: Value): readonly Value[] => (isList(value) ? value : isNothing(value) ? [] : [value])

const whole = (run: (a: number, b: number) => number) => fn(2, 2, ({ int }) => run(int(0), int(1)))

const divisor = (value: number) => {
  if (value === 0) throw new Refusal('division by zero')
  return value
}

/** As Go rounds: half away from zero. */
function rounded(value: number, places: number): number {
  const power = 10 ** Math.max(0, Math.min(15, places))
  return (Math.sign(value) * Math.round(Math.abs(value) * power)) / power
}

function countUp(budget: Budget, from: number, to: number, step: number): readonly number[] {
  if (step === 0 || (to - from) * step <= 0) return []
  const count = Math.ceil((to - from) / step)
  budget.claimItems(count)
  return Array.from({ length: count }, (_, at) => from + at * step)
}

const MATH: Functions = {
  add: fn(0, MANY, ({ all }) => all.reduce((sum: number, value) => sum + toInt(value), 0)),
  add1: fn(1, 1, ({ int }) => int(0) + 1),
  sub: whole((a, b) => a - b),
  mul: fn(1, MANY, ({ all }) => all.reduce((product: number, value) => product * toInt(value), 1)),
  div: whole((a, b) => Math.trunc(a / divisor(b)) + 0),
  mod: whole((a, b) => (a % divisor(b)) + 0),
  max: fn(1, MANY, ({ all }) => Math.max(...all.slice(0, 1000).map(toInt))),
  min: fn(1, MANY, ({ all }) => Math.min(...all.slice(0, 1000).map(toInt))),
  floor: fn(1, 1, ({ number }) => Math.floor(number(0))),
  ceil: fn(1, 1, ({ number }) => Math.ceil(number(0))),
  round: fn(2, 3, ({ number, int }) => rounded(number(0), int(1))),
  int: fn(1, 1, ({ int }) => int(0)),
  int64: fn(1, 1, ({ int }) => int(0)),
  float64: fn(1, 1, ({ number }) => number(0)),
  atoi: fn(1, 1, ({ text }) => (/^[+-]?\d+$/.test(text(0)) ? toInt(text(0)) : 0)),
  until: fn(1, 1, ({ int }, budget) => countUp(budget, 0, int(0), int(0) < 0 ? -1 : 1)),
  untilStep: fn(3, 3, ({ int }, budget) => countUp(budget, int(0), int(1), int(2))),
}

const DEFAULTS: Functions = {
  default: fn(1, 2, ({ all }) => (isTrue(all[1]) ? all[1] : all[0])),
  empty: fn(1, 1, ({ any }) => !isTrue(any(0))),
  coalesce: fn(0, MANY, ({ all }) => all.find(isTrue)),
  all: fn(0, MANY, ({ all }) => all.every(isTrue)),
  any: fn(0, MANY, ({ all }) => all.some(isTrue)),
  ternary: fn(3, 3, ({ any }) => {
    const test = any(2)
    if (typeof test !== 'boolean') throw new Refusal('argument 3 of ternary must be true or false')
    return test ? any(0) : any(1)
  }),
  fail: fn(1, 1, ({ text }) => {
    throw new Refusal(text(0))
  }),
  kindOf: fn(1, 1, ({ any }) => kindOf(any(0))),
  kindIs: fn(2, 2, ({ text, any }) => kindOf(any(1)) === text(0)),
  typeOf: fn(1, 1, ({ any }) => (isNothing(any(0)) ? '<nil>' : kindOf(any(0)))),
  typeIs: fn(2, 2, ({ text, any }) => kindOf(any(1)) === text(0)),
  deepEqual: fn(2, 2, ({ any }, budget) => {
    budget.spend(sizeOf(budget, any(0)) + sizeOf(budget, any(1)))
    return isSame(any(0), any(1))
  }),
}

/** What may be done with a list may be asked of nothing else; `first`, `last` of an empty one is nothing. */
const LISTS: Functions = {
  list: fn(0, MANY, ({ all }) => all),
  tuple: fn(0, MANY, ({ all }) => all),
  first: fn(1, 1, ({ list }) => list(0)[0]),
  last: fn(1, 1, ({ list }) => list(0).at(-1)),
  rest: fn(1, 1, ({ list }) => list(0).slice(1)),
  initial: fn(1, 1, ({ list }) => list(0).slice(0, -1)),
  append: fn(2, 2, ({ list, any }, budget) => grown(budget, list(0), [any(1)])),
  push: fn(2, 2, ({ list, any }, budget) => grown(budget, list(0), [any(1)])),
  prepend: fn(2, 2, ({ list, any }, budget) => grown(budget, [any(1)], list(0))),
  concat: fn(0, MANY, ({ all, list }, budget) =>
    all.reduce((sum: readonly Value[], _, at) => grown(budget, sum, list(at)), []),
  ),
  reverse: fn(1, 1, ({ list }) => list(0).toReversed()),
  compact: fn(1, 1, ({ list }) => list(0).filter(isTrue)),
  uniq: fn(1, 1, ({ list, any }, budget) => {
    const size = sizeOf(budget, any(0))
    return list(0).filter((value, at, all) => {
      budget.spend(size)
      return all.findIndex((other) => isSame(other, value)) === at
    })
  }),
  without: fn(1, MANY, ({ list, all }, budget) => {
    const size = sizeOf(budget, all)
    return list(0).filter((value) => {
      budget.spend(size)
      return !all.slice(1).some((other) => isSame(other, value))
    })
  }),
  has: fn(2, 2, ({ any, all }, budget) => {
    budget.spend(sizeOf(budget, all))
    return listOf(any(1)).some((value) => isSame(value, any(0)))
  }),
}

function grown(budget: Budget, a: readonly Value[], b: readonly Value[]): readonly Value[] {
  budget.claimItems(a.length + b.length)
  return [...a, ...b]
}

function pairs(budget: Budget, values: readonly Value[]): Dict {
  const keys = values.filter((_, at) => at % 2 === 0)
  budget.claimItems(keys.length)
  return dictOf(keys.map((key, at) => [shown(budget, key), values[at * 2 + 1] ?? '']))
}

function dig(values: readonly Value[]): Value {
  const [dict, otherwise] = [values.at(-1), values.at(-2)]
  if (!isDict(dict)) throw new Refusal('the last argument of dig must be a map')
  let found: Value = dict
  for (const key of values.slice(0, -2)) {
    if (!isDict(found) || typeof key !== 'string' || !Object.hasOwn(found, key)) return otherwise
    found = memberOf(found, key)
  }
  return found
}

const DICTS: Functions = {
  dict: fn(0, MANY, ({ all }, budget) => pairs(budget, all)),
  get: fn(2, 2, ({ dict, text }) => memberOf(dict(0), text(1)) ?? ''),
  hasKey: fn(2, 2, ({ dict, text }) => Object.hasOwn(dict(0), text(1))),
  keys: fn(1, MANY, ({ all, dict }, budget) =>
    all.reduce((sum: readonly Value[], _, at) => grown(budget, sum, sortedKeys(dict(at))), []),
  ),
  values: fn(1, 1, ({ dict }) => sortedKeys(dict(0)).map((key) => memberOf(dict(0), key))),
  pick: fn(1, MANY, ({ dict, all }) => dictOf(Object.entries(dict(0)).filter(([key]) => all.slice(1).includes(key)))),
  omit: fn(1, MANY, ({ dict, all }) => dictOf(Object.entries(dict(0)).filter(([key]) => !all.slice(1).includes(key)))),
  pluck: fn(1, MANY, ({ text, all, dict }) =>
    all.slice(1).flatMap((_, at) => (Object.hasOwn(dict(at + 1), text(0)) ? [memberOf(dict(at + 1), text(0))] : [])),
  ),
  merge: fn(1, MANY, ({ all, dict }, budget) => {
    const dicts = all.map((_, at) => dict(at)).toReversed()
    budget.claimItems(dicts.reduce((sum, each) => sum + Object.keys(each).length, 0))
    return dictOf(dicts.flatMap((each) => Object.entries(each)))
  }),
  dig: fn(3, MANY, ({ all }, budget) => {
    budget.spend(all.length)
    return dig(all)
  }),
}

/** JSON as Go writes it, `<`, `>` and `&` escaped. */
function toJson(budget: Budget, value: Value, indent: number): string {
  budget.claim(sizeOf(budget, value) * (indent > 0 ? 4 : 2))
  const text = JSON.stringify(sorted(value), null, indent) ?? 'null'
  const escaped = text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  budget.claim(escaped.length)
  return escaped
}

/** Go writes a map's keys in their order. */
function sorted(value: Value): Value {
  if (isList(value)) return value.map((item) => sorted(item ?? null))
  if (!isDict(value)) return value
  return dictOf(sortedKeys(value).map((key) => [key, sorted(memberOf(value, key) ?? null)]))
}

function fromJson(budget: Budget, text: string): Value {
  budget.spend(text.length)
  // Texts nested without end would end the process's own stack.
  if (/(?:[[{][^[\]{}]*){200}/.test(text)) throw new Refusal('fromJson: the document is nested too deeply')
  try {
    const value: Value = JSON.parse(text)
    return value
  } catch {
    // sprig's fromJson keeps its error to itself.
    return null
  }
}

const hashed = (algorithm: string) => mapped(1, (text) => createHash(algorithm).update(text).digest('hex'))

const ENCODING: Functions = {
  toJson: fn(1, 1, ({ any }, budget) => toJson(budget, any(0), 0)),
  toPrettyJson: fn(1, 1, ({ any }, budget) => toJson(budget, any(0), 2)),
  toRawJson: fn(1, 1, ({ any }, budget) => {
    budget.claim(sizeOf(budget, any(0)) * 2)
    return JSON.stringify(sorted(any(0))) ?? 'null'
  }),
  fromJson: fn(1, 1, ({ text }, budget) => fromJson(budget, text(0))),
  b64enc: mapped(4, (text) => Buffer.from(text).toString('base64')),
  b64dec: mapped(3, (text) => Buffer.from(text, 'base64').toString()),
  sha1sum: hashed('sha1'),
  sha256sum: hashed('sha256'),
  sha512sum: hashed('sha512'),
}

/** sprig's functions that are of use in a mail; none that asks for the time, for chance or for the machine. */
export const SPRIG: Functions = {
  ...STRINGS,
  ...REGEX,
  ...MATH,
  ...DEFAULTS,
  ...LISTS,
  ...DICTS,
  ...ENCODING,
}
