import type { AfterContext, BeforeContext, Renders } from '../../core/action.ts'
import type { Milliseconds } from '../../core/time.ts'
import { PLACES } from '../../core/place.ts'
import { defineConfiguredAction } from '../define.ts'
import type { ActionDeps } from '../deps.ts'
import { askReceiver } from './ask-receiver.ts'
import { webHookConfig } from './config.ts'
import { readHook } from './hook.ts'
import { renderDelivery } from './render-delivery.ts'

/** Calls an HTTP receiver: asked, told and awaited, or queued. */
export const webHook = defineConfiguredAction<typeof webHookConfig, ActionDeps>({
  summary: 'Calls an HTTP receiver with a body rendered from a template, and may let its answer decide.',
  placement: PLACES,
  config: webHookConfig,
  create: (config, deps, place) => {
    if (config.enabled === false) return {}
    const hook = readHook(config, place, deps.settings)
    const asks = (context: BeforeContext | AfterContext, deadline: Milliseconds) =>
      askReceiver(deps, hook, context, deadline)
    if (hook.mode === 'asked') return hook.phase === 'before' ? { before: asks } : { after: asks, isGate: true }

    const render: Renders = (context, occasion) => renderDelivery(deps, hook, context, occasion)
    const sending = { secretHeaders: hook.headers.secret, attempts: hook.attempts }
    return hook.mode === 'awaited' ? { render, sending, awaited: true } : { render, sending }
  },
})
