import { createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { matchesImported } from './imported-hashes.ts'
import { createPasswords } from './passwords.ts'

const password = 'Tr1cky-Horse-Battery-9'
const salt = Buffer.from('0123456789abcdef')
const raw = (value: Buffer) => value.toString('base64').replace(/=+$/, '')
const base64 = (value: Buffer | string) => Buffer.from(value).toString('base64')
const sha = (algorithm: string, ...parts: (Buffer | string)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest()
const key = Buffer.from('a key of the other system')

describe('a password from another system', () => {
  test.each<[string, string]>([
    ['pbkdf2-sha1', `$pbkdf2-sha1$i=1000,l=20$${raw(salt)}$${raw(pbkdf2Sync(password, salt, 1000, 20, 'sha1'))}`],
    ['pbkdf2-sha256', `$pbkdf2-sha256$i=1000,l=32$${raw(salt)}$${raw(pbkdf2Sync(password, salt, 1000, 32, 'sha256'))}`],
    [
      'pbkdf2-sha224, which is SHA-3',
      `$pbkdf2-sha224$i=1000,l=28$${raw(salt)}$${raw(pbkdf2Sync(password, salt, 1000, 28, 'sha3-224'))}`,
    ],
    [
      'scrypt',
      `$scrypt$ln=16384,r=8,p=1$${base64(salt)}$${base64(scryptSync(password, salt, 32, { N: 16384, r: 8, p: 1 }))}`,
    ],
    ['SSHA', '{SSHA}oEVuGR72L7T+IWVwLzwer+8wDlIwMTIzNDU2Nzg5YWJjZGVm'],
    ['SSHA256', `{SSHA256}${base64(Buffer.concat([sha('sha256', password, salt), salt]))}`],
    ['SSHA512', `{SSHA512}${base64(Buffer.concat([sha('sha512', password, salt), salt]))}`],
    [
      'sha256 by recipe',
      `$sha256$pf=${base64('{PASSWORD}:{SALT}')}$${base64(salt)}$${base64(sha('sha256', password, ':', salt))}`,
    ],
    [
      'sha512 with a salt that is no text',
      `$sha512$pf=${base64('{SALT}{PASSWORD}')}$${base64(Buffer.from([255, 0, 254]))}$${base64(sha('sha512', Buffer.from([255, 0, 254]), password))}`,
    ],
    ['md5 by recipe', '$md5$pf=e1NBTFR9e1BBU1NXT1JEfQ==$MDEyMzQ1Njc4OWFiY2RlZg==$dUAf4FViPdBR9q5czjwC9Q=='],
    ['md5', `$md5$${base64(sha('md5', password))}`],
    ['hmac-sha256', `$hmac-sha256$${base64(createHmac('sha256', key).update(password).digest('hex'))}$${base64(key)}`],
    // Made by `openssl passwd` and glibc.
    ['md5-crypt', '$md5-crypt$saltsalt$gsFpQp9UoXP93x5cWNySF.'],
    ['sha256-crypt', '$sha256-crypt$saltsalt$S2rF6/CCpt33bv/ShIL6IdTU8zBT4errVUtjROzPr64'],
    [
      'sha256-crypt with rounds',
      '$sha256-crypt$rounds=1500$saltsaltsaltsalt$QjOltDxbwWrLLQ7G4YHDJWsgUYR2BV6PZGrZaW4sjBA',
    ],
    [
      'sha512-crypt',
      '$sha512-crypt$saltsalt$dwbndy1Rz9TyLb2j8dDRu9CBerRyUGA1bTQbXV0DsbDCOsl504NDTd0M0mdu6lEFwv.ffCAkUUAVQfflvAuIX1',
    ],
    [
      'sha512-crypt with rounds',
      '$sha512-crypt$rounds=1500$saltsaltsaltsalt$no0687PF/IH.is0Ifge95rX/xAWTtnqK2dKVLTki/I/r3RhKyubc5Y/9lbXtyyp2tvTusosNm9RN68ByXKu/N.',
    ],
  ])('%s matches, and no other does', async (_, hash) => {
    const ours = createPasswords({
      algorithm: 'bcrypt',
      bcrypt: { cost: 4 },
      argon2: { memory: 1024, iterations: 1, parallelism: 1, saltLength: 16, keyLength: 32 },
    })
    expect(await matchesImported(hash, password)).toBe(true)
    expect(await matchesImported(hash, `${password}x`)).toBe(false)
    expect(await matchesImported(hash, '')).toBe(false)
    expect(await ours.matches(hash, password)).toBe(true)
    expect(ours.needsRehash(hash)).toBe(true)
  })

  test('crypt walks every branch of its recipes', async () => {
    const long = 'pässwörd, which is longer than sixty-four bytes so that every branch of the recipe is walked'
    for (const hash of [
      '$md5-crypt$s$eK4MzwlArFiQln.OlzK7m.',
      '$sha256-crypt$s$cYsSbVci3tYS6SaMoWKqKHJi8FnFu5IheagnSmnhGD1',
      '$sha512-crypt$s$w1pYa09uVBKok8unlxMQ4kOshwdv66uiuKIS000.Pze98WUueErs6d4VCM8KBd6uf//TGsVfz4oF3q/4mmQHR.',
    ]) {
      expect(await matchesImported(hash, long)).toBe(true)
    }
    expect(await matchesImported('$md5-crypt$s$iXWZU0LDEJ7Jjmms7KFsH0', '')).toBe(true)
  })

  // The example of Firebase's own documentation (github.com/firebase/scrypt).
  test('firescrypt', async () => {
    const hash = [
      '$firescrypt$ln=14,r=8,p=1',
      '42xEC+ixf3L2lw==',
      'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
      'Bw==',
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    ].join('$')
    expect(await matchesImported(hash, 'user1password')).toBe(true)
    expect(await matchesImported(hash, 'user2password')).toBe(false)
  })

  test.each([
    '',
    'plain text',
    '$nonsense$abc',
    '$hmac-sha256$nonsense$',
    '$md5$',
    '{SSHA}',
    '{SSHA}AAAA',
    '$sha256-crypt$$',
    '$sha256-crypt$rounds=999999999$salt$hash',
    '$pbkdf2-sha999$i=1,l=1$AAAA$AAAA',
    '$scrypt$ln=3,r=8,p=1$AAAA$AAAA',
  ])('%j matches nothing and throws nothing', async (hash) => {
    const passwords = createPasswords({
      algorithm: 'bcrypt',
      bcrypt: { cost: 4 },
      argon2: { memory: 1024, iterations: 1, parallelism: 1, saltLength: 16, keyLength: 32 },
    })
    for (const tried of ['', 'x', password]) expect(await passwords.matches(hash, tried)).toBe(false)
  })

  test('a password of ten thousand characters costs no more than a short one', async () => {
    const started = performance.now()
    expect(await matchesImported('$sha512-crypt$s$x', 'x'.repeat(10_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(100)
  })
})
