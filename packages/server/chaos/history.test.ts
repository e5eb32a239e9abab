import { expect, test } from 'vitest'
import { type History, repeatsOf, violations } from './history.ts'

const seen = { id: 'd1', action: 'sync', identityId: 'p1', email: 'ann@example.test', bodyHash: 'b', isTaken: true }
const delivery = { id: 'd1', eventId: 'e1', actionId: 'a1', identityId: 'p1', state: 'delivered' }

const well: History = {
  tried: [
    { email: 'ann@example.test', outcome: 'acknowledged', identityId: 'p1' },
    { email: 'bob@example.test', outcome: 'refused', identityId: null },
    { email: 'eve@example.test', outcome: 'unknown', identityId: null },
  ],
  seen: [{ ...seen, isTaken: false }, seen],
  people: [{ id: 'p1', email: 'ann@example.test' }],
  deliveries: [delivery],
  plannedFor: () => ['sync'],
}

test('a history in which all went well has no violations', () => {
  expect(violations(well)).toEqual([])
})

test('a run in which nobody got in proves nothing', () => {
  const nobody = { tried: [], seen: [], people: [], deliveries: [] }
  expect(violations({ ...well, ...nobody })).toEqual([{ invariant: 'run', what: 'nobody could sign up at all' }])
})

test.each<[string, Partial<History>, readonly string[]]>([
  ['somebody was acknowledged and is gone', { people: [], seen: [], deliveries: [] }, ['I6']],
  [
    'somebody was acknowledged and is stored with another id',
    { people: [{ id: 'p2', email: 'ann@example.test' }] },
    ['I6', 'I1', 'I3', 'I2', 'I2'],
  ],
  ['a delivery was never written down', { deliveries: [], seen: [] }, ['I1', 'I3']],
  [
    'one occurrence has two deliveries',
    {
      deliveries: [delivery, { ...delivery, id: 'd2' }],
      seen: [seen, { ...seen, id: 'd2' }],
    },
    ['I1', 'I1'],
  ],
  ['a delivery is called delivered, and nobody has it', { seen: [{ ...seen, isTaken: false }] }, ['I3', 'I3']],
  ['a delivery was given up', { deliveries: [{ ...delivery, state: 'dead' }] }, ['I21']],
  ['a delivery still waits', { deliveries: [{ ...delivery, state: 'pending' }] }, ['I21']],
  [
    'the receiver was told of somebody who was rolled back',
    {
      seen: [seen, { ...seen, id: 'd9', identityId: 'p9', isTaken: false }],
    },
    ['I2'],
  ],
  ['a body changed between two attempts', { seen: [{ ...seen, isTaken: false, bodyHash: 'other' }, seen] }, ['I3']],
  [
    'somebody who was refused is stored',
    {
      people: [...well.people, { id: 'p2', email: 'bob@example.test' }],
      deliveries: [delivery, { ...delivery, id: 'd2', eventId: 'e2', identityId: 'p2' }],
      seen: [seen, { ...seen, id: 'd2', identityId: 'p2' }],
    },
    ['I2'],
  ],
])('it is found that %s', (_what, changed, invariants) => {
  expect(violations({ ...well, ...changed }).map(({ invariant }) => invariant)).toEqual(invariants)
})

test('what is taken twice is counted, what failed in between is not', () => {
  expect(repeatsOf([seen, { ...seen, isTaken: false }, seen, { ...seen, id: 'd2' }])).toBe(1)
})
