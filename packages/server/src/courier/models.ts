import type { AddressVia } from '../core/identity.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Message, TemplateName } from '../core/mail.ts'

/** A member of a template's data: its name in JSON, its name in a Go template, and what it is where it is missing. */
type Member = readonly [json: string, go: string, empty: Json]

const TO: Member = ['to', 'To', '']
const IDENTITY: Member = ['identity', 'Identity', {}]
const REQUEST_URL: Member = ['request_url', 'RequestURL', '']
const DOMAIN: Member = ['request_url_domain', 'RequestURLDomain', '']
const TRANSIENT: Member = ['transient_payload', 'TransientPayload', {}]
const EXPIRES: Member = ['expires_in_minutes', 'ExpiresInMinutes', 0]
const RECOVERY_CODE: Member = ['recovery_code', 'RecoveryCode', '']
const VERIFICATION_CODE: Member = ['verification_code', 'VerificationCode', '']
const VERIFICATION_URL: Member = ['verification_url', 'VerificationURL', '']
const CHANGED_AT: Member = ['changed_at', 'ChangedAt', '']
const IDENTITY_ID: Member = ['identity_id', 'IdentityID', '']

const COMMON = [TO, REQUEST_URL, TRANSIENT]

/** What each template is given (ory-identity-api.md §11). */
const MEMBERS: Record<TemplateName, readonly Member[]> = {
  recovery_valid: [...COMMON, EXPIRES, ['recovery_url', 'RecoveryURL', ''], IDENTITY],
  recovery_invalid: COMMON,
  recovery_code_valid: [...COMMON, EXPIRES, RECOVERY_CODE, IDENTITY],
  recovery_code_invalid: COMMON,
  verification_valid: [...COMMON, EXPIRES, VERIFICATION_URL, IDENTITY],
  verification_invalid: COMMON,
  verification_code_valid: [...COMMON, EXPIRES, VERIFICATION_CODE, VERIFICATION_URL, IDENTITY],
  verification_code_invalid: COMMON,
  login_code_valid: [...COMMON, EXPIRES, ['login_code', 'LoginCode', ''], IDENTITY],
  registration_code_valid: [
    ...COMMON,
    EXPIRES,
    ['registration_code', 'RegistrationCode', ''],
    ['traits', 'Traits', {}],
  ],
  verifiable_address_changed: [...COMMON, IDENTITY, IDENTITY_ID, CHANGED_AT],
  authenticator_key_added: [...COMMON, IDENTITY, ['added_at', 'AddedAt', '']],
  registration_duplicate: COMMON,
  stub: [TO, ['subject', 'Subject', ''], ['body', 'Body', '']],
}

/** The data of a message: as Jsonnet sees it, and as Go templates do. */
export type Model = { readonly json: JsonObject; readonly go: JsonObject }

export function modelOf({ template, to, via, data }: Message): Model {
  const given: JsonObject = { ...data, to, request_url_domain: domainOf(data['request_url']) }
  const members = membersOf(template, via)
  const values = members.map((member) => ({ member, value: given[member[0]] ?? member[2] }))
  // What else a flow gives goes to Jsonnet as well; a Go template knows only what Ory's have.
  const known = values.map(({ member, value }) => [jsonName(template, via, member), value] as const)
  const { request_url_domain: _, ...others } = data
  return {
    json: { ...others, ...Object.fromEntries(known) },
    go: Object.fromEntries(values.map(({ member, value }) => [member[1], value])),
  }
}

const membersOf = (template: TemplateName, via: AddressVia) =>
  via === 'sms' ? [...MEMBERS[template], DOMAIN] : MEMBERS[template]

/** Kratos names the code of a recovery by phone like that of a verification (ory-identity-api.md §15). */
const jsonName = (template: TemplateName, via: AddressVia, [json]: Member) =>
  template === 'recovery_code_valid' && via === 'sms' && json === 'recovery_code' ? 'verification_code' : json

const domainOf = (url: Json | undefined) => (typeof url === 'string' ? (URL.parse(url)?.hostname ?? '') : '')
