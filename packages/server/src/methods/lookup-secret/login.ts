import { timingSafeEqual } from 'node:crypto'
import type { LoginFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { secondFactorCost } from '../../core/budget.ts'
import { messages } from '../../core/messages.ts'
import { inputNode, submitNode } from '../../core/nodes.ts'
import { type Time, toTimestamp } from '../../core/time.ts'
import type { UiMessage } from '../../core/ui.ts'
import type { Seal } from '../../crypto/seal.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { codesIn, lookupOf, toConfig } from './codes.ts'

export type LookupLoginDeps = { readonly cipher: Seal }

/** A code from paper as the second factor, each good for once (ory-identity-api.md §7.5). */
export const lookupSecretLogin = ({ cipher }: LookupLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => requestedAal === 'aal2',
  nodes: ({ person }) =>
    lookupOf(person) === null
      ? []
      : [
          inputNode({
            group: 'lookup_secret',
            name: 'lookup_secret',
            type: 'text',
            value: '',
            required: true,
            label: messages.lookupSecret(),
          }),
          submitNode('lookup_secret', 'method', 'lookup_secret', messages.useLookupSecret()),
        ],
  read: ({ fields, person, at }) => {
    const code = typeof fields.lookup_secret === 'string' ? fields.lookup_secret.trim() : ''
    if (code === '') {
      const message = messages.propertyMissing('lookup_secret')
      return { kind: 'invalid', messages: [{ field: 'lookup_secret', message }] }
    }
    return {
      kind: 'ready',
      costs: secondFactorCost(person, 'lookup_secret'),
      attempt: async () => attempt(cipher, person, code, at),
    }
  },
})

function attempt(cipher: Seal, person: IdentityWithCredentials | null, code: string, at: Time): Attempt<LoginFlow> {
  const credential = lookupOf(person)
  if (person === null || credential === null) return failed(messages.noLookupSecrets())
  const codes = codesIn(credential.config, cipher)
  const found = codes.find((known) => isSame(known.code, code))
  if (found === undefined) return failed(messages.lookupSecretInvalid())
  if (found.usedAt !== null) return failed(messages.lookupSecretAlreadyUsed())

  const left = codes.map((known) => (known === found ? { ...known, usedAt: toTimestamp(at) } : known))
  const config = { ...credential.config, ...toConfig(left, cipher) }
  return {
    kind: 'passed',
    identity: person,
    aal: 'aal2',
    // The version that was read must still be the stored one: raced, a code is good for one of them.
    effects: [{ kind: 'saveCredential', identityId: person.id, credential: { ...credential, config, updatedAt: at } }],
  }
}

const failed = (message: UiMessage): Attempt<LoginFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })

function isSame(known: string, given: string): boolean {
  const [left, right] = [Buffer.from(known), Buffer.from(given)]
  return left.length === right.length && timingSafeEqual(left, right)
}
