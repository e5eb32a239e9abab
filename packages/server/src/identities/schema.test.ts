import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PERSON } from '../../test/person.ts'
import { ConfigError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { KEYWORD } from './keyword.ts'
import { createSchemas, type IdentitySchema } from './schema.ts'
import { toText } from './violation-text.ts'
import { toFieldMessages } from './violations.ts'

const open = (document: JsonObject) =>
  createSchemas({
    defaultSchemaId: 'default',
    schemas: [{ id: 'default', url: 'base64://', document, selfserviceSelectable: false }],
  })

function schemaOf(document: JsonObject): IdentitySchema {
  const schema = open(document).find(null)
  if (schema === null) throw new Error('no default schema')
  return schema
}

/** A schema whose traits have one property `x`. */
const withX = (x: Json, more: JsonObject = {}) =>
  schemaOf({ type: 'object', properties: { traits: { type: 'object', properties: { x }, ...more } } })
const told = (schema: IdentitySchema, traits: Json) =>
  toFieldMessages(schema.check(traits)).map(({ field, message }) => [field, message.id, message.text, message.context])

describe('each keyword has its message', () => {
  test.each<[string, Json, Json, readonly (readonly unknown[])[]]>([
    [
      'type',
      { type: 'string' },
      5,
      [[4000026, 'expected string, but got number', { allowed_types: ['string'], actual_type: 'number' }]],
    ],
    [
      'type',
      { type: 'integer' },
      1.5,
      [[4000026, 'expected integer, but got number', { allowed_types: ['integer'], actual_type: 'number' }]],
    ],
    [
      'type',
      { type: ['string', 'null'] },
      [],
      [
        [
          4000026,
          'expected string or null, but got array',
          { allowed_types: ['string', 'null'], actual_type: 'array' },
        ],
      ],
    ],
    [
      'type',
      { type: 'object' },
      null,
      [[4000026, 'expected object, but got null', { allowed_types: ['object'], actual_type: 'null' }]],
    ],
    [
      'type and more',
      { type: 'string', enum: ['a'], minLength: 3 },
      5,
      [[4000026, 'expected string, but got number', { allowed_types: ['string'], actual_type: 'number' }]],
    ],
    [
      'minLength',
      { minLength: 3 },
      '👍é',
      [[4000003, 'length must be >= 3, but got 2', { min_length: 3, actual_length: 2 }]],
    ],
    [
      'maxLength',
      { maxLength: 1 },
      '👍👍',
      [[4000017, 'length must be <= 1, but got 2', { max_length: 1, actual_length: 2 }]],
    ],
    [
      'maxLength',
      { maxLength: 10 },
      'x'.repeat(10_000),
      [[4000017, 'length must be <= 10, but got 10000', { max_length: 10, actual_length: 10_000 }]],
    ],
    [
      'pattern',
      { pattern: '^[a-z]+$' },
      'A',
      [[4000004, 'does not match pattern "^[a-z]+$"', { pattern: '^[a-z]+$' }]],
    ],
    ['minimum', { minimum: 13 }, 5, [[4000018, 'must be >= 13 but found 5', { minimum: 13, actual: 5 }]]],
    [
      'exclusiveMinimum',
      { exclusiveMinimum: 13 },
      13,
      [[4000019, 'must be > 13 but found 13', { minimum: 13, actual: 13 }]],
    ],
    ['maximum', { maximum: 13 }, 14, [[4000020, 'must be <= 13 but found 14', { maximum: 13, actual: 14 }]]],
    [
      'exclusiveMaximum',
      { exclusiveMaximum: 13 },
      13,
      [[4000021, 'must be < 13 but found 13', { maximum: 13, actual: 13 }]],
    ],
    ['multipleOf', { multipleOf: 5 }, 7, [[4000022, '7 not multipleOf 5', { base: 5, actual: 7 }]]],
    ['multipleOf of fractions', { multipleOf: 0.1 }, 0.3, []],
    [
      'maxItems',
      { maxItems: 1 },
      [1, 2],
      [[4000023, 'maximum 1 items allowed, but found 2 items', { max_items: 1, actual_items: 2 }]],
    ],
    [
      'minItems',
      { minItems: 3 },
      [1, 2],
      [[4000024, 'minimum 3 items allowed, but found 2 items', { min_items: 3, actual_items: 2 }]],
    ],
    [
      'uniqueItems',
      { uniqueItems: true },
      [1, 2, 1],
      [[4000025, 'items at index 0 and 2 are equal', { index_a: 0, index_b: 2 }]],
    ],
    ['const', { const: 'a' }, 'b', [[4000029, 'must be equal to constant "a"', { expected: '"a"' }]]],
    ['const', { const: true }, false, [[4000029, 'must be equal to constant true', { expected: 'true' }]]],
    ['const', { const: { a: 1 } }, {}, [[4000030, 'const failed', undefined]]],
    ['format email', { format: 'email' }, 'x', [[4000040, 'Enter a valid email address', { value: 'x' }]]],
    ['format tel', { format: 'tel' }, 'x', [[4000041, 'Enter a valid phone number', { value: 'x' }]]],
    [
      'format date',
      { format: 'date' },
      'x',
      [[4000001, '"x" is not valid "date"', { reason: '"x" is not valid "date"' }]],
    ],
    ['a format nobody knows', { format: 'hat-size' }, 'x', []],
    [
      'enum',
      { enum: ['red', 'blue', 1] },
      'x',
      [[4000001, 'value must be one of "red", "blue", 1', { reason: 'value must be one of "red", "blue", 1' }]],
    ],
    ['not', { not: { const: 1 } }, 1, [[4000001, 'not failed', { reason: 'not failed' }]]],
    ['false', false, 1, [[4000001, 'always fail', { reason: 'always fail' }]]],
    [
      'oneOf',
      { oneOf: [{ minimum: 1 }, { minimum: 2 }] },
      3,
      [[4000001, 'valid against schemas at indexes 0 and 1', { reason: 'valid against schemas at indexes 0 and 1' }]],
    ],
    [
      'anyOf',
      { anyOf: [{ minimum: 5 }, { const: 1 }] },
      3,
      [
        [4000029, 'must be equal to constant 1', { expected: '1' }],
        [4000018, 'must be >= 5 but found 3', { minimum: 5, actual: 3 }],
      ],
    ],
    ['contains', { contains: { const: 1 } }, [], [[4000001, 'contains failed', { reason: 'contains failed' }]]],
    [
      'several',
      { format: 'email', minLength: 3 },
      'x',
      [
        [4000040, 'Enter a valid email address', { value: 'x' }],
        [4000003, 'length must be >= 3, but got 1', { min_length: 3, actual_length: 1 }],
      ],
    ],
  ])('%s: %j of %j', (_, x, value, expected) => {
    expect(told(withX(x), { x: value })).toEqual(expected.map((row) => ['traits.x', ...row]))
  })

  test.each<[string, JsonObject, Json, readonly (readonly unknown[])[]]>([
    [
      'required',
      { required: ['x', 'y'] },
      {},
      [
        ['traits.x', 4000002, 'Property x is missing.'],
        ['traits.y', 4000002, 'Property y is missing.'],
      ],
    ],
    [
      'required of what every object has',
      { required: ['toString', 'constructor'] },
      {},
      [
        ['traits.toString', 4000002, 'Property toString is missing.'],
        ['traits.constructor', 4000002, 'Property constructor is missing.'],
      ],
    ],
    [
      'additionalProperties',
      { additionalProperties: false },
      { a: 1, b: 2 },
      [['traits', 4000001, 'additionalProperties "a", "b" not allowed']],
    ],
    [
      'minProperties',
      { minProperties: 1 },
      {},
      [['traits', 4000001, 'minimum 1 properties allowed, but found 0 properties']],
    ],
    [
      'maxProperties',
      { maxProperties: 0 },
      { x: 1 },
      [['traits', 4000001, 'maximum 0 properties allowed, but found 1 properties']],
    ],
    [
      'dependencies',
      { dependencies: { x: ['y'] } },
      { x: 1 },
      [['traits', 4000001, 'property "y" is required, if "x" property exists']],
    ],
    [
      'if and then',
      JSON.parse('{"if":{"required":["x"]},"then":{"required":["y"]}}'),
      { x: 1 },
      [['traits.y', 4000002, 'Property y is missing.']],
    ],
    [
      'propertyNames',
      { propertyNames: { maxLength: 1 } },
      { xx: 1 },
      [
        ['traits', 4000001, 'property name "xx" is not allowed'],
        ['traits', 4000017, 'length must be <= 1, but got 2'],
      ],
    ],
    ['no object', {}, null, [['traits', 4000026, 'expected object, but got null']]],
    ['a list', {}, [], [['traits', 4000026, 'expected object, but got array']]],
  ])('%s', (_, more, traits, expected) => {
    expect(told(withX({}, more), traits).map((row) => row.slice(0, 3))).toEqual(expected)
  })

  test('messages name nested fields and items of lists by their path', () => {
    const schema = withX({
      type: 'object',
      required: ['first'],
      properties: { tags: { type: 'array', items: { type: 'string' } } },
    })
    expect(told(schema, { x: { tags: ['a', 1] } }).map(([field, id]) => [field, id])).toEqual([
      ['traits.x.tags.1', 4000026],
      ['traits.x.first', 4000002],
    ])
  })

  test('a million wrong items are a hundred messages', () => {
    const schema = withX({ type: 'array', items: { type: 'string' } })
    expect(told(schema, { x: Array.from({ length: 10_000 }, () => 1) })).toHaveLength(100)
  })
})

test('a key that would reach behind an object is refused wherever it stands', () => {
  const schema = withX({})
  for (const [text, field] of [
    ['{"__proto__":{"polluted":1}}', 'traits'],
    ['{"x":{"__proto__":1}}', 'traits.x'],
    ['{"x":[{"y":{"__proto__":1}}]}', 'traits.x.0.y'],
  ] as const) {
    expect(told(schema, JSON.parse(text)).map((row) => row.slice(0, 2))).toEqual([[field, 4000001]])
  }
  expect(told(schema, JSON.parse('{"constructor":1,"x":{"prototype":1}}'))).toEqual([])
})

test.each<[string, Json, JsonObject, Json, string]>([
  [
    'one violation stands alone',
    { minimum: 1 },
    {},
    { x: 0 },
    'I[#/traits/x] S[#/properties/traits/properties/x/minimum] must be >= 1 but found 0',
  ],
  [
    'several of one value are gathered',
    { const: 2, minimum: 1 },
    {},
    { x: 0 },
    [
      'I[#/traits/x] S[#/properties/traits/properties/x] validation failed',
      '  I[#/traits/x] S[#/properties/traits/properties/x/const] value must be 2',
      '  I[#/traits/x] S[#/properties/traits/properties/x/minimum] must be >= 1 but found 0',
    ].join('\n'),
  ],
  [
    'what is missing is one sentence',
    {},
    { required: ['a', 'b'] },
    {},
    'I[#/traits] S[#/properties/traits/required] missing properties: "a", "b"',
  ],
  [
    'a part of allOf says which',
    { allOf: [{ minimum: 1 }] },
    {},
    { x: 0 },
    [
      'I[#/traits/x] S[#/properties/traits/properties/x/allOf/0] allOf failed',
      '  I[#/traits/x] S[#/properties/traits/properties/x/allOf/0/minimum] must be >= 1 but found 0',
    ].join('\n'),
  ],
  [
    'branches are listed under what they are branches of',
    { anyOf: [{ minimum: 5 }, { const: 1 }] },
    {},
    { x: 3 },
    [
      'I[#/traits/x] S[#/properties/traits/properties/x/anyOf] anyOf failed',
      '  I[#/traits/x] S[#/properties/traits/properties/x/anyOf/0/minimum] must be >= 5 but found 3',
      '  I[#/traits/x] S[#/properties/traits/properties/x/anyOf/1/const] value must be 1',
    ].join('\n'),
  ],
  [
    'an item names its place',
    { items: { minimum: 1 } },
    {},
    { x: [1, 0] },
    'I[#/traits/x/1] S[#/properties/traits/properties/x/items/minimum] must be >= 1 but found 0',
  ],
])('for administrators, %s', (_, x, more, traits, text) => {
  expect(toText(withX(x, more).checkAll(traits))).toBe(text)
})

describe('Ory’s keyword', () => {
  const marked = (keyword: Json, more: JsonObject = {}) => withX({ type: 'string', ...more, [KEYWORD]: keyword })
  const all = (schema: IdentitySchema, x: Json) =>
    toFieldMessages(schema.checkAll({ x })).map(({ message }) => message.id)

  test.each<[string, Json, JsonObject, Json, readonly number[]]>([
    ['an address without a format must still be one', { verification: { via: 'email' } }, {}, 'x', [4000040]],
    ['so must one for recovery', { recovery: { via: 'email' } }, {}, 'x', [4000040]],
    ['and one for codes', { credentials: { code: { identifier: true, via: 'email' } } }, {}, 'x', [4000040]],
    ['it is said once', { recovery: { via: 'email' } }, { format: 'email' }, 'x', [4000040]],
    ['a good one passes', { verification: { via: 'email' } }, {}, 'ann@example.test', []],
    ['one that hides characters does not', { verification: { via: 'email' } }, {}, 'a\u202enn@example.test', [4000040]],
    ['unless the schema wants none of that', { verification: { via: 'email' } }, { format: 'no-validate' }, 'x', []],
    ['a phone number must be one', { verification: { via: 'sms' } }, { format: 'tel' }, 'x', [4000041]],
    ['a name may be anything', { credentials: { password: { identifier: true } } }, {}, 'Ann 🦊', []],
    [
      'but no longer than an index has room for',
      { credentials: { password: { identifier: true } } },
      {},
      'a'.repeat(256),
      [4000017],
    ],
    ['which a label need not fit into', { credentials: { totp: { account_name: true } } }, {}, 'a'.repeat(10_000), []],
  ])('%s', (_, keyword, more, value, ids) => {
    expect(all(marked(keyword, more), value)).toEqual(ids)
  })

  test.each<[string, JsonObject, string]>([
    ['an unknown member', { credentials: { passwort: {} } }, 'must NOT have additional properties'],
    ['a wrong value', { verification: { via: 'pigeon' } }, 'must be equal to one of the allowed values'],
    ['a text for a flag', { credentials: { password: { identifier: 'true' } } }, 'must be boolean'],
    ['sms without a format', { verification: { via: 'sms' } }, '"format": "tel"'],
  ])('with %s keeps a configuration from loading', (_, keyword, need) => {
    expect(() => marked(keyword)).toThrow(need)
  })

  test('is found behind references, in lists and in alternatives', () => {
    const address = { type: 'string', [KEYWORD]: { recovery: { via: 'email' } } }
    const schema = schemaOf({
      definitions: { address },
      properties: {
        traits: {
          properties: {
            main: { $ref: '#/definitions/address' },
            more: { type: 'array', items: { $ref: '#/definitions/address' } },
          },
          allOf: [{ properties: { third: address } }],
        },
      },
    })
    const found = schema.marked({ main: 'a', more: ['b', 'c'], third: 'd', other: 'e' })
    expect(found.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['traits.main', 'a'],
      ['traits.more.0', 'b'],
      ['traits.more.1', 'c'],
      ['traits.third', 'd'],
    ])
  })
})

