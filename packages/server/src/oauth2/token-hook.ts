import { endpointOf } from '../actions/template/url.ts'
import type { CallAttempt, RecordCall } from '../core/call.ts'
import { actionId, deliveryId } from '../core/ids.ts'
import { parseExactly } from '../core/exact-json.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { LegacyHook, OAuth2Settings } from '../core/oauth2-settings.ts'
import { callWithRetries, isWorthRepeating } from '../core/retry.ts'
import type { Clock, Milliseconds, Random, Stopwatch } from '../core/time.ts'
import type { Log } from '../core/log.ts'
import type { OutgoingClient, Sent } from '../net/outgoing.ts'
import { oauthError } from './provider-types.ts'

type Deps = {
  readonly settings: Pick<OAuth2Settings, 'actions' | 'exposeInternalErrors'>
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Random
  readonly log: Log
  readonly record: RecordCall
}

/** What a hook wants the claims to be; null: as they are. */
export type HookClaims = { readonly accessToken: JsonObject | null; readonly idToken: JsonObject | null } | null

type Decision =
  | { readonly kind: 'claims'; readonly claims: HookClaims }
  /** `text` is for the client, `detail` for the log. */
  | { readonly kind: 'denied' | 'failed'; readonly text: string; readonly detail: string }

type Told = { readonly payload: JsonObject; readonly grant: string }

/** Calls a token hook as Hydra does and reads its answer (ory-oauth2.md §1.2, §1.6). Anything but a yes is thrown. */
export async function callTokenHook(
  deps: Deps,
  hook: LegacyHook,
  { payload, grant }: Told,
  deadline: Milliseconds,
): Promise<HookClaims> {
  const { settings, clock, stopwatch, random } = deps
  const { actions } = settings
  const [id, startedAt, from] = [deliveryId(random.rowId()), clock.now(), stopwatch.now()]
  const url = new URL(hook.url)
  const headers = headersOf(hook, url)
  url.username = ''
  url.password = ''
  const body = JSON.stringify(payload)
  const attempts: CallAttempt[] = []
  const sent = await callWithRetries(
    deps,
    { attempts: actions.attempts, deadline: Math.min(deadline, from + actions.timeout), backoff: actions.backoff },
    async (budget) => {
      const begun = { requestId: random.uuid(), startedAt: clock.now() }
      const answer = await deps.client.send({ method: 'POST', url: url.href, headers, body }, { budget })
      attempts.push({
        ...begun,
        endedAt: clock.now(),
        status: answer.status ?? null,
        reason: answer.kind === 'failed' ? answer.detail : '',
        ...(answer.timings === undefined ? {} : { timings: answer.timings }),
      })
      return answer
    },
  )
  const decision = decisionOf(sent)
  deps.record({
    id,
    // There is one of each, so its place is its name.
    actionId: actionId(hook.where),
    where: hook.where,
    trigger: `token.before.${grant}`,
    flowId: null,
    identityId: null,
    method: 'POST',
    endpoint: endpointOf(hook.url),
    startedAt,
    endedAt: clock.now(),
    elapsed: stopwatch.now() - from,
    outcome: decision.kind !== 'claims' ? decision.kind : decision.claims === null ? 'proceeded' : 'amended',
    detail: decision.kind === 'claims' ? '' : decision.detail,
    attempts,
  })
  if (decision.kind === 'claims') return decision.claims
  const error = decision.kind === 'denied' ? 'access_denied' : 'server_error'
  deps.log('error', 'token_hook_failed', { where: hook.where, error, detail: decision.detail })
  const shown = settings.exposeInternalErrors ? `${decision.text} ${decision.detail}` : decision.text
  throw oauthError(decision.kind === 'denied' ? 403 : 500, error, shown)
}

function decisionOf(sent: Sent): Decision {
  const failed = (text: string, detail: string): Decision => ({ kind: 'failed', text, detail })
  if (sent.kind === 'failed') {
    // Somebody answered, only nothing we take for an answer.
    return sent.status !== undefined || sent.reason === 'redirect_not_followed'
      ? failed(RESPONDED, `Response from token hook could not be read: ${sent.detail}`)
      : failed(EXECUTING, `Unable to execute HTTP Request: ${sent.detail}`)
  }
  const { status } = sent
  const answered = `Token hook responded with HTTP status code: ${status}`
  if (status === 204) return { kind: 'claims', claims: null }
  if (isWorthRepeating(sent)) return failed(EXECUTING, answered)
  if (status === 403) return { kind: 'denied', text: `${RESPONDED} ${HINT}`, detail: `${answered} Forbidden` }
  if (status !== 200) return failed(RESPONDED, answered)
  const claims = readClaims(sent.body.toString())
  return claims === undefined
    ? failed(RESPONDED, 'Response from token hook could not be decoded')
    : { kind: 'claims', claims }
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
    const value = parseExactly(text)
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
