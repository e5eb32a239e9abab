import { type Static, type TProperties, Type } from 'typebox'
import { Value } from 'typebox/value'
import { WireError } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'

// The bodies of the admin API (ory-identity-api.md §9.3). Strict: a misspelt member is an error, not a silence.
const strict = <T extends TProperties>(properties: T) => Type.Object(properties, { additionalProperties: false })
const text = () => Type.Optional(Type.String())
const flag = () => Type.Optional(Type.Boolean())

const VerifiableAddress = strict({
  id: text(),
  value: Type.String(),
  verified: flag(),
  via: text(),
  status: text(),
  verified_at: text(),
  created_at: text(),
  updated_at: text(),
})

const RecoveryAddress = strict({
  id: text(),
  value: Type.String(),
  via: text(),
  created_at: text(),
  updated_at: text(),
})

const Provider = strict({
  subject: Type.String(),
  provider: Type.String(),
  use_auto_link: flag(),
  organization: text(),
})
const Providers = strict({ config: Type.Optional(strict({ providers: Type.Optional(Type.Array(Provider)) })) })
const Keys = strict({
  config: Type.Optional(
    strict({ credentials: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))), user_handle: text() }),
  ),
})

const Credentials = strict({
  password: Type.Optional(
    strict({
      config: Type.Optional(strict({ password: text(), hashed_password: text(), use_password_migration_hook: flag() })),
    }),
  ),
  oidc: Type.Optional(Providers),
  saml: Type.Optional(Providers),
  totp: Type.Optional(strict({ config: Type.Optional(strict({ totp_url: text() })) })),
  lookup_secret: Type.Optional(
    strict({
      config: Type.Optional(
        strict({ codes: Type.Optional(Type.Array(strict({ code: Type.String(), used_at: text() }))) }),
      ),
    }),
  ),
  webauthn: Type.Optional(Keys),
  passkey: Type.Optional(Keys),
})

/** Also what the API documents show. */
export const IdentityBodySchema = strict({
  schema_id: text(),
  traits: Type.Optional(Type.Unknown()),
  credentials: Type.Optional(Credentials),
  verifiable_addresses: Type.Optional(Type.Array(VerifiableAddress)),
  recovery_addresses: Type.Optional(Type.Array(RecoveryAddress)),
  metadata_public: Type.Optional(Type.Unknown()),
  metadata_admin: Type.Optional(Type.Unknown()),
  state: text(),
  organization_id: text(),
  external_id: text(),
  region: text(),
})

export type ImportedCredentials = Static<typeof Credentials>
export type ImportedAddresses = readonly Static<typeof VerifiableAddress>[]

/** What an administrator says about an identity. Free-form members are JSON as it came. */
export type IdentityBody = Omit<Static<typeof IdentityBodySchema>, 'traits' | 'metadata_public' | 'metadata_admin'> & {
  readonly traits: Json
  readonly metadata_public: Json
  readonly metadata_admin: Json
}

/** The longest text that finds room in an index, and in Ory's column. */
const LONGEST_EXTERNAL_ID = 255

/** Reads the body of a creation; an unknown member is refused in Go's words, as clients know them. */
export function readIdentityBody(body: Json | undefined): IdentityBody {
  if (!isJsonObject(body)) throw malformed('The body must be a JSON object that describes an identity.')
  const { traits = null, metadata_public = null, metadata_admin = null, ...rest } = body
  // null says as much as leaving a member out.
  const read = check(withoutNulls(rest))
  if ((read.external_id ?? '').length > LONGEST_EXTERNAL_ID) {
    throw malformed(`"external_id" must have at most ${LONGEST_EXTERNAL_ID} characters.`)
  }
  return { ...read, traits, metadata_public, metadata_admin }
}

/** Of an update nothing unknown is refused, as in Ory; what is known must still be right. */
export function readUpdateBody(body: Json | undefined): IdentityBody {
  if (!isJsonObject(body)) throw malformed('The body must be a JSON object that describes an identity.')
  return readIdentityBody(Object.fromEntries(Object.entries(body).filter(([name]) => UPDATED.has(name))))
}

const UPDATED = new Set([
  'schema_id',
  'traits',
  'credentials',
  'metadata_public',
  'metadata_admin',
  'state',
  'external_id',
])

const malformed = (reason: string) => new WireError(400, null, { reason })

const withoutNulls = (value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]): [string, Json] => [name, isJsonObject(item) ? withoutNulls(item) : item]),
  )

function check(value: JsonObject): Static<typeof IdentityBodySchema> {
  if (Value.Check(IdentityBodySchema, value)) return value
  const errors = Value.Errors(IdentityBodySchema, value)
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties')
  if (unknown !== undefined && 'additionalProperties' in unknown.params) {
    throw new WireError(400, `json: unknown field ${JSON.stringify(unknown.params.additionalProperties[0])}`)
  }
  const [first] = errors
  throw malformed(`"${(first?.instancePath ?? '').slice(1).replaceAll('/', '.')}" ${first?.message ?? 'is not valid'}.`)
}
