import { isJsonObject, type Json } from '../core/json.ts'
import { childOf, type SchemaNode } from './schema/node.ts'

/** The same value with every default of its schema filled in, in the schema's order. What is there stays, right or wrong. */
export function fillDefaults(node: SchemaNode, value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json, at) => fillDefaults(childOf(node, at) ?? {}, item))
  if (!isJsonObject(value)) return value
  const written = new Map(Object.entries(value))
  const members = new Map<string, Json>()
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    const own = written.get(key)
    // A key with nothing after it (`hooks:`) is read as null.
    if ((own ?? null) === null && isJson(inner.default)) members.set(key, inner.default)
    else if (own !== undefined) members.set(key, own)
  }
  for (const [key, own] of written) if (!members.has(key)) members.set(key, own)
  return Object.fromEntries([...members].map(([key, member]) => [key, fillDefaults(childOf(node, key) ?? {}, member)]))
}

const isJson = (value: unknown): value is Json => value !== undefined && typeof value !== 'function'
