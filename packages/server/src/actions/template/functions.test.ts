import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/json.ts'
import { evaluate, ExpressionError, readExpression } from './expression.ts'

const context = {
  identity: { traits: { email: 'New@Example.test', name: { first: 'Zoë' }, tags: ['a', 'b'] }, state: 'active' },
  previous_identity: { traits: { email: 'old@example.test', name: { first: 'Zoë' } }, state: 'active' },
}
const valueOf = (source: string): Json => evaluate(readExpression(source), context)

describe('functions of templates', () => {
  test.each<readonly [string, Json]>([
    ["at(ctx, 'identity.traits.name.first')", 'Zoë'],
    ["at(ctx, 'identity.traits.tags.1')", 'b'],
    ["at(ctx, 'identity.traits.nickname.first')", null],
    ["at(ctx, 'identity.traits.constructor')", null],
    ["changed(ctx, 'traits.email')", true],
    ["changed(ctx, 'traits.name')", false],
    ["changed(ctx, 'traits.tags')", true],
    ["changed({ identity: { traits: { email: 'a' } } }, 'traits.email')", false],
    ["lower('ÄÖ Ada.Lovelace+test@Example.com')", 'äö ada.lovelace+test@example.com'],
    ["std.md5(lower('Ada.Lovelace+test@Example.com'))", '197b0a88e870c0861a3a7d7d6d4d49e9'],
    ["std.trim('  a ')", 'a'],
    ["truncate('äöü😀x', 4)", 'äöü😀'],
    ['truncate(null, 4)', null],
    ["snakeCase('Email verified!')", 'email_verified'],
    ["snakeCase('  Söhne&Töchter signedUp2x ')", 'sohne_tochter_signed_up2x'],
    ["base64('Zoë')", 'Wm/Dqw=='],
    ["uriEncode('Ada.Lovelace+test@Example.com/!')", 'Ada.Lovelace%2Btest%40Example.com%2F%21'],
    [
      "hmacSha256('key', 'The quick brown fox jumps over the lazy dog')",
      'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8',
    ],
    // RFC 9562, appendix A.4.
    ["uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')", '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
    ["seconds('2026-01-15T10:00:00.123Z')", 1768471200],
    ["millis('2026-01-15T10:00:00.123Z')", 1768471200123],
    ["micros('2026-01-15T10:00:00.123Z')", 1768471200123000],
    ['iso(1768471200123)', '2026-01-15T10:00:00.123Z'],
    ["isoSeconds('2026-01-15T10:00:00.123Z')", '2026-01-15T10:00:00+00:00'],
    ["coalesce([null, '', 'x', 'y'])", 'x'],
    ['coalesce([])', null],
    ["pick({ a: 1, b: 2 }, ['a', 'c'])", { a: 1 }],
    ["omit({ a: 1, b: 2 }, ['a', 'c'])", { b: 2 }],
    ["toStringMap({ a: 1, b: true, c: null, d: 'x', e: { f: [1] } })", { a: '1', b: 'true', d: 'x', e: '{"f":[1]}' }],
  ])('%s', (source, expected) => {
    expect(valueOf(source)).toEqual(expected)
  })

  test.each([
    ['lower(1)', 'text must be a text, got number'],
    ["truncate('a', -1)", 'most must be a whole number, got number'],
    ["seconds('yesterday')", 'time is none'],
    ["uuid5('x', 'y')", 'the namespace is not a UUID'],
    ["pick([1], ['a'])", 'an object is needed, got a list'],
  ])('%s says what is wrong with it', (source, said) => {
    expect(() => valueOf(source)).toThrow(ExpressionError)
    expect(() => valueOf(source)).toThrow(said)
  })

  test('where something is wrong is counted in what was written', () => {
    expect(() => readExpression('lower(ctx.identity, nobody)')).toThrow('column 21: Unknown variable: nobody')
    expect(() => readExpression('nobody')).toThrow('column 1: Unknown variable: nobody')
  })
})
