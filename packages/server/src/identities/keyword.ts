import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { AddressVia } from '../core/identity.ts'

/** Where Ory's own keywords stand in an identity schema (ory-identity-api.md §9.1). */
export const KEYWORD = 'ory.sh/kratos'

/** What the keyword may hold; unknown members are refused when the schema is loaded. */
export const KEYWORD_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    credentials: members({
      password: members({ identifier: { type: 'boolean' } }),
      webauthn: members({ identifier: { type: 'boolean' } }),
      passkey: members({ display_name: { type: 'boolean' } }),
      totp: members({ account_name: { type: 'boolean' } }),
      code: members({ identifier: { type: 'boolean' }, via: { enum: ['email', 'sms'] } }),
    }),
    verification: members({ via: { enum: ['email', 'sms'] } }),
    recovery: members({ via: { enum: ['email', 'sms'] } }),
    organizations: members({ matcher: { enum: ['email_domain'] } }),
  },
}

function members(properties: JsonObject): JsonObject {
  return { type: 'object', additionalProperties: false, properties }
}

/** The keyword of one trait, read. */
export type Keyword = {
  /** Credentials the trait's value identifies. */
  readonly identifies: readonly ('password' | 'webauthn' | 'code')[]
  /** Whether a login form asks for it, or an authenticator is labelled with it. */
  readonly names: boolean
  /** Where the trait's value is what a person is called. */
  readonly labels: readonly ('totp' | 'passkey')[]
  readonly codeVia: AddressVia
  readonly verifiedVia: AddressVia | null
  readonly recoveredVia: AddressVia | null
  readonly format: string | null
}

/** Reads the keyword of a trait's schema; null where there is none. */
export function readKeyword(schema: JsonObject): Keyword | null {
  const keyword = schema[KEYWORD]
  if (!isJsonObject(keyword)) return null
  const credentials = member(keyword, 'credentials')
  const isTrue = (type: string, flag: string) => member(credentials, type)[flag] === true
  const identifies = (['password', 'webauthn', 'code'] as const).filter((type) => isTrue(type, 'identifier'))
  return {
    identifies,
    labels: [
      ...(isTrue('totp', 'account_name') ? (['totp'] as const) : []),
      ...(isTrue('passkey', 'display_name') ? (['passkey'] as const) : []),
    ],
    names: identifies.length > 0 || isTrue('totp', 'account_name') || isTrue('passkey', 'display_name'),
    codeVia: member(credentials, 'code').via === 'sms' ? 'sms' : 'email',
    verifiedVia: via(member(keyword, 'verification').via),
    recoveredVia: via(member(keyword, 'recovery').via),
    format: typeof schema.format === 'string' && schema.format !== '' ? schema.format : null,
  }
}

const member = (of: JsonObject, name: string): JsonObject => {
  const value = of[name]
  return isJsonObject(value) ? value : {}
}

const via = (value: Json | undefined): AddressVia | null => (value === 'email' || value === 'sms' ? value : null)

/** A value somewhere in the traits whose schema carries the keyword. */
export type Marked = {
  readonly keyword: Keyword
  readonly value: Json
  /** From the root: `['traits', 'email']`. */
  readonly path: readonly string[]
  readonly schemaPath: readonly string[]
}

type Place = { readonly path: readonly string[]; readonly schemaPath: readonly string[] }

/** Deeper than any schema is meant to go; stops one that refers to itself. */
const DEEPEST = 64

/** Every marked value, in the order of the schema. Values of lists count one by one. */
export const markedIn = (document: JsonObject, value: Json): readonly Marked[] =>
  walk(document, document, value, { path: [], schemaPath: [] })

function walk(document: JsonObject, schema: Json | undefined, value: Json, { path, schemaPath }: Place): Marked[] {
  if (!isJsonObject(schema) || schemaPath.length > DEEPEST) return []
  const { $ref } = schema
  if (typeof $ref === 'string') {
    return walk(document, resolve(document, $ref), value, { path, schemaPath: [...schemaPath, '$ref'] })
  }
  const below = (steps: readonly string[], sub: Json | undefined, item = value, name?: string) =>
    walk(document, sub, item, {
      path: name === undefined ? path : [...path, name],
      schemaPath: [...schemaPath, ...steps],
    })

  const keyword = readKeyword(schema)
  const own = keyword === null ? [] : [{ keyword, value, path, schemaPath }]
  const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : []
  const members = isJsonObject(value)
    ? properties.flatMap(([name, sub]) =>
        Object.hasOwn(value, name) ? below(['properties', name], sub, value[name] ?? null, name) : [],
      )
    : []
  const items = isList(value)
    ? value.flatMap((item, i) =>
        isList(schema.items)
          ? below(['items', String(i)], schema.items[i], item, String(i))
          : below(['items'], schema.items, item, String(i)),
      )
    : []
  const alternatives = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) => {
    const subs = schema[name]
    return isList(subs) ? subs.flatMap((sub, i) => below([name, String(i)], sub)) : []
  })
  const conditions = (['then', 'else'] as const).flatMap((name) => below([name], schema[name]))
  return [...own, ...members, ...items, ...alternatives, ...conditions]
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** What a reference inside the document points at; others are refused when the schema is loaded. */
export function resolve(document: JsonObject, ref: string): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  const steps = decodeURIComponent(ref.slice(1)).split('/').slice(1).map(unescape)
  return steps.reduce<Json | undefined>((at, step) => {
    if (isList(at)) return at[Number(step)]
    return isJsonObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
  }, document)
}

const unescape = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
