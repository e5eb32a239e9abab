import type { SettingsFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { inputNode } from '../../core/nodes.ts'
import type { UiMessage } from '../../core/ui.ts'
import type { TraitForms } from '../../flows/define.ts'
import {
  expectedBy,
  type KeyDeps,
  keyFrom,
  keyRefused,
  newChallenge,
  newUserHandle,
  refusalMessage,
  removeKey,
  removeNodes,
  ringOf,
  scriptNodes,
  textIn,
  triggerNode,
  withRing,
} from '../../flows/keys.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import { passkeyOptions } from './creation.ts'

export type PasskeySettingsDeps = KeyDeps & { readonly traitForms: Pick<TraitForms, 'nameFor'> }

const REMOVAL = { method: 'passkey', name: 'passkey_remove', label: messages.removePasskey } as const

/** Adds passkeys and removes them (ory-identity-api.md §5.4). */
export const passkeySettings = (deps: PasskeySettingsDeps): MethodInFlow<SettingsFlow> => ({
  impliedBy: ['passkey_settings_register', 'passkey_remove'],
  prepare: ({ person }) => ({
    challenge: newChallenge(deps),
    userHandle: ringOf(person, 'passkey').userHandle ?? newUserHandle(deps),
  }),
  nodes: ({ flow, person, memory }) => {
    if (person === null) return []
    const options = passkeyOptions(deps, {
      challenge: textIn(memory, 'challenge'),
      userHandle: textIn(memory, 'userHandle'),
      userName: nameOf(deps, person),
      exclude: ringOf(person, 'passkey').keys,
    })
    return [
      ...removeNodes(deps, person, REMOVAL),
      ...scriptNodes(deps, flow),
      triggerNode(flow, {
        group: 'passkey',
        name: 'passkey_register_trigger',
        call: 'oryPasskeySettingsRegistration',
        value: '',
        label: messages.addPasskey(),
      }),
      inputNode({ group: 'passkey', name: 'passkey_settings_register', type: 'hidden' }),
      inputNode({ group: 'passkey', name: 'passkey_create_data', type: 'hidden', value: JSON.stringify(options) }),
    ]
  },
  read: (submitted) => {
    const { fields, person, at } = submitted
    const [remove, answer] = [textIn(fields, 'passkey_remove'), textIn(fields, 'passkey_settings_register')]
    if (person !== null && remove !== '') {
      return { kind: 'ready', privileged: true, attempt: async () => removeKey(deps, person, REMOVAL, remove, at) }
    }
    if (person === null || answer === '') {
      const message = messages.propertyMissing('passkey_settings_register')
      return { kind: 'invalid', messages: [{ field: 'passkey_settings_register', message }] }
    }
    return { kind: 'ready', privileged: true, attempt: () => add(deps, submitted, person, answer) }
  },
})

const nameOf = ({ traitForms, settings }: PasskeySettingsDeps, { schemaId, traits }: IdentityWithCredentials) =>
  traitForms.nameFor('passkey', schemaId, traits) ?? settings.methods.passkey.rp.name

async function add(
  deps: PasskeySettingsDeps,
  { memory, at }: Submitted<SettingsFlow>,
  person: IdentityWithCredentials,
  answer: string,
): Promise<Attempt<SettingsFlow>> {
  const { rp, userVerification } = deps.settings.methods.passkey
  const expected = expectedBy(rp, memory.challenge, userVerification === 'required')
  const made = await deps.ceremonies.register(answer, expected)
  if (made.kind !== 'made') return failed(refusalMessage(made, keyRefused()))
  const ring = ringOf(person, 'passkey')
  if (ring.keys.some(({ id }) => id === made.key.id)) return failed(messages.reason('This passkey is yours already.'))

  const key = keyFrom({ made: made.key, displayName: nameOf(deps, person), isPasswordless: true }, at)
  const userHandle = ring.userHandle ?? textIn(memory, 'userHandle')
  const identity = withRing(person, 'passkey', { keys: [...ring.keys, key], userHandle }, at)
  return { kind: 'passed', identity, before: person, aal: 'aal1', effects: [], proves: 'aal1' }
}

const failed = (message: UiMessage): Attempt<SettingsFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
