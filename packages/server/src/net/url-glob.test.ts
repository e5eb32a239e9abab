import { expect, test } from 'vitest'
import { matchesGlob } from './url-glob.ts'

test.each([
  ['http://127.0.0.1:4000/hook', 'http://127.0.0.1:4000/hook', true],
  ['http://127.0.0.1:4000/hook?secret=1#x', 'http://127.0.0.1:4000/hook', true],
  ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000', true],
  ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000/', true],
  ['http://127.0.0.1:4000/hook', 'http://127.0.0.1:4000', false],
  ['http://127.0.0.1:4000/hook', 'http://127.0.0.1:4000/*', true],
  ['http://127.0.0.1:4000/a/b', 'http://127.0.0.1:4000/*', false],
  ['http://127.0.0.1:4000/a/b.json', 'http://127.0.0.1:4000/**', true],
  ['https://crm.internal/x', 'https://*.internal/*', true],
  ['https://a.crm.internal/x', 'https://*.internal/*', false],
  ['https://a.crm.internal/x', 'https://**.internal/*', true],
  ['https://crmxinternal/x', 'https://crm.internal/x', false],
  ['https://b.test/x', 'https://{a,b}.test/?', true],
  ['https://c.test/x', 'https://{a,b}.test/?', false],
  ['https://a.test/x,y', 'https://a.test/x,y', true],
  ['https://a.test/7', 'https://a.test/[0-9]', true],
  ['https://a.test/x', 'https://a.test/[!0-9]', true],
  ['https://a.test/x', '', false],
])('%s is named by %s: %s', (url, glob, expected) => {
  expect(matchesGlob(new URL(url), glob)).toBe(expected)
})
