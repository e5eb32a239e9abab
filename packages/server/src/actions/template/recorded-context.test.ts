import { expect, test } from 'vitest'
import { recordedContext } from './recorded-context.ts'

test('cookies, credentials and the form are not recorded, everything else is', () => {
  expect(
    recordedContext({
      flow: { id: 'f', ui: { nodes: [{ attributes: { value: 'totp seed' } }] }, transient_payload: { from: 'shop' } },
      identity: { id: 'i', traits: { email: 'ann@example.test' } },
      request_cookies: { theme: 'dark' },
      request_headers: { Authorization: ['Bearer x'], cookie: ['a=b'], 'User-Agent': ['test/1'] },
      trigger: { flow: 'login' },
    }),
  ).toEqual({
    flow: { id: 'f', transient_payload: { from: 'shop' } },
    identity: { id: 'i', traits: { email: 'ann@example.test' } },
    request_headers: { 'User-Agent': ['test/1'] },
    trigger: { flow: 'login' },
  })
})

test('a context of an event has no flow, and stays as it is', () => {
  expect(recordedContext({ trigger: { event: 'identity.created' } })).toEqual({
    trigger: { event: 'identity.created' },
  })
})

test('what is too long is not kept', () => {
  expect(recordedContext({ identity: { traits: { text: 'x'.repeat(70_000) } } })).toBeNull()
})
