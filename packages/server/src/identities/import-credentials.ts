import { WireError } from '../core/errors.ts'
import type { CredentialType } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Passwords } from '../crypto/passwords.ts'
import type { Seal } from '../crypto/seal.ts'
import { handleIdentifier } from '../flows/keys.ts'
import { parseTotpUrl } from '../methods/totp/totp-url.ts'
import type { ImportedCredentials } from './admin-body.ts'
import type { IdentityDraft } from './build.ts'
import { hashProblem } from './hash-format.ts'

type Drafts = IdentityDraft['credentials']

/** Credentials as they are brought from elsewhere. Clear passwords are hashed; the password policy does not apply (§9.3). */
export async function importCredentials(
  { passwords, cipher }: { readonly passwords: Pick<Passwords, 'hash'>; readonly cipher: Pick<Seal, 'seal'> },
  { password, oidc, saml, totp, lookup_secret, webauthn, passkey }: ImportedCredentials,
): Promise<Drafts> {
  if (saml !== undefined) throw refused('SAML credentials can not be imported: there is no SAML sign-in.')
  return [
    ...(password === undefined ? [] : [await importPassword(passwords, password.config ?? {})]),
    ...(oidc === undefined ? [] : [importProviders(oidc.config?.providers ?? [])]),
    ...(totp === undefined ? [] : [importTotp(cipher, totp.config?.totp_url ?? '')]),
    ...(lookup_secret === undefined ? [] : [importLookupSecrets(cipher, lookup_secret.config?.codes ?? [])]),
    ...(webauthn === undefined ? [] : [{ type: 'webauthn', config: keysOf(webauthn.config ?? {}) } as const]),
    ...(passkey === undefined ? [] : [importPasskeys(passkey.config ?? {})]),
  ]
}

const refused = (reason: string) => new WireError(400, null, { reason })

type PasswordConfig = NonNullable<NonNullable<ImportedCredentials['password']>['config']>

async function importPassword(
  passwords: Pick<Passwords, 'hash'>,
  { password, hashed_password, use_password_migration_hook }: PasswordConfig,
): Promise<Drafts[number]> {
  if (password) return { type: 'password', config: { hashed_password: await passwords.hash(password) } }
  if (use_password_migration_hook) return { type: 'password', config: { use_password_migration_hook } }
  const problem = hashProblem(hashed_password ?? '')
  if (problem !== null) throw refused(problem)
  return { type: 'password', config: { hashed_password: hashed_password ?? '' } }
}

type Providers = NonNullable<NonNullable<NonNullable<ImportedCredentials['oidc']>['config']>['providers']>

const importProviders = (providers: Providers): Drafts[number] => ({
  type: 'oidc',
  identifiers: providers.map(({ provider, subject }) => `${provider}:${subject}`),
  config: {
    providers: providers.map(({ subject, provider, use_auto_link, organization }) => ({
      subject,
      provider,
      initial_id_token: '',
      initial_access_token: '',
      initial_refresh_token: '',
      ...(organization === undefined ? {} : { organization }),
      ...(use_auto_link === undefined ? {} : { use_auto_link }),
    })),
  },
})

const importTotp = (cipher: Pick<Seal, 'seal'>, url: string): Drafts[number] => ({
  type: 'totp',
  identifiers: 'own_id',
  config: { totp_url: sealedTotp(cipher, url) },
})

/** The key of an authenticator app, sealed before it is stored. */
function sealedTotp(cipher: Pick<Seal, 'seal'>, url: string): string {
  if (parseTotpUrl(url) !== null) return cipher.seal(url)
  throw refused(
    'The TOTP key can not be read: totp_url must be an otpauth://totp/ URL with a base32 secret, an algorithm of SHA1, SHA256 or SHA512, and 6 to 8 digits.',
  )
}

/** A credential's configuration as a patch has left it, with no secret in it that is not sealed or hashed. */
export function storable(cipher: Seal, type: CredentialType, config: JsonObject, before: JsonObject): JsonObject {
  const { totp_url: url, hashed_password: hash } = config
  if (type === 'totp' && url !== undefined && url !== before.totp_url) {
    if (typeof url !== 'string') throw refused('The TOTP key can not be read: totp_url must be a text.')
    // Somebody may have moved a key that was sealed before.
    const isSealed = parseTotpUrl(cipher.open(url) ?? '') !== null
    return isSealed ? config : { ...config, totp_url: sealedTotp(cipher, url) }
  }
  if (type !== 'password' || hash === undefined || hash === before.hashed_password) return config
  const problem = typeof hash === 'string' ? hashProblem(hash) : 'The imported password hash must be a text.'
  if (problem !== null) throw refused(problem)
  return config
}

type Codes = NonNullable<NonNullable<NonNullable<ImportedCredentials['lookup_secret']>['config']>['codes']>

/** Codes on paper, sealed before they are stored. */
const importLookupSecrets = (cipher: Pick<Seal, 'seal'>, codes: Codes): Drafts[number] => ({
  type: 'lookup_secret',
  identifiers: 'own_id',
  config: {
    recovery_codes: codes.map(({ code, used_at }) => ({
      code: cipher.seal(code),
      ...(used_at === undefined ? {} : { used_at }),
    })),
  },
})

type KeysConfig = NonNullable<NonNullable<ImportedCredentials['webauthn']>['config']>

const importPasskeys = (config: KeysConfig): Drafts[number] => ({
  type: 'passkey',
  identifiers: config.user_handle ? [handleIdentifier(config.user_handle)] : [],
  config: keysOf(config),
})

const keysOf = ({ credentials = [], user_handle = '' }: KeysConfig): JsonObject => {
  const keys: Json = JSON.parse(JSON.stringify(credentials))
  return { credentials: Array.isArray(keys) ? keys.filter(isJsonObject) : [], user_handle }
}

/** How many clear passwords a body holds, each of which takes a hash. */
export const clearPasswords = ({ password }: ImportedCredentials) => (password?.config?.password ? 1 : 0)
