import { parseDuration } from '../core/duration.ts'
import { parseExactly } from '../core/exact-json.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { HookClaims } from './token-hook.ts'

/** What an action wants of one map of claims: some set, some gone. */
export type ClaimsPatch = { readonly set: JsonObject; readonly remove: readonly string[] }

/** What a token action may change (the `Patch` of its decision). */
export type TokenPatch = {
  readonly accessToken: ClaimsPatch
  readonly idToken: ClaimsPatch
  /** Hydra's form: it adds to a consent's claims and replaces all others. */
  readonly session: HookClaims
  /** Null: as it is. Scopes and audiences can only become fewer. */
  readonly scope: readonly string[] | null
  readonly audience: readonly string[] | null
  /** In seconds; they only ever shorten. */
  readonly lifetimes: { readonly accessToken?: number; readonly idToken?: number; readonly refreshToken?: number }
}

export type TokenDecision =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'amend'; readonly patch: TokenPatch }
  | { readonly kind: 'deny'; readonly status: 400 | 403; readonly error: string; readonly description: string }
  | { readonly kind: 'unusable'; readonly detail: string }

const KNOWN = new Set(['claims', 'session', 'scope', 'audience', 'lifetimes', 'deny'])

/** Reads the answer of a token action. One wrong member spoils it: half an amendment would be worse than none. */
export function readTokenAnswer(status: number, body: string): TokenDecision {
  if (status === 204) return { kind: 'proceed' }
  const answer = parsed(body)
  if (status >= 400 && status < 500 && status !== 429) return denial(status, isJsonObject(answer) ? answer : {})
  if (status !== 200) return { kind: 'unusable', detail: `the receiver answered ${status}` }
  if (!isJsonObject(answer)) return { kind: 'unusable', detail: 'the body is not a JSON object' }
  const unknown = Object.keys(answer).find((key) => !KNOWN.has(key))
  if (unknown !== undefined) return { kind: 'unusable', detail: `"${unknown}" is not a member of an answer` }
  const { deny } = answer
  if (deny !== undefined && deny !== null) return denial(403, isJsonObject(deny) ? deny : {})
  try {
    return { kind: 'amend', patch: patchOf(answer) }
  } catch (error) {
    if (error instanceof WrongMember) return { kind: 'unusable', detail: error.message }
    throw error
  }
}

class WrongMember extends Error {}

function parsed(body: string): unknown {
  try {
    return parseExactly(body)
  } catch {
    return undefined
  }
}

/** What RFC 6749 §5.2 lets an error and its description hold. */
const OAUTH_TEXT = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,400}$/

function denial(status: number, answer: JsonObject): TokenDecision {
  const { error, error_description: description } = answer
  return {
    kind: 'deny',
    status: status === 400 ? 400 : 403,
    error: typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : 'access_denied',
    description:
      typeof description === 'string' && OAUTH_TEXT.test(description)
        ? description
        : 'The resource owner or authorization server denied the request.',
  }
}

function patchOf(answer: JsonObject): TokenPatch {
  const claims = objectIn(answer, 'claims')
  return {
    accessToken: claimsPatch(claims, 'access_token'),
    idToken: claimsPatch(claims, 'id_token'),
    session: answer['session'] === undefined ? null : sessionOf(objectIn(answer, 'session')),
    scope: textsIn(answer, 'scope'),
    audience: textsIn(answer, 'audience'),
    lifetimes: lifetimesOf(objectIn(answer, 'lifetimes')),
  }
}

const sessionOf = (session: JsonObject): HookClaims => ({
  accessToken: objectIn(session, 'access_token'),
  idToken: objectIn(session, 'id_token'),
})

function claimsPatch(claims: JsonObject, token: string): ClaimsPatch {
  const patch = objectIn(claims, token)
  return { set: objectIn(patch, 'set'), remove: textsIn(patch, 'remove') ?? [] }
}

function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name] ?? {}
  if (!isJsonObject(value)) throw new WrongMember(`"${name}" must be an object`)
  return value
}

function textsIn(object: JsonObject, name: string): readonly string[] | null {
  const value = object[name] ?? null
  if (value === null) return null
  const texts = Array.isArray(value) ? value.filter((item: Json) => typeof item === 'string') : []
  if (!Array.isArray(value) || texts.length < value.length) throw new WrongMember(`"${name}" must be a list of strings`)
  return texts
}

function lifetimesOf(lifetimes: JsonObject): TokenPatch['lifetimes'] {
  const seconds = (name: string) => {
    const value = lifetimes[name]
    if (value === undefined || value === null) return null
    const time = typeof value === 'string' ? (parseDuration(value) ?? -1) / 1000 : value
    if (typeof time !== 'number' || !Number.isFinite(time) || time < 1)
      throw new WrongMember(`"lifetimes.${name}" must be a number of seconds, or a duration such as 5m`)
    return Math.floor(time)
  }
  const [access, id, refresh] = [seconds('access_token'), seconds('id_token'), seconds('refresh_token')]
  return {
    ...(access === null ? {} : { accessToken: access }),
    ...(id === null ? {} : { idToken: id }),
    ...(refresh === null ? {} : { refreshToken: refresh }),
  }
}
