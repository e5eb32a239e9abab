import { isJsonObject, type Json } from '../core/json.ts'
import { childOf, type SchemaNode } from './schema/node.ts'

/** The same value with every default of its schema filled in. What is there stays, right or wrong. */
export function fillDefaults(node: SchemaNode, value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json, at) => fillDefaults(childOf(node, at) ?? {}, item))
  if (!isJsonObject(value)) return value
  const members = new Map(Object.entries(value))
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    // A key with nothing after it (`hooks:`) is read as null.
    if ((members.get(key) ?? null) === null && isJson(inner.default)) members.set(key, inner.default)
  }
  return Object.fromEntries([...members].map(([key, member]) => [key, fillDefaults(childOf(node, key) ?? {}, member)]))
}

const isJson = (value: unknown): value is Json => value !== undefined && typeof value !== 'function'
