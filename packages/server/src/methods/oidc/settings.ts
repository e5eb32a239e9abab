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
import type { Attempt, MethodInFlow, Reading, Returned, Submitted } from '../define.ts'
import { textOf } from './fields.ts'
import { providerFor, sendToProvider } from './depart.ts'
import type { Provider, Ready } from './deps.ts'
import { failed, guarded } from './guard.ts'

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
    return { kind: 'ready', privileged: true, attempt: async () => startLinking(deps, submitted, person, link) }
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
  const provider = deps.providers.find((each) => each.id === id)
  if (provider === undefined || linkedProviders(person).includes(id)) return failed(CAN_NOT_LINK)
  // The browser that comes back has no session of a native app, and nothing else says whose account it is.
  if (submitted.flow.type === 'api') {
    return failed('a native app can not link an OpenID Connect connection: open the settings in a browser instead')
  }
  const active = { ...submitted, flow: { ...submitted.flow, active: 'oidc' } }
  return guarded(deps, id, () => sendToProvider(deps, active, provider))
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
