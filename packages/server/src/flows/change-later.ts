import type { SettingsFlow } from '../core/flow.ts'
import type { Identity, VerifiableAddress } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import { withValues } from '../core/nodes.ts'
import type { Closing, FlowDeps, Passing } from './define.ts'
import { maskCsrf } from './form.ts'
import { withoutParked } from './parked.ts'
import { verificationDisabled, verificationUrl, verifyAddress } from './verify-address.ts'

/**
 * A new address has to answer before it takes the place of the old one: the whole submission waits for that, and the
 * way to it is the answer (ory-actions.md §3.6).
 */
export async function changeLater(deps: FlowDeps, flow: SettingsFlow, passing: Passing): Promise<Closing> {
  const { attempt, caller, at } = passing
  const before = attempt.before ?? attempt.identity
  const [address, ...others] = newAddresses(before, attempt.identity)
  const { session } = caller
  if (address === undefined || session === null) throw new Error('an action waits for a new address, and there is none')
  if (others.length > 0) return waiting(deps, flow, passing, { said: [messages.oneAddressAtATime()] })

  const owner = await deps.store.identities.findByAddress('verify', address)
  if (owner !== null && owner.id !== before.id) {
    return { kind: 'denied', messages: [{ field: '', message: messages.duplicateIdentifier() }] }
  }
  const verification = await verifyAddress(deps, {
    parent: flow,
    to: { value: address.value, via: address.via, identity: attempt.identity },
    csrfCookie: caller.csrfCookie,
    request: caller.request,
    holdsChange: true,
    at,
  })
  if (verification === null) return { kind: 'denied', messages: [verificationDisabled(deps)] }
  const change = {
    identityId: before.id,
    flowId: verification.flow.id,
    settingsFlowId: flow.id,
    sessionId: session.id,
    traits: attempt.identity.traits,
    traitsBefore: before.traits,
  }
  const url = verificationUrl(deps, verification.flow)
  return waiting(deps, flow, passing, {
    said: [],
    effects: [...verification.effects, { kind: 'parkChange', change, at }],
    continueWith: [
      {
        action: 'show_verification_ui',
        flow: {
          id: verification.flow.id,
          verifiable_address: address.value,
          ...(flow.type === 'browser' ? { url } : {}),
        },
      },
    ],
    browserTo: url,
  })
}

type Wait = {
  readonly said: SettingsFlow['ui']['messages']
  readonly effects?: Extract<Closing, { kind: 'closed' }>['effects']
  readonly continueWith?: Extract<Extract<Closing, { kind: 'closed' }>['outcome'], { kind: 'kept' }>['continueWith']
  readonly browserTo?: string
}

/** The form stays as it was typed, with nothing saved of it. */
function waiting(
  deps: FlowDeps,
  flow: SettingsFlow,
  { attempt, caller, at }: Passing,
  { said, effects = [], continueWith, browserTo }: Wait,
): Closing {
  const ui = { ...withValues(flow.ui, { traits: attempt.identity.traits }), messages: said }
  const kept = maskCsrf(deps, withoutParked({ ...flow, state: 'show_form', ui, updatedAt: at } as const), caller)
  return {
    kind: 'closed',
    effects: [{ kind: 'keepFlow', flow: { ...kept, transientPayload: null } }, ...effects],
    awaited: [],
    outcome: {
      kind: 'kept',
      flow: { ...kept, transientPayload: null },
      answer: 'form',
      ...(continueWith === undefined ? {} : { continueWith }),
      ...(browserTo === undefined ? {} : { browserTo }),
    },
  }
}

/** The addresses somebody would have that they have not had. */
export const newAddresses = (before: Identity, after: Identity): readonly VerifiableAddress[] =>
  after.verifiableAddresses.filter(
    (address) => !before.verifiableAddresses.some(({ value, via }) => value === address.value && via === address.via),
  )
