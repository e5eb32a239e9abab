import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'

/** What lies at a dotted path of a JSON value; lists are stepped into by number. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((found, step) => {
    if (isList(found)) return found[Number(step)]
    return isJsonObject(found) && Object.hasOwn(found, step) ? found[step] : undefined
  }, value)
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** Claims by name, read where a provider keeps them. Without any paths its answer holds the standard names already. */
export function claimsAt(
  paths: { readonly [claim: string]: string },
  profile: JsonObject,
  token: JsonObject,
): JsonObject {
  if (Object.keys(paths).length === 0) return profile
  const found = Object.entries(paths).flatMap(([claim, path]): [string, Json][] => {
    const value = path.startsWith('token:') ? valueAt(token, path.slice('token:'.length)) : valueAt(profile, path)
    return value === undefined || value === null || value === '' ? [] : [[claim, value]]
  })
  return Object.fromEntries(found)
}

const FLAGS = new Set(['email_verified', 'phone_number_verified', 'nonce_supported'])

/**
 * Claims as mappers read them: everything the provider said under its own name, and once more as `raw_claims`. Some
 * providers write flags as texts (Apple) and subjects as numbers (GitHub).
 */
export function tidyClaims(claims: JsonObject, raw: JsonObject): JsonObject {
  const tidy = Object.entries(claims).map(([name, value]): [string, Json] => {
    if (FLAGS.has(name)) return [name, value === true || value === 'true']
    if (name === 'sub' && typeof value === 'number' && Number.isSafeInteger(value)) return [name, String(value)]
    return [name, value]
  })
  return { ...Object.fromEntries(tidy), raw_claims: raw }
}

/** Numbers beyond what is exact would make one subject of two. */
export function subjectOf(claims: JsonObject): string | null {
  const { sub } = claims
  if (typeof sub === 'number') return Number.isSafeInteger(sub) ? String(sub) : null
  return typeof sub === 'string' && sub !== '' && sub.length <= 255 ? sub : null
}

export const textClaim = (claims: JsonObject, name: string): string | null => {
  const value = claims[name]
  return typeof value === 'string' ? value : null
}

export const textsClaim = (claims: JsonObject, name: string): readonly string[] => {
  const value = claims[name]
  const all = isList(value) ? value : [value]
  return all.filter((each) => typeof each === 'string')
}
