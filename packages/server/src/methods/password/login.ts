import type { Effect } from '../../core/effect.ts'
import { WireError } from '../../core/errors.ts'
import type { LoginFlow } from '../../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { inputNode, submitNode } from '../../core/nodes.ts'
import type { Time } from '../../core/time.ts'
import type { FieldMessage, UiMessage } from '../../core/ui.ts'
import type { AskFormerSystem } from '../../actions/web-hook/ask-former-system.ts'
import type { Log } from '../../core/log.ts'
import type { RequestFacts } from '../../core/request.ts'
import type { Passwords } from '../../crypto/passwords.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Store } from '../../store/store.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { hashOf, isElsewhere, passwordField, textOf } from './fields.ts'

export type PasswordLoginDeps = {
  readonly identities: Pick<Store['identities'], 'findByIdentifier'>
  readonly passwords: Passwords
  /** Who hashing is for: each place has its turn. */
  readonly sourceOf: (request: RequestFacts) => string
  /** Null where no other system is asked about passwords. */
  readonly askFormerSystem: AskFormerSystem | null
  readonly log: Log
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
    if (credential === undefined || !hasPassword(deps, credential)) return []
    return [
      inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: credential.identifiers[0] ?? '' }),
      passwordField('current-password'),
      submitNode('password', 'method', 'password', messages.signIn()),
    ]
  },
  read: ({ flow, fields, at, request }) => {
    const identifier = textOf(fields.identifier) || textOf(fields.password_identifier)
    const password = textOf(fields.password)
    const missing = [
      ...(identifier ? [] : [missingField('identifier')]),
      ...(password ? [] : [missingField('password')]),
    ]
    if (missing.length > 0) return { kind: 'invalid', messages: missing }
    return {
      kind: 'ready',
      costs: [{ kind: 'sign_in', account: normaliseIdentifier(identifier) }],
      attempt: () => attempt(deps, { identifier, password, flow, request, at }),
    }
  },
})

const missingField = (field: string): FieldMessage => ({ field, message: messages.propertyMissing(field) })

/** Its own, or one that another system still knows. */
const hasPassword = ({ askFormerSystem }: Pick<PasswordLoginDeps, 'askFormerSystem'>, { config }: Credential) =>
  hashOf(config) !== null || (askFormerSystem !== null && isElsewhere(config))

type Input = {
  readonly identifier: string
  readonly password: string
  readonly flow: LoginFlow
  readonly request: RequestFacts
  readonly at: Time
}

async function attempt(deps: PasswordLoginDeps, input: Input): Promise<Attempt<LoginFlow>> {
  const { password, request } = input
  const identity = await deps.identities.findByIdentifier('password', normaliseIdentifier(input.identifier))
  const credential = identity?.credentials.find(({ type }) => type === 'password')
  const hash = hashOf(credential?.config)
  if (hash === null && identity && credential && isElsewhere(credential.config)) {
    return migrate(deps, identity, credential, input)
  }
  // An unknown identifier is hashed too, so that both answers take equally long.
  const matches = await deps.passwords.matches(hash, password, deps.sourceOf(request))
  if (!matches || !identity || !credential) return refused
  return { kind: 'passed', identity, aal: 'aal1', effects: await betterHash(deps, identity, credential, input) }
}

const refused: Attempt<LoginFlow> = {
  kind: 'failed',
  messages: [{ field: '', message: messages.invalidCredentials() }],
}

/** Another system knows the password. What it has confirmed once is known here from then on, in the same commit as the session. */
async function migrate(
  deps: PasswordLoginDeps,
  identity: IdentityWithCredentials,
  credential: Credential,
  input: Input,
): Promise<Attempt<LoginFlow>> {
  const { identifier, password, flow, request } = input
  if (deps.askFormerSystem === null) {
    deps.log('warn', 'migrate_hook_missing', {
      identity: identity.id,
      detail:
        'its password is to be asked of another system, but selfservice.methods.password.config.migrate_hook is off',
    })
  }
  const matches = await deps.askFormerSystem?.({ identifier, password, flow, request, identity })
  if (matches !== true) {
    // Who is refused has waited for a hash like everybody else.
    await deps.passwords.matches(null, password, deps.sourceOf(request))
    return refused
  }
  return { kind: 'passed', identity, aal: 'aal1', effects: await rehashed(deps, identity, credential, input) }
}

type Hashing = Pick<PasswordLoginDeps, 'passwords' | 'sourceOf'>

/** A hash of another algorithm or cost is replaced by today's, in the same commit as the session (§7.1). */
async function betterHash(
  deps: Hashing,
  identity: IdentityWithCredentials,
  credential: Credential,
  input: Input,
): Promise<readonly Effect[]> {
  const hash = hashOf(credential.config)
  if (hash === null || !deps.passwords.needsRehash(hash)) return []
  return rehashed(deps, identity, credential, input)
}

async function rehashed(
  { passwords, sourceOf }: Hashing,
  identity: IdentityWithCredentials,
  credential: Credential,
  { password, request, at }: Input,
): Promise<readonly Effect[]> {
  // A hash of its first bytes would let in whoever knows only those.
  if (!passwords.holds(password)) return []
  const { use_password_migration_hook: _, ...config } = credential.config
  try {
    const hashed = { ...config, hashed_password: await passwords.hash(password, sourceOf(request)) }
    return [
      { kind: 'saveCredential', identityId: identity.id, credential: { ...credential, config: hashed, updatedAt: at } },
    ]
  } catch (error) {
    // Where there is no time for it, it is done at another sign-in.
    if (error instanceof WireError) return []
    throw error
  }
}
