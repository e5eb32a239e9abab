import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type Path, printPath } from './path.ts'
import { isReference, secretsOf } from './resolve-secrets.ts'
import { configSchema } from './schema/schema.ts'

const PLACEHOLDER = 'redacted-'

/** What stands for a secret: different ones for different places, and of a length that any secret may have. */
const placeholder = (position: number) => `${PLACEHOLDER}${position}-`.padEnd(32, 'x')

/** Whether a text is what a print-out shows instead of a secret. */
export const isPlaceholder = (text: string) => text.includes(PLACEHOLDER)

/** The configuration without its secrets. References to secrets are no secrets. */
export function redact(config: JsonObject): JsonObject {
  const shown = new Map<string, string>()
  for (const { path, text, isPart } of secretsOf(configSchema, config)) {
    if (isReference(text) || isHarmlessHeader(path)) continue
    shown.set(printPath(path), isPart ? hidePassword(text) : placeholder(shown.size + 1))
  }
  const redacted = replace(config, [], shown)
  return isJsonObject(redacted) ? redacted : {}
}

const hidePassword = (text: string) => text.replace(/(:\/\/[^/?#@:]*):[^/?#@]+@/, `$1:${PLACEHOLDER}@`)

/** Headers that say what a call is, not who it comes from. */
const HARMLESS = new Set(['content-type', 'accept', 'user-agent', 'accept-language'])
const isHarmlessHeader = (path: Path) => path.at(-2) === 'headers' && HARMLESS.has(String(path.at(-1)).toLowerCase())

function replace(value: Json, path: Path, shown: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return shown.get(printPath(path)) ?? withoutUser(value)
  if (Array.isArray(value)) return value.map((item: Json, at) => replace(item, [...path, at], shown))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member, [...path, key], shown)]))
}

/** Any other URL may hold a password as well. */
const withoutUser = (text: string) => (/^\w+:\/\/[^/?#@]*:[^/?#@]+@/.test(text) ? hidePassword(text) : text)
