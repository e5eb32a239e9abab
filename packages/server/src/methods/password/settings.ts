import type { SettingsFlow } from '../../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import type { RequestFacts } from '../../core/request.ts'
import type { Time } from '../../core/time.ts'
import type { UiMessage } from '../../core/ui.ts'
import type { Passwords } from '../../crypto/passwords.ts'
import type { CheckPassword } from '../../identities/check-password.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { hashOf, passwordField, textOf } from './fields.ts'

export type PasswordSettingsDeps = {
  readonly passwords: Passwords
  readonly sourceOf: (request: RequestFacts) => string
  readonly checkPassword: CheckPassword
}

/** A new password for somebody who is signed in. */
export const passwordSettings = (deps: PasswordSettingsDeps): MethodInFlow<SettingsFlow> => ({
  nodes: () => [passwordField('new-password'), submitNode('password', 'method', 'password', messages.save())],
  read: ({ fields, person, at, request }) => {
    const password = textOf(fields.password)
    if (password === '' || person === null) {
      return { kind: 'invalid', messages: [{ field: 'password', message: messages.propertyMissing('password') }] }
    }
    return {
      kind: 'ready',
      privileged: true,
      attempt: () => attempt(deps, person, { password, from: deps.sourceOf(request), at }),
    }
  },
})

async function attempt(
  { passwords, checkPassword }: PasswordSettingsDeps,
  person: IdentityWithCredentials,
  { password, from, at }: { readonly password: string; readonly from: string; readonly at: Time },
): Promise<Attempt<SettingsFlow>> {
  const credential = person.credentials.find(({ type }) => type === 'password')
  if (credential === undefined || credential.identifiers.length === 0) return failed('', messages.noIdentifiers())
  const weak = await checkPassword(password, credential.identifiers)
  if (weak.length > 0) return { kind: 'failed', messages: weak }
  const known = hashOf(credential.config)
  if (known !== null && (await passwords.matches(known, password, from))) {
    return failed('password', messages.passwordUnchanged())
  }
  const changed: Credential = {
    ...credential,
    config: { hashed_password: await passwords.hash(password, from) },
    updatedAt: at,
  }
  const credentials = person.credentials.map((each) => (each === credential ? changed : each))
  const identity = { ...person, credentials, updatedAt: at }
  return { kind: 'passed', identity, before: person, aal: 'aal1', effects: [] }
}

const failed = (field: string, message: UiMessage): Attempt<SettingsFlow> => ({
  kind: 'failed',
  messages: [{ field, message }],
})
