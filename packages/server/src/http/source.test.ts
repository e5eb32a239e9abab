import { expect, test } from 'vitest'
import type { RequestFacts } from '../core/request.ts'
import { createSourceOf } from './source.ts'

const request = (peer: string, ...forwarded: readonly string[]): RequestFacts => ({
  method: 'GET',
  url: '/',
  headers: { 'X-Forwarded-For': forwarded, 'True-Client-Ip': ['203.0.113.99'], 'X-Real-Ip': ['203.0.113.98'] },
  cookies: {},
  clientIp: '203.0.113.99',
  peer,
  userAgent: '',
  location: '',
})

test.each([
  ['a client without a proxy', '203.0.113.7', [], '203.0.113.7'],
  ['a client that makes a header up', '203.0.113.7', ['198.51.100.1'], '203.0.113.7'],
  ['a client behind a proxy', '10.0.0.2', ['203.0.113.7'], '203.0.113.7'],
  ['a client behind two', '10.0.0.2', ['203.0.113.7, 10.0.0.9'], '203.0.113.7'],
  ['a client behind a proxy that makes a header up', '10.0.0.2', ['198.51.100.1, 203.0.113.7'], '203.0.113.7'],
  ['headers on two lines', '10.0.0.2', ['198.51.100.1', '203.0.113.7'], '203.0.113.7'],
  ['a mapped address', '::ffff:203.0.113.7', [], '203.0.113.7'],
  ['a household', '2001:db8:1:2:3:4:5:6', [], '2001:db8:1:2::/64'.replace('2001:db8:1:2', '8193:3512:1:2')],
  ['another address of that household', '2001:DB8:1:2::99', [], '8193:3512:1:2::/64'],
  ['somebody inside', '10.0.0.2', ['10.0.0.7, 10.0.0.9'], '10.0.0.7'],
  ['what nobody can read', '10.0.0.2', ['unknown, 10.0.0.9'], '10.0.0.9'],
  ['a unix socket', '', [], 'local'],
  ['a proxy on a unix socket', '', ['203.0.113.7'], '203.0.113.7'],
])('%s', (_name, peer, forwarded, source) => {
  const sourceOf = createSourceOf(['127.0.0.1', '10.0.0.0/8'])
  expect(sourceOf(request(peer, ...forwarded))).toBe(source)
})

test('without trusted proxies only the connection counts', () => {
  expect(createSourceOf([])(request('10.0.0.2', '203.0.113.7'))).toBe('10.0.0.2')
})
