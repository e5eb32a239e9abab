import { expect, test } from 'vitest'
import { hookHeaders } from './headers.ts'

const url = new URL('https://crm.test/hook')
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('JSON is what is sent unless a header says otherwise', () => {
  expect(hookHeaders({}, url)).toEqual({ open: { 'content-type': 'application/json' }, secret: {}, templates: {} })
  expect(hookHeaders({ headers: { 'Content-TYPE': 'text/plain' } }, url).open).toEqual({ 'content-type': 'text/plain' })
})

test('every header that might hold a secret is kept apart', () => {
  const headers = { 'X-One': '1', Authorization: 'Bearer t', 'User-Agent': 'mine', Accept: '*/*' }
  expect(hookHeaders({ headers }, url)).toEqual({
    open: { 'content-type': 'application/json', 'user-agent': 'mine', accept: '*/*' },
    secret: { 'x-one': '1', authorization: 'Bearer t' },
    templates: {},
  })
})

test('what belongs to the connection is not sent', () => {
  const headers = { Host: 'evil.test', 'Content-Length': '1', Connection: 'close', 'Transfer-Encoding': 'chunked' }
  expect(hookHeaders({ headers }, url)).toEqual({
    open: { 'content-type': 'application/json' },
    secret: {},
    templates: {},
  })
})

const key = (value: string, place: 'header' | 'cookie') =>
  ({ type: 'api_key', config: { name: 'X-Key', value, in: place } }) as const

test.each([
  [
    'basic',
    { type: 'basic_auth', config: { user: 'ann', password: 'sécret' } },
    'authorization',
    `Basic ${base64('ann:sécret')}`,
  ],
  ['a key in a header', key('k', 'header'), 'x-key', 'k'],
  ['a key in a cookie', key('k', 'cookie'), 'cookie', 'X-Key=k'],
  ['a key that Go would quote', key('v 1;x', 'cookie'), 'cookie', 'X-Key="v 1x"'],
  ['a key with a line break', key('k\r\nx: y', 'header'), 'x-key', 'kx: y'],
] as const)('%s authenticates a call', (_name, auth, header, value) => {
  expect(hookHeaders({ auth }, url).secret).toEqual({ [header]: value })
})

test('auth wins over a configured header, and a cookie joins those configured', () => {
  expect(hookHeaders({ auth: key('right', 'header'), headers: { 'x-key': 'wrong' } }, url).secret).toEqual({
    'x-key': 'right',
  })
  expect(hookHeaders({ auth: key('k', 'cookie'), headers: { cookie: 'a=1' } }, url).secret).toEqual({
    cookie: 'a=1; X-Key=k',
  })
})
