import type { Flow, LoginFlow } from '../core/flow.ts'
import { messages } from '../core/messages.ts'
import { inputNode, submitNode } from '../core/nodes.ts'
import type { Settings } from '../core/settings.ts'
import type { UiNode } from '../core/ui.ts'
import { memoryOf } from './memory.ts'

type StyleDeps = { readonly settings: Pick<Settings, 'methods' | 'selfservice'> }

/** A sign-up that asks who somebody is before it asks what they sign in with (ory-identity-api.md §5.3). */
export const isTwoStep = ({ settings }: StyleDeps) =>
  settings.selfservice.registration.style === 'profile_first' && settings.methods.profile.enabled

/** Of two steps, whether this sign-up is at its first. */
export const asksProfileFirst = (deps: StyleDeps, flow: Flow) =>
  flow.name === 'registration' && isTwoStep(deps) && memoryOf(flow, 'profile').step !== 'credentials'

/** What was typed in the first step is carried along by the second. */
export const carriesProfile = (deps: StyleDeps, flow: Flow) =>
  flow.name === 'registration' && isTwoStep(deps) && memoryOf(flow, 'profile').step === 'credentials'

/** A sign-in that asks who somebody is before it asks for any proof (§5.1). Who is known already is not asked. */
export const asksIdentifierFirst = ({ settings }: StyleDeps, flow: Flow): flow is LoginFlow =>
  flow.name === 'login' &&
  settings.selfservice.login.style === 'identifier_first' &&
  flow.requestedAal !== 'aal2' &&
  !flow.refresh

/** The first step of it: who somebody is, or a way in that says so by itself. */
export function identifierStep(nodes: readonly UiNode[]): readonly UiNode[] {
  const asked = nodes.find((node) => node.type === 'input' && node.attributes.name === 'identifier')
  const identifier = inputNode({
    group: 'identifier_first',
    name: 'identifier',
    type: 'text',
    value: '',
    required: true,
    autocomplete: 'username webauthn',
    label: asked?.meta.label ?? messages.identifier(),
  })
  return [
    identifier,
    submitNode('identifier_first', 'method', 'identifier_first', messages.continue()),
    ...nodes.filter(saysWho),
  ]
}

const saysWho = (node: UiNode) => {
  if (node.type === 'script') return true
  if (node.type !== 'input') return false
  const { name } = node.attributes
  return node.group === 'oidc' || name === 'passkey_login' || name === 'passkey_challenge'
}
