import type { RegistrationFlow } from '../../core/flow.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { toKeyConfig } from '../../core/keys.ts'
import { messages } from '../../core/messages.ts'
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
  textIn,
} from '../../flows/keys.ts'
import type { BuildIdentity } from '../../identities/build.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import { creationNodes } from './creation.ts'

export type WebAuthnRegistrationDeps = KeyDeps & {
  readonly buildIdentity: BuildIdentity
  readonly traitForms: Pick<TraitForms, 'nameFields' | 'validate'>
}

/** Signs up with a key instead of a password, where keys stand alone (ory-identity-api.md §5.3). */
export const webAuthnRegistration = (deps: WebAuthnRegistrationDeps): MethodInFlow<RegistrationFlow> => ({
  impliedBy: ['webauthn_register'],
  takesPart: ({ type, identitySchema }) =>
    type === 'browser' &&
    deps.settings.methods.webauthn.passwordless &&
    deps.traitForms.nameFields('webauthn', identitySchema).length > 0,
  prepare: () => ({ challenge: newChallenge(deps), userHandle: newUserHandle(deps) }),
  nodes: ({ flow, memory }) =>
    creationNodes(deps, flow, { memory, exclude: [], label: messages.signUpWithSecurityKey() }),
  read: (submitted) => {
    const { flow, fields } = submitted
    const answer = textIn(fields, 'webauthn_register')
    const traits = isJsonObject(fields.traits) ? fields.traits : {}
    const wrong = [
      ...(answer === ''
        ? [{ field: 'webauthn_register', message: messages.propertyMissing('webauthn_register') }]
        : []),
      ...deps.traitForms.validate(flow.identitySchema, traits),
    ]
    if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
    return { kind: 'ready', costs: [{ kind: 'registration' }], attempt: () => attempt(deps, submitted, traits, answer) }
  },
})

async function attempt(
  deps: WebAuthnRegistrationDeps,
  { flow, fields, memory, at }: Submitted<RegistrationFlow>,
  traits: JsonObject,
  answer: string,
): Promise<Attempt<RegistrationFlow>> {
  const { rp } = deps.settings.methods.webauthn
  const made = await deps.ceremonies.register(answer, expectedBy(rp, memory.challenge, false))
  if (made.kind !== 'made') return failed(refusalMessage(made, keyRefused()))

  const displayName = textIn(fields, 'webauthn_register_displayname')
  const key = keyFrom({ made: made.key, displayName, isPasswordless: true }, at)
  const built = deps.buildIdentity({
    schemaId: flow.identitySchema,
    traits,
    credentials: [{ type: 'webauthn', config: toKeyConfig({ keys: [key], userHandle: textIn(memory, 'userHandle') }) }],
  })
  if (built.kind === 'invalid') return { kind: 'failed', messages: built.messages }
  const identifiers = built.identity.credentials.find(({ type }) => type === 'webauthn')?.identifiers ?? []
  if (identifiers.length === 0) return failed(messages.noIdentifiers())
  return { kind: 'passed', identity: built.identity, aal: 'aal1', effects: [] }
}

const failed = (message: UiMessage): Attempt<RegistrationFlow> => ({
  kind: 'failed',
  messages: [{ field: '', message }],
})
