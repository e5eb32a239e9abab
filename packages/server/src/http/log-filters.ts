import { WireError } from '../core/errors.ts'
import { isUuid } from '../core/ids.ts'
import type { Time } from '../core/time.ts'

export const bad = (reason: string) => new WireError(400, null, { reason })

/** Refuses what is no parameter of a list. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  const filters = known.filter((name) => !PAGING.has(name))
  const unknown = [...query.keys()].find((name) => !known.includes(name) && !PAGING.has(name))
  if (unknown !== undefined) throw bad(`There is no filter \`${unknown}\`; there are ${filters.join(', ')}.`)
}

const PAGING = new Set(['page_size', 'per_page', 'page_token'])

export function uuidIn(name: string, text: string): string {
  if (isUuid(text)) return text.toLowerCase()
  throw bad(`Invalid UUID value \`${text}\` for parameter \`${name}\`.`)
}

export function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text)
  if (found === undefined) throw bad(`${name} must be one of ${known.join(', ')}.`)
  return found
}

export function momentIn(name: string, text: string): Time {
  const at = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw bad(`${name} must be a time such as 2026-01-31T10:00:00Z.`)
  return at
}
