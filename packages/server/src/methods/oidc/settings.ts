import { hasFirstFactor } from '../../core/factors.ts'
import type { SettingsFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import {
  linkedProviders,
  linkSocial,
  socialEntry,
  socialIdentifier,
  unlinkSocial,
} from '../../identities/social-credential.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import type { Attempt, MethodInFlow, Reading, Returned, Submitted } from '../define.ts'
import { textOf } from './fields.ts'
import { providerFor, sendToProvider } from './depart.ts'
import type { Provider, Ready } from './deps.ts'
import { failed, guarded } from './guard.ts'
import { nativePerson } from './native.ts'
import { broughtBack } from './round-trip.ts'

/** Adding an account elsewhere to one's own, and taking it away (ory-identity-api.md §7.3). */
export const oidcSettings = (deps: Ready): MethodInFlow<SettingsFlow> => ({
  nodes: ({ person }) => {
    if (person === null) return []
    const linked = linkedProviders(person)
    return deps.providers.flatMap(({ id, label }) => {
      if (!linked.includes(id)) return [submitNode('oidc', 'link', id, messages.link(label))]
      return keepsAWayIn(deps, person, id) ? [submitNode('oidc', 'unlink', id, messages.unlink(label))] : []
    })
  },
  impliedBy: ['link', 'unlink'],
  read: (submitted) => read(deps, submitted),
})

function read(deps: Ready, submitted: Submitted<SettingsFlow>): Reading<SettingsFlow> {
  const { fields, returned, person } = submitted
  if (person === null) return nothingToDo
  if (returned !== null) {
    const provider = providerFor(deps, returned.provider)
    return {
      kind: 'ready',
      withoutCsrf: true,
      attempt: () => arrive(deps, submitted, person, returned, provider),
    }
  }
  const [link, unlink] = [textOf(fields.link), textOf(fields.unlink)]
  if (link !== '') {
    const attempt = submitted.flow.type === 'api' ? linkFromApp : startLinking
    return { kind: 'ready', privileged: true, attempt: async () => attempt(deps, submitted, person, link) }
  }
  if (unlink !== '') {
    return { kind: 'ready', privileged: true, attempt: async () => takeAway(deps, submitted, person, unlink) }
  }
  return nothingToDo
}

const nothingToDo: Reading<SettingsFlow> = {
  kind: 'invalid',
  messages: [{ field: '', message: messages.noSettingsStrategy() }],
}

const CAN_NOT_LINK = 'can not link unknown or already existing OpenID Connect connection'

async function startLinking(
  deps: Ready,
  submitted: Submitted<SettingsFlow>,
  person: IdentityWithCredentials,
  id: string,
): Promise<Attempt<SettingsFlow>> {
  const provider = linkable(deps, person, id)
  if (provider === null) return failed(CAN_NOT_LINK)
  const active = { ...submitted, flow: { ...submitted.flow, active: 'oidc' } }
  return guarded(deps, id, () => sendToProvider(deps, active, provider))
}

const linkable = ({ providers }: Ready, person: IdentityWithCredentials, id: string): Provider | null =>
  providers.find((each) => each.id === id && !linkedProviders(person).includes(id)) ?? null

/**
 * An app has a token of the provider's own library, or a code that its browser has brought back from there; or it is
 * only now sending that browser. Whoever merely comes back with an answer links nothing: nothing says whose browser it is.
 */
async function linkFromApp(
  deps: Ready,
  submitted: Submitted<SettingsFlow>,
  person: IdentityWithCredentials,
  id: string,
): Promise<Attempt<SettingsFlow>> {
  const { fields, flow } = submitted
  const provider = linkable(deps, person, id)
  if (provider === null) return failed(CAN_NOT_LINK)
  const told = (someone: UpstreamPerson) =>
    ({ provider: id, traits: {}, told: { kind: 'person', person: someone } }) as const
  if (textOf(fields.id_token) !== '') {
    const someone = await nativePerson(deps, provider, fields)
    return arrive(deps, submitted, person, told(someone), provider)
  }
  const code = textOf(fields.code)
  if (code === '') return startLinking(deps, submitted, person, id)
  const someone = broughtBack(deps.tripSeal, flow, code)
  if (someone === null || someone.provider !== id) {
    return failed('the code is not the one that the browser has brought back from the provider')
  }
  return arrive(deps, submitted, person, told(someone), provider)
}

async function arrive(
  deps: Ready,
  { at }: Submitted<SettingsFlow>,
  before: IdentityWithCredentials,
  { told }: Returned,
  provider: Provider,
): Promise<Attempt<SettingsFlow>> {
  if (told.kind === 'refused') return failed(told.reason)
  const { person } = told
  const owner = await deps.identities.findByIdentifier('oidc', socialIdentifier(person))
  if (owner !== null && owner.id !== before.id) {
    return { kind: 'failed', messages: [{ field: '', message: messages.duplicateIdentifier() }] }
  }
  if (owner !== null || linkedProviders(before).includes(provider.id)) return failed(CAN_NOT_LINK)
  const identity = linkSocial(before, socialEntry(person), at)
  return { kind: 'passed', identity, before, aal: person.aal, proves: person.aal, upstream: person, effects: [] }
}

function takeAway(
  deps: Ready,
  { at }: Submitted<SettingsFlow>,
  before: IdentityWithCredentials,
  id: string,
): Attempt<SettingsFlow> {
  const isConfigured = deps.providers.some((provider) => provider.id === id)
  if (!isConfigured || !linkedProviders(before).includes(id)) {
    return failed('can not unlink non-existing OpenID Connect connection')
  }
  if (!keepsAWayIn(deps, before, id)) {
    return failed('can not unlink OpenID Connect connection because it is the last remaining first factor credential')
  }
  return { kind: 'passed', identity: unlinkSocial(before, id, at), before, aal: 'aal1', effects: [] }
}

/** Nobody locks themselves out. */
const keepsAWayIn = ({ settings, clock }: Ready, person: IdentityWithCredentials, id: string) =>
  hasFirstFactor(settings.methods, unlinkSocial(person, id, clock.now()).credentials)
