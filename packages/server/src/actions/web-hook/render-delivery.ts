import type { AfterContext, BeforeContext, Occasion } from '../../core/action.ts'
import type { Delivery } from '../../core/delivery.ts'
import { deliveryId } from '../../core/ids.ts'
import type { Milliseconds } from '../../core/time.ts'
import { triggerName } from '../../core/trigger.ts'
import type { ActionDeps } from '../deps.ts'
import type { Hook } from './hook.ts'
import { renderBody } from './render-body.ts'
import { templateContext } from './template-context.ts'

/** What the request may need between commit and call, on top of the call itself, before a worker takes over. */
const HANDOVER: Milliseconds = 10_000

/** Renders a queued or awaited call, to be stored with the change that causes it. Null: the template wants no call. */
export async function renderDelivery(
  deps: ActionDeps,
  hook: Hook,
  context: BeforeContext | AfterContext,
  occasion: Occasion,
): Promise<Delivery | null> {
  const id = deliveryId(deps.random.rowId())
  const createdAt = deps.clock.now()
  const seen = templateContext({ settings: deps.settings, deliveryId: id, at: createdAt }, context)
  const contentType = hook.headers.open['content-type'] ?? ''
  const rendered = await renderBody(deps.templates, { ...hook, contentType }, seen, hook.timeout)
  if (rendered.kind === 'cancelled') return null

  const delivery = {
    id,
    ...occasion,
    trigger: triggerName(context.trigger),
    identityId: 'identity' in context ? context.identity.id : null,
    createdAt,
  }
  if (rendered.kind === 'failed') {
    return { ...delivery, leasedUntil: null, leaseToken: null, content: { kind: 'dead', reason: rendered.detail } }
  }
  const isAwaited = hook.mode === 'awaited'
  return {
    ...delivery,
    leasedUntil: isAwaited ? createdAt + hook.timeout + HANDOVER : null,
    leaseToken: isAwaited ? deps.random.uuid() : null,
    content: {
      kind: 'rendered',
      call: {
        method: hook.method,
        url: hook.url,
        headers: hook.headers.open,
        body: rendered.body,
        secretHeaders: Object.keys(hook.headers.secret),
      },
      timeout: hook.timeout,
      emitHeaders: hook.emitHeaders,
    },
  }
}
