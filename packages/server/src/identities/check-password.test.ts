import { expect, test, vi } from 'vitest'
import type { PasswordSettings } from '../core/settings.ts'
import type { OutgoingCall, Sent } from '../net/outgoing.ts'
import { createPasswordCheck, isSimilar } from './check-password.ts'

const settings: PasswordSettings = {
  enabled: true,
  minLength: 8,
  similarityCheck: true,
  migrateHook: null,
  haveIBeenPwned: { enabled: false, host: 'breaches.example.test', maxBreaches: 0, ignoreNetworkErrors: true },
}
const pwned = { ...settings, haveIBeenPwned: { ...settings.haveIBeenPwned, enabled: true } }
const answered = (body: string, status = 200): Sent => ({
  kind: 'answered',
  status,
  headers: {},
  body: Buffer.from(body),
})
const failed: Sent = { kind: 'failed', reason: 'connect', detail: 'refused' }

function check(given: PasswordSettings = settings, algorithm: 'bcrypt' | 'argon2' = 'bcrypt', answer: Sent = failed) {
  const send = vi.fn(async (_call: OutgoingCall) => answer)
  const say = async (password: string, identifiers: readonly string[] = ['ann@example.test']) =>
    (await createPasswordCheck(given, { send }, { algorithm })(password, identifiers)).map(({ field, message }) => [
      field,
      message.id,
      message.context,
    ])
  return { say, send }
}

test.each([
  ['seven bytes', 'abcdefg', [['password', 4000032, { min_length: 8, actual_length: 7 }]]],
  ['eight bytes', '7gH#kq!z', []],
  ['four characters of eight bytes', 'äöüß', []],
  ['72 bytes', 'x9'.repeat(36), []],
  ['73 bytes', `${'x9'.repeat(36)}x`, [['password', 4000033, { max_length: 72, actual_length: 73 }]]],
  ['the identifier', 'ann@example.test', [['password', 4000031, undefined]]],
  ['the identifier in capitals with more', 'ANN@EXAMPLE.TEST!1', [['password', 4000031, undefined]]],
  ['ten thousand characters', 'x'.repeat(10_000), [['password', 4000033, { max_length: 72, actual_length: 10_000 }]]],
])('%s', async (_, password, expected) => {
  expect(await check().say(password)).toEqual(expected)
})

test('argon2 reads passwords to their end, up to a length that nobody types', async () => {
  expect(await check(settings, 'argon2').say('x7'.repeat(2_048))).toEqual([])
  expect(await check(settings, 'argon2').say('x7'.repeat(2_049))).toMatchObject([
    ['password', 4000033, { max_length: 4_096 }],
  ])
})

test('likeness is not looked for where it is switched off', async () => {
  expect(await check({ ...settings, similarityCheck: false }).say('ann@example.test')).toEqual([])
})

test.each([
  ['ann@example.test', 'ann@example.tesT', true],
  ['ann', 'bnnx1234', false],
  ['annabella', 'annabe11', true],
  ['ann@example.test', 'example.', true],
  ['ann@example.test', 'exam99999', false],
  ['ann@example.test', 'Tr1cky-Horse-Battery-9', false],
  ['a'.repeat(257), 'a'.repeat(257), false],
  ['a'.repeat(256), 'a'.repeat(256), true],
  ['', 'Tr1cky-Horse', false],
])('%s and %s are alike: %s', (identifier, password, expected) => {
  expect(isSimilar(identifier, password)).toBe(expected)
})

// SHA-1 of "password1" begins with E38AD.
const found = '214943DAAD1D64C102FAEC29DE4AFE9DA3D:2413945\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:0'

test('a breached password is refused, and only five digits of its hash are told', async () => {
  const { say, send } = check(pwned, 'bcrypt', answered(found))
  expect(await say('password1')).toEqual([['password', 4000034, { breaches: 2413945 }]])
  expect(send).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ method: 'GET', url: 'https://breaches.example.test/range/E38AD', body: null }),
    { budget: 1000 },
  )
})

test('as many breaches as allowed are allowed', async () => {
  const tolerant = { ...pwned, haveIBeenPwned: { ...pwned.haveIBeenPwned, maxBreaches: 2413945 } }
  expect(await check(tolerant, 'bcrypt', answered(found)).say('password1')).toEqual([])
})

test.each<[string, Sent]>([
  ['does not answer', failed],
  ['answers with an error', answered('', 503)],
])('a service that %s is asked three times and then ignored', async (_, answer) => {
  const { say, send } = check(pwned, 'bcrypt', answer)
  expect(await say('password1')).toEqual([])
  expect(send).toHaveBeenCalledTimes(3)
})

test('nonsense from the service is no breach', async () => {
  expect(await check(pwned, 'bcrypt', answered('<html>')).say('password1')).toEqual([])
})

test('it is an error of its own where it must not be ignored', async () => {
  const strict = { ...pwned, haveIBeenPwned: { ...pwned.haveIBeenPwned, ignoreNetworkErrors: false } }
  await expect(check(strict, 'bcrypt', failed).say('password1')).rejects.toMatchObject({
    status: 502,
    options: { id: 'upstream_error' },
  })
})
