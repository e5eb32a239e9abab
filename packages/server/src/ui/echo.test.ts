import { expect, test } from 'vitest'
import type { Exchange } from '../http/exchange.ts'
import { aboutCall, createEcho } from './echo.ts'

const exchange = (
  more: { readonly body?: string | Buffer; readonly headers?: Exchange['facts']['headers'] } = {},
): Exchange => ({
  facts: {
    method: 'POST',
    url: 'http://admin.example.test/echo/a?b=c',
    headers: more.headers ?? {},
    cookies: {},
    clientIp: '',
    peer: '',
    userAgent: '',
    location: '',
  },
  path: '/echo/a',
  query: new URLSearchParams('b=c&d=%23/x'),
  params: {},
  body: Buffer.from(more.body ?? ''),
  header: () => null,
})

const ring = () => createEcho({ clock: { now: () => 42 } })

test('a call is remembered with its time, method, path, headers, body and what was answered', () => {
  const echo = ring()
  echo.record(exchange({ body: '{"a":1}', headers: { 'Content-Type': ['application/json'] } }), 201)
  expect(echo.calls()).toEqual([
    {
      id: 1,
      at: 42,
      method: 'POST',
      path: '/echo/a?b=c&d=%23%2Fx',
      headers: { 'Content-Type': ['application/json'] },
      body: '{"a":1}',
      size: 7,
      isCut: false,
      answered: 201,
    },
  ])
})

test.each([
  'Authorization',
  'Proxy-Authorization',
  'Cookie',
  'X-Api-Key',
  'Apikey',
  'X-Session-Token',
  'Webhook-Signature',
])('the header %s is never kept', (name) => {
  const echo = ring()
  echo.record(exchange({ headers: { [name]: ['hunter2', 'hunter3'] } }), 200)
  expect(JSON.stringify(echo.calls())).not.toContain('hunter')
  expect(echo.calls()[0]?.headers[name]).toEqual(['•••', '•••'])
})

test('a long body is cut, and says so', () => {
  const echo = ring()
  echo.record(exchange({ body: 'x'.repeat(65_537) }), 200)
  expect(echo.calls()[0]).toMatchObject({ size: 65_537, isCut: true })
  expect(echo.calls()[0]?.body).toHaveLength(65_536)
})

test('only the last 200 calls are remembered, newest first, under ids that never come back', () => {
  const echo = ring()
  for (let i = 0; i < 205; i++) echo.record(exchange(), 200)
  expect(echo.calls()).toHaveLength(200)
  expect(echo.calls()[0]?.id).toBe(205)
  echo.clear()
  expect(echo.calls()).toEqual([])
  echo.record(exchange(), 200)
  expect(echo.calls()[0]?.id).toBe(206)
})

test.each([
  [
    'a whole ctx',
    {
      trigger: { flow: 'login', phase: 'after', method: 'password' },
      flow: { id: 'f' },
      identity: { id: 'i', traits: { email: 'a@example.test' } },
    },
    { trigger: 'login.after.password', flow: 'f', identity: 'a@example.test' },
  ],
  [
    'a before-trigger, which has no method and nobody yet',
    { trigger: { flow: 'login', phase: 'before' }, flow: { id: 'f' } },
    { trigger: 'login.before', flow: 'f', identity: null },
  ],
  [
    'flat names',
    { event: 'signed_up', flow_id: 'f', email: 'a@example.test' },
    { trigger: 'signed_up', flow: 'f', identity: 'a@example.test' },
  ],
  ['an identity without traits', { identity: { id: 'i' } }, { trigger: null, flow: null, identity: 'i' }],
  ['strange types', { trigger: 5, flow: [1], identity: null }, { trigger: null, flow: null, identity: null }],
  ['an array', [1], { trigger: null, flow: null, identity: null }],
])('of %s it is told what it was about', (_name, body, about) => {
  expect(aboutCall({ body: JSON.stringify(body) })).toEqual(about)
})

test('of a body that is no JSON nothing is told', () => {
  expect(aboutCall({ body: 'a=b' })).toEqual({ trigger: null, flow: null, identity: null })
})
