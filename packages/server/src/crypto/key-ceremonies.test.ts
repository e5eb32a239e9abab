import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAuthenticator, type Fault } from '../../test/authenticator.ts'
import { keyRingIn, type SecurityKey, toKeyConfig } from '../core/keys.ts'
import { type Expected, keyCeremonies } from './key-ceremonies.ts'

const ORIGIN = 'https://login.example.test'
const CHALLENGE = Buffer.from('a challenge of thirty-two bytes.').toString('base64url')
const expected: Expected = { challenge: CHALLENGE, rpId: 'example.test', origins: [ORIGIN], needsVerification: false }
const creation = {
  publicKey: { rp: { id: 'example.test' }, user: { id: 'aGFuZGxl' }, challenge: CHALLENGE },
}
const request = { publicKey: { challenge: CHALLENGE, rpId: 'example.test' } }

async function made(fault: Fault = {}) {
  const authenticator = createAuthenticator(ORIGIN)
  const answer = await keyCeremonies.register(authenticator.create(creation, fault), expected)
  if (answer.kind !== 'made') throw new Error(JSON.stringify(answer))
  const key: SecurityKey = { ...answer.key, displayName: 'k', addedAt: 1_700_000_000_000, isPasswordless: true }
  return { authenticator, key }
}

test('a key that was made can be shown, and its counter moves on', async () => {
  const { authenticator, key } = await made()
  const answer = await keyCeremonies.authenticate(authenticator.get(request), expected, [key])
  expect(answer).toMatchObject({ kind: 'shown', key: { ...key, signCount: 2 } })
})

test('what is stored of a key is read as it was', async () => {
  const { key } = await made()
  const ring = { keys: [key], userHandle: 'aGFu-_Rs' }
  expect(keyRingIn(toKeyConfig(ring))).toEqual(ring)
})

test.each([
  ['no entries', {}],
  ['no list', { credentials: 'x' }],
  ['an entry without id', { credentials: [{ public_key: 'AA==' }, null, 3, { id: '', public_key: 'AA==' }] }],
])('a configuration with %s holds no keys', (_name, config) => {
  expect(keyRingIn(config).keys).toEqual([])
})

const OTHER = 'https://login.evil.test'
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const FAULTS: readonly (readonly [string, Fault])[] = [
  ['of another site', { rpId: 'evil.test' }],
  ['of the other ceremony', { type: 'webauthn.other' }],
  ['to another challenge', { challenge: Buffer.from('another').toString('base64url') }],
  ['to no challenge', { challenge: '' }],
  ['made in a frame', { crossOrigin: true }],
  ['without anybody present', { withoutPresence: true }],
  ['that is backed up and must not be', { backup: 'state_only' }],
  ['with a client that says nothing', { garbage: 'clientDataJSON' }],
]

describe('making a key is refused', () => {
  test.each([...FAULTS, ['with a broken attestation', { garbage: 'attestationObject' } satisfies Fault] as const])(
    'for an answer %s',
    async (_name, fault) => {
      const answer = createAuthenticator(ORIGIN).create(creation, fault)
      expect(await keyCeremonies.register(answer, expected)).toMatchObject({ kind: 'refused' })
    },
  )
  test('on a page nobody knows, and says which', async () => {
    const answer = createAuthenticator(OTHER).create(creation)
    expect(await keyCeremonies.register(answer, expected)).toEqual({ kind: 'wrong_origin', origin: OTHER })
  })
  test('where the person must be verified and was not', async () => {
    const answer = createAuthenticator(ORIGIN).create(creation, { withoutVerification: true })
    const strict = { ...expected, needsVerification: true }
    expect(await keyCeremonies.register(answer, strict)).toMatchObject({ kind: 'refused' })
    expect(await keyCeremonies.register(answer, expected)).toMatchObject({ kind: 'made' })
  })
})

describe('showing a key is refused', () => {
  test.each([
    ...FAULTS,
    ['with a broken signature', { garbage: 'signature' } satisfies Fault] as const,
    ['with other data than was signed', { garbage: 'authenticatorData' } satisfies Fault] as const,
    ['signed by another key', { signWith: stranger } satisfies Fault] as const,
    ['with the id of another key', { id: 'AAAA' } satisfies Fault] as const,
    ['whose counter stands still', { counter: 1 } satisfies Fault] as const,
    ['whose counter goes back to nothing', { counter: 0 } satisfies Fault] as const,
    ['of a key that may suddenly be copied', { backup: 'eligible' } satisfies Fault] as const,
  ])('for an answer %s', async (_name, fault) => {
    const { authenticator, key } = await made()
    const answer = authenticator.get(request, fault)
    expect(await keyCeremonies.authenticate(answer, expected, [key])).toMatchObject({ kind: 'refused' })
  })
  test('on a page nobody knows, and says which', async () => {
    const { authenticator, key } = await made()
    const answer = authenticator.get(request, { origin: OTHER })
    expect(await keyCeremonies.authenticate(answer, expected, [key])).toEqual({ kind: 'wrong_origin', origin: OTHER })
  })
  test.each([
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"id":"x"}',
    '{"id":1,"response":{"clientDataJSON":2}}',
    '{"response":[]}',
  ])('for %j', async (answer) => {
    const { key } = await made()
    expect(await keyCeremonies.authenticate(answer, expected, [key])).toMatchObject({ kind: 'refused' })
    expect(await keyCeremonies.register(answer, expected)).toMatchObject({ kind: 'refused' })
  })
  test('where no challenge was ever given', async () => {
    const { authenticator, key } = await made()
    const answer = authenticator.get(request, { challenge: '' })
    const nothing = { ...expected, challenge: '' }
    expect(await keyCeremonies.authenticate(answer, nothing, [key])).toMatchObject({ kind: 'refused' })
  })
  test('where the person must be verified and was not', async () => {
    const { authenticator, key } = await made()
    const answer = authenticator.get(request, { withoutVerification: true })
    const strict = { ...expected, needsVerification: true }
    expect(await keyCeremonies.authenticate(answer, strict, [key])).toMatchObject({ kind: 'refused' })
  })
  test('a counter that never counts is no reason', async () => {
    const { authenticator, key } = await made({ counter: 0 })
    const answer = authenticator.get(request, { counter: 0 })
    expect(await keyCeremonies.authenticate(answer, expected, [key])).toMatchObject({ kind: 'shown' })
  })
})
