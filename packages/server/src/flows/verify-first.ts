import { WireError } from '../core/errors.ts'
import type { LoginFlow } from '../core/flow.ts'
import type { Closing, FlowDeps, Passing } from './define.ts'
import { verificationDisabled, verificationUrl, verifyAddress, withSent } from './verify-address.ts'

/** Nobody gets in before an address is verified: one is written to, and the way to verify it is the answer (ory-actions.md §3.3). */
export async function verifyFirst(deps: FlowDeps, flow: LoginFlow, { attempt, caller, at }: Passing): Promise<Closing> {
  const before = attempt.identity
  const address = before.verifiableAddresses.find(({ value }) => value !== '')
  if (address === undefined) throw new Error('an action asks for an address, and there is none')
  const to = { value: address.value, via: address.via, identity: before }
  const verification = await verifyAddress(deps, {
    parent: flow,
    to,
    csrfCookie: caller.csrfCookie,
    request: caller.request,
    at,
  })
  if (verification === null) return { kind: 'denied', messages: [verificationDisabled(deps)] }

  const identity = withSent(before, address, at)
  const url = verificationUrl(deps, verification.flow)
  const error = new WireError(403, 'your email or phone address is not yet verified', {
    id: 'session_verified_address_required',
    // Ory's body says something else than its status.
    bodyCode: 400,
    reason:
      "Your account's email or phone address are not verified yet. Please check your email or phone inbox or re-request verification.",
    details: {
      continue_with: [
        { action: 'show_verification_ui', flow: { id: verification.flow.id, verifiable_address: address.value, url } },
      ],
    },
  })
  return {
    kind: 'closed',
    effects: [...verification.effects, { kind: 'saveIdentity', before, identity }],
    awaited: [],
    outcome: { kind: 'sent_away', error, browserTo: url },
  }
}
