import { describe, expect, test } from 'vitest'
import { messages } from './messages.ts'
import type { UiMessage } from './ui.ts'

const at = Date.UTC(2026, 0, 2, 3, 4, 5)
const stamp = '2026-01-02T03:04:05.000Z'
const unix = at / 1000

test.each<[UiMessage, number, UiMessage['type'], string, UiMessage['context']]>([
  [messages.signIn(), 1010001, 'info', 'Sign in', undefined],
  [
    messages.signInWith({ id: 'mock', label: 'Mock' }),
    1010002,
    'info',
    'Sign in with Mock',
    { provider: 'Mock', provider_id: 'mock' },
  ],
  [
    messages.signInToLink({
      duplicateIdentifier: 'ann@example.test',
      provider: 'Mock',
      newLoginUrl: 'http://ui.example.test/login',
      credentialTypes: [],
      providers: [],
    }),
    1010016,
    'info',
    'You tried to sign in with "ann@example.test", but that email is already used by another account. Sign in to your account with one of the options below to add your account "ann@example.test" at "Mock" as another way to sign in.',
    {
      duplicateIdentifier: 'ann@example.test',
      duplicate_identifier: 'ann@example.test',
      provider: 'Mock',
      newLoginUrl: 'http://ui.example.test/login',
      new_login_url: 'http://ui.example.test/login',
      available_credential_types: [],
      available_providers: [],
    },
  ],
  [
    messages.sendCodeTo('ann@example.test', 'email'),
    1010023,
    'info',
    'Send code to ann@example.test',
    { address: 'ann@example.test', channel: 'email' },
  ],
  [messages.signUp(), 1040001, 'info', 'Sign up', undefined],
  [messages.changesSaved(), 1050001, 'success', 'Your changes have been saved!', undefined],
  [
    messages.lookupSecretUsed(at),
    1050014,
    'info',
    `Secret was used at ${stamp}`,
    { used_at: stamp, used_at_unix: unix },
  ],
  [
    messages.lookupSecretList([messages.lookupSecretUnused('abcd1234'), messages.lookupSecretUsed(at)]),
    1050015,
    'info',
    'abcd1234, used',
    {
      secrets: [
        { id: 1050009, text: 'abcd1234', type: 'info', context: { secret: 'abcd1234' } },
        {
          id: 1050014,
          text: `Secret was used at ${stamp}`,
          type: 'info',
          context: { used_at: stamp, used_at_unix: unix },
        },
      ],
    },
  ],
  [
    messages.removeSecurityKey({ name: 'soft key', addedAt: at }),
    1050018,
    'info',
    'Remove security key "soft key"',
    { display_name: 'soft key', added_at: stamp, added_at_unix: unix },
  ],
  [
    messages.recovered({ now: at - 900_000, privilegedUntil: at }),
    1060001,
    'success',
    'You successfully recovered your account. Please change your password or set up an alternative login method (e.g. social sign in) within the next 15.00 minutes.',
    {
      privilegedSessionExpiresAt: stamp,
      privileged_session_expires_at: stamp,
      privileged_session_expires_at_unix: unix,
    },
  ],
  [
    messages.recoveryCodeSent(),
    1060003,
    'info',
    'An email containing a recovery code has been sent to the email address you provided. If you have not received an email, check the spelling of the address and make sure to use the address you registered with.',
    undefined,
  ],
  [messages.traitTitle('E-Mail', 'traits.email'), 1070002, 'info', 'E-Mail', { title: 'E-Mail', name: 'traits.email' }],
  [messages.emailVerified(), 1080002, 'success', 'You successfully verified your email address.', undefined],
  [messages.reason('No.'), 4000001, 'error', 'No.', { reason: 'No.' }],
  [messages.propertyMissing('email'), 4000002, 'error', 'Property email is missing.', { property: 'email' }],
  [messages.tooShort(3, 1), 4000003, 'error', 'length must be >= 3, but got 1', { min_length: 3, actual_length: 1 }],
  [messages.patternMismatch('^"a$'), 4000004, 'error', 'does not match pattern "^\\"a$"', { pattern: '^"a$' }],
  [
    messages.wrongType(['string', 'null'], 'number'),
    4000026,
    'error',
    'expected string or null, but got number',
    { allowed_types: ['string', 'null'], actual_type: 'number' },
  ],
  [
    messages.duplicateIdentifierWithHints({
      identifier: 'ann@example.test',
      credentialTypes: ['password', 'code', 'oidc', 'saml', 'passkey'],
      providers: ['mock', 'other'],
    }),
    4000028,
    'error',
    'You tried signing in with ann@example.test which is already in use by another account. You can sign in using your password, social sign in, or your passkey. You can sign in using one of the following social sign in providers: mock, other.',
    {
      available_credential_types: ['password', 'code', 'oidc', 'saml', 'passkey'],
      available_oidc_providers: ['mock', 'other'],
      credential_identifier_hint: 'ann@example.test',
    },
  ],
  [
    messages.duplicateIdentifierWithHints({ identifier: 'a', credentialTypes: ['code'], providers: [] }),
    4000028,
    'error',
    'You tried signing in with a which is already in use by another account.',
    { available_credential_types: ['code'], available_oidc_providers: [], credential_identifier_hint: 'a' },
  ],
  [messages.notConstant('x'), 4000029, 'error', 'must be equal to constant "x"', { expected: '"x"' }],
  [
    messages.passwordTooShort(8, 3),
    4000032,
    'error',
    'The password must be at least 8 characters long, but got 3.',
    { min_length: 8, actual_length: 3 },
  ],
  [
    messages.loginExpired({ now: at + 90_000, expiredAt: at }),
    4010001,
    'error',
    'The login flow expired 1.50 minutes ago, please try again.',
    { expired_at: stamp, expired_at_unix: unix },
  ],
  [
    messages.noRegistrationStrategy(),
    4010003,
    'error',
    'Could not find a strategy to sign you up with. Did you fill out the form correctly?',
    undefined,
  ],
])('%o says what Ory says', (message, id, type, text, context) => {
  expect(message).toEqual({ id, type, text, ...(context === undefined ? {} : { context }) })
})

describe('of all messages', () => {
  const plain = Object.entries(messages).flatMap(([name, say]) => {
    const silent: (() => UiMessage) | null = say.length === 0 ? () => Reflect.apply(say, null, []) : null
    return silent === null ? [] : [{ name, ...silent() }]
  })

  test('no two have the same id', () => {
    const ids = plain.map(({ id }) => id)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  })

  test.each(plain)('$id $name is an error exactly if its id is one of an error', ({ id, type, text }) => {
    expect(type === 'error').toBe(id >= 4_000_000)
    expect(text).not.toBe('')
  })
})
