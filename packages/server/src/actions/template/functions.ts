import { createHash, createHmac } from 'node:crypto'
import type { HostFunction } from '@cardea/jsonnet'
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'

type Described = HostFunction & { readonly about: string }

/**
 * What templates can do beyond Jsonnet's own library. In `${…}`, in `when` and in recipes each goes by its name; in the
 * files of body templates it is `std.native('name')`.
 */
export const FUNCTIONS: { readonly [name: string]: Described } = {
  at: {
    about: 'What lies at a path such as `traits.name.first`; null where nothing does.',
    params: ['value', 'path'],
    call: ([value = null, path]) => lookUp(value, text(path, 'path')),
  },
  changed: {
    about: 'Whether something of the identity, such as `traits.email`, is not what it was before this change.',
    params: ['ctx', 'path'],
    call: ([ctx = null, path]) => {
      const name = text(path, 'path')
      const before = lookUp(ctx, 'previous_identity')
      return before !== null && !isDeepStrictEqual(lookUp(before, name), lookUp(ctx, `identity.${name}`))
    },
  },
  lower: { about: 'In lower case, in every script.', params: ['text'], call: ([given]) => text(given).toLowerCase() },
  truncate: {
    about: 'At most so many characters; null stays null.',
    params: ['text', 'most'],
    call: ([given = null, most]) =>
      given === null ? null : Array.from(text(given)).slice(0, whole(most, 'most')).join(''),
  },
  snakeCase: {
    about: '`Email verified!` as `email_verified`.',
    params: ['text'],
    call: ([given]) => snakeCase(text(given)),
  },
  base64: {
    about: 'Base64 of the text in UTF-8.',
    params: ['text'],
    call: ([given]) => Buffer.from(text(given)).toString('base64'),
  },
  uriEncode: {
    about: 'Percent-encoded, as one segment of a path.',
    params: ['text'],
    call: ([given]) => encodeSegment(text(given)),
  },
  hmacSha256: {
    about: 'HMAC with SHA-256, hexadecimal.',
    params: ['key', 'text'],
    call: ([key, given]) => createHmac('sha256', text(key, 'key')).update(text(given)).digest('hex'),
  },
  uuid5: {
    about: 'A UUID made of another one and a name; always the same.',
    params: ['namespace', 'name'],
    call: ([namespace, name]) => nameBasedUuid(text(namespace, 'namespace'), text(name, 'name')),
  },
  seconds: {
    about: 'A time as whole seconds since 1970.',
    params: ['time'],
    call: ([time]) => Math.floor(moment(time) / 1000),
  },
  millis: { about: 'A time as milliseconds since 1970.', params: ['time'], call: ([time]) => moment(time) },
  micros: { about: 'A time as microseconds since 1970.', params: ['time'], call: ([time]) => moment(time) * 1000 },
  iso: {
    about: 'A time, also one in milliseconds, as `2026-01-15T10:00:00.123Z`.',
    params: ['time'],
    call: ([time]) => new Date(moment(time)).toISOString(),
  },
  isoSeconds: {
    about: 'A time as `2026-01-15T10:00:00+00:00`.',
    params: ['time'],
    call: ([time]) => `${new Date(moment(time)).toISOString().slice(0, 19)}+00:00`,
  },
  coalesce: {
    about: 'The first of a list that is neither null nor an empty text; null if none is.',
    params: ['values'],
    call: ([values = null]) => listOf(values).find((value) => value !== null && value !== '') ?? null,
  },
  pick: {
    about: 'The members of an object with these names.',
    params: ['object', 'names'],
    call: ([object = null, names = null]) =>
      Object.fromEntries(Object.entries(objectOf(object)).filter(([name]) => listOf(names).includes(name))),
  },
  omit: {
    about: 'An object without the members with these names.',
    params: ['object', 'names'],
    call: ([object = null, names = null]) =>
      Object.fromEntries(Object.entries(objectOf(object)).filter(([name]) => !listOf(names).includes(name))),
  },
  toStringMap: {
    about: 'An object whose values are all texts; what is null is left out.',
    params: ['object'],
    call: ([object = null]) =>
      Object.fromEntries(
        Object.entries(objectOf(object)).flatMap(([name, value]) =>
          value === null ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
        ),
      ),
  },
}

/** No value can leave its own segment of an address (RFC 3986 §2.3: only the unreserved stay as they are). */
export const encodeSegment = (value: string) =>
  encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** RFC 9562 §5.5. */
export function nameBasedUuid(namespace: string, name: string): string {
  const space = namespace.replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(space)) throw new Error('uuid5: the namespace is not a UUID')
  const hash = createHash('sha1').update(Buffer.from(space, 'hex')).update(name).digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function lookUp(value: Json, path: string): Json {
  return path.split('.').reduce<Json>((inner, step) => {
    if (isJsonObject(inner)) return Object.hasOwn(inner, step) ? (inner[step] ?? null) : null
    return Array.isArray(inner) && /^\d+$/.test(step) ? (listOf(inner)[Number(step)] ?? null) : null
  }, value)
}

const snakeCase = (given: string) =>
  given
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')

function text(value: Json | undefined, name = 'text'): string {
  if (typeof value === 'string') return value
  throw new Error(`${name} must be a text, got ${kindOf(value)}`)
}

function whole(value: Json | undefined, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new Error(`${name} must be a whole number, got ${kindOf(value)}`)
}

function moment(value: Json | undefined): number {
  const time = typeof value === 'number' ? value : Date.parse(text(value, 'time'))
  if (Number.isFinite(time) && Math.abs(time) <= 8.64e15) return Math.round(time)
  throw new Error('time is none: it must be as in RFC 3339, or a number of milliseconds')
}

function listOf(value: Json): readonly Json[] {
  if (isList(value)) return value
  throw new Error(`a list is needed, got ${kindOf(value)}`)
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function objectOf(value: Json): JsonObject {
  if (isJsonObject(value)) return value
  throw new Error(`an object is needed, got ${kindOf(value)}`)
}

const kindOf = (value: Json | undefined) =>
  value === null || value === undefined ? 'null' : Array.isArray(value) ? 'a list' : typeof value
