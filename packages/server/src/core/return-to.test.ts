import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveReturnTo } from './return-to.ts'

const allowed = {
  defaultUrl: 'https://www.example.test/home',
  urls: [
    'https://app.example.test/',
    'https://*.tenants.example.test/in',
    'exampleapp://back',
    'http://127.0.0.1:3000',
  ],
}
const resolve = (candidate: string) => resolveReturnTo(candidate, allowed)

test.each([
  ['https://app.example.test', 'https://app.example.test/'],
  ['https://app.example.test/deep?a=1#b', 'https://app.example.test/deep?a=1#b'],
  ['https://APP.example.test/', 'https://app.example.test/'],
  ['https://app.example.test:443/', 'https://app.example.test/'],
  ['https://www.example.test/home/then', 'https://www.example.test/home/then'],
  // What is relative is meant at the default page's host, and judged like everything else.
  ['/home/x', 'https://www.example.test/home/x'],
  ['https://one.tenants.example.test/in/x', 'https://one.tenants.example.test/in/x'],
  ['https://a.b.tenants.example.test/in', 'https://a.b.tenants.example.test/in'],
  ['exampleapp://back/to', 'exampleapp://back/to'],
  ['http://127.0.0.1:3000/x', 'http://127.0.0.1:3000/x'],
])('%s leads to %s', (candidate, url) => {
  expect(resolve(candidate)).toEqual({ kind: 'allowed', url })
})

describe('I45: nobody is sent anywhere else, however it is spelt', () => {
  test.each([
    'https://evil.test',
    'https://evil.test/https://app.example.test/',
    'https://evil.test?https://app.example.test/',
    'https://evil.test#https://app.example.test/',
    'https://app.example.test.evil.test/',
    'https://app.example.test@evil.test/',
    'https://app.example.test:pw@evil.test/',
    'https://user@app.example.test/',
    'https://user:pw@app.example.test/',
    'https://app.example.test:8443/',
    'http://app.example.test/',
    'https://xapp.example.test/',
    'https://app-example.test/',
    'https://app.example.test./',
    'https://app.example.tes',
    'https://app%2eexample.test.evil.test/',
    'https://app.example.test%2f@evil.test/',
    'https://app.example.test%00.evil.test/',
    'https://app.example.test\\@evil.test/',
    'https:\\\\evil.test/',
    'https:/\\evil.test',
    '\\\\evil.test',
    '/\\evil.test',
    '//evil.test',
    '///evil.test',
    '////evil.test/',
    '//evil.test/%2f..',
    '/\t/evil.test',
    '\t//evil.test',
    'https://evil.test\t@app.example.test',
    'ht\ntps://evil.test',
    ' https://evil.test',
    'https:evil.test',
    'https:///evil.test',
    'https://[::ffff:127.0.0.1]:3000/',
    'http://127.0.0.1:30000/',
    'http://127.0.0.1/',
    'http://localhost:3000/',
    'http://0x7f.1:3001/',
    'javascript:alert(1)',
    'javascript://app.example.test/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'blob:https://app.example.test/x',
    'ftp://app.example.test/',
    'exampleapp://other',
    'exampleapp:back',
    'exampleappx://back',
    'https://tenants.example.test/in',
    'https://.tenants.example.test/in',
    'https://eviltenants.example.test/in',
    'https://one.tenants.example.test.evil.test/in',
    'https://one.tenants.example.test/out',
    'https://one.tenants.example.test:444/in',
    'https://www.example.test/',
    'https://www.example.test/other',
    '/other',
    '/home/../other',
    '../other',
    'https://www.example.test/home/../../other',
    'https://www.example.test/home/%2e%2e/other',
    'https://ＡＰＰ.example.test.evil.test/',
    'https://app。example。test.evil.test/',
  ])('%j', (candidate) => {
    expect(resolve(candidate).kind).toBe('refused')
  })

  test('whatever stands around an allowed host', () => {
    const hosts = new Set(['www.example.test', 'app.example.test', '127.0.0.1:3000', 'back'])
    const part = fc.constantFrom(
      'https:',
      'http:',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '.',
      '?',
      '#',
      '%2f',
      '%00',
      '\t',
      'evil.test',
      'app.example.test',
      'www.example.test',
      'tenants.example.test',
      'exampleapp:',
      'back',
      '127.0.0.1',
      ':3000',
      '[',
      ']',
      'ａ',
      '。',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const resolved = resolve(parts.join(''))
        if (resolved.kind === 'refused') return true
        const { host } = new URL(resolved.url)
        return hosts.has(host) || host.endsWith('.tenants.example.test')
      }),
      { numRuns: 20_000 },
    )
  })
})

test.each(['https://*.test/', 'https://*', 'https://*test/', '*://app.example.test/'])(
  'a wildcard for a whole top-level domain covers nothing: %s',
  (entry) => {
    expect(resolveReturnTo('https://evil.test/', { defaultUrl: 'https://www.example.test/', urls: [entry] }).kind).toBe(
      'refused',
    )
  },
)

test('an address that is not one is told from one that is not allowed', () => {
  expect(resolve('https://')).toMatchObject({ id: null, reason: expect.stringContaining('Unable to parse') })
  expect(resolve('https://evil.test/')).toMatchObject({ id: 'self_service_flow_return_to_forbidden' })
})
