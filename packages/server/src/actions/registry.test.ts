import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { PLACES } from '../core/place.ts'
import { actionKinds } from './registry.ts'

test('session may only follow a registration by a method', () => {
  expect(actionKinds.session.placement.toSorted()).toEqual(
    ['code', 'oidc', 'passkey', 'password', 'webauthn'].map((method) => `registration.after.${method}`),
  )
})

test('a web_hook may stand everywhere', () => {
  expect(actionKinds.web_hook.placement).toEqual(PLACES)
})

const errorsOf = (config: object) => {
  const schema = actionKinds.web_hook.config
  return schema === null ? [] : Value.Errors(schema, config).map(({ message }) => message)
}
const plain = { url: 'https://crm.test/hook', method: 'POST' }
const key = { name: 'X-Key', value: 'v', in: 'header' }

test.each([
  ['the least', {}],
  [
    'everything of Ory',
    {
      id: 'x',
      body: 'file:///x.jsonnet',
      headers: { 'X-One': '1' },
      auth: { type: 'api_key', config: key },
      response: { ignore: false, parse: true },
      can_interrupt: true,
      emit_analytics_event: false,
    },
  ],
  ['everything of ours', { timeout: '500ms', attempts: 3, enabled: false }],
  ['a plain path as body', { body: './x.jsonnet' }],
  ['ignored, and said not to interrupt', { response: { ignore: true, parse: false }, can_interrupt: false }],
  ['basic auth', { auth: { type: 'basic_auth', config: { user: 'u', password: 'p' } } }],
])('a web_hook takes %s', (_name, more) => {
  expect(errorsOf({ ...plain, ...more })).toEqual([])
})

test.each([
  ['ignore and parse', { response: { ignore: true, parse: true } }, 'must not both ignore and parse'],
  ['ignore and can_interrupt', { response: { ignore: true }, can_interrupt: true }, 'must not both ignore'],
  ['a URL of another kind', { url: 'ftp://x.test/' }, 'must be an http or https URL'],
  ['no URL at all', { url: 'x.test' }, 'must be an http or https URL'],
  ['a method with a blank', { method: 'PO ST' }, 'pattern'],
  ['a time-out without unit', { timeout: '3' }, 'must be a duration'],
  ['a time-out of nothing', { timeout: '0s' }, 'must be a duration'],
  ['no attempts', { attempts: 0 }, '>='],
  ['a header with a line break', { headers: { 'X-A': 'b\r\nX-B: c' } }, 'pattern'],
  ['a header name with a colon', { headers: { 'X:A': 'b' } }, 'additional'],
  ['an unknown key', { retries: 3 }, 'additional'],
  ['an unknown key in response', { response: { ignored: true } }, 'additional'],
  ['a half credential', { auth: { type: 'basic_auth', config: { user: 'u' } } }, 'password'],
  ['an api key for nowhere', { auth: { type: 'api_key', config: { ...key, in: 'query' } } }, ''],
])('a web_hook refuses %s', (_name, more, message) => {
  const errors = errorsOf({ ...plain, ...more })
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.join('\n')).toContain(message)
})
