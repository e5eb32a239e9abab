import type { Json, JsonObject } from './json.ts'
import { type Time, toTimestamp } from './time.ts'
import type { UiMessage } from './ui.ts'

/**
 * Every text a form can say to a person. Ids, texts and context keys are Ory's (ory-identity-api.md §6), because UIs
 * translate by id and fill in from the context.
 */
export const messages = {
  // sign-in
  signIn: () => info(1010001, 'Sign in'),
  signInWith: (provider: Provider) => info(1010002, `Sign in with ${provider.label}`, providerContext(provider)),
  confirmItIsYou: () => info(1010003, 'Please confirm this action by verifying that it is you.'),
  completeSecondFactor: () => info(1010004, 'Please complete the second authentication challenge.'),
  verify: () => info(1010005, 'Verify'),
  totpCode: () => info(1010006, 'Authentication code'),
  lookupSecret: () => info(1010007, 'Backup recovery code'),
  signInWithSecurityKey: () => info(1010008, 'Sign in with a hardware key'),
  useTotp: () => info(1010009, 'Use Authenticator'),
  useLookupSecret: () => info(1010010, 'Use backup recovery code'),
  signInWithSecurityKeyLegacy: () => info(1010011, 'Sign in with a hardware key'),
  prepareSecurityKey: () =>
    info(1010012, 'Prepare your WebAuthn device (e.g. security key, biometrics scanner, ...) and press continue.'),
  continueWithSecurityKey: () => info(1010013, 'Continue'),
  loginCodeSent: () =>
    info(
      1010014,
      "A code was sent to the address you provided. If you didn't receive it, please check the spelling of the address and try again.",
    ),
  sendLoginCode: () => info(1010015, 'Send sign in code'),
  signInToLink: ({ duplicateIdentifier, provider, newLoginUrl, credentialTypes, providers }: LinkHint) =>
    info(
      1010016,
      `You tried to sign in with "${duplicateIdentifier}", but that email is already used by another account. Sign in to your account with one of the options below to add your account "${duplicateIdentifier}" at "${provider}" as another way to sign in.`,
      {
        duplicateIdentifier,
        provider,
        newLoginUrl,
        duplicate_identifier: duplicateIdentifier,
        new_login_url: newLoginUrl,
        available_credential_types: credentialTypes,
        available_providers: providers,
      },
    ),
  signInAndLink: () => info(1010017, 'Sign in and link'),
  confirmWith: (provider: string) => info(1010018, `Confirm with ${provider}`, { provider }),
  requestCodeToContinue: () => info(1010019, 'Request code to continue'),
  signInWithPasskey: () => info(1010021, 'Sign in with passkey'),
  signInWithPassword: () => info(1010022, 'Sign in with password'),
  sendCodeTo: (address: string, channel: 'email' | 'sms') =>
    info(1010023, `Send code to ${address}`, { address, channel }),
  signInWithDeviceKey: () => info(1010024, 'Sign in with a hardware key'),
  loginCodeSentAgain: () =>
    info(1010025, "A code was sent to your address. If you didn't receive it, please try again."),

  // sign-up
  signUp: () => info(1040001, 'Sign up'),
  signUpWith: (provider: Provider) => info(1040002, `Sign up with ${provider.label}`, providerContext(provider)),
  continueRegistration: () => info(1040003, 'Continue'),
  signUpWithSecurityKey: () => info(1040004, 'Sign up with security key'),
  registrationCodeSent: () =>
    info(
      1040005,
      'A code has been sent to the address(es) you provided. If you have not received a message, check the spelling of the address and retry the registration.',
    ),
  sendRegistrationCode: () => info(1040006, 'Send sign up code'),
  signUpWithPasskey: () => info(1040007, 'Sign up with passkey'),
  backInRegistration: () => info(1040008, 'Back'),
  chooseCredential: () => info(1040009, 'Please choose a credential to authenticate yourself with.'),

  // settings
  changesSaved: () => success(1050001, 'Your changes have been saved!'),
  link: (provider: string) => info(1050002, `Link ${provider}`, { provider }),
  unlink: (provider: string) => info(1050003, `Unlink ${provider}`, { provider }),
  unlinkTotp: () => info(1050004, 'Unlink TOTP Authenticator App'),
  totpQrCode: () => info(1050005, 'Authenticator app QR code'),
  totpSecret: (secret: string) => info(1050006, secret, { secret }),
  revealLookupSecrets: () => info(1050007, 'Reveal backup recovery codes'),
  regenerateLookupSecrets: () => info(1050008, 'Generate new backup recovery codes'),
  lookupSecretUnused: (secret: string) => info(1050009, secret, { secret }),
  lookupSecrets: () => info(1050010, 'These are your back up recovery codes. Please keep them in a safe place!'),
  confirmLookupSecrets: () => info(1050011, 'Confirm backup recovery codes'),
  addSecurityKey: () => info(1050012, 'Add security key'),
  securityKeyName: () => info(1050013, 'Name of the security key'),
  lookupSecretUsed: (at: Time) =>
    info(1050014, `Secret was used at ${toTimestamp(at)}`, { used_at: toTimestamp(at), used_at_unix: unix(at) }),
  lookupSecretList: (secrets: readonly UiMessage[]) =>
    info(1050015, secrets.map(({ id, text }) => (id === 1050014 ? 'used' : text)).join(', '), {
      secrets: secrets.map(toJson),
    }),
  disableLookupSecrets: () => info(1050016, 'Disable this method'),
  totpSecretLabel: () =>
    info(1050017, 'This is your authenticator app secret. Use it if you can not scan the QR code.'),
  removeSecurityKey: (key: Key) => info(1050018, `Remove security key "${key.name}"`, keyContext(key)),
  addPasskey: () => info(1050019, 'Add passkey'),
  removePasskey: (key: Key) => info(1050020, `Remove passkey "${key.name}"`, keyContext(key)),
  managedByOrganization: () =>
    info(
      1050023,
      'Your account is managed by your organization. To change these settings, contact your organization administrator.',
    ),

  // recovery
  recovered: ({ now, privilegedUntil }: { readonly now: Time; readonly privilegedUntil: Time }) =>
    success(
      1060001,
      `You successfully recovered your account. Please change your password or set up an alternative login method (e.g. social sign in) within the next ${minutes(privilegedUntil - now)} minutes.`,
      {
        privilegedSessionExpiresAt: toTimestamp(privilegedUntil),
        privileged_session_expires_at: toTimestamp(privilegedUntil),
        privileged_session_expires_at_unix: unix(privilegedUntil),
      },
    ),
  recoveryLinkSent: () => info(1060002, mailed('recovery link')),
  recoveryCodeSent: () => info(1060003, mailed('recovery code')),
  recoveryCodeSentTo: (masked_address: string) =>
    info(
      1060004,
      `A recovery code has been sent to ${masked_address}. If you have not received it, check the spelling of the address and make sure to use the address you registered with.`,
      { masked_address },
    ),
  confirmRecoveryAddress: () =>
    info(1060005, 'Recover access to your account by providing your recovery address in full.'),
  chooseRecoveryAddress: () => info(1060006, 'How do you want to recover your account?'),
  backInRecovery: () => info(1060007, 'Back'),

  // labels
  maskedAddress: (masked: string) => info(1070000, masked),
  password: () => info(1070001, 'Password'),
  traitTitle: (title: string, name: string) => info(1070002, title, { title, name }),
  save: () => info(1070003, 'Save'),
  identifier: () => info(1070004, 'ID'),
  submit: () => info(1070005, 'Submit'),
  verifyCode: () => info(1070006, 'Verify code'),
  email: () => info(1070007, 'Email'),
  resendCode: () => info(1070008, 'Resend code'),
  continue: () => info(1070009, 'Continue'),
  recoveryCode: () => info(1070010, 'Recovery code'),
  verificationCode: () => info(1070011, 'Verification code'),
  registrationCode: () => info(1070012, 'Registration code'),
  loginCode: () => info(1070013, 'Login code'),
  loginAndLink: () => info(1070014, 'Login and link credential'),
  completeCaptcha: () => info(1070015, 'Please complete the captcha challenge to continue.'),
  recoveryAddress: () => info(1070016, 'Recovery address'),
  phoneNumber: () => info(1070017, 'Phone number'),
  emailOrPhoneNumber: () => info(1070018, 'Email or phone number'),

  // verification
  verificationLinkSent: () => info(1080001, mailed('verification link')),
  emailVerified: () => success(1080002, 'You successfully verified your email address.'),
  verificationCodeSent: () => info(1080003, mailed('verification code')),
  verificationCodeTexted: () =>
    info(
      1080004,
      'A text message containing a verification code has been sent to the phone number you provided. If you have not received a text message, check the spelling of the number and make sure to use the number you registered with.',
    ),
  phoneVerified: () => success(1080005, 'You successfully verified your phone number.'),

  // what is wrong with a field
  reason: (reason: string) => error(4000001, reason, { reason }),
  propertyMissing: (property: string) => error(4000002, `Property ${property} is missing.`, { property }),
  tooShort: (min_length: number, actual_length: number) =>
    error(4000003, `length must be >= ${min_length}, but got ${actual_length}`, { min_length, actual_length }),
  patternMismatch: (pattern: string) => error(4000004, `does not match pattern ${quoted(pattern)}`, { pattern }),
  passwordRefused: (reason: string) => error(4000005, `The password can not be used because ${reason}.`, { reason }),
  invalidCredentials: () =>
    error(
      4000006,
      'The provided credentials are invalid, check for spelling mistakes in your password or username, email address, or phone number.',
    ),
  duplicateIdentifier: () =>
    error(4000007, 'An account with the same identifier (email, phone, username, ...) exists already.'),
  totpCodeInvalid: () => error(4000008, 'The provided authentication code is invalid, please try again.'),
  noIdentifiers: () =>
    error(
      4000009,
      'Could not find any login identifiers. Did you forget to set them? This could also be caused by a server misconfiguration.',
    ),
  addressNotVerified: () => error(4000010, 'Account not active yet. Did you forget to verify your email address?'),
  noTotp: () => error(4000011, 'You have no TOTP device set up.'),
  lookupSecretAlreadyUsed: () => error(4000012, 'This backup recovery code has already been used.'),
  noWebAuthn: () => error(4000013, 'You have no WebAuthn device set up.'),
  noLookupSecrets: () => error(4000014, 'You have no backup recovery codes set up.'),
  noSecurityKey: () => error(4000015, 'This account does not exist or has no security key set up.'),
  lookupSecretInvalid: () => error(4000016, 'The backup recovery code is not valid.'),
  tooLong: (max_length: number, actual_length: number) =>
    error(4000017, `length must be <= ${max_length}, but got ${actual_length}`, { max_length, actual_length }),
  belowMinimum: (minimum: number, actual: number) =>
    error(4000018, `must be >= ${minimum} but found ${actual}`, { minimum, actual }),
  notAboveMinimum: (minimum: number, actual: number) =>
    error(4000019, `must be > ${minimum} but found ${actual}`, { minimum, actual }),
  aboveMaximum: (maximum: number, actual: number) =>
    error(4000020, `must be <= ${maximum} but found ${actual}`, { maximum, actual }),
  notBelowMaximum: (maximum: number, actual: number) =>
    error(4000021, `must be < ${maximum} but found ${actual}`, { maximum, actual }),
  notMultipleOf: (base: number, actual: number) => error(4000022, `${actual} not multipleOf ${base}`, { base, actual }),
  tooManyItems: (max_items: number, actual_items: number) =>
    error(4000023, `maximum ${max_items} items allowed, but found ${actual_items} items`, { max_items, actual_items }),
  tooFewItems: (min_items: number, actual_items: number) =>
    error(4000024, `minimum ${min_items} items allowed, but found ${actual_items} items`, { min_items, actual_items }),
  equalItems: (index_a: number, index_b: number) =>
    error(4000025, `items at index ${index_a} and ${index_b} are equal`, { index_a, index_b }),
  wrongType: (allowed_types: readonly string[], actual_type: string) =>
    error(4000026, `expected ${allowed_types.join(' or ')}, but got ${actual_type}`, { allowed_types, actual_type }),
  duplicateIdentifierToLink: () =>
    error(
      4000027,
      'An account with the same identifier (email, phone, username, ...) exists already. Please sign in to your existing account to link your social profile.',
    ),
  duplicateIdentifierWithHints: (hints: DuplicateHints) =>
    error(4000028, duplicateText(hints), {
      available_credential_types: hints.credentialTypes,
      available_oidc_providers: hints.providers,
      credential_identifier_hint: hints.identifier,
    }),
  notConstant: (expected: Json) =>
    error(4000029, `must be equal to constant ${JSON.stringify(expected)}`, { expected: JSON.stringify(expected) }),
  constantFailed: () => error(4000030, 'const failed'),
  passwordTooSimilar: () => error(4000031, 'The password can not be used because it is too similar to the identifier.'),
  passwordTooShort: (min_length: number, actual_length: number) =>
    error(4000032, `The password must be at least ${min_length} characters long, but got ${actual_length}.`, {
      min_length,
      actual_length,
    }),
  passwordTooLong: (max_length: number, actual_length: number) =>
    error(4000033, `The password must be at most ${max_length} characters long, but got ${actual_length}.`, {
      max_length,
      actual_length,
    }),
  passwordBreached: (breaches: number) =>
    error(4000034, 'The password has been found in data breaches and must no longer be used.', { breaches }),
  noCodeCredential: () => error(4000035, 'This account does not exist or has not setup sign in with code.'),
  traitsMismatch: () =>
    error(4000036, 'The provided traits do not match the traits previously associated with this flow.'),
  noAccount: () => error(4000037, 'This account does not exist or has no login method configured.'),
  captchaFailed: () => error(4000038, 'Captcha verification failed, please try again.'),
  passwordUnchanged: () => error(4000039, 'The new password must be different from the old password.'),
  emailInvalid: (value: string) => error(4000040, 'Enter a valid email address', { value }),
  phoneInvalid: (value: string) => error(4000041, 'Enter a valid phone number', { value }),
  webAuthnInvalid: () => error(4000043, 'The provided web authn login is invalid, please try again.'),

  // what is wrong with a flow
  loginExpired: (times: Expiry) => expired(4010001, 'login', times),
  noLoginStrategy: () => error(4010002, noStrategy('log you in with')),
  noRegistrationStrategy: () => error(4010003, noStrategy('sign you up with')),
  noSettingsStrategy: () => error(4010004, noStrategy('update your settings')),
  noRecoveryStrategy: () => error(4010005, noStrategy('recover your account with')),
  noVerificationStrategy: () => error(4010006, noStrategy('verify your account with')),
  loginAlreadyCompleted: () => error(4010007, ALREADY_COMPLETED),
  loginCodeInvalid: () => error(4010008, codeInvalid('login')),
  linkedCredentialsMismatch: () => error(4010009, 'Linked credentials do not match.'),
  addressUnknown: () =>
    error(4010010, 'The address you entered does not match any known addresses in the current account.'),
  accountDisabled: () => error(4010011, 'This account has been disabled. Please contact support for assistance.'),
  registrationExpired: (times: Expiry) => expired(4040001, 'registration', times),
  registrationAlreadyCompleted: () => error(4040002, ALREADY_COMPLETED),
  registrationCodeInvalid: () => error(4040003, codeInvalid('registration')),
  settingsExpired: (times: Expiry) => expired(4050001, 'settings', times),
  oneAddressAtATime: () =>
    error(4050002, 'You can only change one address at a time. Please update each address separately.'),
  recoveryAlreadyCompleted: () => error(4060001, ALREADY_COMPLETED),
  recoveryFailed: () => error(4060002, 'The recovery flow reached a failure state and must be retried.'),
  recoveryTokenInvalid: () => error(4060004, tokenInvalid('recovery')),
  recoveryExpired: (times: Expiry) => expired(4060005, 'recovery', times),
  recoveryCodeInvalid: () => error(4060006, codeInvalid('recovery')),
  verificationTokenInvalid: () => error(4070001, tokenInvalid('verification')),
  verificationAlreadyCompleted: () => error(4070002, ALREADY_COMPLETED),
  verificationFailed: () => error(4070003, 'The verification flow reached a failure state and must be retried.'),
  verificationExpired: (times: Expiry) => expired(4070005, 'verification', times),
  verificationCodeInvalid: () => error(4070006, codeInvalid('verification')),
  systemReason: (reason: string) => error(5000001, reason, { reason }),
  noMethods: () => error(5000002, 'No authentication methods are available. Please contact the system administrator.'),
  noSsoProvider: () =>
    error(
      5000003,
      'Your organization requires SSO authentication, but no SSO provider is configured. Please contact the system administrator.',
    ),
} satisfies Record<string, (...told: never[]) => UiMessage>

