import { expect, test } from 'vitest'
import { acceptsJson, isJson } from './negotiate.ts'

const asking = (headers: Record<string, string>) => ({ header: (name: string) => headers[name] ?? null })

test.each([
  [{}, false, false],
  [{ accept: '*/*' }, false, false],
  [{ accept: 'application/json' }, true, true],
  [{ accept: 'application/json, text/plain, */*' }, true, true],
  [{ accept: 'application/*' }, true, true],
  [{ accept: 'application/xml' }, false, false],
  [{ accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }, false, false],
  [{ accept: 'text/html;q=0.5, application/json' }, true, true],
  [{ 'content-type': 'application/json', accept: '*/*' }, true, false],
  [{ 'content-type': 'application/json; charset=utf-8' }, false, false],
])('%j wants JSON: %s, and as a success: %s', (headers, wants, accepts) => {
  expect(isJson(asking(headers))).toBe(wants)
  expect(acceptsJson(asking(headers))).toBe(accepts)
})
