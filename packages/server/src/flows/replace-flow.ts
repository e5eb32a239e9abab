import type { Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import { withMessages } from '../core/nodes.ts'
import type { FieldMessage } from '../core/ui.ts'
import { askBefore } from './ask-before.ts'
import type { Caller, FlowDeps, Outcome } from './define.ts'
import { openers, rulesOf } from './registry.ts'

type Replacement = {
  readonly messages: readonly FieldMessage[]
  readonly because: 'expired' | 'retried'
  readonly effects: readonly Effect[]
}

/** A flow that is over is replaced by a new one of its kind that says why (ory-actions.md §2.4). */
export async function replaceFlow(
  deps: FlowDeps,
  old: Flow,
  caller: Caller,
  { messages, because, effects }: Replacement,
): Promise<Outcome> {
  const { name, type, requestUrl, oauth2 } = old
  const { asksWhenReplaced } = rulesOf(deps, old)
  const query = Object.fromEntries(new URL(requestUrl).searchParams)
  const owner = renewsCsrf(old, because) ? { ...caller, csrfCookie: caller.nextCsrfCookie } : caller
  const opening = await openers[name](deps, { name, type, requestUrl, query, caller: owner, oauth2 }, old.returnTo)
  if (opening.kind === 'signed_in') return { kind: 'signed_in', flow: old }

  const asked = asksWhenReplaced ? await askBefore(deps, opening.flow, caller) : []
  const opened: Flow = { ...opening.flow, ui: withMessages(opening.flow.ui, messages) }
  const isAwaited = old.name === 'verification' && opened.name === 'verification' && old.handsBack !== undefined
  const flow: Flow = isAwaited ? { ...opened, handsBack: old.handsBack } : opened
  const begun = opening.kind === 'opened' ? (opening.effects ?? []) : []
  await deps.store.commit([{ kind: 'openFlow', flow }, ...begun, ...asked, ...effects])
  deps.wake()
  return { kind: 'replaced', flow: old, instead: flow, because }
}

/** A new verification, and a recovery that was tried once more, come with a new anti-CSRF cookie (ory-identity-api.md §1.8). */
export const renewsCsrf = ({ name }: Pick<Flow, 'name'>, because: Replacement['because']) =>
  name === 'verification' || (name === 'recovery' && because === 'retried')
