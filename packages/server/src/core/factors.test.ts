import { describe, expect, test } from 'vitest'
import { aalOf, type FactorSettings, isFirstFactor, needsSecondFactor, secondFactorsIn } from './factors.ts'
import type { Credential, CredentialType } from './identity.ts'
import type { JsonObject } from './json.ts'
import type { AuthenticationMethod, Proof } from './session.ts'

const ON: FactorSettings = {
  password: { enabled: true },
  oidc: { enabled: true },
  passkey: { enabled: true },
  totp: { enabled: true },
  lookup_secret: { enabled: true },
  webauthn: { enabled: true },
  code: { enabled: true, passwordless: false, mfa: true },
}

const credential = (
  type: CredentialType,
  config: JsonObject,
  identifiers: readonly string[] = ['ann'],
): Credential => ({
  type,
  identifiers,
  config,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
})

const key = (is_passwordless: boolean) => ({ id: 'AA==', is_passwordless })

describe('what comes second', () => {
  test.each([
    ['an app', credential('totp', { totp_url: 'sealed' }), ['totp']],
    ['an app that was never set up', credential('totp', {}), []],
    ['codes on paper', credential('lookup_secret', { recovery_codes: [{ code: 'a' }] }), ['lookup_secret']],
    [
      'used up codes',
      credential('lookup_secret', { recovery_codes: [{ code: 'a', used_at: 'x' }] }),
      ['lookup_secret'],
    ],
    ['no codes', credential('lookup_secret', { recovery_codes: [] }), []],
    ['a key', credential('webauthn', { credentials: [key(false)] }), ['webauthn']],
    ['a key that stands alone', credential('webauthn', { credentials: [key(true)] }), []],
    ['one of each', credential('webauthn', { credentials: [key(true), key(false)] }), ['webauthn']],
    ['an identifier without a key', credential('webauthn', {}), []],
    ['an address', credential('code', {}), ['code']],
    ['a password', credential('password', { hashed_password: 'x' }), []],
    ['a passkey', credential('passkey', { credentials: [key(false)] }), []],
  ])('%s', (_name, given, expected) => {
    expect(secondFactorsIn([given])).toEqual(expected)
  })
})

describe('what signs in on its own', () => {
  test.each([
    ['a password', credential('password', { hashed_password: 'x' }), true],
    ['a password to come', credential('password', { use_password_migration_hook: true }), true],
    ['an identifier alone', credential('password', {}), false],
    ['a passkey', credential('passkey', { credentials: [key(true)] }), true],
    ['a passkey that was removed', credential('passkey', { credentials: [] }), false],
    ['a passwordless key', credential('webauthn', { credentials: [key(true)] }), true],
    ['a second key', credential('webauthn', { credentials: [key(false)] }), false],
    ['a key nobody can be found by', credential('webauthn', { credentials: [key(true)] }, []), false],
    ['an app', credential('totp', { totp_url: 'x' }), false],
    ['a code where it comes second', credential('code', {}), false],
  ])('%s', (_name, given, expected) => {
    expect(isFirstFactor(ON, given)).toBe(expected)
  })

  test('a method that is switched off lets nobody in', () => {
    const off = { ...ON, webauthn: { enabled: false } }
    expect(isFirstFactor(off, credential('webauthn', { credentials: [key(true)] }))).toBe(false)
  })
})

const proof = (method: Proof, aal: AuthenticationMethod['aal']): AuthenticationMethod => ({
  method,
  aal,
  completedAt: 0,
})

describe('the level of a session', () => {
  test.each([
    ['nothing', [], 'aal0'],
    ['a password', [proof('password', 'aal1')], 'aal1'],
    ['a password twice', [proof('password', 'aal1'), proof('password', 'aal1')], 'aal1'],
    ['a password and an app', [proof('password', 'aal1'), proof('totp', 'aal2')], 'aal2'],
    ['the other way round', [proof('totp', 'aal2'), proof('password', 'aal1')], 'aal2'],
    ['two second factors', [proof('totp', 'aal2'), proof('webauthn', 'aal2')], 'aal1'],
    ['two keys', [proof('webauthn', 'aal1'), proof('webauthn', 'aal2')], 'aal2'],
    ['a passkey and an app', [proof('passkey', 'aal1'), proof('totp', 'aal2')], 'aal2'],
    ['recovery and an app', [proof('code_recovery', 'aal1'), proof('totp', 'aal2')], 'aal2'],
    ['the same mailbox twice', [proof('code', 'aal1'), proof('code', 'aal2')], 'aal1'],
    ['recovery and a code to the same mailbox', [proof('code_recovery', 'aal1'), proof('code', 'aal2')], 'aal1'],
    ['a link and a code', [proof('link_recovery', 'aal1'), proof('code', 'aal2')], 'aal1'],
    [
      'a password, recovery and a code',
      [proof('link_recovery', 'aal1'), proof('password', 'aal1'), proof('code', 'aal2')],
      'aal2',
    ],
  ] as const)('%s', (_name, methods, expected) => {
    expect(aalOf(methods)).toBe(expected)
  })
})

describe('whether another factor is needed', () => {
  const session = (methods: readonly AuthenticationMethod[], secondFactors: ReturnType<typeof secondFactorsIn>) => ({
    aal: aalOf(methods),
    authenticationMethods: methods,
    secondFactors,
  })
  const password = [proof('password', 'aal1')]
  test.each([
    ['nobody asks', 'aal1', ON, session(password, ['totp']), false],
    ['an app is there', 'highest_available', ON, session(password, ['totp']), true],
    ['nothing is there', 'highest_available', ON, session(password, []), false],
    ['the app was shown', 'highest_available', ON, session([...password, proof('totp', 'aal2')], ['totp']), false],
    [
      'the app is switched off',
      'highest_available',
      { ...ON, totp: { enabled: false } },
      session(password, ['totp']),
      false,
    ],
    ['a code may come second', 'highest_available', ON, session(password, ['code']), true],
    [
      'a code may not come second',
      'highest_available',
      { ...ON, code: { ...ON.code, mfa: false } },
      session(password, ['code']),
      false,
    ],
    ['recovery with an app', 'highest_available', ON, session([proof('code_recovery', 'aal1')], ['totp']), true],
    // It could never be shown: the same mailbox is no second factor.
    [
      'recovery with nothing but the mailbox',
      'highest_available',
      ON,
      session([proof('code_recovery', 'aal1')], ['code']),
      false,
    ],
    [
      'recovery with mailbox and app',
      'highest_available',
      ON,
      session([proof('code_recovery', 'aal1')], ['code', 'totp']),
      true,
    ],
  ] as const)('%s', (_name, required, methods, given, expected) => {
    expect(needsSecondFactor(methods, required, given)).toBe(expected)
  })
})
