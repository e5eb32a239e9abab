import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { LegacyHook, OAuth2Settings } from '../core/oauth2-settings.ts'
import { callWithRetries } from '../core/retry.ts'
import type { Clock, Milliseconds, Random, Stopwatch } from '../core/time.ts'
import type { Log } from '../core/log.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import { oauthError } from './provider-types.ts'

type Deps = {
  readonly settings: Pick<OAuth2Settings, 'actions' | 'exposeInternalErrors'>
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Random
  readonly log: Log
}

/** What a hook wants the claims to be; null: as they are. */
export type HookClaims = { readonly accessToken: JsonObject | null; readonly idToken: JsonObject | null } | null

/** Calls a token hook as Hydra does and reads its answer (ory-oauth2.md §1.2, §1.6). Anything but a yes is thrown. */
export async function callTokenHook(
  deps: Deps,
  hook: LegacyHook,
  payload: JsonObject,
  deadline: Milliseconds,
): Promise<HookClaims> {
  const { actions } = deps.settings
  const until = Math.min(deadline, deps.stopwatch.now() + actions.timeout)
  const url = new URL(hook.url)
  const headers = headersOf(hook, url)
  url.username = ''
  url.password = ''
  const body = JSON.stringify(payload)
  const sent = await callWithRetries(
    deps,
    { attempts: actions.attempts, deadline: until, backoff: actions.backoff },
    (budget) => deps.client.send({ method: 'POST', url: url.href, headers, body }, { budget }),
  )
  const fail = (error: 'access_denied' | 'server_error', text: string, detail: string) => {
    deps.log('error', 'token_hook_failed', { where: hook.where, error, detail })
    const shown = deps.settings.exposeInternalErrors ? `${text} ${detail}` : text
    return oauthError(error === 'access_denied' ? 403 : 500, error, shown)
  }
  if (sent.kind === 'failed') {
    // Somebody answered, only nothing we take for an answer.
    if (sent.status !== undefined || sent.reason === 'redirect_not_followed')
      throw fail('server_error', RESPONDED, `Response from token hook could not be read: ${sent.detail}`)
    throw fail('server_error', EXECUTING, `Unable to execute HTTP Request: ${sent.detail}`)
  }
  if (sent.status === 204) return null
  if (sent.status === 429 || (sent.status >= 500 && sent.status !== 501))
    throw fail('server_error', EXECUTING, `Token hook responded with HTTP status code: ${sent.status}`)
  if (sent.status === 403)
    throw fail('access_denied', `${RESPONDED} ${HINT}`, 'Token hook responded with HTTP status code: 403 Forbidden')
  if (sent.status !== 200)
    throw fail('server_error', RESPONDED, `Token hook responded with HTTP status code: ${sent.status}`)
  const claims = readClaims(sent.body.toString())
  if (claims === undefined) throw fail('server_error', RESPONDED, 'Response from token hook could not be decoded')
  return claims
}

const RESPONDED = 'The token hook target responded with an error.'
const EXECUTING = 'An error occurred while executing the token hook.'
const HINT =
  'Make sure that the request you are making is valid. Maybe the credential or request parameters you are using are limited in scope or otherwise restricted.'

function headersOf({ auth }: LegacyHook, url: URL): { readonly [name: string]: string } {
  const user =
    url.username === '' && url.password === ''
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`,
        }
  const base = { 'content-type': 'application/json; charset=UTF-8', ...user }
  if (auth === null) return base
  return auth.in === 'cookie'
    ? { ...base, cookie: `${auth.name}=${auth.value}` }
    : { ...base, [auth.name.toLowerCase()]: auth.value }
}

/** Undefined: unreadable. A missing or null map is an empty one; unknown members are none of our business. */
function readClaims(text: string): NonNullable<HookClaims> | undefined {
  const body = parsed(text)
  if (body === undefined) return undefined
  const session = member(body ?? {}, 'session')
  if (session === undefined) return undefined
  const [accessToken, idToken] = [member(session ?? {}, 'access_token'), member(session ?? {}, 'id_token')]
  return accessToken === undefined || idToken === undefined ? undefined : { accessToken, idToken }
}

function parsed(text: string): JsonObject | null | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value === null || isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** An object of an answer, null where there is none, undefined where it is something else. */
function member(object: JsonObject, name: string): JsonObject | null | undefined {
  const key =
    Object.keys(object).find((each) => each === name) ?? Object.keys(object).find((each) => each.toLowerCase() === name)
  const value = key === undefined ? null : object[key]
  if (value === null || value === undefined) return null
  return isJsonObject(value) ? value : undefined
}
