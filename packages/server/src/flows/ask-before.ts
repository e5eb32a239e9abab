import { isWish } from '../core/decision.ts'
import type { Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { actionsFor } from '../core/plan.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { Caller, FlowDeps } from './define.ts'

export type Consulted =
  | { readonly kind: 'asked'; readonly effects: readonly Effect[] }
  | { readonly kind: 'refused'; readonly messages: readonly FieldMessage[] }

/** Asks the actions that stand before a flow. */
export async function consultBefore(
  deps: Pick<FlowDeps, 'ask' | 'plan'>,
  flow: Flow,
  { request, session }: Pick<Caller, 'request' | 'session'>,
): Promise<Consulted> {
  const trigger = { phase: 'before', flow: flow.name } as const
  const verdict = await deps.ask(actionsFor(trigger, deps.plan), { trigger, flow, request, session })
  if (verdict.kind === 'deny') return { kind: 'refused', messages: verdict.messages }
  if (verdict.kind === 'divert') return { kind: 'refused', messages: [] }
  // Before a flow there is nothing yet to wish for.
  return { kind: 'asked', effects: verdict.effects.flatMap((effect) => (isWish(effect) ? [] : [effect])) }
}

/** The same where a refusal reaches whoever wanted to start the flow (design.md §3, row 3). */
export async function askBefore(
  deps: Pick<FlowDeps, 'ask' | 'plan'>,
  flow: Flow,
  caller: Pick<Caller, 'request' | 'session'>,
): Promise<readonly Effect[]> {
  const consulted = await consultBefore(deps, flow, caller)
  if (consulted.kind === 'refused') throw denied(consulted.messages)
  return consulted.effects
}

const denied = (messages: readonly FieldMessage[]) =>
  new WireError(403, 'An action refused to start this flow', {
    id: 'action_denied',
    reason: messages[0]?.message.text ?? 'This is not allowed at the moment.',
    details: {
      messages: messages.map(({ field, message }) => ({ field, ...message, context: message.context ?? {} })),
    },
  })
