import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createCodes } from './codes.ts'

const random = { bytes: (length: number) => randomBytes(length) }
const codes = createCodes(['new secret', 'old secret'], random)

test('a code is six digits, a token 32 letters and digits', () => {
  for (let i = 0; i < 200; i++) {
    expect(codes.code()).toMatch(/^\d{6}$/)
    expect(codes.token()).toMatch(/^[A-Za-z0-9]{32}$/)
  }
})

test('every code is equally likely: what would favour some of them is thrown again', () => {
  // 2³² is no multiple of a million: the last 967,296 numbers are not taken.
  const given = [0xffffffff, 4_294_000_000, 7]
  const bytes = () => {
    const next = Buffer.alloc(4)
    next.writeUInt32BE(given.shift() ?? 0)
    return next
  }
  expect(createCodes(['secret'], { bytes }).code()).toBe('000007')
})

test('a hash is recognised with every secret of the ring, and for its own purpose only', () => {
  const old = createCodes(['old secret'], random)
  const hash = old.hash('123456', 'flow 1')
  expect(hash).not.toContain('123456')
  expect(codes.matches('123456', 'flow 1', hash)).toBe(true)
  expect(codes.matches('123457', 'flow 1', hash)).toBe(false)
  expect(codes.matches('123456', 'flow 2', hash)).toBe(false)
  expect(createCodes(['other secret'], random).matches('123456', 'flow 1', hash)).toBe(false)
})

test('there is no hashing without a secret', () => {
  expect(() => createCodes([], random)).toThrow('no secret is configured')
})
