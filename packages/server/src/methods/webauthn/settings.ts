import type { SettingsFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import type { UiMessage } from '../../core/ui.ts'
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
  textIn,
  withRing,
} from '../../flows/keys.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import { creationNodes } from './creation.ts'

const REMOVAL = { method: 'webauthn', name: 'webauthn_remove', label: messages.removeSecurityKey } as const

/** Adds security keys and removes them, in browsers (ory-identity-api.md §5.4). */
export const webAuthnSettings = (deps: KeyDeps): MethodInFlow<SettingsFlow> => ({
  takesPart: ({ type }) => type === 'browser',
  impliedBy: ['webauthn_register', 'webauthn_remove'],
  prepare: ({ person }) => ({
    challenge: newChallenge(deps),
    userHandle: ringOf(person, 'webauthn').userHandle ?? newUserHandle(deps),
  }),
  nodes: ({ flow, person, memory }) =>
    person === null
      ? []
      : [
          ...removeNodes(deps, person, REMOVAL),
          ...creationNodes(deps, flow, {
            memory,
            exclude: ringOf(person, 'webauthn').keys,
            label: messages.addSecurityKey(),
          }),
        ],
  read: (submitted) => {
    const { flow, fields, person, at } = submitted
    const [remove, answer] = [textIn(fields, 'webauthn_remove'), textIn(fields, 'webauthn_register')]
    if (person !== null && remove !== '') {
      return { kind: 'ready', privileged: true, attempt: async () => removeKey(deps, person, REMOVAL, remove, at) }
    }
    // A page without the script asks for what it has already.
    if (person === null || answer === '') {
      const again = { kind: 'pending', flow, effects: [], answer: 'form' } as const
      return { kind: 'ready', privileged: true, attempt: async () => again }
    }
    return { kind: 'ready', privileged: true, attempt: () => add(deps, submitted, person, answer) }
  },
})

async function add(
  deps: KeyDeps,
  { fields, memory, at }: Submitted<SettingsFlow>,
  person: IdentityWithCredentials,
  answer: string,
): Promise<Attempt<SettingsFlow>> {
  const { rp, passwordless } = deps.settings.methods.webauthn
  const made = await deps.ceremonies.register(answer, expectedBy(rp, memory.challenge, false))
  if (made.kind !== 'made') return failed(refusalMessage(made, keyRefused()))
  const ring = ringOf(person, 'webauthn')
  if (ring.keys.some(({ id }) => id === made.key.id)) return failed(messages.reason('This key is yours already.'))

  const displayName = textIn(fields, 'webauthn_register_displayname')
  const key = keyFrom({ made: made.key, displayName, isPasswordless: passwordless }, at)
  const userHandle = ring.userHandle ?? textIn(memory, 'userHandle')
  const identity = withRing(person, 'webauthn', { keys: [...ring.keys, key], userHandle }, at)
  const aal = passwordless ? 'aal1' : 'aal2'
  return { kind: 'passed', identity, before: person, aal: 'aal1', effects: [], proves: aal }
}

const failed = (message: UiMessage): Attempt<SettingsFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
