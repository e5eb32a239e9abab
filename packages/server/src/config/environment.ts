import { actionKinds } from '../actions/registry.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type Path, withValue } from './path.ts'
import type { Source } from './read-document.ts'
import type { SchemaNode } from './schema/node.ts'

export type Environment = { readonly [name: string]: string | undefined }

/** Keys that are only flags of Ory's command line; variables of these names mean something else. */
const NOT_FROM_ENVIRONMENT = new Set(['version', 'help', 'config'])

/**
 * What environment variables set, in Ory's spelling (ory-identity-api.md §10.1): the key in capitals with `_` for every
 * dot, positions as numbers. Which `_` is a dot is settled by the schema. Lists and objects are JSON, or for lists
 * values with commas between them.
 */
export function readEnvironment(schema: SchemaNode, env: Environment): Source {
  const found = Object.entries(env).flatMap(([name, text]) => {
    if (text === undefined || text === '' || !/^[A-Z][A-Z0-9_]*$/.test(name)) return []
    const set = keyOf(schema, name)
    if (set === null || NOT_FROM_ENVIRONMENT.has(String(set.path[0]))) return []
    return [{ name, path: set.path, value: decode(set.node, text) }]
  })
  // Whole lists and objects first, so that single members go over them.
  const ordered = found.toSorted((a, b) => a.path.length - b.path.length || a.name.localeCompare(b.name))
  return {
    name: 'environment',
    over: (tree) => ordered.reduce<JsonObject>((under, { path, value }) => setIn(under, path, value), tree),
    locate: (path) => {
      const setter = ordered.toReversed().find((each) => each.path.every((step, at) => step === path[at]))
      return setter === undefined ? null : { file: `environment variable ${setter.name}` }
    },
  }
}

type Key = { readonly path: Path; readonly node: SchemaNode }

function keyOf(node: SchemaNode, name: string): Key | null {
  const items = node.place === undefined ? node.items : hookEntry
  if (items !== undefined) {
    const [, position, rest] = /^(\d{1,4})(?:_(.+))?$/.exec(name) ?? []
    if (position === undefined) return null
    const inner = rest === undefined ? { path: [], node: items } : keyOf(items, rest)
    return inner === null ? null : { ...inner, path: [Number(position), ...inner.path] }
  }
  // Of several forms (an address, or an object with one), the members of all.
  const members = [node, ...(node.anyOf ?? [])].flatMap(({ properties = {} }) => Object.entries(properties))
  for (const [key, inner] of members) {
    const spelling = key.toUpperCase().replaceAll('-', '_')
    if (name === spelling) return { path: [key], node: inner }
    if (!name.startsWith(`${spelling}_`)) continue
    const rest = keyOf(inner, name.slice(spelling.length + 1))
    if (rest !== null) return { ...rest, path: [key, ...rest.path] }
  }
  return null
}

/** An entry of a hook list with the keys of every kind's configuration. */
const hookEntry: SchemaNode = {
  type: 'object',
  properties: {
    hook: { type: 'string' },
    config: {
      type: 'object',
      properties: Object.assign(
        {},
        ...Object.values(actionKinds).map(({ config }): SchemaNode['properties'] => {
          const node: SchemaNode = config ?? {}
          return node.properties ?? {}
        }),
      ),
    },
  },
}

/** A text as the kind of value its key takes. What does not fit stays text, and the check says what is wrong. */
function decode(node: SchemaNode, text: string): Json {
  switch (node.type ?? '') {
    case 'boolean':
      return { '1': true, t: true, true: true, '0': false, f: false, false: false }[text.toLowerCase()] ?? text
    case 'integer':
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
    case 'array':
      return parsed(text, Array.isArray) ?? text.split(',').map((item) => decode(node.items ?? {}, item.trim()))
    case 'object':
      return parsed(text, isJsonObject) ?? text
    default:
      return node.anyOf === undefined ? text : (parsed(text, Array.isArray) ?? parsed(text, isJsonObject) ?? text)
  }
}

function parsed(text: string, isWanted: (value: unknown) => boolean): Json | null {
  if (!/^\s*[[{]/.test(text)) return null
  try {
    const value: Json = JSON.parse(text)
    return isWanted(value) ? value : null
  } catch {
    return null
  }
}

/** A member over whatever is there, in objects and in lists. */
function setIn(tree: Json | undefined, path: Path, value: Json): JsonObject {
  const [step = '', ...rest] = path
  const under = isJsonObject(tree) ? tree : {}
  const inner = Object.hasOwn(under, step) ? under[step] : undefined
  return withValue(under, [step], setAny(inner, rest, value))
}

function setAny(tree: Json | undefined, path: Path, value: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof step === 'string') return setIn(tree, path, value)
  const items: readonly Json[] = Array.isArray(tree) ? tree : []
  const length = Math.max(items.length, step + 1)
  return Array.from({ length }, (_, at): Json => (at === step ? setAny(items[at], rest, value) : (items[at] ?? null)))
}
