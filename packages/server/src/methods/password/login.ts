import type { Effect } from '../../core/effect.ts'
import type { LoginFlow } from '../../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { inputNode, submitNode } from '../../core/nodes.ts'
import type { Time } from '../../core/time.ts'
import type { FieldMessage, UiMessage } from '../../core/ui.ts'
import type { Passwords } from '../../crypto/passwords.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Store } from '../../store/store.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { hashOf, passwordField, textOf } from './fields.ts'

export type PasswordLoginDeps = {
  readonly identities: Pick<Store['identities'], 'findByIdentifier'>
  readonly passwords: Passwords
  /** The label of the identifier: the trait's own title where there is exactly one (ory-identity-api.md §5.1). */
  readonly identifierLabel: () => UiMessage
}

export const passwordLogin = (deps: PasswordLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => requestedAal !== 'aal2',
  nodes: ({ person }) => {
    if (person === null) {
      const identifier = { group: 'default', name: 'identifier', type: 'text', value: '', required: true } as const
      return [
        inputNode({ ...identifier, label: deps.identifierLabel() }),
        passwordField('current-password'),
        submitNode('password', 'method', 'password', messages.signInWithPassword()),
      ]
    }
    // Who confirms that it is them need not say who they are, and needs a password to do it with (ory-identity-api.md §5.1).
    const credential = person.credentials.find(({ type }) => type === 'password')
    if (hashOf(credential?.config) === null) return []
    return [
      inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: credential?.identifiers[0] ?? '' }),
      passwordField('current-password'),
      submitNode('password', 'method', 'password', messages.signIn()),
    ]
  },
  read: ({ fields, at }) => {
    const identifier = textOf(fields.identifier) || textOf(fields.password_identifier)
    const password = textOf(fields.password)
    const missing = [
      ...(identifier ? [] : [missingField('identifier')]),
      ...(password ? [] : [missingField('password')]),
    ]
    if (missing.length > 0) return { kind: 'invalid', messages: missing }
    return { kind: 'ready', attempt: () => attempt(deps, { identifier, password, at }) }
  },
})

const missingField = (field: string): FieldMessage => ({ field, message: messages.propertyMissing(field) })

type Input = { readonly identifier: string; readonly password: string; readonly at: Time }

async function attempt(deps: PasswordLoginDeps, { identifier, password, at }: Input): Promise<Attempt<LoginFlow>> {
  const identity = await deps.identities.findByIdentifier('password', normaliseIdentifier(identifier))
  const credential = identity?.credentials.find(({ type }) => type === 'password')
  const hash = hashOf(credential?.config)

  // An unknown identifier is hashed too, so that both answers take equally long.
  const matches = await deps.passwords.matches(hash, password)
  if (!matches || !identity || !credential) return refused
  return { kind: 'passed', identity, aal: 'aal1', effects: await betterHash(deps, identity, credential, password, at) }
}

const refused: Attempt<LoginFlow> = {
  kind: 'failed',
  messages: [{ field: '', message: messages.invalidCredentials() }],
}

/** A hash of another algorithm or cost is replaced by today's, in the same commit as the session (§7.1). */
async function betterHash(
  { passwords }: Pick<PasswordLoginDeps, 'passwords'>,
  identity: IdentityWithCredentials,
  credential: Credential,
  password: string,
  at: Time,
): Promise<readonly Effect[]> {
  const hash = hashOf(credential.config)
  if (hash === null || !passwords.needsRehash(hash)) return []
  const config = { ...credential.config, hashed_password: await passwords.hash(password) }
  return [{ kind: 'saveCredential', identityId: identity.id, credential: { ...credential, config, updatedAt: at } }]
}
