import { expect, test } from 'vitest'
import { factsOf } from './facts.ts'
import { trustIn } from './source.ts'

type Headers = readonly (readonly [string, string])[]

const facts = (peer: string, headers: Headers, isTrusted: ReturnType<typeof trustIn> | null) =>
  factsOf({
    method: 'GET',
    url: '/path',
    rawHeaders: [['Host', 'own.test'] as const, ...headers].flat(),
    remoteAddress: peer,
    remotePort: 5000,
    isEncrypted: false,
    isTrusted,
  })

const REAL: Headers = [
  ['True-Client-IP', '203.0.113.1'],
  ['CF-Connecting-IP', '203.0.113.2'],
  ['X-Real-IP', '203.0.113.3'],
  ['X-Forwarded-For', '1.2.3.4, 5.6.7.8, 10.0.0.9'],
]

test.each([
  ['True-Client-IP', REAL, '203.0.113.1'],
  ['CF-Connecting-IP', REAL.slice(1), '203.0.113.2'],
  ['X-Real-IP', REAL.slice(2), '203.0.113.3'],
  ['the last public hop', REAL.slice(3), '5.6.7.8'],
  ['the connection, with its port', [], '198.51.100.7:5000'],
])('as in Ory anyone may say who asks: %s', (_, headers, client) => {
  expect(facts('198.51.100.7', headers, null).clientIp).toBe(client)
})

test.each([
  ['a proxy of ours is believed as far as it has written', '10.0.0.2', REAL, '5.6.7.8'],
  ['nobody else is', '198.51.100.7', REAL, '198.51.100.7:5000'],
  [
    'what was made up stands before what a proxy wrote',
    '10.0.0.2',
    [['X-Forwarded-For', '1.2.3.4, 203.0.113.9']],
    '203.0.113.9',
  ],
  ['a proxy that writes nothing is the client', '10.0.0.2', REAL.slice(0, 3), '10.0.0.2:5000'],
  ['whoever may open a unix socket is trusted', '', REAL, '5.6.7.8'],
  ['an IPv6 peer is told from its port', '2001:db8::1', [], '[2001:db8::1]:5000'],
] as const)('%s', (_, peer, headers, client) => {
  expect(facts(peer, headers, trustIn(['10.0.0.0/8'])).clientIp).toBe(client)
})

const FORWARDED: Headers = [
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'login.example.test'],
  ['CF-IPCity', 'Kiel'],
  ['CF-IPCountry', 'DE'],
]

test.each([
  ['10.0.0.2', trustIn(['10.0.0.2']), 'https://login.example.test/path', 'Kiel, DE'],
  ['198.51.100.7', null, 'https://login.example.test/path', 'Kiel, DE'],
  ['198.51.100.7', trustIn(['10.0.0.2']), 'http://own.test/path', ''],
])('what %s says of the URL and of the place', (peer, isTrusted, url, location) => {
  expect(facts(peer, FORWARDED, isTrusted)).toMatchObject({ url, location })
})
