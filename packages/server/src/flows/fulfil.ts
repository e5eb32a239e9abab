import { isWish, type Wish } from '../core/decision.ts'
import type { Effect } from '../core/effect.ts'
import type { ContinueWith, Flow } from '../core/flow.ts'
import type { IdentityWithCredentials, VerifiableAddress } from '../core/identity.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { FlowDeps } from './define.ts'
import { notifyPrevious } from './notify-previous.ts'
import { verificationDisabled, verificationUrl, verifyAddress, withSent } from './verify-address.ts'

type Circumstances = {
  readonly parent: Flow
  readonly identity: IdentityWithCredentials
  /** As stored until now; null where the identity is created by this very commit. */
  readonly before: IdentityWithCredentials | null
  /** A registration or a change of settings verifies without being told (ory-actions.md §3.4). */
  readonly isImplicit: boolean
  readonly mayVerify: boolean
  /** The secret of the anti-CSRF cookie that the browser will have. */
  readonly csrfCookie: string | null
  readonly request: RequestFacts
  readonly at: Time
}

export type Fulfilled =
  | {
      readonly kind: 'fulfilled'
      readonly identity: IdentityWithCredentials
      readonly effects: readonly Effect[]
      readonly continueWith: readonly ContinueWith[]
      /** Where a browser is led, if an action wants it to. */
      readonly verificationUi: string | null
    }
  | { readonly kind: 'denied'; readonly messages: readonly FieldMessage[] }

/** Makes effects of what the actions wish for, and of what the flow does without being told. */
export async function fulfil(
  deps: FlowDeps,
  effects: readonly (Effect | Wish)[],
  circumstances: Circumstances,
): Promise<Fulfilled> {
  const { parent, before, isImplicit, mayVerify, csrfCookie, request, at } = circumstances
  const { settings } = deps
  const wishes = effects.filter(isWish)
  const plain = effects.flatMap((effect) => (isWish(effect) ? [] : [effect]))
  const wanted = (kind: Wish['kind']) => wishes.some((wish) => wish.kind === kind)
  const verifies =
    mayVerify && ((isImplicit && settings.selfservice.flows.verification.enabled) || wanted('startVerification'))

  let { identity } = circumstances
  const started: { readonly step: ContinueWith; readonly url: string }[] = []
  const all: Effect[] = [...plain]
  for (const address of verifies ? toBeVerified(deps, parent, identity) : []) {
    const to = { value: address.value, via: address.via, identity }
    const verification = await verifyAddress(deps, { parent, to, csrfCookie, request, at })
    if (verification === null) return { kind: 'denied', messages: [verificationDisabled(deps)] }
    identity = withSent(identity, address, at)
    all.push(...verification.effects)
    started.push(showing(deps, verification.flow, address.value))
  }
  for (const wish of wishes) {
    if (wish.kind === 'notifyPreviousAddresses' && before !== null) {
      all.push(...(await notifyPrevious(deps, wish, { before, now: identity, request, at })))
    }
  }
  const isLegacy = settings.featureFlags.legacyContinueWithVerificationUi
  const last = started.at(-1)
  const shown = wanted('showVerification') && last !== undefined ? [last.step] : []
  return {
    kind: 'fulfilled',
    identity,
    effects: before !== null && identity !== before ? [...all, { kind: 'saveIdentity', before, identity }] : all,
    continueWith: [...(isLegacy ? started.map(({ step }) => step) : []), ...(isLegacy ? [] : shown)],
    verificationUi: wanted('showVerification') ? (last?.url ?? null) : null,
  }
}

/** Somebody whose addresses are about to be written to, as those see them who are told afterwards. */
export const asWrittenTo = (
  deps: Pick<FlowDeps, 'settings'>,
  flow: Flow,
  identity: IdentityWithCredentials,
  at: Time,
): IdentityWithCredentials =>
  deps.settings.selfservice.flows.verification.enabled
    ? toBeVerified(deps, flow, identity).reduce((told, address) => withSent(told, address, at), identity)
    : identity

/** The first address that waits for it, in the order of the schema (design.md §3, row 19); Ory's old flag wants all of them. */
function toBeVerified(
  { settings }: Pick<FlowDeps, 'settings'>,
  { name }: Flow,
  { verifiableAddresses }: IdentityWithCredentials,
): readonly VerifiableAddress[] {
  const waiting = verifiableAddresses.filter(({ verified, status, value }) =>
    value === '' ? false : name === 'settings' ? status === 'pending' && !verified : !verified,
  )
  return settings.featureFlags.legacyContinueWithVerificationUi ? waiting : waiting.slice(0, 1)
}

function showing(
  deps: FlowDeps,
  flow: Parameters<typeof verificationUrl>[1],
  address: string,
): { readonly step: ContinueWith; readonly url: string } {
  const url = verificationUrl(deps, flow)
  return {
    url,
    step: {
      action: 'show_verification_ui',
      // A native client has its own page for it.
      flow: { id: flow.id, verifiable_address: address, ...(flow.type === 'browser' ? { url } : {}) },
    },
  }
}

export const handedOut = (effects: readonly Effect[]) => effects.some(({ kind }) => kind === 'handOutSession')

export const stepsIn = (effects: readonly Effect[]): readonly ContinueWith[] =>
  effects.flatMap((effect) => (effect.kind === 'continueWith' ? [effect.step] : []))
