import type { Flow } from '../../core/flow.ts'
import type { JsonObject } from '../../core/json.ts'
import type { SecurityKey } from '../../core/keys.ts'
import { messages } from '../../core/messages.ts'
import { inputNode } from '../../core/nodes.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import { creationOptions, type KeyDeps, scriptNodes, textIn, triggerNode } from '../../flows/keys.ts'

/** As long as Ory gives people to find their key and touch it. */
export const TIMEOUT = 120_000

type Wanted = {
  readonly memory: JsonObject
  readonly exclude: readonly SecurityKey[]
  readonly label: UiMessage
}

/** What makes a new key: its name, the button, and the field its answer goes into (ory-identity-api.md §5.3, §5.4). */
export function creationNodes(
  deps: KeyDeps,
  flow: Pick<Flow, 'type'>,
  { memory, exclude, label }: Wanted,
): readonly UiNode[] {
  const { rp } = deps.settings.methods.webauthn
  const options = JSON.stringify(
    creationOptions(deps, {
      rp,
      userName: rp.name,
      userHandle: textIn(memory, 'userHandle'),
      challenge: textIn(memory, 'challenge'),
      timeout: TIMEOUT,
      exclude,
      selection: { userVerification: 'discouraged' },
    }),
  )
  return [
    inputNode({
      group: 'webauthn',
      name: 'webauthn_register_displayname',
      type: 'text',
      value: '',
      label: messages.securityKeyName(),
    }),
    inputNode({ group: 'webauthn', name: 'webauthn_register', type: 'hidden', value: '' }),
    triggerNode(flow, {
      group: 'webauthn',
      name: 'webauthn_register_trigger',
      call: 'oryWebAuthnRegistration',
      value: options,
      options,
      label,
    }),
    ...scriptNodes(deps, flow),
  ]
}
