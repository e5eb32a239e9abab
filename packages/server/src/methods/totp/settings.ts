import type { SettingsFlow } from '../../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { inputNode, submitNode } from '../../core/nodes.ts'
import type { Random, Time } from '../../core/time.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import type { TraitForms } from '../../flows/define.ts'
import type { Attempt, MethodInFlow } from '../define.ts'
import { digitsOf, totpOf } from './credential.ts'
import type { TotpLoginDeps } from './login.ts'
import { stepOf, toBase32 } from './one-time-password.ts'
import { qrCode } from './qr-code.ts'
import { parseTotpUrl, totpUrl, USUAL } from './totp-url.ts'

export type TotpSettingsDeps = TotpLoginDeps & {
  readonly random: Pick<Random, 'bytes'>
  /** What a person's account is called in the app. */
  readonly traitForms: Pick<TraitForms, 'nameFor'>
}

/** As long as the hash it goes into (RFC 4226 §4, R6). */
const SECRET_BYTES = 20

/** Connects an authenticator app, or lets go of it (ory-identity-api.md §7.4). */
export const totpSettings = (deps: TotpSettingsDeps): MethodInFlow<SettingsFlow> => ({
  impliedBy: ['totp_unlink'],
  prepare: ({ person }) => {
    if (person === null || totpOf(person) !== null) return {}
    const account = deps.traitForms.nameFor('totp', person.schemaId, person.traits) ?? person.id
    const key = { ...USUAL, secret: deps.random.bytes(SECRET_BYTES) }
    return { url: deps.cipher.seal(totpUrl({ issuer: deps.settings.methods.totp.issuer, account }, key)) }
  },
  nodes: ({ person, memory }) => {
    const url = typeof memory.url === 'string' ? deps.cipher.open(memory.url) : null
    if (totpOf(person) !== null) {
      return [
        inputNode({
          group: 'totp',
          name: 'totp_unlink',
          type: 'submit',
          value: 'true',
          required: true,
          label: messages.unlinkTotp(),
        }),
      ]
    }
    return url === null ? [] : offer(url)
  },
  read: ({ fields, person, memory, at }) => {
    if (person === null) return { kind: 'invalid', messages: [{ field: '', message: messages.noSettingsStrategy() }] }
    if (isTrue(fields.totp_unlink)) {
      return { kind: 'ready', privileged: true, attempt: async () => changed(person, without(person), at) }
    }
    const code = typeof fields.totp_code === 'string' ? digitsOf(fields.totp_code) : ''
    if (code === '') {
      return { kind: 'invalid', messages: [{ field: 'totp_code', message: messages.propertyMissing('totp_code') }] }
    }
    const sealed = typeof memory.url === 'string' ? memory.url : ''
    return { kind: 'ready', privileged: true, attempt: async () => confirm(deps, person, { sealed, code, at }) }
  },
})

const isTrue = (value: unknown) => value === true || value === 'true'

const SIZE = 256

function offer(url: string): readonly UiNode[] {
  const key = parseTotpUrl(url)
  if (key === null) return []
  const secret = toBase32(key.secret)
  return [
    {
      type: 'img',
      group: 'totp',
      attributes: { node_type: 'img', id: 'totp_qr', src: qrCode(url, SIZE), width: SIZE, height: SIZE },
      messages: [],
      meta: { label: messages.totpQrCode() },
    },
    {
      type: 'text',
      group: 'totp',
      attributes: { node_type: 'text', id: 'totp_secret_key', text: messages.totpSecret(secret) },
      messages: [],
      meta: { label: messages.totpSecretLabel() },
    },
    inputNode({ group: 'totp', name: 'totp_code', type: 'text', required: true, label: messages.verifyCode() }),
    submitNode('totp', 'method', 'totp', messages.save()),
  ]
}

type Confirmation = { readonly sealed: string; readonly code: string; readonly at: Time }

function confirm(
  { cipher }: TotpSettingsDeps,
  person: IdentityWithCredentials,
  { sealed, code, at }: Confirmation,
): Attempt<SettingsFlow> {
  // Where an app is connected already, Ory says that all is well and looks no further; nothing is proven by it.
  if (totpOf(person) !== null) return { kind: 'passed', identity: person, before: person, aal: 'aal1', effects: [] }
  const url = cipher.open(sealed)
  const key = url === null ? null : parseTotpUrl(url)
  const step = key === null ? null : stepOf(key, code, at)
  if (step === null) return failed(messages.totpCodeInvalid())
  const credential: Credential = {
    type: 'totp',
    identifiers: [person.id],
    // The code that connects the app is used up by it.
    config: { totp_url: sealed, used_step: step },
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
  return { ...changed(person, [...without(person), credential], at), proves: 'aal2' }
}

const without = ({ credentials }: IdentityWithCredentials) => credentials.filter(({ type }) => type !== 'totp')

const changed = (person: IdentityWithCredentials, credentials: readonly Credential[], at: Time) =>
  ({
    kind: 'passed',
    identity: { ...person, credentials, updatedAt: at },
    before: person,
    aal: 'aal1',
    effects: [],
  }) as const

const failed = (message: UiMessage): Attempt<SettingsFlow> => ({
  kind: 'failed',
  messages: [{ field: 'totp_code', message }],
})