type Provider = { readonly id: string; readonly label: string }
type Key = { readonly name: string; readonly addedAt: Time }
type Expiry = { readonly now: Time; readonly expiredAt: Time }
type LinkHint = {
  readonly duplicateIdentifier: string
  readonly provider: string
  readonly newLoginUrl: string
  readonly credentialTypes: readonly string[]
  readonly providers: readonly string[]
}
type DuplicateHints = {
  readonly identifier: string
  readonly credentialTypes: readonly string[]
  readonly providers: readonly string[]
}

const say = (type: UiMessage['type'], id: number, text: string, context?: JsonObject): UiMessage => ({
  id,
  text,
  type,
  ...(context === undefined ? {} : { context }),
})
const info = (id: number, text: string, context?: JsonObject) => say('info', id, text, context)
const success = (id: number, text: string, context?: JsonObject) => say('success', id, text, context)
const error = (id: number, text: string, context?: JsonObject) => say('error', id, text, context)

const providerContext = ({ id, label }: Provider) => ({ provider: label, provider_id: id })
const keyContext = ({ name, addedAt }: Key) => ({
  display_name: name,
  added_at: toTimestamp(addedAt),
  added_at_unix: unix(addedAt),
})
const toJson = ({ id, text, type, context }: UiMessage): JsonObject => ({
  id,
  text,
  type,
  ...(context === undefined ? {} : { context }),
})

