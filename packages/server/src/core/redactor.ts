import { isJsonObject, type Json } from './json.ts'

/** Takes out of what is shown what nobody has to see. */
export type Redactor = {
  json(value: Json): Json
  /** A body: JSON or a form by its fields, any other text as it is. */
  body(text: string): string
  url(url: string): string
  headers(headers: { readonly [name: string]: string }): { readonly [name: string]: string }
}

const REDACTED = '<redacted>'

/** Names whose values are secrets wherever they stand. A code alone is one; that of a country is none. */
const SECRET =
  /pass(?:word|wd|phrase)|secret|token|api[-_]?key|private[-_]?key|authorization|cookie|credential|signature|^(?:otp|pin|code)$|(?:login|recovery|verification|registration|totp|otp|mfa)[-_]?code/i

/** `paths` are dotted: `identity.traits.ssn`; `*` stands for one part, `**` in front for any number. */
export function createRedactor(paths: readonly string[]): Redactor {
  const patterns = paths.map((path) => path.split('.'))
  const isHidden = (path: readonly string[]) =>
    SECRET.test(path.at(-1) ?? '') || patterns.some((pattern) => matches(pattern, path))
  const walk = (value: Json, path: readonly string[]): Json => {
    if (path.length > 0 && value !== null && isHidden(path)) return REDACTED
    if (Array.isArray(value)) return value.map((item: Json, at) => walk(item, [...path, String(at)]))
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, [...path, key])]))
  }
  const form = (text: string) => {
    const fields = [...new URLSearchParams(text)]
    // What has no secret is shown as it was sent.
    if (!fields.some(([name]) => isHidden(partsOf(name)))) return text
    return fields
      .map(
        ([name, value]) =>
          `${encodeURIComponent(name)}=${isHidden(partsOf(name)) ? REDACTED : encodeURIComponent(value)}`,
      )
      .join('&')
  }
  return {
    json: (value) => walk(value, []),
    body: (text) => {
      const parsed = parse(text)
      if (parsed === undefined) return FORM.test(text) ? form(text) : text
      const shown = JSON.stringify(walk(parsed, []))
      return shown === JSON.stringify(parsed) ? text : shown
    },
    url: (url) => {
      const at = url.indexOf('?')
      return at < 0 ? url : `${url.slice(0, at)}?${form(url.slice(at + 1))}`
    },
    headers: (headers) =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, SECRET.test(name) ? REDACTED : value])),
  }
}

const FORM = /^[\w.~%*+[\]-]+=[^\s]*$/

/** `a[b][0]` is the field 0 of b of a. */
const partsOf = (name: string) => name.split(/[[\].]+/).filter((part) => part !== '')

function parse(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

const matches = (pattern: readonly string[], path: readonly string[]): boolean =>
  pattern[0] === '**'
    ? path.some((_, at) => matches(pattern.slice(1), path.slice(at)))
    : pattern.length === path.length && pattern.every((part, at) => part === '*' || part === path[at])
