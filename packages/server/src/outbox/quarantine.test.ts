import { expect, test } from 'vitest'
import { actionId, deliveryId } from '../core/ids.ts'
import { quarantineAfter } from './quarantine.ts'

const HOUR = 3_600_000
const NOW = 100 * HOUR
const settings = { failures: 20, after: 24 * HOUR, releaseAfter: HOUR }

test.each([
  ['too few', 19, 48, false, false],
  ['many, and not for long', 500, 23, false, false],
  ['many, for long', 20, 24, false, true],
  ['many, each of which costs a delivery', 20, 0, true, true],
  ['few, each of which costs a delivery', 19, 48, true, false],
])('%s', (_name, failures, hours, isFinal, stands) => {
  const standing = { actionId: actionId('crm'), failures, failingSince: NOW - hours * HOUR }
  const failure = { reason: 'answered 401', isFinal, delivery: deliveryId('d') }
  const expected = stands
    ? {
        until: NOW + HOUR,
        reason: `crm failed ${failures} times in a row, the last time with: answered 401`,
        evidence: { failures, failingSince: NOW - hours * HOUR, lastFailure: 'answered 401', delivery: 'd' },
      }
    : null
  expect(quarantineAfter(standing, failure, NOW, settings)).toEqual(expected)
  expect(quarantineAfter(standing, failure, NOW, { ...settings, failures: 0 })).toBeNull()
})

test('it may be that somebody has to release it', () => {
  const standing = { actionId: actionId('crm'), failures: 20, failingSince: 0 }
  const failure = { reason: 'answered 401', isFinal: true, delivery: deliveryId('d') }
  expect(quarantineAfter(standing, failure, NOW, { ...settings, releaseAfter: 0 })?.until).toBeNull()
})
