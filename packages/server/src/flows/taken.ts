import { isFirstFactor } from '../core/factors.ts'
import type { Effect } from '../core/effect.ts'
import type { CredentialType, IdentityWithCredentials } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import type { MethodName } from '../core/trigger.ts'
import type { UiMessage } from '../core/ui.ts'
import { linkedProviders } from '../identities/social-credential.ts'
import type { Closing, FlowDeps, Outcome, Submission } from './define.ts'
import { chargesForMail, NOTHING_PAID } from './limits.ts'

type Deps = Pick<FlowDeps, 'settings' | 'store' | 'mail' | 'counting' | 'clock'>

type Taken = {
  readonly submission: Submission
  readonly method: MethodName
  /** Who wanted to sign up. */
  readonly draft: IdentityWithCredentials
  readonly closing: Extract<Closing, { kind: 'closed' }>
}

/** Ways to sign up in which nobody has shown yet that the address is theirs. */
const UNPROVEN: ReadonlySet<MethodName> = new Set<MethodName>(['password', 'passkey', 'webauthn'])

/** Credentials whose identifiers are what people call themselves. */
const NAMED: ReadonlySet<CredentialType> = new Set<CredentialType>(['password', 'code', 'webauthn'])

/**
 * Somebody signs up with an address that is taken. Where strangers are not to learn who has an account, they are answered
 * as if it were free, and its owner is told (design.md §7). Null where that can't be: a session would be missing, a name
 * that is no address could not be told of, and several addresses would tell by which of them is written to.
 */
export async function answerAsIfFree(deps: Deps, taken: Taken): Promise<Outcome | null> {
  const { submission, method, draft, closing } = taken
  const { outcome } = closing
  if (!deps.settings.security.accountEnumeration.mitigate || !UNPROVEN.has(method)) return null
  if (outcome.kind !== 'completed' || outcome.handedOut) return null
  const addresses = [...draft.verifiableAddresses, ...draft.recoveryAddresses]
  const [address] = addresses
  if (address === undefined || addresses.some(({ value }) => value !== address.value)) return null
  const names = draft.credentials.filter(({ type }) => NAMED.has(type)).flatMap(({ identifiers }) => identifiers)
  if (names.some((name) => name !== address.value)) return null

  const { flow, caller } = submission
  const told = await deps.mail({
    template: 'registration_duplicate',
    to: address.value,
    via: address.via,
    data: { request_url: flow.requestUrl, transient_payload: {} },
    request: caller.request,
  })
  // A verification that nobody will be sent a code for awaits one all the same.
  const shown = closing.effects.filter(({ kind }) => kind === 'closeFlow' || kind === 'openFlow')
  const charges = chargesForMail(deps, told, NOTHING_PAID, caller.request)
  const paid = charges.map((charge): Effect => ({ kind: 'charge', charge }))
  const done = await deps.store.commit([...shown, ...told, ...paid])
  if (done.kind === 'committed') return outcome
  // Whoever was told often enough is not told again; the answer stays the same.
  if (done.conflict === 'budget_spent' && (await deps.store.commit(shown)).kind === 'committed') return outcome
  return null
}

/** That the identifier is taken; with how its owner signs in, where the operator wants people to be told (§6, 4000028). */
export async function takenMessage(deps: Deps, draft: IdentityWithCredentials): Promise<UiMessage> {
  const { selfservice, security } = deps.settings
  if (!selfservice.registration.loginHints || security.accountEnumeration.mitigate)
    return messages.duplicateIdentifier()
  for (const { type, identifiers } of draft.credentials) {
    for (const identifier of identifiers) {
      const owner = await deps.store.identities.findByIdentifier(type, identifier)
      if (owner !== null) return messages.duplicateIdentifierWithHints({ identifier, ...waysIn(deps, owner) })
    }
  }
  return messages.duplicateIdentifier()
}

const waysIn = ({ settings }: Pick<Deps, 'settings'>, owner: IdentityWithCredentials) => ({
  credentialTypes: owner.credentials
    .filter((credential) => isFirstFactor(settings.methods, credential))
    .map(({ type }) => type),
  providers: linkedProviders(owner),
})
