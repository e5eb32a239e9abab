import { expect, test } from 'vitest'
import type { JsonObject } from '../core/json.ts'
import { amendToken } from './amend-token.ts'
import { readTokenAnswer } from './read-token-answer.ts'
import type { TokenSession } from './token-session.ts'

const SESSION: TokenSession = {
  subject: 'alice',
  clientId: 'shop',
  consentId: 'c1',
  requestedScope: ['read', 'write'],
  scope: ['read', 'write'],
  audience: ['https://api.example.test'],
  accessToken: { tier: 'silver', old: true },
  idToken: { role: 'user' },
  sid: 's1',
  claims: { sub: 'alice', nonce: '', acr: '', amr: null, issuedAt: 0, requestedAt: 0, authenticatedAt: 0 },
  expiresAt: {},
}

function amended(answer: JsonObject) {
  const logged: JsonObject[] = []
  const decision = readTokenAnswer(200, JSON.stringify(answer))
  if (decision.kind !== 'amend') throw new Error(`not amended: ${JSON.stringify(decision)}`)
  const log = (_level: string, _event: string, fields: JsonObject) => void logged.push(fields)
  return { session: amendToken({ log, where: 'here', grant: 'refresh_token' }, SESSION, decision.patch), logged }
}

test.each([
  [
    'claims are set and removed',
    { claims: { access_token: { set: { tier: 'gold' }, remove: ['old'] } } },
    { accessToken: { tier: 'gold' } },
  ],
  [
    'claims of the ID token are set',
    { claims: { id_token: { set: { role: 'admin' } } } },
    { idToken: { role: 'admin' } },
  ],
  ['scopes become fewer', { scope: ['read'] }, { scope: ['read'] }],
  ['audiences become fewer', { audience: [] }, { audience: [] }],
  [
    'lifetimes are given in seconds or as durations',
    { lifetimes: { access_token: '5m', refresh_token: 60 } },
    { lifetimes: { accessToken: 300, refreshToken: 60 } },
  ],
  [
    'nothing is changed by an empty answer',
    {},
    { accessToken: { tier: 'silver', old: true }, idToken: { role: 'user' }, scope: ['read', 'write'] },
  ],
  ['Hydra’s form replaces at refresh', { session: { access_token: { a: 1 } } }, { accessToken: { a: 1 }, idToken: {} }],
])('%s', (_name, answer, expected) => {
  expect(amended(answer).session).toMatchObject(expected)
})

test.each([
  ['a scope that was not granted', { scope: ['read', 'admin'] }, { scope: ['read'] }],
  ['an audience that was not granted', { audience: ['https://other.example.test'] }, { audience: [] }],
  [
    'a reserved claim of the ID token',
    { claims: { id_token: { set: { sub: 'mallory', sid: 'x', role: 'admin' } } } },
    { idToken: { role: 'admin' }, sid: 's1' },
  ],
  [
    'a reserved claim of the access token',
    { claims: { access_token: { set: { exp: 9_999_999_999, tier: 'gold' } } } },
    { accessToken: { tier: 'gold', old: true } },
  ],
])('%s is not given, and that is written down', (_name, answer, expected) => {
  const { session, logged } = amended(answer)
  expect(session).toMatchObject(expected)
  expect(logged).toHaveLength(1)
})

test.each([
  [204, '', { kind: 'proceed' }],
  [
    200,
    '{"deny":{"error":"login_required","error_description":"Sign in again."}}',
    { kind: 'deny', status: 403, error: 'login_required', description: 'Sign in again.' },
  ],
  [
    400,
    '{"error":"invalid_grant","error_description":"No."}',
    { kind: 'deny', status: 400, error: 'invalid_grant', description: 'No.' },
  ],
  [403, 'not JSON', { kind: 'deny', status: 403, error: 'access_denied' }],
  [403, '{"error":"<script>","error_description":"a\\nb"}', { kind: 'deny', error: 'access_denied' }],
  [200, '', { kind: 'unusable' }],
  [200, '[]', { kind: 'unusable' }],
  [200, '<html>', { kind: 'unusable' }],
  [200, '{"claim":{}}', { kind: 'unusable', detail: '"claim" is not a member of an answer' }],
  [200, '{"scope":"read"}', { kind: 'unusable' }],
  [200, '{"lifetimes":{"access_token":-1}}', { kind: 'unusable' }],
  [200, '{"claims":{"access_token":{"set":[]}}}', { kind: 'unusable' }],
  [302, '', { kind: 'unusable' }],
  [500, '{}', { kind: 'unusable' }],
])('%d with %j is %j', (status, body, expected) => {
  expect(readTokenAnswer(status, body)).toMatchObject(expected)
})
