import { expect, test } from 'vitest'
import type { Cors } from '../core/settings.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'

const cors: Cors = {
  enabled: true,
  allowedOrigins: ['https://app.example.test', 'https://*.pages.example.test'],
  allowedMethods: ['GET', 'POST'],
  allowedHeaders: ['Content-Type', 'X-Session-Token'],
  exposedHeaders: ['Content-Type'],
  allowCredentials: true,
  maxAge: 0,
  optionsPassthrough: false,
}

const APP = 'https://app.example.test'
const VARY = { vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' }
const ask = (origin: string | null, requestedMethod: string | null, requestedHeaders: string | null = null) => ({
  method: 'OPTIONS',
  origin,
  requestedMethod,
  requestedHeaders,
})

test('what may be sent is said in the words of the question', () => {
  expect(preflightHeaders({ ...cors, maxAge: 600 }, ask(APP, 'POST', 'content-type,x-session-token'))).toEqual({
    ...VARY,
    'access-control-allow-origin': APP,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type,x-session-token',
    'access-control-max-age': '600',
  })
})

test.each([
  ['another origin', ask('https://evil.example.test', 'GET')],
  ['the name of an origin with more behind it', ask(`${APP}.evil.test`, 'GET')],
  ['another scheme', ask('http://app.example.test', 'GET')],
  ['another method', ask(APP, 'DELETE')],
  ['another header', ask(APP, 'GET', 'content-type, x-other')],
  ['no origin', ask(null, 'GET')],
])('%s is told nothing', (_, asked) => {
  expect(preflightHeaders(cors, asked)).toEqual(VARY)
})

test.each([
  [APP, true],
  ['https://APP.example.test', true],
  ['https://a.pages.example.test', true],
  ['https://a.b.pages.example.test', true],
  ['https://pages.example.test', false],
  ['https://evilpages.example.test', false],
  ['https://.pages.example.test.evil.test', false],
  ['null', false],
])('a page of %s reads answers: %s', (origin, mayRead) => {
  expect(corsHeaders(cors, origin)).toEqual(
    mayRead
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'Content-Type',
        }
      : {},
  )
})

test('any origin is answered by its own name, and without cookies where they may not come along', () => {
  const open = { ...cors, allowedOrigins: ['*'], allowCredentials: false, exposedHeaders: [] }
  expect(corsHeaders(open, 'https://x.test')).toEqual({ 'access-control-allow-origin': 'https://x.test' })
})

test('only OPTIONS of another origin for a method is a question', () => {
  expect(isPreflight(ask(APP, 'GET'))).toBe(true)
  expect(isPreflight(ask(null, 'GET'))).toBe(false)
  expect(isPreflight(ask(APP, null))).toBe(false)
  expect(isPreflight({ ...ask(APP, 'GET'), method: 'GET' })).toBe(false)
})
