import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'

/** Something read from a receiver's JSON, or what is wrong with it. */
export type Read<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'unreadable'; readonly detail: string }

/** Thrown inside a reader and caught at its door: one wrong type spoils the whole answer. */
class WrongType extends Error {}

export function reading<T>(read: () => T): Read<T> {
  try {
    return { kind: 'read', value: read() }
  } catch (error) {
    if (error instanceof WrongType) return { kind: 'unreadable', detail: error.message }
    throw error
  }
}

const wrong = (name: string, need: string) => new WrongType(`${name} must be ${need}`)

/** As Go decodes: an absent or null member has its zero value, any other type is an error. */
export function text(object: JsonObject, name: string): string {
  const value = object[name] ?? ''
  if (typeof value !== 'string') throw wrong(name, 'a string')
  return value
}

export function integer(object: JsonObject, name: string): number {
  const value = object[name] ?? 0
  if (!Number.isSafeInteger(value) || typeof value !== 'number') throw wrong(name, 'an integer')
  return value
}

export function flag(object: JsonObject, name: string): boolean {
  const value = object[name] ?? false
  if (typeof value !== 'boolean') throw wrong(name, 'a boolean')
  return value
}

export function objects(object: JsonObject, name: string): readonly JsonObject[] {
  const value: Json = object[name] ?? []
  if (!Array.isArray(value)) throw wrong(name, 'an array')
  return value.map((item: Json) => asObject(item ?? {}, name))
}

export function asObject(value: Json, name: string): JsonObject {
  if (!isJsonObject(value)) throw wrong(name, 'an object')
  return value
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Ids are ours and stay untouched, but a malformed one shows that the receiver means something else. */
export function checkUuid(object: JsonObject, name: string): void {
  const value = text(object, name)
  if (value !== '' && !UUID.test(value)) throw wrong(name, 'a UUID')
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

export function time(object: JsonObject, name: string): number | null {
  const value = text(object, name)
  if (value === '') return null
  const at = RFC3339.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) throw wrong(name, 'a time of RFC 3339')
  return at
}
