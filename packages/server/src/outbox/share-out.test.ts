import { expect, test } from 'vitest'
import type { EndpointLimits } from '../core/action.ts'
import { actionId } from '../core/ids.ts'
import type { Waiting } from './queue.ts'
import { shareOut, untilNext } from './share-out.ts'

const NOW = 1_000_000

const waiting = (action: string, endpoint: string, more: Partial<Waiting> = {}): Waiting => ({
  queue: `${action} ${endpoint}`,
  actionId: actionId(action),
  endpoint,
  dueAt: NOW - 1_000,
  isOrdered: false,
  underWay: 0,
  action: null,
  receiver: null,
  spentUntil: 0,
  ...more,
})

type Options = { free?: number; limits?: EndpointLimits; lastTurn?: (queue: string) => number }

function shares(all: readonly Waiting[], { free = 64, limits = { concurrency: 8 }, lastTurn = () => 0 }: Options = {}) {
  const given = shareOut({ now: NOW, waiting: all }, { free, limitsOf: () => limits, lastTurn })
  return Object.fromEntries(given.map(({ queue, most }) => [queue, most]))
}

test('an endpoint gets its own places and no more', () => {
  expect(shares([waiting('crm', 'e')])).toEqual({ 'crm e': 8 })
  expect(shares([waiting('crm', 'e', { underWay: 5 })])).toEqual({ 'crm e': 3 })
  expect(shares([waiting('crm', 'e', { underWay: 8 })])).toEqual({})
  expect(shares([waiting('crm', 'e')], { limits: {} })).toEqual({ 'crm e': 64 })
})

test('actions that share an endpoint share its places', () => {
  expect(shares([waiting('crm', 'e'), waiting('shop', 'e')])).toEqual({ 'crm e': 4, 'shop e': 4 })
})

test('I15: one that hangs with all its places taken costs the others nothing', () => {
  const hanging = waiting('crm', 'hangs', { underWay: 8, dueAt: 0 })
  const others = Array.from({ length: 7 }, (_, at) => waiting('a', `e${at}`))
  expect(shares([hanging, ...others], { free: 56 })).toEqual(Object.fromEntries(others.map(({ queue }) => [queue, 8])))
})

test('whoever has fewest under way comes first, and then whoever waits longest for a turn', () => {
  const busy = Array.from({ length: 20 }, (_, at) => waiting('a', `busy${at}`, { underWay: 4, dueAt: 0 }))
  expect(shares([...busy, waiting('b', 'idle')], { free: 1 })).toEqual({ 'b idle': 1 })
  const two = [waiting('a', 'e', { dueAt: 0 }), waiting('b', 'e')]
  const lastTurn = (queue: string) => (queue === 'a e' ? 2 : 1)
  expect(shares(two, { free: 1, lastTurn })).toEqual({ 'b e': 1 })
  expect(shares(two, { free: 1 })).toEqual({ 'a e': 1 })
})

test.each([
  ['paused', null, {}],
  ['quarantined', null, {}],
  ['disabled', null, {}],
  ['quarantined', NOW + 1, {}],
  ['quarantined', NOW, { 'crm e': 8 }],
  ['active', null, { 'crm e': 8 }],
] as const)('an action that is %s until %s', (state, until, expected) => {
  expect(shares([waiting('crm', 'e', { action: { state, until, failures: 0, resumedAt: null } })])).toEqual(expected)
})

test('an action that has done nothing but fail is tried by one delivery at a time', () => {
  const action = { state: 'active', until: null, failures: 20, resumedAt: null } as const
  expect(shares([waiting('crm', 'e', { action })])).toEqual({ 'crm e': 1 })
})

test.each([
  [0, null, 8],
  [1, null, 4],
  [2, null, 2],
  [3, null, 1],
  [9, null, 1],
  [9, NOW + 1, undefined],
  // Half open: one alone.
  [9, NOW, 1],
])('a receiver with %i failures whose breaker is open until %s gets %s', (failures, openUntil, most) => {
  expect(shares([waiting('crm', 'e', { receiver: { failures, openUntil } })])['crm e']).toBe(most)
})

test('while one tries a receiver again, nobody else does', () => {
  expect(shares([waiting('crm', 'e', { underWay: 1, receiver: { failures: 9, openUntil: NOW } })])).toEqual({})
})

test.each([
  // One a second, and no two at once.
  [1, 0, 1],
  [1, NOW, 1],
  [1, NOW + 1, undefined],
  // A tenth of a second's worth at once.
  [100, 0, 10],
  [100, NOW + 50, 5],
  [100, NOW + 100, undefined],
])('I17: at %i a second, spent until %s, %s may begin', (rate, spentUntil, most) => {
  expect(shares([waiting('crm', 'e', { spentUntil })], { limits: { rate } })['crm e']).toBe(most)
})

test('what is not due yet is left alone, and the next look is when something comes of itself', () => {
  const later = waiting('crm', 'e', { dueAt: NOW + 500 })
  expect(shares([later])).toEqual({})
  expect(untilNext({ now: NOW, waiting: [later] })).toBe(500)
  expect(
    untilNext({ now: NOW, waiting: [waiting('a', 'e', { receiver: { failures: 5, openUntil: NOW + 70 } })] }),
  ).toBe(70)
  expect(untilNext({ now: NOW, waiting: [waiting('a', 'e')] })).toBeNull()
  expect(untilNext({ now: NOW, waiting: [] })).toBeNull()
})
