/** What a template works with: JSON, and `undefined` for what is not there. */
export type Value = undefined | null | boolean | number | string | readonly Value[] | Dict
export type Dict = { readonly [key: string]: Value }

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
export const isDict = (value: Value): value is Dict => typeof value === 'object' && value !== null && !isList(value)
export const isNothing = (value: Value) => value === undefined || value === null

/** A text's characters as Go sees them: code points. */
export const runes = (text: string): readonly string[] => Array.from(text)

/** A member of a map; nothing that JavaScript itself puts there. */
export const memberOf = (dict: Dict, key: string): Value => (Object.hasOwn(dict, key) ? dict[key] : undefined)

/** Builds a map whose keys are only keys, `__proto__` as well. */
export const dictOf = (entries: Iterable<readonly [string, Value]>): Dict => Object.fromEntries(entries)

/** Keys in the order in which Go walks a map in a template. */
export const sortedKeys = (dict: Dict) => Object.keys(dict).sort()

/** Whether a value counts as true: it is not the empty value of its kind. */
export function isTrue(value: Value): boolean {
  if (isNothing(value)) return false
  if (isList(value)) return value.length > 0
  if (isDict(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

/** The name Go has for the kind of a value; whole numbers are `int`, as `float64` is told apart nowhere else. */
export function kindOf(value: Value): string {
  if (isNothing(value)) return 'invalid'
  if (isList(value)) return 'slice'
  if (isDict(value)) return 'map'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** A value as `fmt.Sprint` shows it. Numbers never turn to exponents as long as they are exact. */
export function show(value: Value): string {
  if (isNothing(value)) return '<nil>'
  if (isList(value)) return `[${value.map(show).join(' ')}]`
  if (isDict(value))
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${show(memberOf(value, key))}`)
      .join(' ')}]`
  return typeof value === 'number' ? showNumber(value) : String(value)
}

export function showNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '0' : String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Whether two values are the same, by what they hold. */
export function isSame(a: Value, b: Value): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b)
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  if (isDict(a)) {
    const keys = Object.keys(a)
    return isDict(b) && keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], memberOf(b, key)))
  }
  return a === b
}
