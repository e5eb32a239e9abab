import type { AfterContext, BeforeContext, Occasion, Rehearses, Renders, Sending } from '../../core/action.ts'
import { PLACES } from '../../core/place.ts'
import type { Milliseconds } from '../../core/time.ts'
import { defineConfiguredAction } from '../define.ts'
import type { ActionDeps } from '../deps.ts'
import { askReceiver } from './ask-receiver.ts'
import { webHookConfig } from './config.ts'
import { type Hook, readHook } from './hook.ts'
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
    // What is queued because nobody answered needs its secrets later.
    if (hook.mode === 'asked')
      return hook.phase === 'before' ? { before: asks, ...known } : { after: asks, isGate: true, ...known }

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

const sendingOf = ({
  headers,
  secrets,
  sign,
  credentials,
  attempts,
  onFailure,
  endpoint,
  retry,
  limits,
}: Hook): Sending => ({
  secretHeaders: headers.secret,
  secrets,
  attempts,
  endpoint,
  ...(retry === null ? {} : { retry }),
  ...(limits === null ? {} : { limits }),
  ...(sign === null ? {} : { sign }),
  ...(credentials === null ? {} : { credentials }),
  ...(onFailure === null ? {} : { onFailure }),
})
