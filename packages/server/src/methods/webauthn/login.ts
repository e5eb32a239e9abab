import type { LoginFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import type { JsonObject } from '../../core/json.ts'
import type { SecurityKey } from '../../core/keys.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { FieldMessage, UiMessage, UiNode } from '../../core/ui.ts'
import type { Codes } from '../../crypto/codes.ts'
import {
  credentialOf,
  expectedBy,
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
import { remembering } from '../../flows/memory.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Store } from '../../store/store.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import { TIMEOUT } from './creation.ts'

export type WebAuthnLoginDeps = KeyDeps & {
  readonly identities: Pick<Store['identities'], 'findByIdentifier'>
  readonly identifierLabel: () => UiMessage
  /** Where the page of a flow is. */
  readonly pageOf: (flow: LoginFlow) => string
  /** Makes up what strangers cannot tell from the truth. */
  readonly codes: Pick<Codes, 'hash'>
}

/** A security key: after the password, or alone where it was made for that (ory-identity-api.md §7.6). */
export const webAuthnLogin = (deps: WebAuthnLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ type, requestedAal }) =>
    type === 'browser' && (requestedAal === 'aal2' || deps.settings.methods.webauthn.passwordless),
  impliedBy: ['webauthn_login'],
  prepare: ({ flow, person }) => (keysFor(flow, person).length > 0 ? { challenge: newChallenge(deps) } : {}),
  nodes: ({ flow, person, memory }) => {
    if (person === null) return flow.requestedAal === 'aal2' ? [] : askWho(deps, flow)
    const keys = keysFor(flow, person)
    if (keys.length === 0) return []
    const identifier = credentialOf(person, 'webauthn')?.identifiers[0] ?? ''
    const [trigger, answer] = askForKey(deps, flow, textIn(memory, 'challenge'), keys, messages.signInWithSecurityKey())
    return [hidden('identifier', identifier), answer, ...scriptNodes(deps, flow), trigger]
  },
  read: (submitted) => {
    const { flow, fields, person } = submitted
    const answer = textIn(fields, 'webauthn_login')
    const identifier = textIn(fields, 'identifier')
    if (person !== null || flow.requestedAal === 'aal2') {
      if (answer === '') return { kind: 'invalid', messages: [missing('webauthn_login')] }
      return { kind: 'ready', attempt: () => verify(deps, submitted, person, answer) }
    }
    if (identifier === '') return { kind: 'invalid', messages: [missing('identifier')] }
    return {
      kind: 'ready',
      attempt: async () => {
        const found = await deps.identities.findByIdentifier('webauthn', normaliseIdentifier(identifier))
        return answer === ''
          ? offer(deps, submitted, found, normaliseIdentifier(identifier))
          : verify(deps, submitted, found, answer)
      },
    }
  },
})

const missing = (field: string): FieldMessage => ({ field, message: messages.propertyMissing(field) })

/** Keys that stand alone sign in; the others come second. No key is both. */
const keysFor = ({ requestedAal }: LoginFlow, person: IdentityWithCredentials | null): readonly SecurityKey[] =>
  ringOf(person, 'webauthn').keys.filter(({ isPasswordless }) => isPasswordless === (requestedAal !== 'aal2'))

const hidden = (name: string, value: string, required = false) =>
  inputNode({ group: name === 'identifier' ? 'default' : 'webauthn', name, type: 'hidden', value, required })

const askWho = (deps: WebAuthnLoginDeps, flow: LoginFlow): readonly UiNode[] => [
  inputNode({
    group: 'default',
    name: 'identifier',
    type: 'text',
    value: '',
    required: true,
    autocomplete: 'username webauthn',
    label: deps.identifierLabel(),
  }),
  ...scriptNodes(deps, flow),
  submitNode('webauthn', 'method', 'webauthn', messages.signInWithSecurityKey()),
]

function askForKey(
  { settings }: WebAuthnLoginDeps,
  flow: LoginFlow,
  challenge: string,
  allow: readonly Pick<SecurityKey, 'id'>[],
  label: UiMessage,
) {
  const { rp } = settings.methods.webauthn
  const options = JSON.stringify(
    requestOptions({ rp, challenge, timeout: TIMEOUT, allow, userVerification: 'discouraged' }),
  )
  const trigger = triggerNode(flow, {
    group: 'webauthn',
    name: 'webauthn_login_trigger',
    call: 'oryWebAuthnLogin',
    value: options,
    options,
    label,
  })
  return [trigger, hidden('webauthn_login', '')] as const
}

/** Knowing who it is, the page asks for one of their keys and for nothing else (§5.1). */
function offer(
  deps: WebAuthnLoginDeps,
  { flow }: Submitted<LoginFlow>,
  found: IdentityWithCredentials | null,
  identifier: string,
): Attempt<LoginFlow> {
  const known = keysFor(flow, found)
  if (known.length === 0 && !deps.settings.security.accountEnumeration.mitigate) return failed(messages.noSecurityKey())
  // Strangers see a key for everybody: always the same one, and none that answers.
  const keys = known.length > 0 ? known : [{ id: madeUpId(deps, identifier) }]
  const challenge = newChallenge(deps)
  const [trigger, answer] = askForKey(deps, flow, challenge, keys, messages.continueWithSecurityKey())
  const nodes = [hidden('identifier', identifier, true), csrfNode(''), ...scriptNodes(deps, flow), trigger, answer]
  const ui = { ...flow.ui, nodes, messages: [messages.prepareSecurityKey()] }
  return {
    kind: 'pending',
    flow: { ...remembering(flow, 'webauthn', { challenge }), active: 'webauthn', ui },
    effects: [],
    answer: { redirectTo: deps.pageOf(flow) },
  }
}

const madeUpId = ({ codes }: WebAuthnLoginDeps, identifier: string) =>
  Buffer.from(codes.hash(identifier, 'a key that nobody has'), 'hex').toString('base64url')

async function verify(
  deps: WebAuthnLoginDeps,
  { flow, memory, at }: Submitted<LoginFlow>,
  person: IdentityWithCredentials | null,
  answer: string,
): Promise<Attempt<LoginFlow>> {
  const keys = keysFor(flow, person)
  if (person === null || keys.length === 0) {
    if (flow.requestedAal === 'aal2') return failed(messages.noWebAuthn())
    const isHidden = deps.settings.security.accountEnumeration.mitigate
    return failed(isHidden ? messages.webAuthnInvalid() : messages.noSecurityKey())
  }
  const shown = await deps.ceremonies.authenticate(answer, expected(deps, memory), keys)
  if (shown.kind !== 'shown') return failed(refusalMessage(shown, messages.webAuthnInvalid()))
  const aal = flow.requestedAal === 'aal2' ? 'aal2' : 'aal1'
  return { kind: 'passed', identity: person, aal, effects: keyUsed(person, 'webauthn', shown.key, at) }
}

const expected = ({ settings }: KeyDeps, memory: JsonObject) =>
  expectedBy(settings.methods.webauthn.rp, memory.challenge, false)

const failed = (message: UiMessage): Attempt<LoginFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
