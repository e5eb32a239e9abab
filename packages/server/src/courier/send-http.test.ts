import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Receiver, startReceiver } from '../../test/receiver.ts'
import type { HttpChannel } from '../core/courier-settings.ts'
import { deliveryId } from '../core/ids.ts'
import { openClient } from '../net/client.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import type { RenderedMessage } from './message.ts'
import { sendHttp } from './send-http.ts'

let receiver: Receiver
let client: OutgoingClient

beforeEach(async () => {
  receiver = await startReceiver()
  const clients = { privateAddressExceptions: [], maxRedirects: 0, headerAllowlist: [], cookieAllowlist: [] }
  client = openClient(() => ({ privateAddresses: 'allowed', ...clients }), { userAgent: 'cardea/test' })
})
afterEach(async () => {
  await client.close()
  await receiver.close()
})

const letter: RenderedMessage = {
  channel: 'email',
  recipient: 'ann@example.test',
  template: 'recovery_code_valid',
  subject: 'Your code',
  text: 'It is 123456\n',
  html: '<p>It is 123456</p>',
  data: { to: 'ann@example.test', recovery_code: '123456' },
  requestHeaders: { 'Accept-Language': ['de'] },
}
const phone: RenderedMessage = { ...letter, channel: 'sms', recipient: '+4915112345678', subject: '', html: null }

const send = (message: RenderedMessage, changes: Partial<HttpChannel> = {}, signal = new AbortController().signal) => {
  const channel: HttpChannel = {
    url: receiver.url('/send'),
    method: 'POST',
    headers: {},
    body: null,
    auth: null,
    ...changes,
  }
  const readTemplate = async (location: string) => {
    if (!location.startsWith('text:')) throw new Error(`there is no ${location}`)
    return location.slice(5)
  }
  return sendHttp({ client, readTemplate }, channel, message, {
    id: deliveryId('0199aaaa-0000-7000-8000-000000000001'),
    signal,
  })
}
const bodyOf = (): unknown => JSON.parse(receiver.calls[0]?.body ?? 'null')

test('without a template the body names what Ory’s names, and carries the words', async () => {
  expect(await send(letter)).toEqual({ kind: 'sent', status: 200 })
  expect(bodyOf()).toEqual({
    recipient: 'ann@example.test',
    template_type: 'recovery_code_valid',
    to: 'ann@example.test',
    recovery_code: '123456',
    recovery_url: null,
    verification_url: null,
    verification_code: null,
    login_code: null,
    registration_code: null,
    subject: 'Your code',
    body: 'It is 123456\n',
  })
  expect(receiver.calls[0]).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': '0199aaaa-0000-7000-8000-000000000001' },
  })
})

test('a Jsonnet template sees everything of a mail as ctx', async () => {
  await send(letter, { body: 'text:function(ctx) ctx' })
  expect(bodyOf()).toEqual({
    recipient: 'ann@example.test',
    subject: 'Your code',
    body: 'It is 123456\n',
    html_body: '<p>It is 123456</p>',
    template_type: 'recovery_code_valid',
    template_data: letter.data,
    message_type: 'email',
    request_headers: { 'Accept-Language': ['de'] },
  })
})

test('of a message to a phone, as a form', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  expect(
    await send(phone, { headers, body: 'text:function(ctx) { To: ctx.recipient, Body: ctx.body }' }),
  ).toMatchObject({
    kind: 'sent',
  })
  expect(receiver.calls[0]?.body).toBe('Body=It+is+123456%0A&To=%2B4915112345678')
  await send(phone, { body: 'text:function(ctx) ctx' })
  expect(JSON.parse(receiver.calls[1]?.body ?? '')).toMatchObject({ subject: '', message_type: 'sms' })
  expect(receiver.calls[1]?.body).not.toContain('html_body')
})

test.each([
  [
    'basic_auth',
    { type: 'basic_auth', user: 'ann', password: 'pä:ss' },
    'authorization',
    `Basic ${Buffer.from('ann:pä:ss').toString('base64')}`,
  ],
  ['a key in a header', { type: 'api_key', name: 'X-Key', value: 's3cret', in: 'header' }, 'x-key', 's3cret'],
  ['a key in a cookie', { type: 'api_key', name: 'key', value: 's3cret', in: 'cookie' }, 'cookie', 'key=s3cret'],
] as const)('the call is authenticated by %s', async (_name, auth, header, expected) => {
  await send(letter, { auth, headers: { 'X-Other': 'yes' } })
  expect(receiver.calls[0]?.headers).toMatchObject({ [header]: expected, 'x-other': 'yes' })
})

test.each([
  [200, 'sent'],
  [202, 'sent'],
  [204, 'sent'],
  [302, 'retry'],
  [400, 'retry'],
  [401, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
])('answered %i: %s', async (status, kind) => {
  receiver.on('/send', { status })
  expect(await send(letter)).toMatchObject({ kind })
})

test.each([
  ['a template that is gone', { body: 'file:///gone' }, 'could not be had'],
  ['a template that fails', { body: 'text:function(ctx) error "no"' }, 'no'],
  ['a template that is none', { body: 'text:{' }, 'the template failed'],
  ['a template without end', { body: 'text:function(ctx) local f(x) = f(x + 1); f(0)' }, 'the template failed'],
  [
    'a form that is none',
    { body: 'text:function(ctx) [1]', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    'flat object',
  ],
])('%s sends nothing and is tried again', async (_name, changes, reason) => {
  expect(await send(letter, changes)).toMatchObject({ kind: 'retry', reason: expect.stringContaining(reason) })
  expect(receiver.calls).toEqual([])
})

test.each([[{ ...letter, recipient: 'ann@example.test\r\nx' }], [{ ...phone, recipient: 'ann' }]])(
  'a recipient that is none is not tried again',
  async (message) => {
    expect(await send(message)).toMatchObject({ kind: 'final' })
    expect(receiver.calls).toEqual([])
  },
)

test('a call that the server’s end interrupts is given up, and not counted', async () => {
  receiver.on('/send', () => {})
  const stopping = new AbortController()
  const sending = send(letter, {}, stopping.signal)
  await receiver.waitFor('/send')
  stopping.abort()
  expect(await sending).toMatchObject({ kind: 'given_up' })
})
