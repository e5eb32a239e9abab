import type { LoginFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { secondFactorCost } from '../../core/budget.ts'
import { messages } from '../../core/messages.ts'
import { inputNode, submitNode } from '../../core/nodes.ts'
import type { Settings } from '../../core/settings.ts'
import type { Time } from '../../core/time.ts'
import type { UiMessage } from '../../core/ui.ts'
import type { Seal } from '../../crypto/seal.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { digitsOf, keyIn, totpOf } from './credential.ts'
import { stepOf } from './one-time-password.ts'

export type TotpLoginDeps = {
  readonly settings: { readonly methods: Pick<Settings['methods'], 'totp'> }
  /** Opens what lies sealed with `secrets.cipher`. */
  readonly cipher: Seal
}

/** A code of the authenticator app as the second factor (ory-identity-api.md §7.4). */
export const totpLogin = (deps: TotpLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => requestedAal === 'aal2',
  nodes: ({ person }) =>
    totpOf(person) === null
      ? []
      : [
          inputNode({
            group: 'totp',
            name: 'totp_code',
            type: 'text',
            value: '',
            required: true,
            label: messages.totpCode(),
          }),
          submitNode('totp', 'method', 'totp', messages.useTotp()),
        ],
  read: ({ fields, person, at }) => {
    const code = typeof fields.totp_code === 'string' ? digitsOf(fields.totp_code) : ''
    if (code === '') {
      return { kind: 'invalid', messages: [{ field: 'totp_code', message: messages.propertyMissing('totp_code') }] }
    }
    return {
      kind: 'ready',
      costs: secondFactorCost(person, 'totp'),
      attempt: async () => attempt(deps, person, code, at),
    }
  },
})

function attempt(
  { settings, cipher }: TotpLoginDeps,
  person: IdentityWithCredentials | null,
  code: string,
  at: Time,
): Attempt<LoginFlow> {
  const credential = totpOf(person)
  if (person === null || credential === null) return failed(messages.noTotp())
  const key = keyIn(credential, cipher)
  const step = key === null ? null : stepOf(key, code, at)
  if (step === null) return failed(messages.totpCodeInvalid())
  const { used_step = -1 } = credential.config
  const isUsed = typeof used_step === 'number' && step <= used_step
  if (isUsed && !settings.methods.totp.allowReuse) return failed(messages.totpCodeInvalid())

  const config = { ...credential.config, used_step: Math.max(step, Number(used_step)) }
  return {
    kind: 'passed',
    identity: person,
    aal: 'aal2',
    // The version that was read must still be the stored one: raced, a code is good for one of them.
    effects: [{ kind: 'saveCredential', identityId: person.id, credential: { ...credential, config, updatedAt: at } }],
  }
}

const failed = (message: UiMessage): Attempt<LoginFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
