import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'

/** A way through the tree: keys, and positions in lists. */
export type Path = readonly (string | number)[]

/** As messages name it: `selfservice.flows.login.after.hooks[1].config.url`. */
export const printPath = (path: Path) =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')

/** `serve.public.port` as a path. Only for keys without dots of their own. */
export const parsePath = (text: string): Path => text.split('.')

/** What stands at a path; undefined where nothing does. Never reaches into a prototype. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return typeof step === 'number' ? inner[step] : undefined
    return isJsonObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined
  }, value)
}

/** The same tree with another value at a path; what is missing on the way is made. */
export function withValue(tree: JsonObject, path: Path, value: Json): JsonObject {
  const [step, ...rest] = path
  if (step === undefined) return tree
  const inner = Object.hasOwn(tree, step) ? tree[step] : undefined
  return withMember(
    tree,
    String(step),
    rest.length === 0 ? value : withValue(isJsonObject(inner) ? inner : {}, rest, value),
  )
}

/** An own member even if its name is `__proto__`; one that was there keeps its place. */
const withMember = (object: JsonObject, key: string, value: Json): JsonObject =>
  Object.fromEntries(new Map([...Object.entries(object), [key, value]]))

/** The second tree over the first: objects member by member, anything else as a whole. */
export function mergeObjects(under: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    merged.set(key, isJsonObject(below) && isJsonObject(value) ? mergeObjects(below, value) : value)
  }
  return Object.fromEntries(merged)
}
