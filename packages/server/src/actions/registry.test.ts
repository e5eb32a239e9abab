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
  ['everything of ours', { timeout: '500ms', attempts: 3, enabled: false, on_failure: 'queue', body: 'none' }],
  ['a condition', { when: "ctx.identity.traits.email == 'x' // why" }],
  ['signing secrets', { signing: { secrets: ['a-text-of-at-least-24-bytes', `whsec_${btoa('x'.repeat(24))}`] } }],
  [
    'expressions and secrets',
    {
      url: 'https://crm.test/a/${ctx.identity.id}?k=${secrets.k}&o=${{a: "}"}.a}',
      headers: { 'X-A': 'b ${ctx.x} $${c}' },
      secrets: { k: 'v' },
    },
  ],
  ['the shortest and the longest time-out', { timeout: '50ms' }],
  ['the longest time-out', { timeout: '30s' }],
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
  ['a time-out nobody keeps', { timeout: '10ms' }, 'from 50ms to 30s'],
  ['a time-out nobody waits for', { timeout: '10m' }, 'from 50ms to 30s'],
  ['a condition that cannot be read', { when: 'ctx.' }, 'must be a Jsonnet expression (line 2, column 1: '],
  ['a condition with an unknown name', { when: 'request.x' }, 'column 1: Unknown variable: request'],
  ['a policy of another kind', { on_failure: 'open' }, ''],
  ['a policy for a queued call', { response: { ignore: true }, on_failure: 'continue' }, 'must not both ignore'],
  ['an expression in the host', { url: 'https://${ctx.x}.test/' }, 'must name its host before the first ${…}'],
  ['an expression for everything', { url: '${ctx.x}' }, 'must name its host before the first ${…}'],
  ['an expression as port', { url: 'https://crm.test:${ctx.x}/' }, 'must name its host before'],
  ['credentials beside an expression', { url: 'https://u:p@crm.test/${ctx.x}' }, 'must not hold credentials'],
  ['an expression without end', { url: 'https://crm.test/${ctx.x' }, 'an expression has no end'],
  ['an empty expression', { url: 'https://crm.test/${ }' }, 'an expression is empty'],
  ['an expression that cannot be read', { headers: { 'X-A': '${1 +}' } }, 'must hold expressions that can be read'],
  ['a secret nobody gave', { url: 'https://crm.test/${secrets.k}', secrets: { l: 'x' } }, 'secrets lacks k'],
  ['a secret of two lines', { secrets: { k: 'a\nb' } }, 'pattern'],
  ['no signing secret', { signing: { secrets: [] } }, 'fewer'],
  ['a signing secret that can be guessed', { signing: { secrets: ['short'] } }, 'at least 24 bytes'],
  ['a signing secret that is no base64', { signing: { secrets: [`whsec_${'%'.repeat(40)}`] } }, 'base64'],
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
