import { parseDuration } from '../../core/duration.ts'
import type { Place } from '../../core/place.ts'
import type { Settings } from '../../core/settings.ts'
import type { Milliseconds } from '../../core/time.ts'
import { type HookHeaders, hookHeaders } from './headers.ts'
import type { WebHookConfig } from './config.ts'

/** When a hook is called: asked before anything is stored, told and awaited afterwards, or queued (design.md §1). */
export type Mode = 'asked' | 'awaited' | 'queued'

/** What an answer may do: nothing, refuse the flow, or also change the identity (ory-actions.md §4.1). */
export type AnswerMode = 'plain' | 'interrupts' | 'parses'

/** A web_hook whose configuration has been read. */
export type Hook = {
  readonly mode: Mode
  readonly answer: AnswerMode
  readonly phase: 'before' | 'after'
  readonly method: string
  readonly url: string
  readonly template: string
  readonly headers: HookHeaders
  readonly emitHeaders: boolean
  readonly timeout: Milliseconds
  readonly attempts: number
}

export function readHook(config: WebHookConfig, place: Place, { actions }: Pick<Settings, 'actions'>): Hook {
  const url = new URL(config.url)
  const headers = hookHeaders(config, url)
  url.username = ''
  url.password = ''
  return {
    mode: modeOf(config, place),
    answer: config.response?.parse ? 'parses' : config.can_interrupt ? 'interrupts' : 'plain',
    phase: place.endsWith('.before') ? 'before' : 'after',
    method: config.method,
    url: url.href,
    template: config.body ?? '',
    headers,
    emitHeaders: config.emit_analytics_event !== false,
    timeout: config.timeout === undefined ? actions.timeout : (parseDuration(config.timeout) ?? actions.timeout),
    attempts: config.attempts ?? actions.attempts,
  }
}

/** Only after registration and settings is there something to be stored that a plain hook has to wait for. */
const STORES_FIRST = /^(registration|settings)\.after/

export function modeOf(
  { response, can_interrupt }: Pick<WebHookConfig, 'response' | 'can_interrupt'>,
  place: Place,
): Mode {
  if (response?.ignore) return 'queued'
  if (response?.parse || can_interrupt) return 'asked'
  return STORES_FIRST.test(place) ? 'awaited' : 'asked'
}
