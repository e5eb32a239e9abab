import type { Credential, IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import type { UpstreamPerson } from '../core/upstream.ts'

/** What a social account is stored by: who somebody is, at whom. Subjects are compared as they are spelt. */
export const socialIdentifier = ({ provider, subject }: Pick<UpstreamPerson, 'provider' | 'subject'>) =>
  `${provider}:${subject}`

/** An entry of the credential's configuration, in Ory's shape (ory-identity-api.md §7.3). */
export const socialEntry = ({ provider, subject, tokens }: UpstreamPerson): JsonObject => ({
  subject,
  provider,
  initial_id_token: tokens.id,
  initial_access_token: tokens.access,
  initial_refresh_token: tokens.refresh,
})

/** An entry that is none of ours has no identifier. */
const identifierOf = ({ provider, subject }: JsonObject) =>
  typeof provider === 'string' && typeof subject === 'string' ? socialIdentifier({ provider, subject }) : ''

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const entriesOf = ({ config }: Credential): readonly JsonObject[] =>
  (isList(config.providers) ? config.providers : []).filter(isJsonObject)

const credentialOf = ({ credentials }: IdentityWithCredentials) => credentials.find(({ type }) => type === 'oidc')

/** The providers somebody has linked. */
export const linkedProviders = (identity: IdentityWithCredentials): readonly string[] => {
  const credential = credentialOf(identity)
  return credential === undefined
    ? []
    : entriesOf(credential).flatMap(({ provider }) => (typeof provider === 'string' ? [provider] : []))
}

/** Somebody with one more way to sign in. */
export function linkSocial(identity: IdentityWithCredentials, entry: JsonObject, at: Time): IdentityWithCredentials {
  const identifier = identifierOf(entry)
  const known = credentialOf(identity)
  if (known === undefined) {
    const created: Credential = {
      type: 'oidc',
      identifiers: [identifier],
      config: { providers: [entry] },
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    return { ...identity, credentials: [...identity.credentials, created], updatedAt: at }
  }
  if (known.identifiers.includes(identifier)) return identity
  const linked: Credential = {
    ...known,
    identifiers: [...known.identifiers, identifier],
    config: { ...known.config, providers: [...entriesOf(known), entry] },
    updatedAt: at,
  }
  return withCredential(identity, known, linked, at)
}

/** Somebody without the accounts at a provider; the same where there are none. */
export function unlinkSocial(identity: IdentityWithCredentials, provider: string, at: Time): IdentityWithCredentials {
  const known = credentialOf(identity)
  if (known === undefined || !linkedProviders(identity).includes(provider)) return identity
  const gone = entriesOf(known).filter((entry) => entry.provider === provider)
  const identifiers = known.identifiers.filter(
    (identifier) => !gone.some((entry) => identifierOf(entry) === identifier),
  )
  const kept = entriesOf(known).filter((entry) => entry.provider !== provider)
  if (identifiers.length === 0) {
    return { ...identity, credentials: identity.credentials.filter((each) => each !== known), updatedAt: at }
  }
  const unlinked = { ...known, identifiers, config: { ...known.config, providers: kept }, updatedAt: at }
  return withCredential(identity, known, unlinked, at)
}

const withCredential = (
  identity: IdentityWithCredentials,
  known: Credential,
  changed: Credential,
  at: Time,
): IdentityWithCredentials => ({
  ...identity,
  credentials: identity.credentials.map((each) => (each === known ? changed : each)),
  updatedAt: at,
})

const TOKENS = new Set(['initial_id_token', 'initial_access_token', 'initial_refresh_token'])

/** The same with the provider's tokens as they were given. What was never sealed, as of an import, stays as it is. */
export function withOpenTokens(credential: Credential, open: (sealed: string) => string | null): Credential {
  if (credential.type !== 'oidc') return credential
  const providers = entriesOf(credential).map((entry) =>
    Object.fromEntries(
      Object.entries(entry).map(([name, value]): [string, Json] => [
        name,
        TOKENS.has(name) && typeof value === 'string' ? (open(value) ?? value) : value,
      ]),
    ),
  )
  return { ...credential, config: { ...credential.config, providers } }
}
