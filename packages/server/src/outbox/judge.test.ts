import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { FailureReason, Sent } from '../net/outgoing.ts'
import { attemptOf, judge, outcomeOf } from './judge.ts'

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

test('410 says that nothing more is wanted, and no other answer does', () => {
  const gone = Array.from({ length: 500 }, (_, at) => at + 100).filter((status) => {
    const judgement = judge(answered(status), 0)
    return judgement.kind === 'final' && judgement.isGone
  })
  expect(gone).toEqual([410])
})

test('I18: docs/deliveries.md says what is tried again and what is final, for every status', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../../docs/deliveries.md', import.meta.url)), 'utf8')
  const saidOf = (outcome: string) => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${outcome}`))
    return row?.split('|')[2]?.trim().split(/[;,:]/)[0]
  }
  const words = { delivered: 'delivered', retry: 'tried again', final: 'dead' } as const
  const rows = ['2xx', '408, 425, 429, 5xx', '410', 'any other 4xx', '3xx'] as const
  const rowOf = (status: number) => {
    if (status === 410) return rows[2]
    if ([408, 425, 429].includes(status) || status >= 500) return rows[1]
    return status < 300 ? rows[0] : status < 400 ? rows[4] : rows[3]
  }
  for (let status = 200; status < 600; status++)
    expect([status, saidOf(rowOf(status))]).toEqual([status, words[judge(answered(status), 0).kind]])
})

test.each([
  [answered(200), { isDelivered: true, isReachable: true, isFinal: false }],
  [answered(404), { isDelivered: false, isReachable: true, isFinal: true }],
  [answered(304), { isDelivered: false, isReachable: false, isFinal: false }],
  [answered(429), { isDelivered: false, isReachable: false, isFinal: false }],
  [answered(503), { isDelivered: false, isReachable: false, isFinal: false }],
  [failed('timeout'), { isDelivered: false, isReachable: false, isFinal: false }],
  [failed('invalid_request'), { isDelivered: false, isReachable: false, isFinal: true }],
])('what an attempt says of the action and its receiver', (sent, said) => {
  expect(outcomeOf(judge(sent, 0), false)).toMatchObject(said)
  // Where it was not sent, nobody was asked.
  expect(outcomeOf(judge(sent, 0), true).isReachable).toBeNull()
})

test('an answer is kept as far as it is text, and a few of its headers', () => {
  const text = (type: string, body: string): Sent => ({
    kind: 'answered',
    status: 500,
    headers: { 'content-type': type, 'set-cookie': 'secret', 'retry-after': '3' },
    body: Buffer.from(body),
  })
  expect(attemptOf('r', 1, 2, text('application/json', '{"error":"no"}')).answer).toEqual({
    headers: { 'content-type': 'application/json', 'retry-after': '3' },
    body: '{"error":"no"}',
    length: 14,
  })
  expect(attemptOf('r', 1, 2, text('image/png', 'bytes')).answer).toMatchObject({ body: '', length: 5 })
  expect(attemptOf('r', 1, 2, text('text/html', 'x'.repeat(9_000))).answer).toMatchObject({
    body: 'x'.repeat(2_000),
    length: 9_000,
  })
  expect(attemptOf('r', 1, 2, failed('timeout')).answer).toBeUndefined()
})
