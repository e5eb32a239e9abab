import { expect, test } from 'vitest'
import { seenUrl } from './seen-url.ts'

test.each([
  ['/self-service/verification?flow=1&token=abc', '/self-service/verification?flow=1&token=hidden'],
  ['/self-service/recovery?token=abc&flow=1#x', '/self-service/recovery?token=hidden&flow=1#x'],
  [
    '/callback/up?code=a%26b&state=c&iss=https://up.example.test',
    '/callback/up?code=hidden&state=hidden&iss=https://up.example.test',
  ],
  ['/x?Code=1', '/x?Code=hidden'],
  [
    '/login/browser?return_to=https://a.example.test/?tokens=1&aal=aal2',
    '/login/browser?return_to=https://a.example.test/?tokens=1&aal=aal2',
  ],
  ['/x?code=', '/x?code='],
  ['/plain', '/plain'],
])('%s is seen as %s', (url, seen) => {
  expect(seenUrl(url)).toBe(seen)
})
