import { isDeepStrictEqual } from 'node:util'
import type { Delivery } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import type { SettingsFlow, VerificationFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import { actionsFor } from '../core/plan.ts'
import { isLive } from '../core/session.ts'
import type { FieldMessage, UiMessage } from '../core/ui.ts'
import type { Passed } from '../methods/define.ts'
import type { FlowDeps, Passing } from './define.ts'
import { fulfil } from './fulfil.ts'

type Applied =
  | {
      readonly kind: 'applied'
      /** Who it is with the change made, and who it was. */
      readonly attempt: Pick<Passed, 'identity'> & { readonly before: IdentityWithCredentials }
      readonly effects: readonly Effect[]
      readonly awaited: readonly Delivery[]
    }
  | { readonly kind: 'denied'; readonly messages: readonly FieldMessage[]; readonly answer?: 'form' }

/** Makes the change of a profile that waited for its new address, and tells the actions that stand after it (ory-actions.md §3.6). */
export async function applyChange(deps: FlowDeps, flow: VerificationFlow, passing: Passing): Promise<Applied> {
  const { store } = deps
  const { caller, method, at } = passing
  const change = await store.pendingChanges.findByFlow(flow.id)
  if (change === null) return invalid(method)
  const [before, session, settings] = await Promise.all([
    store.identities.find(change.identityId),
    store.sessions.find(change.sessionId),
    store.flows.find(change.settingsFlowId),
  ])
  // It dies with the session that asked for it, and with any other change of the same traits.
  if (before === null || session === null || !isLive(session, at)) return invalid(method)
  if (!isDeepStrictEqual(before.traits, change.traitsBefore)) return invalid(method)
  const changed = deps.retrait(before, change.traits)
  if (changed.kind === 'invalid') return { kind: 'denied', messages: changed.messages }

  const identity = verified(changed.identity, flow, at)
  const parent: SettingsFlow | null = settings?.name === 'settings' ? settings : null
  if (parent === null) return invalid(method)
  const trigger = { phase: 'after', flow: 'settings', method: 'profile' } as const
  const context = {
    trigger,
    flow: { ...parent, transientPayload: {} },
    request: caller.request,
    // Ory reads this session without the devices it was used from.
    session: { ...session, identity, devices: [] },
    identity,
    previous: before,
  }
  const verdict = await deps.ask(actionsFor(trigger, deps.plan), context, { isDecided: true })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages }
  if (verdict.kind === 'divert') throw new Error('a change that was decided is not diverted')
  const fulfilled = await fulfil(deps, verdict.effects, {
    parent,
    identity,
    before,
    isImplicit: true,
    mayVerify: true,
    csrfCookie: caller.csrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  return {
    kind: 'applied',
    attempt: { identity: fulfilled.identity, before },
    effects: [
      { kind: 'takeChange', identityId: before.id, flowId: flow.id },
      // The identity is saved once, by the verification.
      ...fulfilled.effects.filter(({ kind }) => kind !== 'saveIdentity'),
    ],
    awaited: verdict.awaited,
  }
}

const verified = (
  identity: IdentityWithCredentials,
  { challenge }: VerificationFlow,
  at: number,
): IdentityWithCredentials => ({
  ...identity,
  verifiableAddresses: identity.verifiableAddresses.map((address) =>
    address.value === challenge?.address && address.via === challenge.via
      ? { ...address, verified: true, status: 'completed', verifiedAt: at, updatedAt: at }
      : address,
  ),
})

const invalid = (method: Passing['method']): Applied => {
  const message: UiMessage =
    method === 'link' ? messages.verificationTokenInvalid() : messages.verificationCodeInvalid()
  return { kind: 'denied', messages: [{ field: '', message }], answer: 'form' }
}
