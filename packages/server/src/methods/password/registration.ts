import type { RegistrationFlow } from '../../core/flow.ts'
import type { Identity } from '../../core/identity.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import type { RequestFacts } from '../../core/request.ts'
import type { FieldMessage } from '../../core/ui.ts'
import type { Passwords } from '../../crypto/passwords.ts'
import type { BuildIdentity } from '../../identities/build.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { passwordField, textOf } from './fields.ts'

export type PasswordRegistrationDeps = {
  readonly passwords: Pick<Passwords, 'hash'>
  readonly sourceOf: (request: RequestFacts) => string
  readonly buildIdentity: BuildIdentity
  readonly validateTraits: (schemaId: Identity['schemaId'] | null, traits: JsonObject) => readonly FieldMessage[]
  readonly checkPassword: (password: string, identifiers: readonly string[]) => Promise<readonly FieldMessage[]>
}

export const passwordRegistration = (deps: PasswordRegistrationDeps): MethodInFlow<RegistrationFlow> => ({
  nodes: () => [passwordField('new-password'), submitNode('password', 'method', 'password', messages.signUp())],
  read: ({ flow, fields, request }) => {
    const password = textOf(fields.password)
    const traits = isJsonObject(fields.traits) ? fields.traits : {}
    const wrong = [
      ...(password ? [] : [{ field: 'password', message: messages.propertyMissing('password') }]),
      ...deps.validateTraits(flow.identitySchema, traits),
    ]
    if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
    return {
      kind: 'ready',
      costs: [{ kind: 'registration' }],
      attempt: () => attempt(deps, { flow, traits, password, from: deps.sourceOf(request) }),
    }
  },
})

type Input = {
  readonly flow: RegistrationFlow
  readonly traits: JsonObject
  readonly password: string
  readonly from: string
}

async function attempt(
  deps: PasswordRegistrationDeps,
  { flow, traits, password, from }: Input,
): Promise<Attempt<RegistrationFlow>> {
  const draft = deps.buildIdentity({
    schemaId: flow.identitySchema,
    traits,
    credentials: [{ type: 'password', config: {} }],
  })
  if (draft.kind === 'invalid') return { kind: 'failed', messages: draft.messages }

  const identifiers = draft.identity.credentials.find(({ type }) => type === 'password')?.identifiers ?? []
  if (identifiers.length === 0) return { kind: 'failed', messages: [{ field: '', message: messages.noIdentifiers() }] }

  const weak = await deps.checkPassword(password, identifiers)
  if (weak.length > 0) return { kind: 'failed', messages: weak }

  const hashed_password = await deps.passwords.hash(password, from)
  const credentials = draft.identity.credentials.map((credential) =>
    credential.type === 'password' ? { ...credential, config: { hashed_password } } : credential,
  )
  return { kind: 'passed', identity: { ...draft.identity, credentials }, aal: 'aal1', effects: [] }
}
