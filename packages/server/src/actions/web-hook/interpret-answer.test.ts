import { expect, test } from 'vitest'
import { NeighbourError } from '../../core/errors.ts'
import type { AnswerMode } from './hook.ts'
import { interpretAnswer } from './interpret-answer.ts'

const refusal = JSON.stringify({
  messages: [{ instance_ptr: '#/traits/email', messages: [{ id: 7, text: 'no', type: 'error' }] }],
})
const change = JSON.stringify({ identity: { traits: { email: 'bob@example.test' } } })

/** The decision's kind, or the class of the failure. */
function outcome(answer: AnswerMode, status: number, body: string, phase: 'before' | 'after' = 'after') {
  try {
    return interpretAnswer({ answer, phase }, status, body).kind
  } catch (error) {
    return error instanceof NeighbourError ? error.class : error
  }
}

// ory-actions.md §4.7, row by row: status, body, then what each mode makes of it.
test.each([
  [200, '', 'proceed', 'proceed', 'P'],
  [200, 'text', 'proceed', 'proceed', 'P'],
  [200, '[]', 'proceed', 'proceed', 'P'],
  [200, '"text"', 'proceed', 'proceed', 'P'],
  [200, 'null', 'proceed', 'proceed', 'proceed'],
  [200, '{}', 'proceed', 'proceed', 'proceed'],
  [200, '{"identity":null}', 'proceed', 'proceed', 'proceed'],
  [200, '{"identity":{}}', 'proceed', 'proceed', 'proceed'],
  [200, '{"identity":5}', 'proceed', 'proceed', 'P'],
  [200, change, 'proceed', 'proceed', 'amend'],
  [200, refusal, 'proceed', 'proceed', 'proceed'],
  [201, change, 'proceed', 'proceed', 'proceed'],
  [202, 'text', 'proceed', 'proceed', 'proceed'],
  [204, '', 'proceed', 'proceed', 'proceed'],
  [400, refusal, 'U', 'deny', 'deny'],
  [401, refusal, 'U', 'deny', 'deny'],
  [403, refusal, 'U', 'deny', 'deny'],
  [404, refusal, 'U', 'deny', 'deny'],
  [418, refusal, 'U', 'deny', 'deny'],
  [422, refusal, 'U', 'deny', 'deny'],
  [501, refusal, 'U', 'deny', 'deny'],
  [400, '', 'U', 'P', 'P'],
  [400, 'not json', 'U', 'P', 'P'],
  [400, '[]', 'U', 'P', 'P'],
  [400, 'null', 'U', 'P', 'P'],
  [400, '{}', 'U', 'P', 'P'],
  [400, '{"messages":[]}', 'U', 'P', 'P'],
  [400, '{"messages":null}', 'U', 'P', 'P'],
  [400, '{"messages":{}}', 'U', 'P', 'P'],
  [400, '{"messages":[5]}', 'U', 'P', 'P'],
  [400, '{"messages":[{"instance_ptr":5,"messages":[]}]}', 'U', 'P', 'P'],
  [400, '{"messages":[{"messages":[]}]}', 'U', 'deny', 'deny'],
  [400, '{"messages":[{"messages":[{"id":"7"}]}]}', 'U', 'P', 'P'],
  [400, '{"messages":[{"messages":[{"id":1.5}]}]}', 'U', 'P', 'P'],
  [400, '{"messages":[{"messages":[{"text":5}]}]}', 'U', 'P', 'P'],
  [400, '{"messages":[{"messages":[{}]}],"unknown":1}', 'U', 'deny', 'deny'],
  [429, refusal, 'P', 'P', 'P'],
  [500, refusal, 'P', 'P', 'P'],
  [502, refusal, 'P', 'P', 'P'],
  [503, refusal, 'P', 'P', 'P'],
  [599, '', 'P', 'P', 'P'],
])('%i with %s', (status, body, plain, interrupts, parses) => {
  expect(outcome('plain', status, body)).toBe(plain)
  expect(outcome('interrupts', status, body)).toBe(interrupts)
  expect(outcome('parses', status, body)).toBe(parses)
})

test('before a flow an identity in the answer is ignored, however malformed', () => {
  expect(outcome('parses', 200, change, 'before')).toBe('proceed')
  expect(outcome('parses', 200, '{"identity":5}', 'before')).toBe('proceed')
  expect(outcome('parses', 400, refusal, 'before')).toBe('deny')
})

const denied = (messages: unknown) => {
  const decision = interpretAnswer({ answer: 'interrupts', phase: 'after' }, 400, JSON.stringify({ messages }))
  return decision.kind === 'deny' ? decision.messages : decision.kind
}

test('messages keep id, type, text and context, each at its field', () => {
  expect(
    denied([
      {
        instance_ptr: '#/traits/email',
        messages: [
          { id: 1, text: 'one', type: 'error' },
          { id: 2, text: 'two', type: 'error' },
        ],
      },
      { instance_ptr: '#/traits/name/first', messages: [{ id: 3, text: 'three', type: 'success', context: { a: 1 } }] },
      { messages: [{ text: 'no id' }] },
    ]),
  ).toEqual([
    { field: 'traits.email', message: { id: 1, text: 'one', type: 'error' } },
    { field: 'traits.email', message: { id: 2, text: 'two', type: 'error' } },
    { field: 'traits.name.first', message: { id: 3, text: 'three', type: 'info', context: { a: 1 } } },
    { field: '', message: { id: 0, text: 'no id', type: 'info' } },
  ])
})

