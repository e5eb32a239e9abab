import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { actionsFor } from '../core/plan.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { Caller, FlowDeps } from './define.ts'
import { type Opening, openLogin } from './login.ts'
import { openRegistration } from './registration.ts'
import { checkReturnTo } from './return-url.ts'

export type StartRequest = {
  readonly name: Flow['name']
  readonly type: Flow['type']
  readonly requestUrl: string
  readonly query: { readonly [name: string]: string }
  readonly caller: Caller
}

export type Started =
  | { readonly kind: 'started'; readonly flow: Flow }
  | { readonly kind: 'signed_in'; readonly returnTo: string | null }

/** Starts a flow: open it, ask the actions that stand before it, and only then store it. */
export async function startFlow(deps: FlowDeps, request: StartRequest): Promise<Started> {
  const returnTo = checkReturnTo(deps.settings, request.query.return_to ?? null)
  const opening = openers[request.name](deps, request, returnTo)
  if (opening.kind === 'signed_in') return { kind: 'signed_in', returnTo }

  const { flow } = opening
  const trigger = { phase: 'before', flow: flow.name } as const
  const verdict = await deps.ask(actionsFor(trigger, deps.plan), {
    trigger,
    flow,
    request: request.caller.request,
    session: request.caller.session,
  })
  if (verdict.kind === 'deny') throw denied(verdict.messages)
  if (verdict.kind === 'divert') throw denied([])

  // Ory looks for a session only now when a browser starts a registration, so its hooks have run (ory-actions.md §2.3).
  if (opening.kind === 'opened_unless_signed_in' && request.caller.session !== null)
    return { kind: 'signed_in', returnTo }
  await deps.store.commit([{ kind: 'openFlow', flow }, ...verdict.effects])
  deps.wake()
  return { kind: 'started', flow }
}

const openers = { login: openLogin, registration: openRegistration } satisfies Record<
  Flow['name'],
  (deps: FlowDeps, request: StartRequest, returnTo: string | null) => Opening
>

/** A refusal by an action before the flow reaches the caller, with all its messages (design.md §3, row 3). */
const denied = (messages: readonly FieldMessage[]) =>
  new WireError(403, 'An action refused to start this flow', {
    id: 'action_denied',
    reason: messages[0]?.message.text ?? 'This is not allowed at the moment.',
    details: {
      messages: messages.map(({ field, message }) => ({ field, ...message, context: message.context ?? {} })),
    },
  })
