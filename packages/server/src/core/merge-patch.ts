import { isJsonObject, type Json } from './json.ts'

/** A document with a merge patch applied (RFC 7396): members that are null go, objects are gone into, anything else replaces. */
export function mergePatch(document: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const merged = new Map(Object.entries(isJsonObject(document) ? document : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name) ?? null, value))
  }
  return Object.fromEntries(merged)
}
