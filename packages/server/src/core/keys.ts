import { isJsonObject, type Json, type JsonObject } from './json.ts'
import { type Time, toTimestamp } from './time.ts'

/** A key that an authenticator holds for somebody (WebAuthn Level 3, §4, credential record). Ids and keys are base64url. */
export type SecurityKey = {
  readonly id: string
  /** The public key as COSE. */
  readonly publicKey: string
  readonly attestation: string
  /** Which kind of authenticator made it. */
  readonly aaguid: string
  readonly signCount: number
  readonly displayName: string
  readonly addedAt: Time
  /** It signs its person in on its own; else it comes second. */
  readonly isPasswordless: boolean
  /** What was true of it when it was made; unknown of one that was imported without. */
  readonly flags: {
    readonly userPresent: boolean
    readonly userVerified: boolean
    readonly backupEligible: boolean
    readonly backupState: boolean
  } | null
}

/** What belongs to whom: the keys, and the name by which authenticators know their person. */
export type KeyRing = { readonly keys: readonly SecurityKey[]; readonly userHandle: string | null }

/** Reads the keys of a credential as Ory stores them (ory-identity-api.md §7.6); what cannot be one is passed over. */
export function keyRingIn({ credentials, user_handle }: JsonObject): KeyRing {
  const entries: readonly Json[] = isList(credentials) ? credentials : []
  const userHandle = typeof user_handle === 'string' && user_handle !== '' ? toUrlSafe(user_handle) : null
  return { keys: entries.flatMap((entry) => (isJsonObject(entry) ? keyOf(entry) : [])), userHandle }
}

export const toKeyConfig = ({ keys, userHandle }: KeyRing): JsonObject => ({
  credentials: keys.map(entryOf),
  user_handle: userHandle === null ? '' : toStandard(userHandle),
})

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
const objectIn = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {})
const textIn = (value: Json | undefined) => (typeof value === 'string' ? value : '')

const toUrlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const toStandard = (text: string) => {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/')
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

function keyOf(entry: JsonObject): readonly SecurityKey[] {
  const [id, publicKey] = [toUrlSafe(textIn(entry.id)), toUrlSafe(textIn(entry.public_key))]
  if (id === '' || publicKey === '') return []
  const authenticator = objectIn(entry.authenticator)
  const addedAt = Date.parse(textIn(entry.added_at))
  const flags = isJsonObject(entry.flags ?? null) ? objectIn(entry.flags) : null
  return [
    {
      id,
      publicKey,
      attestation: textIn(entry.attestation_type) || 'none',
      aaguid: toUrlSafe(textIn(authenticator.aaguid)),
      signCount: typeof authenticator.sign_count === 'number' ? authenticator.sign_count : 0,
      displayName: textIn(entry.display_name),
      addedAt: Number.isNaN(addedAt) ? 0 : addedAt,
      isPasswordless: entry.is_passwordless === true,
      flags: flags && {
        userPresent: flags.user_present === true,
        userVerified: flags.user_verified === true,
        backupEligible: flags.backup_eligible === true,
        backupState: flags.backup_state === true,
      },
    },
  ]
}

const entryOf = (key: SecurityKey): JsonObject => ({
  id: toStandard(key.id),
  public_key: toStandard(key.publicKey),
  attestation_type: key.attestation,
  authenticator: { aaguid: toStandard(key.aaguid), sign_count: key.signCount, clone_warning: false },
  display_name: key.displayName,
  added_at: toTimestamp(key.addedAt),
  is_passwordless: key.isPasswordless,
  ...(key.flags === null
    ? {}
    : {
        flags: {
          user_present: key.flags.userPresent,
          user_verified: key.flags.userVerified,
          backup_eligible: key.flags.backupEligible,
          backup_state: key.flags.backupState,
        },
      }),
})
