import type { LoginFlow } from '../../core/flow.ts'
import { messages } from '../../core/messages.ts'
import type { UiNode } from '../../core/ui.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { socialEntry } from '../../identities/social-credential.ts'
import type { Attempt } from '../define.ts'
import type { Provider, Ready } from './deps.ts'
import type { Taken } from './describe.ts'

/**
 * The address is somebody's already. Whoever can sign in to that account adds the provider to it; the provider's word
 * alone is never enough (ory-identity-api.md §7.3).
 */
export const linkInstead = (
  deps: Ready,
  provider: Provider,
  person: UpstreamPerson,
  taken: Taken,
): Extract<Attempt, { kind: 'continues' }> => ({
  kind: 'continues',
  flow: 'login',
  attempt: async (flow) => {
    const page = new URL(deps.settings.selfservice.flows.login.uiUrl)
    page.searchParams.set('flow', flow.id)
    page.searchParams.set('no_org_ui', 'true')
    const told = messages.signInToLink({
      duplicateIdentifier: taken.identifier,
      provider: provider.label,
      newLoginUrl: page.href,
      // Who may use what is nobody's business who has not signed in yet.
      credentialTypes: [],
      providers: [],
    })
    return {
      kind: 'pending',
      flow: {
        ...flow,
        active: 'oidc',
        memory: { ...flow.memory, linking: { identityId: taken.by.id, entry: socialEntry(person) } },
        ui: { ...flow.ui, messages: [told], nodes: linkingNodes(deps, flow, provider, taken) },
      },
      effects: [],
      answer: 'refused',
      browserTo: page.href,
    }
  },
})

/** The usual form, with the identifier filled in and out of the way, and without the provider that is to be added. */
const linkingNodes = ({ providers }: Ready, { ui }: LoginFlow, adding: Provider, { identifier }: Taken) =>
  ui.nodes.flatMap((node): UiNode[] => {
    if (node.type !== 'input') return [node]
    const { attributes } = node
    if (attributes.name === 'identifier') {
      return [{ ...node, attributes: { ...attributes, type: 'hidden', value: identifier } }]
    }
    if (node.group !== 'oidc' || attributes.name !== 'provider') return [node]
    if (attributes.value === adding.id) return []
    const label = providers.find(({ id }) => id === attributes.value)?.label ?? ''
    return [{ ...node, meta: { label: messages.confirmWith(label) } }]
  })
