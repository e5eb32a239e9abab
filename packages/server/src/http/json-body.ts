import { isJsonObject, type JsonObject } from '../core/json.ts'
import { parseJson } from './body.ts'
import type { Exchange } from './exchange.ts'
import { bad } from './log-filters.ts'

/** The body of a request as an object; nothing at all is an empty one. */
export function jsonBody({ body }: Pick<Exchange, 'body'>): JsonObject {
  if (body.length === 0) return {}
  const value = parseJson(body.toString())
  if (isJsonObject(value)) return value
  throw bad('The body must be a JSON object.')
}
