import type { RegistrationFlow } from '../../core/flow.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { toKeyConfig } from '../../core/keys.ts'
import { messages } from '../../core/messages.ts'
import { inputNode } from '../../core/nodes.ts'
import type { UiMessage } from '../../core/ui.ts'
import type { TraitForms } from '../../flows/define.ts'
import {
  expectedBy,
  handleIdentifier,
  type KeyDeps,
  keyFrom,
  keyRefused,
  newChallenge,
  newUserHandle,
  refusalMessage,
  scriptNodes,
  textIn,
  triggerNode,
} from '../../flows/keys.ts'
import type { BuildIdentity } from '../../identities/build.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import { passkeyOptions } from './creation.ts'

export type PasskeyRegistrationDeps = KeyDeps & {
  readonly buildIdentity: BuildIdentity
  readonly traitForms: Pick<TraitForms, 'nameFields' | 'nameFor' | 'validate'>
}

/** Signs up with a passkey that is named after one of the traits. */
export const passkeyRegistration = (deps: PasskeyRegistrationDeps): MethodInFlow<RegistrationFlow> => ({
  impliedBy: ['passkey_register'],
  takesPart: ({ identitySchema }) => deps.traitForms.nameFields('passkey', identitySchema).length > 0,
  prepare: () => ({ challenge: newChallenge(deps), userHandle: newUserHandle(deps) }),
  nodes: ({ flow, memory }) => {
    const names = deps.traitForms.nameFields('passkey', flow.identitySchema)
    const credentialOptions = passkeyOptions(deps, {
      challenge: textIn(memory, 'challenge'),
      userHandle: textIn(memory, 'userHandle'),
      // The script puts in what is typed.
      userName: deps.settings.methods.passkey.rp.name,
      exclude: [],
    })
    const data = { credentialOptions, displayNameFieldName: names[0] ?? '', displayNameFieldNames: names }
    return [
      ...scriptNodes(deps, flow),
      triggerNode(flow, {
        group: 'passkey',
        name: 'passkey_register_trigger',
        call: 'oryPasskeyRegistration',
        label: messages.signUpWithPasskey(),
      }),
      inputNode({ group: 'passkey', name: 'passkey_register', type: 'hidden' }),
      inputNode({ group: 'passkey', name: 'passkey_create_data', type: 'hidden', value: JSON.stringify(data) }),
    ]
  },
  read: (submitted) => {
    const { flow, fields } = submitted
    const answer = textIn(fields, 'passkey_register')
    const traits = isJsonObject(fields.traits) ? fields.traits : {}
    const wrong = [
      ...(answer === '' ? [{ field: 'passkey_register', message: messages.propertyMissing('passkey_register') }] : []),
      ...deps.traitForms.validate(flow.identitySchema, traits),
    ]
    if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
    return { kind: 'ready', costs: [{ kind: 'registration' }], attempt: () => attempt(deps, submitted, traits, answer) }
  },
})

async function attempt(
  deps: PasskeyRegistrationDeps,
  { flow, memory, at }: Submitted<RegistrationFlow>,
  traits: JsonObject,
  answer: string,
): Promise<Attempt<RegistrationFlow>> {
  const { rp, userVerification } = deps.settings.methods.passkey
  const expected = expectedBy(rp, memory.challenge, userVerification === 'required')
  const made = await deps.ceremonies.register(answer, expected)
  if (made.kind !== 'made') return failed(refusalMessage(made, keyRefused()))

  const displayName = deps.traitForms.nameFor('passkey', flow.identitySchema, traits) ?? ''
  const userHandle = textIn(memory, 'userHandle')
  const key = keyFrom({ made: made.key, displayName, isPasswordless: true }, at)
  const built = deps.buildIdentity({
    schemaId: flow.identitySchema,
    traits,
    credentials: [
      {
        type: 'passkey',
        identifiers: [handleIdentifier(userHandle)],
        config: toKeyConfig({ keys: [key], userHandle }),
      },
    ],
  })
  if (built.kind === 'invalid') return { kind: 'failed', messages: built.messages }
  return { kind: 'passed', identity: built.identity, aal: 'aal1', effects: [] }
}

const failed = (message: UiMessage): Attempt<RegistrationFlow> => ({
  kind: 'failed',
  messages: [{ field: '', message }],
})
