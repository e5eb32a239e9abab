import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { markup } from './markup.ts'
import { type Page, pageAnswer } from './page.ts'

const page: Page = { title: 'A <title>', main: markup`<h1>Hello</h1>`, home: 'http://id.example.test/ui/' }
const policyOf = (more: Partial<Page> = {}) => pageAnswer(200, { ...page, ...more }).headers['content-security-policy']

test('a page has a language, a title, landmarks and fits a small screen', () => {
  const { body } = pageAnswer(200, page)
  expect(body).toContain('<html lang="en">')
  expect(body).toContain('<title>A &lt;title&gt; · Cardea</title>')
  expect(body).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
  for (const landmark of ['header', 'main', 'footer']) expect(body).toContain(`<${landmark}`)
})

test('a page allows its own stylesheet by hash, pictures in it, and nothing else', () => {
  const style = /<style>([^]*)<\/style>/.exec(String(pageAnswer(200, page).body))?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(policyOf()).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self' data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'`,
  )
})

test('a script runs only where a page brings one, by its hash or its nonce', () => {
  const hash = createHash('sha256').update('go()').digest('base64')
  expect(policyOf({ script: 'go()' })).toContain(`script-src 'sha256-${hash}'; connect-src 'self'`)
  expect(policyOf({ nonces: ['abc='] })).toContain(`script-src 'nonce-abc='`)
})

test('a nonce cannot add a source of its own', () => {
  expect(policyOf({ nonces: [`x' 'unsafe-inline'; script-src *`] })).not.toContain('unsafe-inline')
})

test('a page cannot be framed, sniffed, or tell other sites where it was', () => {
  expect(pageAnswer(200, page).headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  })
})
