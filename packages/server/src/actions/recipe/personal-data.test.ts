import { expect, test } from 'vitest'
import { personalDataIn, personalTexts } from './personal-data.ts'

const call = (body: string) => ({
  method: 'POST',
  url: 'https://vendor.example.test/collect',
  headers: {},
  body,
  secretHeaders: [],
})
const nobody = { traits: {}, verifiableAddresses: [], recoveryAddresses: [] }

test.each(['ann@example.test', 'mailto:a@b.c', 'x=ann@example.test&y', 'a@@b@c.d', 'Ann <ann@mail.example.test>'])(
  '%s looks like an e-mail address',
  (text) => {
    expect(personalDataIn(call(JSON.stringify({ text })), [])).toBe('text holds what looks like an e-mail address')
  },
)

test.each(['@example.test', 'a@b', 'a @b.c', 'a@ b.c', 'a@.', 'a@b.', '5 @ 3.5'])('%s does not', (text) => {
  expect(personalDataIn(call(JSON.stringify({ text })), [])).toBeNull()
})

test('a text that a stranger has made long for it takes no longer than its length', () => {
  const from = performance.now()
  for (const text of ['a'.repeat(400_000), `${'a'.repeat(400_000)}@${'b'.repeat(400_000)}`, 'a@'.repeat(200_000)]) {
    expect(personalDataIn(call(text), [])).toBeNull()
    expect(personalTexts({ ...nobody, traits: { about: text } })).toEqual([])
  }
  expect(performance.now() - from).toBeLessThan(5_000)
})
