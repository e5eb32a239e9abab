import type { LoginFlow } from '../../core/flow.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { linkedProviders, socialIdentifier } from '../../identities/social-credential.ts'
import type { Attempt, MethodInFlow, Returned, Submitted } from '../define.ts'
import { textOf } from './fields.ts'
import { providerFor, sendToProvider } from './depart.ts'
import type { Provider, Ready } from './deps.ts'
import { describe, isOwn, takenBy } from './describe.ts'
import { failed, guarded } from './guard.ts'
import { linkInstead } from './link-instead.ts'
import { nativePerson } from './native.ts'
import { passed } from './passed.ts'
import { unable } from './provider-error.ts'
import { signUp } from './registration.ts'

/** Signing in with an account elsewhere (ory-identity-api.md §7.3). */
export const oidcLogin = (deps: Ready): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => requestedAal !== 'aal2',
  nodes: ({ person }) => {
    // Who confirms that it is them can do so where they have an account.
    const linked = person === null ? null : linkedProviders(person)
    return deps.providers
      .filter(({ id }) => linked?.includes(id) ?? true)
      .map(({ id, label }) => submitNode('oidc', 'provider', id, messages.signInWith({ id, label })))
  },
  impliedBy: ['provider'],
  read: (submitted) => {
    const { flow, fields, returned } = submitted
    if (returned !== null) {
      const provider = providerFor(deps, returned.provider)
      return { kind: 'ready', withoutCsrf: true, attempt: () => arrive(deps, submitted, provider, returned) }
    }
    const id = textOf(fields.provider)
    if (id === '') return { kind: 'invalid', messages: [{ field: '', message: messages.noLoginStrategy() }] }
    const provider = providerFor(deps, id)
    if (textOf(fields.id_token) !== '') {
      // Somebody else's token must not sign a browser in that only opened a page.
      return {
        kind: 'ready',
        attempt: async () => {
          const person = await nativePerson(deps, provider, fields)
          return guarded(deps, provider.id, () => signIn(deps, submitted, provider, person))
        },
      }
    }
    const confirms = flow.refresh ? { prompt: 'login' } : {}
    return {
      kind: 'ready',
      withoutCsrf: true,
      attempt: () => guarded(deps, provider.id, () => sendToProvider(deps, submitted, provider, confirms)),
    }
  },
})

const arrive = async (
  deps: Ready,
  submitted: Submitted<LoginFlow>,
  provider: Provider,
  { told }: Returned,
): Promise<Attempt<LoginFlow>> =>
  told.kind === 'refused'
    ? failed(told.reason)
    : guarded(deps, provider.id, () => signIn(deps, submitted, provider, told.person))

async function signIn(
  deps: Ready,
  submitted: Submitted<LoginFlow>,
  provider: Provider,
  person: UpstreamPerson,
): Promise<Attempt<LoginFlow>> {
  const { flow } = submitted
  const known = await deps.identities.findByIdentifier('oidc', socialIdentifier(person))
  if (known !== null) return passed(deps, provider, person, known)
  // Who was to sign in to an account of theirs, or to confirm who they are, must not end up with another one.
  if (flow.memory.linking !== undefined) {
    return { kind: 'failed', messages: [{ field: '', message: messages.linkedCredentialsMismatch() }] }
  }
  if (flow.refresh) return failed(unable('this account at the provider is not linked to yours.'))

  const typed = submitted.returned?.traits ?? {}
  const described = await describe(deps, provider, person, { schemaId: flow.identitySchema, typed })
  const taken = described.kind === 'described' ? await takenBy(deps, described.identity) : null
  if (taken !== null) {
    return isOwn(taken, person) ? passed(deps, provider, person, taken.by) : linkInstead(deps, provider, person, taken)
  }
  return {
    kind: 'continues',
    flow: 'registration',
    attempt: async (next) => signUp(deps, next, provider, person, described),
  }
}
