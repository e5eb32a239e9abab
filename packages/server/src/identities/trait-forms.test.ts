import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PERSON } from '../../test/person.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { InputAttributes } from '../core/ui.ts'
import { KEYWORD } from './keyword.ts'
import { createSchemas } from './schema.ts'
import { createTraitForms } from './trait-forms.ts'

const formsOf = (...documents: readonly JsonObject[]) =>
  createTraitForms(
    createSchemas({
      defaultSchemaId: 'schema-0',
      schemas: documents.map((document, i) => ({
        id: `schema-${i}`,
        url: 'base64://',
        document,
        selfserviceSelectable: i === 1,
      })),
    }),
  )
const traits = (properties: JsonObject, more: JsonObject = {}) =>
  ({ type: 'object', properties: { traits: { type: 'object', properties, ...more } } }) satisfies JsonObject

describe('each kind of trait has its field', () => {
  const plain = { node_type: 'input', name: 'traits.x', disabled: false } as const
  test.each<[string, JsonObject, Partial<InputAttributes>]>([
    ['string', { type: 'string' }, { type: 'text' }],
    ['e-mail', { type: 'string', format: 'email' }, { type: 'email', autocomplete: 'email' }],
    ['phone', { type: 'string', format: 'tel' }, { type: 'tel', autocomplete: 'tel' }],
    ['URL', { type: 'string', format: 'uri' }, { type: 'url', autocomplete: 'url' }],
    ['date', { type: 'string', format: 'date' }, { type: 'date' }],
    ['moment', { type: 'string', format: 'date-time' }, { type: 'datetime-local' }],
    ['other format', { type: 'string', format: 'ipv4' }, { type: 'text' }],
    ['number', { type: 'number' }, { type: 'number' }],
    ['integer', { type: 'integer' }, { type: 'number' }],
    ['number or null', { type: ['null', 'number'] }, { type: 'number' }],
    ['boolean', { type: 'boolean' }, { type: 'checkbox' }],
    ['consent', { const: true }, { type: 'checkbox' }],
    ['pattern', { type: 'string', pattern: '^[a-z]+$' }, { type: 'text', pattern: '^[a-z]+$' }],
    ['choice', { enum: ['red', 2] }, { type: 'text', options: [{ value: 'red' }, { value: 2 }] }],
    ['choice of too many', { enum: Array.from({ length: 501 }, (_, i) => i) }, { type: 'text' }],
    ['list', { type: 'array', items: { type: 'string' } }, { type: 'text' }],
    ['reference', { $ref: '#/properties/traits/properties/y' }, { type: 'number' }],
    ['anything', {}, { type: 'text' }],
  ])('%s', (_, x, attributes) => {
    const [node] = formsOf(traits({ x, y: { type: 'integer' } })).nodes(null)
    expect(node).toEqual({
      type: 'input',
      group: 'default',
      attributes: { ...plain, ...attributes },
      messages: [],
      meta: {},
    })
  })

  test('objects are the fields in them, required or not by their own list', () => {
    const forms = formsOf(
      traits(
        {
          zebra: { type: 'string', title: 'Zebra' },
          name: {
            type: 'object',
            required: ['last'],
            properties: { first: {}, last: { title: 'Surname' }, deep: { properties: { a: {} } } },
          },
          ant: { type: 'string', title: '' },
        },
        { required: ['name', 'ant'] },
      ),
    )
    const shown = forms
      .nodes(null)
      .map((node) => (node.type === 'input' ? [node.attributes.name, node.attributes.required, node.meta.label] : []))
    expect(shown).toEqual([
      [
        'traits.zebra',
        undefined,
        { id: 1070002, text: 'Zebra', type: 'info', context: { title: 'Zebra', name: 'traits.zebra' } },
      ],
      ['traits.name.first', undefined, undefined],
      [
        'traits.name.last',
        true,
        { id: 1070002, text: 'Surname', type: 'info', context: { title: 'Surname', name: 'traits.name.last' } },
      ],
      ['traits.name.deep.a', undefined, undefined],
      ['traits.ant', true, undefined],
    ])
  })

  test('a schema that refers to itself still makes a form that ends, and traits that do', () => {
    const forms = formsOf(
      traits({
        name: { type: 'string' },
        left: { $ref: '#/properties/traits' },
        right: { $ref: '#/properties/traits' },
      }),
    )
    expect(forms.nodes(null).map((node) => node.type === 'input' && node.attributes.name)).toEqual(['traits.name'])
    expect(forms.coerce(null, { traits: {} }, 'form')).toEqual({ traits: {} })
    const deep = { traits: { left: { right: { name: 'x' } } } }
    expect(forms.coerce(null, deep, 'form')).toEqual(deep)
  })
})

