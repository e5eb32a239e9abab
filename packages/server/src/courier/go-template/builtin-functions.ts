import { fn, type GoFunction, MANY, shown } from './define-function.ts'
import { sprintf } from './format.ts'
import { escapeHtml } from './html-escape.ts'
import { type Budget, Refusal } from './limits.ts'
import { isDict, isList, isNothing, isSame, isTrue, kindOf, memberOf, type Value } from './values.ts'

/** What text/template itself brings, but `call` and `js`: there are no functions in the data, and no scripts in a mail. */
export const BUILTIN: { readonly [name: string]: GoFunction } = {
  // The evaluator stops at the first operand that decides; these see what is left.
  and: fn(1, MANY, ({ all }) => all.find((value) => !isTrue(value)) ?? all.at(-1)),
  or: fn(1, MANY, ({ all }) => all.find(isTrue) ?? all.at(-1)),
  not: fn(1, 1, ({ any }) => !isTrue(any(0))),
  eq: fn(2, MANY, ({ all: [first, ...others] }, budget) => others.some((other) => areEqual(budget, first, other))),
  ne: fn(2, 2, ({ any }, budget) => !areEqual(budget, any(0), any(1))),
  lt: fn(2, 2, ({ any }) => compare(any(0), any(1)) < 0),
  le: fn(2, 2, ({ any }) => compare(any(0), any(1)) <= 0),
  gt: fn(2, 2, ({ any }) => compare(any(0), any(1)) > 0),
  ge: fn(2, 2, ({ any }) => compare(any(0), any(1)) >= 0),
  len: fn(1, 1, ({ any }) => lengthOf(any(0))),
  index: fn(1, MANY, ({ all: [item, ...keys] }) => keys.reduce(itemAt, item)),
  slice: fn(1, 4, ({ all: [item, ...ends] }) => sliceOf(item, ends)),
  print: fn(0, MANY, ({ all }, budget) => print(budget, all)),
  println: fn(0, MANY, ({ all }, budget) => {
    const text = `${all.map((value) => shown(budget, value)).join(' ')}\n`
    budget.claim(text.length)
    return text
  }),
  printf: fn(1, MANY, ({ all, text }, budget) => sprintf(budget, text(0), all.slice(1))),
  html: fn(1, MANY, ({ all }, budget) => {
    const text = print(budget, all)
    budget.claim(text.length * 5)
    return escapeHtml(text)
  }),
  urlquery: fn(1, MANY, ({ all }, budget) => {
    const text = print(budget, all)
    budget.claim(text.length * 9)
    return encodeQuery(text)
  }),
}

/** `url.QueryEscape`. */
export const encodeQuery = (text: string) =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** `fmt.Sprint` puts a blank between two operands where neither is a string. */
function print(budget: Budget, values: readonly Value[]): string {
  const text = values.reduce((sum: string, value, at) => {
    const isApart = at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string'
    return sum + (isApart ? ' ' : '') + shown(budget, value)
  }, '')
  budget.claim(text.length)
  return text
}

/** Numbers are numbers here: Go would refuse to compare `1` with a number of the identity, which is a float there. */
function areEqual(budget: Budget, a: Value, b: Value): boolean {
  budget.spend(typeof a === 'string' ? a.length : 0)
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b)
  if (isList(a) || isDict(a) || isList(b) || isDict(b)) throw new Refusal('lists and maps cannot be compared with eq')
  if (typeof a !== typeof b) throw new Refusal(`incompatible types for comparison: ${kindOf(a)} and ${kindOf(b)}`)
  return isSame(a, b)
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  throw new Refusal(`incompatible types for comparison: ${kindOf(a)} and ${kindOf(b)}`)
}

function lengthOf(value: Value): number {
  // In bytes, as Go counts them.
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (isList(value)) return value.length
  if (isDict(value)) return Object.keys(value).length
  throw new Refusal(`len of ${isNothing(value) ? 'nothing' : kindOf(value)}`)
}

function itemAt(item: Value, key: Value): Value {
  if (isNothing(item)) throw new Refusal('index of nothing')
  if (isDict(item)) {
    if (typeof key !== 'string') throw new Refusal(`a map cannot be indexed with ${kindOf(key)}`)
    return memberOf(item, key) ?? null
  }
  if (typeof key !== 'number' || !Number.isInteger(key)) throw new Refusal(`cannot index with ${kindOf(key)}`)
  if (isList(item)) {
    if (key < 0 || key >= item.length) throw new Refusal(`index out of range: ${key}`)
    return item[key]
  }
  if (typeof item !== 'string') throw new Refusal(`cannot index ${kindOf(item)}`)
  const bytes = Buffer.from(item)
  const byte = bytes[key]
  if (byte === undefined) throw new Refusal(`index out of range: ${key}`)
  return byte
}

function sliceOf(item: Value, ends: readonly Value[]): Value {
  if (typeof item !== 'string' && !isList(item)) throw new Refusal(`cannot slice ${kindOf(item)}`)
  if (typeof item === 'string' && ends.length > 2) throw new Refusal('a string cannot be sliced with three indexes')
  const source = typeof item === 'string' ? Buffer.from(item) : item
  const [from = 0, to = source.length] = ends
  const areWhole = [from, to].every((end) => typeof end === 'number' && Number.isInteger(end))
  if (typeof from !== 'number' || typeof to !== 'number' || !areWhole) throw new Refusal('cannot slice with this index')
  if (from < 0 || to > source.length || from > to) throw new Refusal(`index out of range: ${from}:${to}`)
  return typeof item === 'string' ? Buffer.from(item).subarray(from, to).toString() : item.slice(from, to)
}
