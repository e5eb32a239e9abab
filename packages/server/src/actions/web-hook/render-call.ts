import type { AfterContext, BeforeContext, EventContext } from '../../core/action.ts'
import type { RenderedCall } from '../../core/delivery.ts'
import type { DeliveryId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Milliseconds, Time } from '../../core/time.ts'
import type { ActionDeps } from '../deps.ts'
import { evaluate, type Expression, ExpressionError } from '../template/expression.ts'
import { fillHeaders } from './headers.ts'
import type { Hook } from './hook.ts'
import { renderBody } from './render-body.ts'
import { templateContext } from '../template/template-context.ts'
import { fillUrl } from '../template/url.ts'

/** What a hook makes of the moment: a call, or why there is none. */
export type Rendered =
  | { readonly kind: 'call'; readonly call: RenderedCall; readonly seen: JsonObject }
  /** `when` is false. */
  | { readonly kind: 'skipped' }
  /** The body's template wants no call. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly detail: string; readonly seen: JsonObject }

type Deps = Pick<ActionDeps, 'settings' | 'templates'>
type Moment = { readonly id: DeliveryId; readonly at: Time; readonly budget: Milliseconds }

/** Renders a whole call: whether it is made, its address, headers and body. The same bytes go out in every attempt. */
export async function renderCall(
  deps: Deps,
  hook: Hook,
  context: BeforeContext | AfterContext | EventContext,
  { id, at, budget }: Moment,
): Promise<Rendered> {
  return renderSeen(deps, hook, templateContext({ settings: deps.settings, deliveryId: id, at }, context), budget)
}

/** Renders a call from what its templates see. */
export async function renderSeen(
  { templates }: Pick<Deps, 'templates'>,
  hook: Hook,
  seen: JsonObject,
  budget: Milliseconds,
): Promise<Rendered> {
  const { method, template, headers, sign, credentials } = hook
  try {
    if (hook.when !== null && !isTrue(hook.when, seen)) return { kind: 'skipped' }
    const contentType = headers.open['content-type'] ?? ''
    const rendered = await renderBody(templates, { method, contentType, template }, seen, budget)
    if (rendered.kind === 'failed') return { ...rendered, seen }
    if (rendered.kind !== 'body') return rendered
    return {
      kind: 'call',
      seen,
      call: {
        method,
        url: fillUrl(hook.url, seen),
        headers: { ...headers.open, ...fillHeaders(headers, seen) },
        body: rendered.body,
        secretHeaders: Object.keys(headers.secret),
        ...(sign === null ? {} : { isSigned: true }),
        ...(credentials === null ? {} : { hasCredentials: true }),
      },
    }
  } catch (error) {
    if (error instanceof ExpressionError) return { kind: 'failed', detail: error.message, seen }
    throw error
  }
}

function isTrue(when: Expression, seen: JsonObject): boolean {
  const value = evaluate(when, seen)
  if (typeof value === 'boolean') return value
  throw new ExpressionError('`when` gives neither true nor false')
}
