import { expect, test } from 'vitest'
import {
  actionWorld,
  afterLogin,
  afterRegistration,
  ann,
  beforeLogin,
  request,
  session,
} from '../../../test/action-world.ts'
import type { AfterContext, BeforeContext } from '../../core/action.ts'
import { deliveryId } from '../../core/ids.ts'
import type { ClientSettings } from '../../core/settings.ts'
import { templateContext } from './template-context.ts'

const seen = (context: BeforeContext | AfterContext, clients: Partial<ClientSettings> = {}) => {
  const { settings } = actionWorld({ clients })
  return templateContext({ settings, deliveryId: deliveryId('d'), at: Date.UTC(2026, 5, 1) }, context)
}
const ADDED = ['client_ip', 'delivery', 'trigger']
const ALWAYS = ['flow', 'request_cookies', 'request_headers', 'request_method', 'request_url', ...ADDED]

test.each([
  ['login.before', beforeLogin, []],
  ['login.before of somebody signed in', { ...beforeLogin, session }, []],
  ['login.after', afterLogin, ['identity', 'session']],
  ['registration.after', afterRegistration, ['identity']],
  ['registration.after with a session being made', { ...afterRegistration, session }, ['identity']],
] as const)('%s sees exactly these keys', (_name, context, more) => {
  expect(Object.keys(seen(context)).toSorted()).toEqual([...ALWAYS, ...more].toSorted())
})

test('the moment is named', () => {
  expect(seen(afterLogin)).toMatchObject({
    trigger: { flow: 'login', phase: 'after', method: 'password' },
    client_ip: '192.0.2.7',
    delivery: { id: 'd', attempt: 1 },
    request_method: 'POST',
    request_url: 'http://id.test/self-service/x?flow=2',
  })
  expect(seen(beforeLogin).trigger).toEqual({ flow: 'login', phase: 'before' })
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.7:58150', '192.0.2.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['[2001:db8::7]:58150', '2001:db8::7'],
  ['[::ffff:192.0.2.7]:58150', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
])('the client at %s is shown as %s', (clientIp, shown) => {
  expect(seen({ ...afterLogin, request: { ...request, clientIp } }).client_ip).toBe(shown)
})

test('a login that is not stored yet has zero times', () => {
  expect(seen(beforeLogin).flow).toMatchObject({ created_at: '0001-01-01T00:00:00Z' })
  expect(seen(afterLogin).flow).toMatchObject({ created_at: '2026-01-02T03:04:05.000Z', active: 'password' })
})

test('an amended identity is amended in its session too', () => {
  const context = { ...afterLogin, identity: { ...ann, traits: { email: 'new@example.test' } } }
  expect(seen(context)).toMatchObject({
    identity: { traits: { email: 'new@example.test' } },
    session: { active: true, identity: { traits: { email: 'new@example.test' } } },
  })
})

test('neither admin metadata nor own cookies nor unlisted headers are anywhere in it', () => {
  const text = JSON.stringify(seen(afterLogin))
  expect(text).not.toContain('never shown')
  expect(text).not.toContain('secret')
})

test.each([
  [[], {}],
  [['accept'], { Accept: ['application/json'] }],
  [['AUTHORIZATION'], { Authorization: ['Bearer secret'] }],
  [['cookie'], { Cookie: ['theme=dark'] }],
] as const)('of the headers %j are allowed', (headerAllowlist, headers) => {
  expect(seen(afterLogin, { headerAllowlist }).request_headers).toEqual(headers)
})

test('a Cookie header of nothing but own cookies is not there', () => {
  const own = { ...afterLogin, request: { ...request, headers: { Cookie: ['csrf_token_1=a;  ory_kratos_session=b'] } } }
  expect(seen(own, { headerAllowlist: ['Cookie'] }).request_headers).toEqual({})
})

test.each([
  ['all', { theme: 'dark' }],
  [['theme'], { theme: 'dark' }],
  [['ory_kratos_session', 'csrf_token_abc', 'ory_kratos_continuity'], {}],
  [[], {}],
] as const)('of the cookies %j are allowed', (cookieAllowlist, cookies) => {
  expect(seen(afterLogin, { cookieAllowlist }).request_cookies).toEqual(cookies)
})
