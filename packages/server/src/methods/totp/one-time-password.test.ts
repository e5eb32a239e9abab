import { Secret, TOTP } from 'otpauth'
import { describe, expect, test } from 'vitest'
import { codeAt, fromBase32, stepOf, toBase32, type TotpKey } from './one-time-password.ts'
import { parseTotpUrl, totpUrl, USUAL } from './totp-url.ts'

const seed = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length))
const SEEDS = { SHA1: seed(20), SHA256: seed(32), SHA512: seed(64) } as const

describe('the codes of RFC 6238, appendix B', () => {
  test.each([
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ])('at %i', (seconds, ...expected) => {
    const step = Math.floor(seconds / 30)
    const codes = (['SHA1', 'SHA256', 'SHA512'] as const).map((algorithm) =>
      codeAt({ secret: SEEDS[algorithm], algorithm, digits: 8 }, step),
    )
    expect(codes).toEqual(expected)
  })
})

const key: TotpKey = { ...USUAL, secret: Buffer.from('3132333435363738393031323334353637383930', 'hex') }

test('another implementation makes the same codes of the same URL', () => {
  const url = totpUrl({ issuer: 'Kiosk & Söhne: Café', account: 'ann+1@example.test' }, key)
  expect(url).toMatch(/^otpauth:\/\/totp\/Kiosk%20%26%20S/)
  const parsed = parseTotpUrl(url)
  expect(parsed).toEqual(key)
  const theirs = new TOTP({ secret: Secret.fromBase32(toBase32(key.secret)), digits: 6, period: 30, algorithm: 'SHA1' })
  for (let i = 0; i < 200; i++) {
    const timestamp = 1_700_000_000_000 + i * 77_777
    expect(codeAt(key, Math.floor(timestamp / 30_000))).toBe(theirs.generate({ timestamp }))
  }
})

describe('a clock may be wrong by one step', () => {
  const now = 1_700_000_010_000
  const step = Math.floor(now / 30_000)
  test.each([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])('by %i', (by, isTaken) => {
    expect(stepOf(key, codeAt(key, step + by), now)).toBe(isTaken ? step + by : null)
  })
  test.each(['', '12345', '1234567', 'abcdef', '１２３４５６', '-00001'])('%j is no code', (code) => {
    expect(stepOf(key, code, now)).toBeNull()
  })
})

test.each([
  ['', ''],
  ['66', 'MY'],
  ['666f', 'MZXQ'],
  ['666f6f626172', 'MZXW6YTBOI'],
])('base32 of %s (RFC 4648 §10)', (hex, text) => {
  expect(toBase32(Buffer.from(hex, 'hex'))).toBe(text)
  if (text !== '') expect(fromBase32(text)?.toString('hex')).toBe(hex)
})

test.each([
  ['lower case, groups and padding', 'mzxw 6ytb-oi======', '666f6f626172'],
  ['a letter that is none', 'MZXW1', null],
  ['nothing', '', null],
])('a secret with %s', (_name, text, hex) => {
  expect(fromBase32(text)?.toString('hex') ?? null).toBe(hex)
})

test.each([
  ['https://totp/x?secret=MZXW6YTBOI'],
  ['otpauth://hotp/x?secret=MZXW6YTBOI'],
  ['otpauth://totp/x'],
  ['otpauth://totp/x?secret='],
  ['otpauth://totp/x?secret=!!!'],
  ['otpauth://totp/x?secret=MZXW6YTBOI&algorithm=MD5'],
  ['otpauth://totp/x?secret=MZXW6YTBOI&digits=5'],
  ['otpauth://totp/x?secret=MZXW6YTBOI&digits=x'],
  ['otpauth://totp/x?secret=MZXW6YTBOI&period=0'],
  ['otpauth://totp/x?secret=MZXW6YTBOI&period=1e9'],
  ['nonsense'],
])('%s is no key', (url) => {
  expect(parseTotpUrl(url)).toBeNull()
})

test('what a URL leaves out is as every app takes it', () => {
  expect(parseTotpUrl('otpauth://totp/x?secret=MZXW6YTBOI')).toMatchObject(USUAL)
})
