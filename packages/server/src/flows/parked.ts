import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import type { FlowDeps, Outcome, Parked } from './define.ts'
import { actionUrl } from './form.ts'

/**
 * Keeps a submission while its person proves who they are. It lies sealed in the flow, and only the browser that sent
 * it can have it taken up: the flow knows a ticket by its hash, the browser has the ticket (ory-identity-api.md §3.3).
 */
export function park(
  { seal, random, settings }: Pick<FlowDeps, 'seal' | 'random' | 'settings'>,
  flow: Flow,
  fields: JsonObject,
  at: Time,
): { readonly flow: Flow; readonly outcome: Outcome } {
  const { csrf_token: _, ...wanted } = fields
  const ticket = random.uuid()
  const parked = seal.seal(JSON.stringify({ ticket, fields: wanted, since: at }))
  return {
    flow: { ...flow, memory: { ...flow.memory, parked }, updatedAt: at },
    outcome: proveFirst({ settings }, flow, ticket),
  }
}

/** Whoever changes what they sign in with signs in once more, and is led back to what they wanted. */
function proveFirst({ settings }: Pick<FlowDeps, 'settings'>, flow: Flow, ticket: string): Outcome {
  const url = new URL('self-service/login/browser', settings.serve.public.baseUrl)
  url.searchParams.set('refresh', 'true')
  url.searchParams.set('return_to', actionUrl({ settings }, flow))
  const error = new WireError(403, 'The requested action was forbidden', {
    id: 'session_refresh_required',
    reason: 'The login session is too old and thus not allowed to update these fields. Please re-authenticate.',
    beside: { redirect_browser_to: url.href },
  })
  return { kind: 'sent_away', error, browserTo: url.href, continuity: ticket }
}

/** What a browser comes back for with its ticket; null where nothing of it is kept here. */
export function unpark({ seal }: Pick<FlowDeps, 'seal'>, flow: Flow, ticket: string): Parked | null {
  const { parked } = flow.memory
  const opened = typeof parked === 'string' ? seal.open(parked) : null
  if (opened === null) return null
  const content: Json = JSON.parse(opened)
  if (!isJsonObject(content) || !isJsonObject(content.fields)) return null
  const { fields, since } = content
  return content.ticket === ticket && typeof since === 'number' ? { fields, since } : null
}

/** The flow once what was kept in it has been taken up. */
export const withoutParked = <F extends Flow>(flow: F): F => {
  const { parked: _, ...memory } = flow.memory
  return { ...flow, memory }
}
