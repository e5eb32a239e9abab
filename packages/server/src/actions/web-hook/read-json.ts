import { isJsonObject, type Json } from '../../core/json.ts'

const DEEPEST = 64

/** A receiver's JSON, or why it is none we take: too deep, or holding what no database and no other parser can. */
export type ReadJson =
  | { readonly kind: 'json'; readonly value: Json }
  | { readonly kind: 'unreadable'; readonly detail: string }

export function readJson(text: string): ReadJson {
  if (text.trim() === '') return { kind: 'unreadable', detail: 'the body is empty' }
  const value = parsed(text)
  if (value === undefined) return { kind: 'unreadable', detail: 'the body is not JSON' }
  // Parsing survives any depth, but whatever walks the value afterwards does not.
  if (depthOf(text) > DEEPEST) return { kind: 'unreadable', detail: `the body is nested deeper than ${DEEPEST} levels` }
  return isStorable(value)
    ? { kind: 'json', value }
    : { kind: 'unreadable', detail: 'the body holds a number or a character that cannot be kept' }
}

function parsed(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** Of a text that is JSON: a quotation mark without its other half would be looked for again and again. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth)
    else if (token === ']' || token === '}') depth -= 1
  }
  return deepest
}

function isStorable(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (isJsonObject(value)) return Object.entries(value).every(([key, item]) => isStorable(key) && isStorable(item))
  return Array.isArray(value) ? value.every(isStorable) : true
}
