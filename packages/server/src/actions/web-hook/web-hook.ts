import type { AfterContext, BeforeContext, Occasion, Rehearses, Renders, Sending } from '../../core/action.ts'
import { NeighbourError } from '../../core/errors.ts'
import { PLACES } from '../../core/place.ts'
import type { Milliseconds } from '../../core/time.ts'
import { defineConfiguredAction } from '../define.ts'
import type { ActionDeps } from '../deps.ts'
import { askReceiver } from './ask-receiver.ts'
import { webHookConfig } from './config.ts'
import { type Hook, readHook } from './hook.ts'
import { interpretAnswer } from './interpret-answer.ts'
import { renderSeen } from './render-call.ts'
import { renderDelivery } from './render-delivery.ts'

/** Calls an HTTP receiver: asked, told and awaited, or queued. */
export const webHook = defineConfiguredAction<typeof webHookConfig, ActionDeps>({
  summary: 'Calls an HTTP receiver with a body rendered from a template, and may let its answer decide.',
  placement: PLACES,
  config: webHookConfig,
  create: (config, deps, place) => {
    if (config.enabled === false) return {}
    const hook = readHook(config, place, deps.settings)
    const known = { sending: sendingOf(hook), rehearses: rehearsalOf(deps, hook) }
    const asks = (context: BeforeContext | AfterContext, deadline: Milliseconds, occasion: Occasion) =>
      askReceiver(deps, hook, context, deadline, occasion)
    if (hook.mode === 'asked') {
      // What is queued because nobody answered needs its secrets later, and somebody who understands the answer.
      const later = { ...known, sending: { ...known.sending, refusalIn: refusalIn(hook) } }
      return hook.phase === 'before' ? { before: asks, ...later } : { after: asks, isGate: true, ...later }
    }

    const render: Renders = (context, occasion) => renderDelivery(deps, hook, context, occasion)
    return hook.mode === 'awaited' ? { render, ...known, awaited: true } : { render, ...known }
  },
})

const rehearsalOf = (deps: ActionDeps, hook: Hook): Rehearses => ({
  timeout: hook.timeout,
  emitHeaders: hook.emitHeaders,
  render: (seen, template) =>
    renderSeen(deps, template === undefined ? hook : { ...hook, template }, seen, hook.timeout),
})

const sendingOf = ({ headers, secrets, sign, credentials, places, retry, limits, ...hook }: Hook): Sending => ({
  secretHeaders: headers.secret,
  secrets,
  attempts: hook.attempts,
  endpoint: hook.endpoint,
  // Nobody waits for a queued call.
  ...(hook.mode === 'queued' ? {} : { enter: () => places.enter() }),
  ...(retry === null ? {} : { retry }),
  ...(limits === null ? {} : { limits }),
  ...(sign === null ? {} : { sign }),
  ...(credentials === null ? {} : { credentials }),
  ...(hook.onFailure === null ? {} : { onFailure: hook.onFailure }),
})

/** What an answer refuses. A plain hook refuses nothing: whatever is no success is a failure (ory-actions.md §4.7). */
const refusalIn =
  (hook: Hook) =>
  (status: number, body: string): string | null => {
    if (hook.answer === 'plain') return null
    try {
      const decision = interpretAnswer(hook, status, body)
      return decision.kind === 'deny' ? (decision.messages[0]?.message.text ?? 'without words') : null
    } catch (error) {
      if (error instanceof NeighbourError) return null
      throw error
    }
  }
