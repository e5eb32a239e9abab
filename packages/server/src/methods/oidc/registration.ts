import type { RegistrationFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { isJsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, sortNodes, submitNode, withMessages, withValues } from '../../core/nodes.ts'
import type { Ui, UiNode } from '../../core/ui.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { socialIdentifier } from '../../identities/social-credential.ts'
import type { Attempt, MethodInFlow, Returned, Submitted } from '../define.ts'
import { textOf } from './fields.ts'
import { providerFor, sendToProvider } from './depart.ts'
import type { Provider, Ready } from './deps.ts'
import { describe, type Described, isOwn, takenBy } from './describe.ts'
import { guarded } from './guard.ts'
import { linkInstead } from './link-instead.ts'
import { passed } from './passed.ts'
import { nativePerson } from './native.ts'

/** Signing up with an account elsewhere (ory-identity-api.md §7.3). */
export const oidcRegistration = (deps: Ready): MethodInFlow<RegistrationFlow> => ({
  nodes: () =>
    deps.providers.map(({ id, label }) => submitNode('oidc', 'provider', id, messages.signUpWith({ id, label }))),
  impliedBy: ['provider'],
  read: (submitted) => {
    const { fields, returned } = submitted
    if (returned !== null) {
      const provider = providerFor(deps, returned.provider)
      return { kind: 'ready', withoutCsrf: true, attempt: () => arrive(deps, submitted, provider, returned) }
    }
    const id = textOf(fields.provider)
    if (id === '') return { kind: 'invalid', messages: [{ field: '', message: messages.noRegistrationStrategy() }] }
    const provider = providerFor(deps, id)
    if (textOf(fields.id_token) !== '') {
      return {
        kind: 'ready',
        attempt: async () => {
          const person = await nativePerson(deps, provider, fields)
          return guarded(deps, provider.id, () => begin(deps, submitted, provider, person))
        },
      }
    }
    return {
      kind: 'ready',
      withoutCsrf: true,
      attempt: () => guarded(deps, provider.id, () => sendToProvider(deps, submitted, provider)),
    }
  },
})

async function arrive(
  deps: Ready,
  submitted: Submitted<RegistrationFlow>,
  provider: Provider,
  { told }: Returned,
): Promise<Attempt<RegistrationFlow>> {
  if (told.kind === 'person') return guarded(deps, provider.id, () => begin(deps, submitted, provider, told.person))
  // What remains is to try the same again (ory-identity-api.md §5.3).
  const { flow } = submitted
  const ui = { ...flow.ui, messages: [messages.reason(told.reason)], nodes: formNodes(provider, []) }
  return { kind: 'pending', flow: { ...flow, ui }, effects: [], answer: 'refused' }
}

async function begin(
  deps: Ready,
  submitted: Submitted<RegistrationFlow>,
  provider: Provider,
  person: UpstreamPerson,
): Promise<Attempt<RegistrationFlow>> {
  const { flow, fields, returned } = submitted
  const signInAs = (identity: IdentityWithCredentials): Attempt<RegistrationFlow> => ({
    kind: 'continues',
    flow: 'login',
    attempt: () => passed(deps, provider, person, identity),
  })
  const known = await deps.identities.findByIdentifier('oidc', socialIdentifier(person))
  // Who has an account already signs in to it.
  if (known !== null) return signInAs(known)
  const typed = returned?.traits ?? (isJsonObject(fields.traits) ? fields.traits : {})
  const described = await describe(deps, provider, person, { schemaId: flow.identitySchema, typed })
  const taken = described.kind === 'described' ? await takenBy(deps, described.identity) : null
  if (taken === null) return signUp(deps, flow, provider, person, described)
  return isOwn(taken, person) ? signInAs(taken.by) : linkInstead(deps, provider, person, taken)
}

/** Somebody new, if enough is known of them; else they are asked for the rest. */
export function signUp(
  deps: Ready,
  flow: RegistrationFlow,
  provider: Provider,
  person: UpstreamPerson,
  described: Described,
): Attempt<RegistrationFlow> {
  if (described.kind === 'described') {
    return { kind: 'passed', identity: described.identity, aal: person.aal, upstream: person, effects: [] }
  }
  const empty: Ui = {
    ...flow.ui,
    messages: [],
    nodes: formNodes(provider, deps.traitForms.nodes(flow.identitySchema)),
  }
  const ui = withMessages(withValues(empty, { traits: described.traits }), described.messages)
  return { kind: 'pending', flow: { ...flow, active: 'oidc', ui }, effects: [], answer: 'refused' }
}

const formNodes = ({ id }: Provider, traits: readonly UiNode[]) =>
  sortNodes('registration', [
    csrfNode(''),
    ...traits,
    submitNode('oidc', 'provider', id, messages.continueRegistration()),
  ])
