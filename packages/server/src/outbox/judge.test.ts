import { expect, test } from 'vitest'
import type { FailureReason, Sent } from '../net/outgoing.ts'
import { judge } from './judge.ts'

const answered = (status: number, headers = {}): Sent => ({ kind: 'answered', status, headers, body: Buffer.alloc(0) })
const failed = (reason: FailureReason, status?: number): Sent => ({
  kind: 'failed',
  reason,
  detail: 'why',
  ...(status === undefined ? {} : { status }),
})

test.each([
  [200, 'delivered'],
  [201, 'delivered'],
  [202, 'delivered'],
  [204, 'delivered'],
  [299, 'delivered'],
  [400, 'final'],
  [401, 'final'],
  [403, 'final'],
  [404, 'final'],
  [408, 'retry'],
  [409, 'final'],
  [410, 'final'],
  [413, 'final'],
  [422, 'final'],
  [425, 'retry'],
  [429, 'retry'],
  [499, 'final'],
  [500, 'retry'],
  [501, 'retry'],
  [502, 'retry'],
  [503, 'retry'],
  [599, 'retry'],
])('%i means %s', (status, kind) => {
  expect(judge(answered(status), 0)).toMatchObject({ kind, status })
})

test.each([
  ['timeout', 'retry'],
  ['aborted', 'retry'],
  ['refused_address', 'retry'],
  ['dns', 'retry'],
  ['connect', 'retry'],
  ['tls', 'retry'],
  ['closed', 'retry'],
  ['bad_answer', 'retry'],
  ['redirect_not_followed', 'retry'],
  ['too_large', 'retry'],
  ['unreadable', 'retry'],
  ['invalid_request', 'final'],
] as const)('no answer because of %s means %s', (reason, kind) => {
  expect(judge(failed(reason), 0)).toMatchObject({ kind, reason: 'why', status: null })
})

test('a 2xx is a delivery even where its body could not be read, a 5xx is not', () => {
  expect(judge(failed('too_large', 200), 0)).toEqual({ kind: 'delivered', status: 200 })
  expect(judge(failed('unreadable', 500), 0)).toMatchObject({ kind: 'retry', status: 500 })
})

test.each([
  [answered(503, { 'retry-after': '60' }), 60_000],
  [answered(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:30 GMT' }), 20_000],
  [answered(500, { 'retry-after': '-5' }), null],
  [answered(500), null],
])('a receiver may say when', (sent, asked) => {
  expect(judge(sent, 10_000)).toMatchObject({ kind: 'retry', asked })
})
