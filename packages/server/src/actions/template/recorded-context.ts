import { isJsonObject, type JsonObject } from '../../core/json.ts'

/** Nobody needs to know these to see what happened, or to try another template. */
const UNRECORDED_HEADERS: ReadonlySet<string> = new Set(['cookie', 'authorization', 'proxy-authorization'])
/** Beyond this, a context is not kept. */
const LONGEST = 64 * 1024

/**
 * What is kept of `ctx` with a delivery, so that it can be rendered again: all but cookies, credentials in headers, and
 * the flow's form, whose fields may hold secrets. Null: it is too long to be kept.
 */
export function recordedContext(seen: JsonObject): JsonObject | null {
  const { flow, request_headers: headers } = seen
  const kept = {
    ...without(seen, 'request_cookies'),
    ...(isJsonObject(flow) ? { flow: without(flow, 'ui') } : {}),
    ...(isJsonObject(headers) ? { request_headers: withoutCredentials(headers) } : {}),
  }
  return JSON.stringify(kept).length > LONGEST ? null : kept
}

const without = (object: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))

const withoutCredentials = (headers: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !UNRECORDED_HEADERS.has(name.toLowerCase())))
