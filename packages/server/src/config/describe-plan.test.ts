import { expect, test } from 'vitest'
import { load, minimalConfig, toBase64 } from '../../test/minimal-config.ts'
import type { JsonObject } from '../core/json.ts'
import { describePlan } from './describe-plan.ts'

const hook = (id: string, more: JsonObject = {}): JsonObject => ({
  hook: 'web_hook',
  config: { id, url: `https://crm.example.test/${id}?k=hush-hush`, method: 'POST', body: toBase64('{}'), ...more },
})
const login = {
  after: { hooks: [hook('default')], password: { hooks: [hook('own'), hook('off', { enabled: false })] } },
}

async function entriesAt(trigger: string, flows: JsonObject, more: JsonObject = {}) {
  const { settings } = await load(
    { ...minimalConfig, ...more, selfservice: { ...minimalConfig.selfservice, flows } },
    {},
  )
  const described = describePlan(settings)
  const found = described.triggers.find((each) => each.trigger === trigger)?.entries ?? []
  return { described, said: found.map(({ id, runs, why }) => [id, runs, why]) }
}

test('what runs at a trigger is told, and what was meant for it and does not run, with why', async () => {
  const { said, described } = await entriesAt('login.after.password', { login })
  expect(said).toEqual([
    ['own', true, 'the list of password'],
    ['default', false, 'the list of password replaces the default list (merge: override)'],
    ['off', false, 'switched off: enabled: false'],
  ])
  expect(JSON.stringify(described)).not.toContain('hush-hush')
})

test('lists that are merged leave nobody out', async () => {
  const merged = { after: { ...login.after, password: { ...login.after.password, merge: 'append' } } }
  const { said } = await entriesAt('login.after.password', { login: merged })
  expect(said.map(([id, runs]) => [id, runs])).toEqual([
    ['default', true],
    ['own', true],
    ['off', false],
  ])
})

test('with every action off each of them says so', async () => {
  const { said } = await entriesAt('login.after.password', { login }, { actions: { enabled: false } })
  const all = 'every action is off (actions.enabled: false, or --actions off)'
  expect(said).toEqual([
    ['default', false, all],
    ['own', false, all],
    ['off', false, all],
  ])
})

test('the fingerprint is that of what it says: another plan has another one', async () => {
  const { described: one } = await entriesAt('login.before', { login })
  const { described: same } = await entriesAt('login.before', { login })
  const { described: other } = await entriesAt('login.before', {
    login: { after: login.after, before: { hooks: [hook('gate')] } },
  })
  expect(same.fingerprint).toBe(one.fingerprint)
  expect(other.fingerprint).not.toBe(one.fingerprint)
})
