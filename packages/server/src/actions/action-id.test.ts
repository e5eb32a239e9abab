import { expect, test } from 'vitest'
import type { JsonObject } from '../core/json.ts'
import type { Place } from '../core/place.ts'
import { actionIdsOf } from './action-id.ts'

const actionIdOf = (place: Place, entry: { readonly hook: string; readonly config: JsonObject | null }) =>
  actionIdsOf(place, [entry])[0]
const hook = (config: JsonObject) => actionIdOf('login.before', { hook: 'web_hook', config })
const plain = { url: 'https://crm.test/hook', method: 'POST' }

test('an id of its own wins', () => {
  expect(hook({ ...plain, id: 'crm' })).toBe('crm')
})

test('an action without an id is known by its place and a hash', () => {
  expect(hook(plain)).toMatch(/^login\.before:[0-9a-f]{16}$/)
  expect(actionIdOf('registration.after.password', { hook: 'session', config: null })).toMatch(
    /^registration\.after\.password:[0-9a-f]{16}$/,
  )
})

test.each([
  ['its body', { body: 'base64://e30=' }],
  ['its credentials', { auth: { type: 'api_key', config: { name: 'X-Key', value: 'secret', in: 'header' } } }],
  ['its headers', { headers: { Authorization: 'secret' } }],
  ['the password in its URL', { url: 'https://user:secret@crm.test/hook' }],
  ['its time-out', { timeout: '1s' }],
  ['an empty id', { id: '' }],
])('%s may change and it stays the same', (_name, change) => {
  expect(hook({ ...plain, ...change })).toBe(hook(plain))
})

test.each([
  ['another URL', { url: 'https://crm.test/other' }],
  ['another method', { method: 'PUT' }],
])('%s is another action', (_name, change) => {
  expect(hook({ ...plain, ...change })).not.toBe(hook(plain))
})

test('the same hook in another place is another action', () => {
  expect(actionIdOf('login.after', { hook: 'web_hook', config: plain })).not.toBe(hook(plain))
})

test('those that are alike are numbered, whatever stands between them', () => {
  const [a, b] = [
    { hook: 'web_hook', config: plain },
    { hook: 'web_hook', config: { ...plain, url: 'https://crm.test/other' } },
  ]
  const [first, , second, third] = actionIdsOf('login.before', [a, b, a, { ...a, config: { ...plain, timeout: '1s' } }])
  expect([second, third]).toEqual([`${first}:2`, `${first}:3`])
})