describe('fields become typed traits', () => {
  const forms = formsOf(
    traits({
      text: { type: 'string' },
      number: { type: 'number' },
      integer: { type: 'integer' },
      flag: { type: 'boolean' },
      maybe: { type: ['string', 'integer'] },
      tags: { type: 'array', items: { type: 'integer' } },
      name: { type: 'object', properties: { first: { type: 'string' }, age: { type: 'integer' } } },
    }),
  )
  test.each<[string, 'form' | 'json', JsonObject, JsonObject]>([
    ['true is true', 'form', { flag: 'true' }, { flag: true, name: {} }],
    ['false is false', 'form', { flag: 'false' }, { flag: false, name: {} }],
    ['on is a text', 'form', { flag: 'on' }, { flag: 'on', name: {} }],
    ['a number', 'form', { number: '-1.5e3' }, { number: -1500, name: {} }],
    ['an integer', 'form', { integer: '36' }, { integer: 36, name: {} }],
    ['no integer is still a number', 'form', { integer: '36.5' }, { integer: 36.5, name: {} }],
    [
      'no number stays a text',
      'form',
      { integer: '36 years', number: '1e999' },
      { integer: '36 years', number: '1e999', name: {} },
    ],
    [
      'hexadecimal is no number',
      'form',
      { integer: '0x10', number: ' 1' },
      { integer: '0x10', number: ' 1', name: {} },
    ],
    ['digits of a text stay text', 'form', { text: '007', maybe: '1' }, { text: '007', maybe: '1', name: {} }],
    ['nested', 'form', { name: { age: '3', first: '3' } }, { name: { age: 3, first: '3' } }],
    ['numbered items', 'form', { tags: { 0: '1', 1: 'x' } }, { tags: [1, 'x'], name: {} }],
    ['items with a gap', 'form', { tags: { 0: '1', 2: '3' } }, { tags: { 0: '1', 2: '3' }, name: {} }],
    ['unknown', 'form', { other: 'true' }, { other: 'true', name: {} }],
    ['of JSON nothing is guessed', 'json', { flag: 'true', integer: '36' }, { flag: 'true', integer: '36', name: {} }],
    ['objects are there though nothing was typed', 'json', {}, { name: {} }],
    [
      'names of prototype members',
      'form',
      { constructor: 'x', toString: 'y' },
      { constructor: 'x', toString: 'y', name: {} },
    ],
  ])('%s (%s)', (_, encoding, sent, expected) => {
    expect(forms.coerce(null, { method: 'password', traits: sent }, encoding)).toEqual({
      method: 'password',
      traits: expected,
    })
  })

  test.each<[Json]>([['text'], [5], [null], [['a']]])(
    'traits that are %j are left for the validation to refuse',
    (sent) => {
      expect(forms.coerce(null, { traits: sent }, 'form')).toEqual({ traits: sent })
    },
  )

  test('a key of the prototype stays data', () => {
    const fields: JsonObject = JSON.parse('{"traits":{"__proto__":{"polluted":"true"}}}')
    const coerced = forms.coerce(null, fields, 'form')
    expect(isJsonObject(coerced.traits) && Object.hasOwn(coerced.traits, '__proto__')).toBe(true)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(forms.validate(null, isJsonObject(coerced.traits) ? coerced.traits : {}).map(({ field }) => field)).toEqual([
      'traits',
    ])
  })

  test('whatever is sent, nothing is thrown and nothing typed is lost', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (sent) => {
        const fields: JsonObject = JSON.parse(JSON.stringify({ traits: sent }))
        const { traits: coerced } = forms.coerce(null, fields, 'form')
        const names = isJsonObject(fields.traits) ? Object.keys(fields.traits) : []
        expect(isJsonObject(coerced) ? Object.keys(coerced) : []).toEqual(expect.arrayContaining(names))
      }),
      { numRuns: 200 },
    )
  })
})

test('the recorded errors of the reference', () => {
  const forms = formsOf(PERSON)
  const said = (sent: JsonObject) => forms.validate(null, sent)
  expect(said({ email: 'not-an-email' })).toEqual([
    {
      field: 'traits.email',
      message: { id: 4000040, text: 'Enter a valid email address', type: 'error', context: { value: 'not-an-email' } },
    },
  ])
  expect(said({})).toEqual([
    {
      field: 'traits.email',
      message: { id: 4000002, text: 'Property email is missing.', type: 'error', context: { property: 'email' } },
    },
  ])
  expect(said({ email: 'a@example.test', nickname: 'x' })).toEqual([
    {
      field: 'traits',
      message: {
        id: 4000001,
        text: 'additionalProperties "nickname" not allowed',
        type: 'error',
        context: { reason: 'additionalProperties "nickname" not allowed' },
      },
    },
  ])
  expect(said({ email: 'a@example.test', age: 5 })).toEqual([
    {
      field: 'traits.age',
      message: { id: 4000018, text: 'must be >= 13 but found 5', type: 'error', context: { minimum: 13, actual: 5 } },
    },
  ])
})

test('a client may choose the default schema and those made for choosing', () => {
  const forms = formsOf(PERSON, PERSON, PERSON)
  const answers = ['schema-0', 'schema-1', 'schema-2', 'nope'].map((id) => forms.isSelectable(id))
  expect(answers).toEqual(['yes', 'yes', 'no', 'unknown'])
  expect(() => forms.nodes('nope')).toThrow('The request was malformed')
})

const identifier = { [KEYWORD]: { credentials: { password: { identifier: true } } } }
test.each<[string, JsonObject, unknown]>([
  [
    'the title of the only identifier',
    { email: { title: 'E-Mail', ...identifier }, x: {} },
    { id: 1070002, text: 'E-Mail', context: { name: 'traits.email', title: 'E-Mail' } },
  ],
  [
    'ID, if there are two',
    { email: { title: 'E-Mail', ...identifier }, name: { title: 'Name', ...identifier } },
    { id: 1070004 },
  ],
  ['ID, if it has no title', { email: identifier }, { id: 1070004 }],
  ['ID, if there is none', { email: { title: 'E-Mail' } }, { id: 1070004 }],
  [
    'a nested one’s',
    { a: { properties: { b: { title: 'B', ...identifier } } } },
    { id: 1070002, context: { name: 'traits.a.b' } },
  ],
])('a login form asks for %s', (_, properties, label) => {
  expect(formsOf(traits(properties)).identifierLabel()).toMatchObject(label ?? {})
})
