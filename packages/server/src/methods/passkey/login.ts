import type { LoginFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { inputNode } from '../../core/nodes.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import {
  expectedBy,
  handleIdentifier,
  type KeyDeps,
  keyUsed,
  newChallenge,
  refusalMessage,
  requestOptions,
  ringOf,
  scriptNodes,
  textIn,
  triggerNode,
} from '../../flows/keys.ts'
import type { Store } from '../../store/store.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'

export type PasskeyLoginDeps = KeyDeps & {
  readonly identities: Pick<Store['identities'], 'findByIdentifier'>
  readonly identifierLabel: () => UiMessage
  /** Where the page of a flow is. */
  readonly pageOf: (flow: LoginFlow) => string
}

/** Signs in whoever a passkey belongs to: it says so itself (ory-identity-api.md §7.6). */
export const passkeyLogin = (deps: PasskeyLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => requestedAal !== 'aal2',
  impliedBy: ['passkey_login'],
  prepare: () => ({ challenge: newChallenge(deps) }),
  nodes: ({ flow, person, memory }) => nodes(deps, flow, person, textIn(memory, 'challenge')),
  read: (submitted) => {
    const answer = textIn(submitted.fields, 'passkey_login')
    // Without a script nothing can be said: back to the page that has it (§1.9).
    if (answer === '') {
      const redirectTo = deps.pageOf(submitted.flow)
      const again = { kind: 'pending', flow: submitted.flow, effects: [], answer: { redirectTo } } as const
      return { kind: 'ready', attempt: async () => again }
    }
    return { kind: 'ready', attempt: () => attempt(deps, submitted, answer) }
  },
})

function nodes(
  deps: PasskeyLoginDeps,
  flow: LoginFlow,
  person: IdentityWithCredentials | null,
  challenge: string,
): readonly UiNode[] {
  const { rp, timeouts, userVerification } = deps.settings.methods.passkey
  const { keys } = ringOf(person, 'passkey')
  if (person !== null && keys.length === 0) return []
  const options = requestOptions({
    rp,
    challenge,
    timeout: timeouts.login,
    allow: person === null ? null : keys,
    userVerification,
  })
  const identifier = inputNode({
    group: 'default',
    name: 'identifier',
    type: 'text',
    value: '',
    required: true,
    autocomplete: 'username webauthn',
    label: deps.identifierLabel(),
  })
  const trigger = triggerNode(flow, {
    group: 'passkey',
    name: 'passkey_login_trigger',
    call: 'oryPasskeyLogin',
    value: '',
    label: messages.signInWithPasskey(),
  })
  const onload = { onload: 'window.oryPasskeyLoginAutocompleteInit()' }
  return [
    ...(person === null ? [identifier] : []),
    ...scriptNodes(deps, flow),
    trigger,
    inputNode({
      group: 'passkey',
      name: 'passkey_login',
      type: 'hidden',
      ...(flow.type === 'browser' ? onload : {}),
      onloadTrigger: 'oryPasskeyLoginAutocompleteInit',
    }),
    inputNode({ group: 'passkey', name: 'passkey_challenge', type: 'hidden', value: JSON.stringify(options) }),
  ]
}

async function attempt(
  deps: PasskeyLoginDeps,
  { person, memory, at }: Submitted<LoginFlow>,
  answer: string,
): Promise<Attempt<LoginFlow>> {
  const { rp, userVerification } = deps.settings.methods.passkey
  const handle = userHandleIn(answer)
  const found = handle === '' ? person : await deps.identities.findByIdentifier('passkey', handleIdentifier(handle))
  const { keys } = ringOf(found, 'passkey')
  if (found === null || keys.length === 0) return failed(messages.noSecurityKey())

  const expected = expectedBy(rp, memory.challenge, userVerification === 'required')
  const shown = await deps.ceremonies.authenticate(answer, expected, keys)
  if (shown.kind !== 'shown') return failed(refusalMessage(shown, messages.webAuthnInvalid()))
  return { kind: 'passed', identity: found, aal: 'aal1', effects: keyUsed(found, 'passkey', shown.key, at) }
}

/** By what the authenticator knows its person; empty where it was told which key to use. */
function userHandleIn(answer: string): string {
  try {
    const content: Json = JSON.parse(answer)
    const response = isJsonObject(content) ? (content.response ?? null) : null
    const handle = isJsonObject(response) ? response.userHandle : null
    return typeof handle === 'string' ? handle : ''
  } catch {
    return ''
  }
}

const failed = (message: UiMessage): Attempt<LoginFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
