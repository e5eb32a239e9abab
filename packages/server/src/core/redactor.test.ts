import { expect, test } from 'vitest'
import { createRedactor } from './redactor.ts'

const redactor = createRedactor(['identity.traits.ssn', '**.iban', 'list.*.pin_hint'])

test.each([
  [
    { password: 'a', user: 'b' },
    { password: '<redacted>', user: 'b' },
  ],
  [{ a: { access_token: 'x', country_code: 'de' } }, { a: { access_token: '<redacted>', country_code: 'de' } }],
  [
    { code: '123', recovery_code: '4' },
    { code: '<redacted>', recovery_code: '<redacted>' },
  ],
  [
    { apiKey: 'x', 'x-signature': 'y' },
    { apiKey: '<redacted>', 'x-signature': '<redacted>' },
  ],
  [
    { secret: { deep: 1 }, token: null },
    { secret: '<redacted>', token: null },
  ],
  [{ identity: { traits: { ssn: '1', name: 'n' } } }, { identity: { traits: { ssn: '<redacted>', name: 'n' } } }],
  [
    { traits: { ssn: '1' }, x: [{ iban: 'DE' }] },
    { traits: { ssn: '1' }, x: [{ iban: '<redacted>' }] },
  ],
  [{ list: [{ pin_hint: 'x' }] }, { list: [{ pin_hint: '<redacted>' }] }],
])('%j is shown as %j', (value, shown) => {
  expect(redactor.json(value)).toEqual(shown)
  expect(redactor.body(JSON.stringify(value))).toBe(JSON.stringify(shown))
})

test.each([
  ['{ "a" :  1 }', '{ "a" :  1 }'],
  ['user=b&password=x%20y', 'user=b&password=<redacted>'],
  ['a[access_token]=1&b=2', 'a%5Baccess_token%5D=<redacted>&b=2'],
  ['Hello, your password is = x', 'Hello, your password is = x'],
  ['', ''],
])('the body %s is shown as %s', (text, shown) => {
  expect(redactor.body(text)).toBe(shown)
})

test('addresses and headers are shown without their secrets', () => {
  expect(redactor.url('https://crm.example.test/a?token=x&b=1')).toBe('https://crm.example.test/a?token=<redacted>&b=1')
  expect(redactor.url('https://crm.example.test/a?b=1%201')).toBe('https://crm.example.test/a?b=1%201')
  expect(redactor.headers({ authorization: 'Bearer x', 'X-Api-Key': 'y', accept: 'z' })).toEqual({
    authorization: '<redacted>',
    'X-Api-Key': '<redacted>',
    accept: 'z',
  })
})