const unix = (at: Time) => Math.floor(at / 1000)
const minutes = (span: number) => (span / 60_000).toFixed(2)
const quoted = (text: string) => JSON.stringify(text)

const expired = (id: number, flow: string, { now, expiredAt }: Expiry) =>
  error(id, `The ${flow} flow expired ${minutes(now - expiredAt)} minutes ago, please try again.`, {
    expired_at: toTimestamp(expiredAt),
    expired_at_unix: unix(expiredAt),
  })

const ALREADY_COMPLETED = 'The request was already completed successfully and can not be retried.'
const noStrategy = (purpose: string) => `Could not find a strategy to ${purpose}. Did you fill out the form correctly?`
const codeInvalid = (flow: string) => `The ${flow} code is invalid or has already been used. Please try again.`
const tokenInvalid = (flow: string) => `The ${flow} token is invalid or has already been used. Please retry the flow.`
const mailed = (what: string) =>
  `An email containing a ${what} has been sent to the email address you provided. If you have not received an email, check the spelling of the address and make sure to use the address you registered with.`

/** How the types read in a sentence; a code is listed in the context but not in the text (§6, 4000028). */
const CREDENTIAL_NAMES: { readonly [type: string]: string } = {
  password: 'your password',
  oidc: 'social sign in',
  saml: 'social sign in',
  webauthn: 'your passkey or a security key',
  passkey: 'your passkey',
}

function duplicateText({ identifier, credentialTypes, providers }: DuplicateHints): string {
  const named = new Set(credentialTypes.flatMap((type) => CREDENTIAL_NAMES[type] ?? []))
  const ways = [...named].map((name, i) => (i > 0 && i === named.size - 1 ? `or ${name}` : name))
  return [
    `You tried signing in with ${identifier} which is already in use by another account.`,
    ...(ways.length === 0 ? [] : [`You can sign in using ${ways.join(', ')}.`]),
    ...(providers.length === 0
      ? []
      : [`You can sign in using one of the following social sign in providers: ${providers.join(', ')}.`]),
  ].join(' ')
}