test.each<[string, JsonObject, string]>([
  [
    'a newer draft',
    { $schema: 'https://json-schema.org/draft/2020-12/schema', properties: { traits: {} } },
    'draft-07',
  ],
  ['no traits', { type: 'object' }, 'properties.traits'],
  [
    'a pattern that RE2 does not know',
    { properties: { traits: { properties: { x: { pattern: '(?=a)' } } } } },
    'invalid or unsupported Perl syntax',
  ],
  [
    'a reference out of the document',
    { properties: { traits: { $ref: 'https://example.test/other.json' } } },
    "can't resolve reference",
  ],
  ['a reference to itself', { properties: { traits: { $ref: '#/properties/traits' } } }, 'do not lead back'],
  ['a type that is none', { properties: { traits: { type: 'thing' } } }, 'type'],
])('a schema with %s is a configuration error that names it', (_, document, need) => {
  const load = () => open(document)
  expect(load).toThrow(ConfigError)
  expect(load).toThrow('identity.schemas[0] ("default")')
  expect(load).toThrow(need)
})

test('older drafts are read as what they meant', () => {
  const schema = schemaOf({
    $schema: 'http://json-schema.org/draft-04/schema#',
    id: 'https://example.test/old.json',
    properties: { traits: { properties: { id: { type: 'number', minimum: 5, exclusiveMinimum: true } } } },
  })
  expect(told(schema, { id: 5 }).map((row) => row.slice(0, 2))).toEqual([['traits.id', 4000019]])
  expect(told(schema, { id: 6 })).toEqual([])
})

test('a pattern takes its time from the text alone', () => {
  const schema = withX({ pattern: '^(a+)+$' })
  const started = performance.now()
  expect(told(schema, { x: `${'a'.repeat(100_000)}!` })).toHaveLength(1)
  expect(performance.now() - started).toBeLessThan(3000)
})

test('a schema is found by its id, plain or as in schema_url, and by nothing else', () => {
  const schemas = open(PERSON)
  for (const id of [null, 'default', 'ZGVmYXVsdA']) expect(schemas.find(id)?.id).toBe('default')
  for (const id of ['', 'nope', '__proto__', 'toString']) expect(schemas.find(id)).toBeNull()
})

test('whatever JSON arrives is judged, never thrown at', () => {
  const schema = schemaOf(PERSON)
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const traits: Json = JSON.parse(JSON.stringify(value))
      expect(Array.isArray(toFieldMessages(schema.checkAll(traits)))).toBe(true)
      expect(typeof toText(schema.checkAll(traits))).toBe('string')
    }),
    { numRuns: 300 },
  )
})
