import type { Effect } from '../core/effect.ts'
import type { Flow, VerificationFlow } from '../core/flow.ts'
import type { IdentityWithCredentials, VerifiableAddress } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Time } from '../core/time.ts'
import type { Addressee } from '../methods/define.ts'
import type { FlowDeps } from './define.ts'
import { maskCsrf } from './form.ts'
import { newFlow } from './new-flow.ts'

type Wanted = {
  /** The flow it grows out of: its type, its URL and what it was sent along are handed on. */
  readonly parent: Flow
  readonly to: Addressee
  readonly csrfCookie: string | null
  readonly holdsChange?: true
  readonly request: RequestFacts
  readonly at: Time
}

/** Starts the verification of an address that somebody did not ask for themselves; no action stands before it (ory-actions.md §2.3). */
export async function verifyAddress(
  deps: FlowDeps,
  { parent, to, csrfCookie, holdsChange, request, at }: Wanted,
): Promise<{ readonly flow: VerificationFlow; readonly effects: readonly Effect[] } | null> {
  const { use } = deps.settings.selfservice.verification
  const method = deps.settings.methods[use].enabled ? deps.methods[use]?.verification : undefined
  if (method === undefined) return null
  const { requestUrl, returnTo } = afterwards(parent)
  const draft: VerificationFlow = {
    ...newFlow(deps, { name: 'verification', type: parent.type, requestUrl }, returnTo),
    name: 'verification',
    state: 'choose_method',
    active: use,
    transientPayload: parent.transientPayload,
    holdsChange: holdsChange ?? false,
  }
  const { flow: sent, effects } = await method.challenge(draft, to, { at, request })
  const flow = { ...maskCsrf(deps, sent, { csrfCookie }), transientPayload: null }
  return { flow, effects: [{ kind: 'openFlow', flow }, ...effects] }
}

/** `after_verification_return_to` says where a verification leads that a registration starts (ory-identity-api.md §3.5). */
function afterwards({ requestUrl, returnTo }: Flow): Pick<Flow, 'requestUrl' | 'returnTo'> {
  const url = new URL(requestUrl)
  const after = url.searchParams.get('after_verification_return_to')
  if (after === null || after === '') return { requestUrl, returnTo }
  url.searchParams.set('return_to', after)
  return { requestUrl: url.href, returnTo: after }
}

/** Why no verification can be started. */
export const verificationDisabled = ({ settings }: Pick<FlowDeps, 'settings'>) => ({
  field: '',
  message: messages.reason(
    `The active verification strategy ${settings.selfservice.verification.use} is not enabled. Please enable it in the configuration.`,
  ),
})

/** The identity with an address that has been written to. */
export const withSent = (
  identity: IdentityWithCredentials,
  address: VerifiableAddress,
  at: Time,
): IdentityWithCredentials => ({
  ...identity,
  updatedAt: at,
  verifiableAddresses: identity.verifiableAddresses.map((known) =>
    known.id === address.id && !known.verified ? { ...known, status: 'sent', updatedAt: at } : known,
  ),
})

export const verificationUrl = ({ settings }: Pick<FlowDeps, 'settings'>, flow: VerificationFlow): string => {
  const url = new URL(settings.selfservice.flows.verification.uiUrl)
  url.searchParams.set('flow', flow.id)
  return url.href
}
