import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMailAddress, isPhoneNumber } from './addresses.ts'

describe('mail addresses', () => {
  test.each([
    'ann@example.test',
    'ann+tag@example.test',
    "o'neil@example.test",
    'a.b-c_d@sub.example.test',
    'zoë@example.test',
    'ann@bücher.example',
    'ann@localhost',
    `${'a'.repeat(64)}@example.test`,
  ])('%s', (address) => expect(isMailAddress(address)).toBe(true))

  test.each([
    ['nothing', ''],
    ['no @', 'ann'],
    ['no name', '@example.test'],
    ['no domain', 'ann@'],
    ['two', 'ann@example.test,eve@example.org'],
    ['two with a blank', 'ann@example.test eve@example.org'],
    ['a name and an address', 'Ann <ann@example.test>'],
    ['a quoted part that hides another domain', '"ann@eve.example" <x>@example.test'],
    ['quotes', '"ann"@example.test'],
    ['a comment', 'ann(eve)@example.test'],
    ['a group', 'us:ann@example.test;'],
    ['a header', 'ann@example.test\r\nBcc: eve@example.org'],
    ['a newline alone', 'ann@example.test\n'],
    ['a NUL', 'ann\0@example.test'],
    ['dots', 'ann..b@example.test'],
    ['a dot at the end', 'ann.@example.test'],
    ['an address literal', 'ann@[127.0.0.1]'],
    ['a path', 'ann@example.test/x'],
    ['a hyphen at the end of a label', 'ann@example-.test'],
    ['an empty label', 'ann@example..test'],
    ['a long name', `${'a'.repeat(65)}@example.test`],
    ['a long domain', `ann@${'a'.repeat(250)}.test`],
    ['10,000 characters', `${'a'.repeat(10_000)}@example.test`],
    ['a direction mark', 'ann\u202e@example.test'],
    ['a line separator', 'ann\u2028@example.test'],
  ])('refused: %s', (_name, address) => expect(isMailAddress(address)).toBe(false))

  test('what is taken has one @, no blank, no sign that a mailer would read otherwise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary' })), (text) => {
        if (isMailAddress(text)) expect(text).toMatch(/^[^\s@<>()[\]\\,;:"\p{C}]+@[^\s@<>()[\]\\,;:"\p{C}]+$/u)
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['+4915112345678', true],
  ['+12025550143', true],
  ['015112345678', false],
  ['+049151', false],
  ['+49 151', false],
  ['+49151x', false],
  ['+4915112345678\n', false],
  ['+49151123456789012', false],
])('the telephone number %j: %s', (text, expected) => expect(isPhoneNumber(text)).toBe(expected))
