import { expect, test } from 'vitest'
import type { TimedPart } from '../core/timings.ts'
import { startLaps } from './laps.ts'

type Step = readonly [after: number, part: TimedPart]

test.each<readonly [string, readonly Step[], number, object]>([
  [
    'a whole call',
    [
      [0.02, 'dns'],
      [3, 'connect'],
      [5, 'tls'],
      [7, 'wait'],
      [11, 'read'],
    ],
    2,
    { dns: 3, connect: 5, tls: 7, wait: 11, read: 2 },
  ],
  ['an open connection', [[11.04, 'read']], 0, { dns: null, connect: null, tls: null, wait: 11, read: 0 }],
  ['a lookup that never ended', [[0, 'dns']], 2_000, { dns: 2_000, connect: null, tls: null, wait: null, read: null }],
  [
    'a second address',
    [
      [0, 'connect'],
      [1_000, 'connect'],
      [2, 'wait'],
    ],
    3,
    { dns: null, connect: 1_002, tls: null, wait: 3, read: null },
  ],
])('%s', (_name, steps, last, timings) => {
  const clock = { now: 0 }
  const laps = startLaps(() => clock.now)
  for (const [after, part] of steps) {
    clock.now += after
    laps.enter(part)
  }
  clock.now += last
  expect(laps.timings()).toEqual(timings)
})

test('an answer that never came on an open connection', () => {
  const clock = { now: 0 }
  const laps = startLaps(() => clock.now)
  clock.now = 500
  expect(laps.timings()).toEqual({ dns: null, connect: null, tls: null, wait: 500, read: null })
})
