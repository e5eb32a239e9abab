import { expect, test } from 'vitest'
import { devPage, echoPage } from './dev-pages.ts'
import type { EchoCall } from './echo.ts'
import { renderPage } from './page.ts'

const call = (id: number, body: string): EchoCall => ({
  id,
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  method: 'POST',
  path: '/echo/<x>',
  headers: { 'X-Hostile': ['</dd><script>alert(1)</script>'] },
  body,
  size: body.length,
  isCut: false,
  answered: 200,
})

const shown = (calls: readonly EchoCall[], more: { readonly isLive?: boolean; readonly showsAll?: boolean } = {}) =>
  renderPage(
    echoPage({
      home: 'http://id.example.test/ui/',
      receiver: 'http://id.example.test:4434/echo',
      calls,
      isLive: false,
      showsAll: false,
      ...more,
    }),
  )

test('an empty echo page says what to do', () => {
  expect(shown([])).toContain('Make an action run')
  expect(shown([])).toContain('http://id.example.test:4434/echo')
})

test('a call is shown with what it was about and its body, indented', () => {
  const html = shown([call(1, '{"trigger":{"flow":"login","phase":"before"},"n":[1,true,"x"]}')])
  expect(html).toContain('<strong>login.before</strong>')
  expect(html).toContain('  <span class="key">&quot;trigger&quot;</span>: {')
  expect(html).toContain('<span class="literal">true</span>')
  expect(html).not.toContain('Make an action run')
})

test.each([
  '{"a":"</pre><script>alert(1)</script>"}',
  '</pre><script>alert(1)</script>',
  '"\\u003cscript>',
  '{"<script>":1}',
])('the hostile body %s is only text', (body) => {
  expect(shown([call(1, body)])).not.toMatch(/<script>/)
})

test('the body of JSON keeps every character when it is coloured', () => {
  const value = { 'a"b': 'c: "d", 1 true', n: -1.5e-7, deep: [{ x: null }, ''] }
  const text = /<pre[^>]*>([^]*)<\/pre>/.exec(shown([call(1, JSON.stringify(value))]))?.[1] ?? ''
  const plain = text.replaceAll(/<[^>]*>/g, '').replaceAll('&quot;', '"')
  expect(plain).toBe(JSON.stringify(value, null, 2))
})

test('fifty calls are shown, and all of them when asked', () => {
  const calls = Array.from({ length: 60 }, (_, i) => call(60 - i, '{}'))
  expect(shown(calls).match(/<li class="call"/g)).toHaveLength(50)
  expect(shown(calls)).toContain('Show all 60')
  expect(shown(calls, { showsAll: true }).match(/<li class="call"/g)).toHaveLength(60)
})

test('a live page reloads itself without scripts as well, a paused one never', () => {
  expect(shown([], { isLive: true })).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>')
  expect(shown([], { isLive: true })).toContain('<script>')
  expect(shown([])).not.toContain('refresh')
})

test('the index lists the tools', () => {
  expect(renderPage(devPage('http://id.example.test/ui/'))).toContain('<a href="/dev/echo">Echo</a>')
})