test.each([
  ['#/traits/email', 'traits.email'],
  ['#/method', 'method'],
  ['#/', ''],
  ['', ''],
  ['#', ''],
  ['#/traits/a~1b', 'traits.a/b'],
  ['#/traits/a~0b', 'traits.a~b'],
  ['#/traits/a%20b', 'traits.a b'],
  ['#/traits/a.b', 'traits.a\\.b'],
  ['#/traits/%zz', 'traits.%zz'],
  ['traits.email', 'traits.email'],
  ['/traits/email', '/traits/email'],
])('the pointer %s is the field %s', (pointer, field) => {
  expect(denied([{ instance_ptr: pointer, messages: [{ text: 'x' }] }])).toMatchObject([{ field }])
})

test.each([
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['a\u0000b\u001bc\u0085d', 'abcd'],
  ['a\r\nb\tc', 'a b c'],
  ['user\u202egnp.exe', 'usergnp.exe'],
  ['\u2066a\u2069\u200f', 'a'],
  ['\ud83d\ude00'.repeat(600), '\ud83d\ude00'.repeat(512)],
])('the text %j is shown as %j', (text, shown) => {
  // NUL never gets this far, so it is left out of what is sent.
  expect(denied([{ messages: [{ text: text.replace('\0', '') }] }])).toMatchObject([{ message: { text: shown } }])
})

test('a context is an object of at most 4 KiB, and nobody is told a thousand things', () => {
  const message = (context: unknown) => denied([{ messages: [{ text: 'x', context }] }])
  expect(message({ a: 'x'.repeat(5_000) })).toEqual([{ field: '', message: { id: 0, text: 'x', type: 'info' } }])
  expect(message([1])).toEqual([{ field: '', message: { id: 0, text: 'x', type: 'info' } }])
  expect(denied([{ messages: Array.from({ length: 1_000 }, () => ({ text: 'x' })) }])).toHaveLength(100)
})

const patched = (identity: unknown) => {
  const decision = interpretAnswer({ answer: 'parses', phase: 'after' }, 200, JSON.stringify({ identity }))
  return decision.kind === 'amend' ? decision.patch : decision.kind
}

// ory-actions.md §4.9, row by row.
test.each([
  [{ traits: { a: 1 } }, { traits: { a: 1 } }],
  [{ traits: null }, { traits: null }],
  [{ traits: 'odd' }, { traits: 'odd' }],
  [{ schema_id: 'employee' }, { schemaId: 'employee' }],
  [{ schema_id: '' }, 'proceed'],
  [{ schema_id: null }, 'proceed'],
  [{ state: 'inactive' }, { state: 'inactive' }],
  [{ state: '' }, 'proceed'],
  [
    { metadata_public: { a: 1 }, metadata_admin: [1] },
    { metadataPublic: { a: 1 }, metadataAdmin: [1] },
  ],
  [{ metadata_public: null }, { metadataPublic: null }],
  [{ external_id: 'e' }, { externalId: 'e' }],
  [{ external_id: '' }, { externalId: null }],
  [{ external_id: null }, { externalId: null }],
  [{ verifiable_addresses: [] }, 'proceed'],
  [{ verifiable_addresses: null }, 'proceed'],
  [{ verifiable_addresses: [{ value: 'a@x.test' }] }, { verifiableAddresses: [{ value: 'a@x.test' }] }],
  [
    {
      verifiable_addresses: [
        { value: 'a@x.test', via: 'email', verified: true, status: 'completed', verified_at: '1970-01-01T00:00:01Z' },
      ],
    },
    {
      verifiableAddresses: [
        { value: 'a@x.test', via: 'email', verified: true, status: 'completed', verifiedAt: 1_000 },
      ],
    },
  ],
  [
    { recovery_addresses: [{ value: 'a@x.test', via: 'email' }] },
    { recoveryAddresses: [{ value: 'a@x.test', via: 'email' }] },
  ],
  [
    {
      id: '11111111-1111-4111-8111-111111111111',
      credentials: { password: {} },
      organization_id: null,
      created_at: '1970-01-01T00:00:01.5+02:00',
    },
    'proceed',
  ],
])('%j changes %j', (identity, patch) => {
  expect(patched(identity)).toEqual(patch)
})

test.each([
  { id: 'abc' },
  { id: 5 },
  { organization_id: 'abc' },
  { credentials: [] },
  { credentials: { password: 'x' } },
  { created_at: 'yesterday' },
  { updated_at: 5 },
  { state_changed_at: '2026-13-01T00:00:00Z' },
  { schema_id: 5 },
  { state: {} },
  { external_id: 5 },
  { verifiable_addresses: {} },
  { verifiable_addresses: ['a@x.test'] },
  { verifiable_addresses: [{ value: 5 }] },
  { verifiable_addresses: [{ value: 'a', verified: 'yes' }] },
  { verifiable_addresses: [{ value: 'a', verified_at: 'soon' }] },
  { recovery_addresses: [{ value: 'a', id: 'abc' }] },
])('%j makes the whole answer unusable', (identity) => {
  expect(outcome('parses', 200, JSON.stringify({ identity }))).toBe('P')
})

test.each([
  ['a million levels', '['.repeat(1_000_000)],
  ['65 levels, closed', `{"identity":{"traits":${'['.repeat(65)}${']'.repeat(65)}}}`],
  ['a number beyond all numbers', '{"identity":{"traits":{"a":1e400}}}'],
  ['half a character', '{"identity":{"traits":{"a":"\\ud800"}}}'],
  ['a NUL', '{"identity":{"traits":{"a":"\\u0000"}}}'],
])('%s cannot be kept and is refused', (_name, body) => {
  expect(outcome('parses', 200, body)).toBe('P')
})

test('brackets inside strings are no depth, and __proto__ is a key like others', () => {
  const traits = JSON.parse(`{"a":"${'['.repeat(100)}","__proto__":{"admin":true}}`)
  const patch = patched({ traits })
  expect(patch).toEqual({ traits })
  expect('admin' in {}).toBe(false)
})
