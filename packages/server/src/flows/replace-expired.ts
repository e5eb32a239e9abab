import type { Flow } from '../core/flow.ts'
import { messages } from '../core/messages.ts'
import type { Caller, FlowDeps, Outcome } from './define.ts'
import { startFlow } from './start.ts'

/** An expired flow is replaced by a new one that says so; its before-actions run as for every start (ory-actions.md §2.4). */
export async function replaceExpired(deps: FlowDeps, expired: Flow, caller: Caller): Promise<Outcome> {
  const { name, type, requestUrl } = expired
  const query = Object.fromEntries(new URL(requestUrl).searchParams)
  const started = await startFlow(deps, { name, type, requestUrl, query, caller })
  if (started.kind === 'signed_in') return { kind: 'signed_in', flow: expired }

  const expiredMinutesAgo = { now: deps.clock.now(), expiredAt: expired.expiresAt }
  const message =
    name === 'login' ? messages.loginExpired(expiredMinutesAgo) : messages.registrationExpired(expiredMinutesAgo)
  const flow = { ...started.flow, ui: { ...started.flow.ui, messages: [...started.flow.ui.messages, message] } }
  await deps.store.commit([{ kind: 'keepFlow', flow }])
  return { kind: 'replaced', flow, expired }
}
