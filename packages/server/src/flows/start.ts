import type { Flow } from '../core/flow.ts'
import { askBefore } from './ask-before.ts'
import type { FlowDeps, StartRequest } from './define.ts'
import { awaitSession, wantsExchange } from './exchange.ts'
import { chargesForMail, NOTHING_PAID, overdrawn, tooOften } from './limits.ts'
import { openers } from './registry.ts'
import { checkReturnTo } from './return-url.ts'

export type Started =
  | { readonly kind: 'started'; readonly flow: Flow; readonly exchangeCode?: string }
  | { readonly kind: 'signed_in'; readonly returnTo: string | null }

/** Starts a flow: open it, ask the actions that stand before it, and only then store it. */
export async function startFlow(deps: FlowDeps, request: StartRequest): Promise<Started> {
  const returnTo = checkReturnTo(deps.settings, request.query.return_to ?? null)
  const opening = await openers[request.name](deps, request, returnTo)
  if (opening.kind === 'signed_in') return { kind: 'signed_in', returnTo }

  const awaited = wantsExchange(request) ? awaitSession(deps, opening.flow) : null
  const flow = awaited?.flow ?? opening.flow
  const effects = await askBefore(deps, flow, request.caller)
  // Ory looks for a session only now when a browser starts a registration, so its hooks have run (ory-actions.md §2.3).
  if (opening.kind === 'opened_unless_signed_in' && request.caller.session !== null)
    return { kind: 'signed_in', returnTo }
  const opened = opening.kind === 'opened' ? (opening.effects ?? []) : []
  // What a flow sends as soon as it is opened counts like what is asked for in it.
  const mail = chargesForMail(deps, opened, NOTHING_PAID, request.caller.request)
  const charges = mail.map((charge) => ({ kind: 'charge', charge }) as const)
  const commit = await deps.store.commit([{ kind: 'openFlow', flow }, ...opened, ...effects, ...charges])
  if (commit.kind === 'conflict' && commit.conflict === 'budget_spent') {
    throw tooOften((await overdrawn(deps, mail)).wait)
  }
  deps.wake()
  return { kind: 'started', flow, ...(awaited === null ? {} : { exchangeCode: awaited.code }) }
}
