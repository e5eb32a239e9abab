import type { Credential, CredentialType } from './identity.ts'
import { isJsonObject, type Json } from './json.ts'
import type { AuthenticationMethod, Proof, Session } from './session.ts'

/** Which methods may be used, and in which role. */
export type FactorSettings = {
  readonly [M in 'password' | 'oidc' | 'passkey' | 'totp' | 'lookup_secret' | 'webauthn']: { readonly enabled: boolean }
} & { readonly code: { readonly enabled: boolean; readonly passwordless: boolean; readonly mfa: boolean } }

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
const listIn = (value: Json | undefined): readonly Json[] => (isList(value) ? value : [])
const isPasswordless = (key: Json) => isJsonObject(key) && key.is_passwordless === true

/** What somebody can sign in with on its own; types that are not listed only ever come second. */
const FIRST_FACTORS: {
  readonly [T in CredentialType]?: (methods: FactorSettings, credential: Credential) => boolean
} = {
  password: ({ password }, { config }) =>
    password.enabled && (Boolean(config.hashed_password) || config.use_password_migration_hook === true),
  oidc: ({ oidc }, { identifiers }) => oidc.enabled && identifiers.length > 0,
  webauthn: ({ webauthn }, { config, identifiers }) =>
    webauthn.enabled && identifiers.length > 0 && listIn(config.credentials).some(isPasswordless),
  passkey: ({ passkey }, { config }) => passkey.enabled && listIn(config.credentials).length > 0,
  code: ({ code }, { identifiers }) => code.enabled && code.passwordless && identifiers.length > 0,
}

/** Whether a credential may sign somebody in on its own. */
export const isFirstFactor = (methods: FactorSettings, credential: Credential) =>
  FIRST_FACTORS[credential.type]?.(methods, credential) ?? false

/** Whether somebody would still get in with these. */
export const hasFirstFactor = (methods: FactorSettings, credentials: readonly Credential[]) =>
  credentials.some((credential) => isFirstFactor(methods, credential))

export const SECOND_FACTORS = ['totp', 'lookup_secret', 'webauthn', 'code'] as const
/** What may come second (ory-identity-api.md §8.4). */
export type SecondFactor = (typeof SECOND_FACTORS)[number]

const HAS_SECOND: { readonly [F in SecondFactor]: (credential: Credential) => boolean } = {
  totp: ({ config }) => typeof config.totp_url === 'string' && config.totp_url !== '',
  // Used ones count as Ory counts them: whoever has used up all of them is not let in with one factor less.
  lookup_secret: ({ config }) => listIn(config.recovery_codes).length > 0,
  // A key that signs people in on its own is no second one.
  webauthn: ({ config }) => listIn(config.credentials).some((key) => !isPasswordless(key)),
  code: ({ identifiers }) => identifiers.length > 0,
}

/** What somebody has set up that may come second, whether it is enabled or not. */
export const secondFactorsIn = (credentials: readonly Credential[]): readonly SecondFactor[] =>
  SECOND_FACTORS.filter((factor) => credentials.some((it) => it.type === factor && HAS_SECOND[factor](it)))

/** Whatever is sent to an address proves one thing, however often: that its mail is read. */
const ADDRESS: ReadonlySet<Proof> = new Set(['code', 'link', 'code_recovery', 'link_recovery'])

/** Two proofs are two factors only if they are not the same thing proven twice. */
const isDistinct = (first: Proof, second: Proof) => !(ADDRESS.has(first) && ADDRESS.has(second))

/** aal2 needs a first and a second factor that differ (ory-identity-api.md §8.4). */
export function aalOf(methods: readonly AuthenticationMethod[]): Session['aal'] {
  const firsts = methods.filter(({ aal }) => aal === 'aal1')
  const seconds = methods.filter(({ aal }) => aal === 'aal2')
  // A provider that has seen two factors stands for both (§8.4).
  if (seconds.some(({ method }) => method === 'oidc')) return 'aal2'
  if (firsts.some((first) => seconds.some((second) => isDistinct(first.method, second.method)))) return 'aal2'
  return methods.some(({ aal }) => aal !== 'aal0') ? 'aal1' : 'aal0'
}

const isUsable = (methods: FactorSettings, factor: SecondFactor) =>
  methods[factor].enabled && (factor !== 'code' || methods.code.mfa)

/**
 * Whether somebody has to show another factor before they get any further. Recovery is a first factor like any other:
 * who has a second one must show it then, too.
 */
export const needsSecondFactor = (
  methods: FactorSettings,
  required: 'aal1' | 'highest_available',
  { aal, authenticationMethods, secondFactors }: Pick<Session, 'aal' | 'authenticationMethods' | 'secondFactors'>,
) =>
  required === 'highest_available' &&
  aal !== 'aal2' &&
  secondFactors.some(
    (factor) => isUsable(methods, factor) && authenticationMethods.some(({ method }) => isDistinct(method, factor)),
  )
