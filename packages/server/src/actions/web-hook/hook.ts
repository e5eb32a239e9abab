import type { EndpointLimits, OnFailure, RetryPolicy, Sign } from '../../core/action.ts'
import type { Credentials } from '../../core/credentials.ts'
import { parseDuration } from '../../core/duration.ts'
import { isEventPlace, type Place } from '../../core/place.ts'
import type { Settings } from '../../core/settings.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { WebHookConfig } from './config.ts'
import { type Expression, readExpression } from '../template/expression.ts'
import { type Bulkhead, openBulkhead } from './bulkhead.ts'
import { credentialsOf } from './credentials.ts'
import { type HookHeaders, hookHeaders } from './headers.ts'
import { signWith } from '../template/signature.ts'
import { endpointOf, type HookUrl, readUrl } from '../template/url.ts'

/** When a hook is called: asked before anything is stored, told and awaited afterwards, or queued (design.md §1). */
export type Mode = 'asked' | 'awaited' | 'queued'

/** What an answer may do: nothing, refuse the flow, or also change the identity (ory-actions.md §4.1). */
export type AnswerMode = 'plain' | 'interrupts' | 'parses'

/** A web_hook whose configuration has been read. */
export type Hook = {
  readonly mode: Mode
  readonly answer: AnswerMode
  readonly phase: 'before' | 'after'
  /** Whether it is called at all; null: always. */
  readonly when: Expression | null
  readonly method: string
  readonly url: HookUrl
  /** Scheme, host, port and path: what logs show. */
  readonly endpoint: string
  /** Where the body's template lies; null: there is no body. */
  readonly template: string | null
  readonly headers: HookHeaders
  readonly secrets: { readonly [name: string]: string }
  readonly sign: Sign | null
  /** What has to be got or shown before a call is made. */
  readonly credentials: Credentials | null
  readonly emitHeaders: boolean
  readonly timeout: Milliseconds
  readonly attempts: number
  /** For calls somebody waits for. */
  readonly places: Bulkhead
  /** Of a blocking hook; null where the settings decide. */
  readonly onFailure: OnFailure | null
  /** Of queued calls. */
  readonly retry: Partial<RetryPolicy> | null
  readonly limits: EndpointLimits | null
  /** Those about one identity do not overtake each other. */
  readonly isOrdered: boolean
}

const NO_BODY = 'none'
/** A receiver that takes its whole budget of three seconds still answers twenty people a second. */
const MOST_AT_ONCE = 64

export function readHook(config: WebHookConfig, place: Place, { actions }: Pick<Settings, 'actions'>): Hook {
  const { when, body = '', signing, timeout } = config
  const headers = hookHeaders(config, URL.parse(config.url))
  return {
    mode: modeOf(config, place),
    answer: config.response?.parse ? 'parses' : config.can_interrupt ? 'interrupts' : 'plain',
    phase: place.endsWith('.before') ? 'before' : 'after',
    when: when === undefined ? null : readExpression(when),
    method: config.method,
    url: readUrl(config.url),
    endpoint: endpointOf(config.url),
    template: body === NO_BODY ? null : body,
    headers: body === NO_BODY ? withoutContentType(headers, config) : headers,
    secrets: config.secrets ?? {},
    credentials: credentialsOf(config.auth),
    sign: signing === undefined ? null : signWith(signing.secrets),
    emitHeaders: config.emit_analytics_event !== false,
    timeout: timeout === undefined ? actions.timeout : (parseDuration(timeout) ?? actions.timeout),
    attempts: config.attempts ?? actions.attempts,
    places: openBulkhead(config.concurrency ?? MOST_AT_ONCE),
    onFailure: config.on_failure ?? null,
    retry: config.retry === undefined ? null : retryOf(config.retry),
    limits: config.limits ?? null,
    isOrdered: config.lane === 'identity',
  }
}

function retryOf({ attempts, ...spans }: NonNullable<WebHookConfig['retry']>): Partial<RetryPolicy> {
  const times = Object.entries(spans).map(([name, text]) => [name, parseDuration(text)] as const)
  return { ...(attempts === undefined ? {} : { attempts }), ...Object.fromEntries(times) }
}

/** Nothing has no type, unless somebody says that it has. */
function withoutContentType(headers: HookHeaders, config: WebHookConfig): HookHeaders {
  const isConfigured = Object.keys(config.headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
  const { 'content-type': _, ...open } = headers.open
  return isConfigured ? headers : { ...headers, open }
}

/** Only after registration and settings is there something to be stored that a plain hook has to wait for. */
const STORES_FIRST = /^(registration|settings)\.after/

export function modeOf(
  { response, can_interrupt }: Pick<WebHookConfig, 'response' | 'can_interrupt'>,
  place: Place,
): Mode {
  if (response?.ignore || isEventPlace(place)) return 'queued'
  if (response?.parse || can_interrupt) return 'asked'
  return STORES_FIRST.test(place) ? 'awaited' : 'asked'
}
