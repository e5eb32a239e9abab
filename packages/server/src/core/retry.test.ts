import { expect, test } from 'vitest'
import { callWithRetries, isWorthRepeating, waitBefore } from './retry.ts'
import { retryAfter } from './retry-after.ts'

const answered = (status: number, headers: { readonly [name: string]: string } = {}) =>
  ({ kind: 'answered', status, headers }) as const
const failed = (reason: string) => ({ kind: 'failed', reason }) as const

test.each([
  [answered(200), false],
  [answered(400), false],
  [answered(404), false],
  [answered(408), false],
  [answered(410), false],
  [answered(429), true],
  [answered(500), true],
  [answered(501), false],
  [answered(503), true],
  [failed('timeout'), true],
  [failed('connect'), true],
  [failed('closed'), true],
  [failed('dns'), true],
  [failed('tls'), false],
  [failed('refused_address'), false],
  [failed('too_large'), false],
  [failed('unreadable'), false],
  [failed('redirect_not_followed'), false],
  [failed('invalid_request'), false],
  [failed('aborted'), false],
])('%j is worth repeating: %s', (outcome, expected) => {
  expect(isWorthRepeating(outcome)).toBe(expected)
})

/** Runs against a list of outcomes on a clock of its own; each call takes 10 ms. */
async function run(outcomes: readonly ReturnType<typeof answered | typeof failed>[], attempts = 3, budget = 60_000) {
  const watch = { time: 0 }
  const waits: number[] = []
  const budgets: number[] = []
  const deps = {
    clock: { now: () => 1_000_000 },
    stopwatch: {
      now: () => watch.time,
      sleep: async (time: number) => {
        waits.push(time)
        watch.time += time
      },
    },
    random: { bytes: (length: number) => new Uint8Array(length) },
  }
  const policy = { attempts, deadline: budget, backoff: { base: 1_000, jitter: false } }
  const outcome = await callWithRetries(deps, policy, async (left, attempt) => {
    budgets.push(left)
    watch.time += 10
    return outcomes[Math.min(attempt, outcomes.length) - 1] ?? answered(200)
  })
  return { outcome, waits, budgets }
}

test('three attempts, one and two seconds apart, within one budget', async () => {
  expect(await run([answered(500)])).toEqual({
    outcome: answered(500),
    waits: [1_000, 2_000],
    budgets: [60_000, 58_990, 56_980],
  })
})

test('a success ends it', async () => {
  expect(await run([failed('closed'), answered(200)])).toMatchObject({ outcome: answered(200), waits: [1_000] })
})

test('what cannot be mended is tried once', async () => {
  expect(await run([answered(404)])).toMatchObject({ outcome: answered(404), waits: [] })
})

test('one attempt is one attempt', async () => {
  expect(await run([answered(500)], 1)).toMatchObject({ waits: [] })
})

test('a wait that would end after the deadline is not begun', async () => {
  expect(await run([answered(500)], 3, 500)).toMatchObject({ outcome: answered(500), waits: [] })
})

test.each([
  [answered(429, { 'retry-after': '7' }), [7_000]],
  [answered(503, { 'retry-after': 'Thu, 01 Jan 1970 00:16:45 GMT' }), [5_000]],
  [answered(503, { 'retry-after': 'soon' }), [1_000]],
  [answered(500, { 'retry-after': '7' }), [1_000]],
  [answered(429, { 'retry-after': '99999999999' }), []],
])('%j waits %j', async (first, waits) => {
  expect((await run([first, answered(200)])).waits).toEqual(waits)
})

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 3 ', 3_000],
  ['-1', null],
  ['1.5', null],
  ['', null],
  [undefined, null],
  ['2026', 2_026_000],
  ['garbage', null],
  ['Thu, 01 Jan 1970 00:00:30 GMT', 20_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('Retry-After %j asks for %s ms', (value, expected) => {
  expect(retryAfter(value, 10_000)).toBe(expected)
})

test('jitter takes at most half of a wait away', () => {
  const random = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })
  const backoff = { base: 100, jitter: true }
  expect(waitBefore(3, backoff, random(0))).toBe(200)
  expect(waitBefore(3, backoff, random(255))).toBeCloseTo(400)
})
