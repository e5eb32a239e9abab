import { evaluate, ExpressionError } from '../actions/template/expression.ts'
import { fillHeaders } from '../actions/web-hook/headers.ts'
import { renderBody } from '../actions/web-hook/render-body.ts'
import type { Templates } from '../actions/web-hook/templates.ts'
import { fillUrl } from '../actions/template/url.ts'
import type { RenderedCall } from '../core/delivery.ts'
import { withDoubles } from '../core/exact-json.ts'
import type { JsonObject } from '../core/json.ts'
import type { Milliseconds } from '../core/time.ts'
import type { TokenRequest } from './ask-token-actions.ts'
import { clientView } from './clients.ts'
import { type HookMoment, tokenHookPayload } from './hook-payload.ts'
import type { TokenAction } from './token-plan.ts'

/** The `ctx` of a token action's templates: Hydra's payload, the client, and what every action is told. */
export const tokenContext = (
  moment: HookMoment,
  request: TokenRequest,
  phase: 'before' | 'after',
  id: string,
): JsonObject => ({
  ...tokenHookPayload(moment, request),
  client: clientView(request.client),
  trigger: { phase, token: request.grant },
  delivery: { id, attempt: 1 },
})

/** What an action makes of the moment: a call, or why there is none. */
export type RenderedTokenCall =
  | { readonly kind: 'call'; readonly call: RenderedCall }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly detail: string }

/** Renders a whole call. Without a template of its own it has the body of Hydra's token hook. */
export async function renderTokenCall(
  templates: Templates,
  { hook }: TokenAction,
  told: JsonObject,
  budget: Milliseconds,
): Promise<RenderedTokenCall> {
  const { method, headers, template, sign, credentials } = hook
  const seen = withDoubles(told)
  try {
    if (hook.when !== null && evaluate(hook.when, seen) !== true) return { kind: 'skipped' }
    const contentType = headers.open['content-type'] ?? ''
    const rendered =
      template === ''
        ? ({ kind: 'body', body: JSON.stringify({ session: told['session'], request: told['request'] }) } as const)
        : await renderBody(templates, { method, contentType, template }, seen, budget)
    if (rendered.kind !== 'body') return rendered
    return {
      kind: 'call',
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
    if (error instanceof ExpressionError) return { kind: 'failed', detail: error.message }
    throw error
  }
}
