import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { sessionId } from '../core/ids.ts'
import { createCsrfTokens } from './csrf.ts'
import { isSame } from './keys.ts'
import { createPasswords } from './passwords.ts'
import { createSeal } from './seal.ts'
import { hashToken, issueSessionToken, logoutToken } from './session-tokens.ts'

const random = { bytes: (length: number) => randomBytes(length) }
const hashers = {
  algorithm: 'argon2',
  bcrypt: { cost: 4 },
  argon2: { memory: 1024, iterations: 1, parallelism: 1, saltLength: 16, keyLength: 32 },
} as const

describe('passwords', () => {
  test.each([
    ['argon2', /^\$argon2id\$v=19\$m=1024,t=1,p=1\$/],
    ['bcrypt', /^\$2[ab]\$04\$/],
  ] as const)('%s: a password matches its own hash and no other', async (algorithm, form) => {
    const passwords = createPasswords({ ...hashers, algorithm })
    const hash = await passwords.hash('correct horse')
    expect(hash).toMatch(form)
    expect(await passwords.matches(hash, 'correct horse')).toBe(true)
    expect(await passwords.matches(hash, 'correct horsf')).toBe(false)
    expect(passwords.needsRehash(hash)).toBe(false)
  })

  test('a hash of another algorithm or cost still matches, and wants to be renewed', async () => {
    const argon2 = createPasswords(hashers)
    const bcrypt = createPasswords({ ...hashers, algorithm: 'bcrypt' })
    const costlier = createPasswords({ ...hashers, algorithm: 'bcrypt', bcrypt: { cost: 5 } })
    const hash = await bcrypt.hash('correct horse')
    expect(await argon2.matches(hash, 'correct horse')).toBe(true)
    expect([argon2, costlier].map((passwords) => passwords.needsRehash(hash))).toEqual([true, true])
  })

  test.each([[null], [''], ['$2a$04$broken'], ['$argon2id$nonsense'], ['plain text']])(
    '%j matches nothing',
    async (hash) => {
      expect(await createPasswords(hashers).matches(hash, 'a password that nobody has')).toBe(false)
    },
  )
})

describe('anti-CSRF tokens', () => {
  const csrf = createCsrfTokens(random)

  test('a masked token matches its secret and looks different each time', () => {
    const secret = csrf.newSecret()
    const [first, second] = [csrf.mask(secret), csrf.mask(secret)]
    expect(first).not.toBe(second)
    expect([first, second, secret].map((token) => csrf.matches(token, secret))).toEqual([true, true, true])
    expect(csrf.matches(csrf.mask(csrf.newSecret()), secret)).toBe(false)
  })

  test.each(['', 'x', 'AAAA', randomBytes(64).toString('base64'), randomBytes(32).toString('base64')])(
    '%j is no token of ours',
    (token) => expect(csrf.matches(token, csrf.newSecret())).toBe(false),
  )

  test.each([
    ['', false],
    ['short', false],
    [randomBytes(32).toString('base64'), true],
  ])('%j as a secret: %s', (value, is) => expect(csrf.isSecret(value)).toBe(is))
})

describe('session tokens', () => {
  test('have the form that clients know, and no two are alike', () => {
    const tokens = Array.from({ length: 100 }, () => issueSessionToken(random))
    for (const { token, hash } of tokens) {
      expect(token).toMatch(/^ory_st_[A-Za-z0-9]{32}$/)
      expect(hash).toBe(hashToken(token))
    }
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(100)
  })

  test('a logout token belongs to its session and to the secret', () => {
    const [a, b] = [{ id: sessionId('a') }, { id: sessionId('b') }]
    expect(logoutToken('secret', a)).toMatch(/^ory_lo_[A-Za-z0-9]{32}$/)
    expect(logoutToken('secret', a)).toBe(logoutToken('secret', a))
    expect(logoutToken('secret', a)).not.toBe(logoutToken('secret', b))
    expect(logoutToken('secret', a)).not.toBe(logoutToken('other', a))
  })
})

describe('the seal', () => {
  test('what one key has sealed, a ring that holds the key opens', () => {
    const sealed = createSeal(['old secret'], 'cookie', random).seal('ory_st_x')
    expect(sealed).not.toContain('ory_st_x')
    expect(createSeal(['new secret', 'old secret'], 'cookie', random).open(sealed)).toBe('ory_st_x')
    expect(createSeal(['new secret'], 'cookie', random).open(sealed)).toBeNull()
    expect(createSeal(['old secret'], 'another purpose', random).open(sealed)).toBeNull()
  })

  test('a change anywhere is noticed', () => {
    const seal = createSeal(['secret'], 'cookie', random)
    const sealed = Buffer.from(seal.seal('text'), 'base64url')
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(seal.open(changed.toString('base64url'))).toBeNull()
    }
    expect(['', 'x', '🔑'].map((text) => seal.open(text))).toEqual([null, null, null])
  })
})

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'aa', false],
  ['', '', true],
])('isSame(%j, %j) is %s', (a, b, same) => expect(isSame(a, b)).toBe(same))
