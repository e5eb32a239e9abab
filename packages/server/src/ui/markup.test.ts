import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attributes, markup, trusted } from './markup.ts'

test.each([
  ['a tag', '<b>', '&lt;b&gt;'],
  ['both quotes', `"'`, '&quot;&#39;'],
  ['an entity', '&amp;', '&amp;amp;'],
  ['the end of a script', '</script><script>alert(1)</script>', '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['emoji', '🚪👩‍👧', '🚪👩‍👧'],
  ['right-to-left text', 'مرحبا', 'مرحبا'],
])('%s is escaped in content and in attributes', (_name, text, escaped) => {
  expect(markup`<p>${text}</p>`.html).toBe(`<p>${escaped}</p>`)
  expect(attributes({ title: text }).html).toBe(` title="${escaped}"`)
})

test('markup, lists and numbers are put in as they are, nothing leaves nothing', () => {
  const item = (text: string) => markup`<li>${text}</li>`
  expect(markup`<ul>${['a', '&'].map(item)}${null}${undefined}${false}${0}${trusted('<hr>')}</ul>`.html).toBe(
    '<ul><li>a</li><li>&amp;</li>0<hr></ul>',
  )
})

test('a true attribute has no value, a missing one is left out, an empty one is kept', () => {
  expect(attributes({ required: true, disabled: false, pattern: undefined, id: null, value: '', size: 2 }).html).toBe(
    ' required value="" size="2"',
  )
})

test('no text can leave its place', () => {
  const isInside = (text: string) => !/[<>"']/.test(markup`<p>${text}</p>`.html.slice(3, -4))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), isInside))
})
