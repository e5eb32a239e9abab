import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Body } from '../flows/define.ts'

const ACCEPTED = ['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json']

/** Reads a submitted form in either encoding; what can't be read is told to the person, not thrown (ory-identity-api.md §1.6). */
export function readBody(contentType: string | null, raw: Buffer): Body {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!ACCEPTED.includes(type)) return unreadable(unknownType(contentType ?? ''))
  // Ory lets multipart through and never reads its fields.
  if (type === 'multipart/form-data') return { kind: 'fields', fields: {}, encoding: 'form' }
  if (raw.length === 0)
    return unreadable('Unable to decode HTTP Request Body because its HTTP Header "Content-Length" is zero.')

  const text = decodeUtf8(raw)
  if (text === null) return unreadable('Unable to decode form: the body is not valid UTF-8.')
  if (text.includes('\u0000') || text.includes('\\u0000'))
    return unreadable('Unable to decode form: it holds a NUL character.')
  return type === 'application/json' ? readJson(text) : { kind: 'fields', fields: readForm(text), encoding: 'form' }
}

/** The link of a mail says in its query what a form would say in its body; everything but the flow's id. */
export function readQuery(query: URLSearchParams): Body {
  const fields = [...query].filter(([name, text]) => name !== 'flow' && !text.includes('\u0000'))
  return { kind: 'fields', fields: withoutEmpty(nest(fields)), encoding: 'form' }
}

const unreadable = (reason: string): Body => ({ kind: 'unreadable', reason })

const unknownType = (contentType: string) =>
  `HTTP POST Request used unknown HTTP Header "Content-Type: ${contentType}", only [${ACCEPTED.join(' ')}] are supported.`

const decodeUtf8 = (raw: Buffer) => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch {
    return null
  }
}

function readJson(text: string): Body {
  const value = parseJson(text)
  if (!isJsonObject(value)) return unreadable('Unable to decode form as JSON.')
  return { kind: 'fields', fields: withoutEmpty(nest(Object.entries(value))), encoding: 'json' }
}

/** JSON as a value, undefined where it is none, or is nested deeper than anybody needs. */
export function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return depthOf(text) > 64 ? undefined : value
  } catch {
    return undefined
  }
}

/** An upper bound of the nesting: brackets in texts count too, which only ever refuses earlier. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const c of text) {
    if (c === '{' || c === '[') deepest = Math.max(deepest, ++depth)
    else if (c === '}' || c === ']') depth--
  }
  return deepest
}

const readForm = (text: string): JsonObject => withoutEmpty(nest([...new URLSearchParams(text)]))

type Tree = Map<string, Json | Tree>

/** `traits.name.first` is nested; the last of a repeated key wins. Built on maps, so no key can reach a prototype. */
function nest(entries: readonly (readonly [string, Json])[]): JsonObject {
  const root: Tree = new Map()
  for (const [key, value] of entries) {
    const path = key.split('.')
    const last = path.pop() ?? key
    let place = root
    for (const step of path) {
      const next = place.get(step)
      const inner: Tree = next instanceof Map ? next : new Map(isJsonObject(next) ? Object.entries(next) : [])
      place.set(step, inner)
      place = inner
    }
    const present = place.get(last)
    if (present instanceof Map && isJsonObject(value))
      for (const [name, item] of Object.entries(value)) present.set(name, item)
    else place.set(last, value)
  }
  return toObject(root)
}

const toObject = (tree: Tree): JsonObject =>
  Object.fromEntries(
    [...tree]
      .filter(([name]) => name !== '__proto__')
      .map(([name, value]): [string, Json] => [name, value instanceof Map ? toObject(value) : value]),
  )

/** An empty text is a missing one. */
const withoutEmpty = (value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== '')
      .map(([name, item]): [string, Json] => [
        name,
        isJsonObject(item) && name !== 'transient_payload' ? withoutEmpty(item) : item,
      ]),
  )
