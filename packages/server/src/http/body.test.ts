import { expect, test } from 'vitest'
import { readBody } from './body.ts'

const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const read = (type: string | null, text: string) => readBody(type, Buffer.from(text))

test.each([
  [JSON_TYPE, '{"a":1,"traits":{"email":"x"}}', { a: 1, traits: { email: 'x' } }],
  ['application/json; charset=utf-8', '{"traits.name.first":"A"}', { traits: { name: { first: 'A' } } }],
  [JSON_TYPE, '{"a":"","traits":{"b":""},"transient_payload":{"c":""}}', { traits: {}, transient_payload: { c: '' } }],
  [FORM, 'traits.email=a%40b&traits.n=1&n=false&n=true&empty=', { traits: { email: 'a@b', n: '1' }, n: 'true' }],
  [JSON_TYPE, '{"__proto__":{"polluted":1},"a":1}', { a: 1 }],
  ['multipart/form-data; boundary=x', 'ignored', {}],
])('%s %s is read', (type, text, fields) => {
  expect(read(type, text)).toMatchObject({ kind: 'fields', fields })
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})

test.each([
  [JSON_TYPE, '{"a":', 'Unable to decode form as JSON.'],
  [JSON_TYPE, '[1]', 'Unable to decode form as JSON.'],
  [JSON_TYPE, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'Unable to decode form as JSON.'],
  [JSON_TYPE, '', 'Unable to decode HTTP Request Body because its HTTP Header "Content-Length" is zero.'],
  [JSON_TYPE, '{"a":"x\\u0000y"}', 'Unable to decode form: it holds a NUL character.'],
  [FORM, 'a=x\u0000', 'Unable to decode form: it holds a NUL character.'],
  [
    'text/plain',
    'x',
    'HTTP POST Request used unknown HTTP Header "Content-Type: text/plain", only [multipart/form-data application/x-www-form-urlencoded application/json] are supported.',
  ],
])('%s %s is refused with a reason', (type, text, reason) => {
  expect(read(type, text)).toEqual({ kind: 'unreadable', reason })
})

test('a body that is not UTF-8 is refused', () => {
  expect(readBody(JSON_TYPE, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))).toMatchObject({ kind: 'unreadable' })
})
