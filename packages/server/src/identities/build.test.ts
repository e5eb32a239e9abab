import { describe, expect, test } from 'vitest'
import { PERSON } from '../../test/person.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityPatch } from '../core/decision.ts'
import type { JsonObject } from '../core/json.ts'
import { createAmend } from './amend.ts'
import { createIdentityBuilder, type IdentityDraft } from './build.ts'
import { KEYWORD } from './keyword.ts'
import { createSchemas } from './schema.ts'

/** A person with a phone, two addresses and a list of more. */
const CONTACTS: JsonObject = {
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        user: { type: 'string', [KEYWORD]: { credentials: { password: { identifier: true } } } },
        phone: {
          type: 'string',
          format: 'tel',
          [KEYWORD]: {
            credentials: { password: { identifier: true } },
            verification: { via: 'sms' },
            recovery: { via: 'sms' },
          },
        },
        emails: {
          type: 'array',
          items: {
            type: 'string',
            [KEYWORD]: { verification: { via: 'email' }, credentials: { code: { identifier: true, via: 'email' } } },
          },
        },
      },
    },
  },
}

function world() {
  const time = { now: 1_000 }
  const ids = { last: 0 }
  const next = () => `00000000-0000-4000-8000-${String(++ids.last).padStart(12, '0')}`
  const schemas = createSchemas({
    defaultSchemaId: 'person',
    schemas: [
      { id: 'person', url: 'base64://', document: PERSON, selfserviceSelectable: false },
      { id: 'contacts', url: 'base64://', document: CONTACTS, selfserviceSelectable: false },
    ],
  })
  const deps = { schemas, clock: { now: () => time.now }, random: { uuid: next, rowId: next } }
  const build = createIdentityBuilder(deps)
  const amend = createAmend(deps)
  return {
    time,
    build,
    made: (draft: Partial<IdentityDraft>): IdentityWithCredentials => {
      const built = build({ schemaId: null, traits: { email: 'Ann@example.test' }, credentials: [], ...draft })
      if (built.kind === 'invalid') throw new Error(built.reason)
      return built.identity
    },
    amend: async (identity: IdentityWithCredentials, patch: IdentityPatch) => amend(identity, patch),
  }
}

const identifiers = ({ credentials }: Pick<IdentityWithCredentials, 'credentials'>) =>
  Object.fromEntries(credentials.map((credential) => [credential.type, credential.identifiers]))

test('an identity is whole: id, times, identifiers and addresses follow from its traits', () => {
  const identity = world().made({ credentials: [{ type: 'password', config: { hashed_password: 'h' } }] })
  expect(identity).toMatchObject({
    schemaId: 'person',
    state: 'active',
    stateChangedAt: 1_000,
    createdAt: 1_000,
    updatedAt: 1_000,
    version: 1,
    traits: { email: 'Ann@example.test' },
    metadataPublic: null,
    metadataAdmin: null,
    externalId: null,
    verifiableAddresses: [
      { value: 'ann@example.test', via: 'email', verified: false, status: 'pending', verifiedAt: null },
    ],
    recoveryAddresses: [{ value: 'ann@example.test', via: 'email' }],
  })
  const byType = Object.fromEntries(identity.credentials.map((credential) => [credential.type, credential]))
  expect(Object.keys(byType).toSorted()).toEqual(['code', 'password', 'webauthn'])
  expect(byType.password).toMatchObject({
    identifiers: ['ann@example.test'],
    config: { hashed_password: 'h' },
    version: 1,
  })
  expect(byType.code?.config).toEqual({ addresses: [{ channel: 'email', address: 'ann@example.test' }] })
  const ids = [
    identity.id,
    ...identity.verifiableAddresses.map(({ id }) => id),
    ...identity.recoveryAddresses.map(({ id }) => id),
  ]
  expect(new Set(ids).size).toBe(3)
})

test('identifiers and addresses are each there once, in the order of the schema', () => {
  const identity = world().made({
    schemaId: 'contacts',
    traits: { emails: ['B@example.test', 'a@example.test', 'b@example.test'], phone: '+1 (415) 555-2671', user: 'Ann' },
  })
  expect(identity.traits).toEqual({
    emails: ['B@example.test', 'a@example.test', 'b@example.test'],
    phone: '+14155552671',
    user: 'Ann',
  })
  expect(identifiers(identity)).toEqual({
    password: ['ann', '+14155552671'],
    code: ['b@example.test', 'a@example.test'],
  })
  expect(identity.verifiableAddresses.map(({ value, via }) => [value, via])).toEqual([
    ['+14155552671', 'sms'],
    ['b@example.test', 'email'],
    ['a@example.test', 'email'],
  ])
  expect(identity.recoveryAddresses.map(({ value, via }) => [value, via])).toEqual([['+14155552671', 'sms']])
})

test.each<[string, Partial<IdentityDraft>, readonly (readonly [string, number])[]]>([
  [
    'wrong traits',
    { traits: { email: 'x', age: 1 } },
    [
      ['traits.email', 4000040],
      ['traits.age', 4000018],
      ['traits.email', 4000003],
    ],
  ],
  ['no traits', { traits: null }, [['traits', 4000026]]],
  ['a phone number that is none', { schemaId: 'contacts', traits: { phone: '+1 555' } }, [['traits.phone', 4000041]]],
  [
    'an item that is no address',
    { schemaId: 'contacts', traits: { emails: ['a@example.test', 'x'] } },
    [['traits.emails.1', 4000040]],
  ],
  [
    'an identifier of ten thousand characters',
    { schemaId: 'contacts', traits: { user: 'u'.repeat(10_000) } },
    [['traits.user', 4000017]],
  ],
])('with %s nothing is built', (_, draft, expected) => {
  const built = world().build({ schemaId: null, traits: {}, credentials: [], ...draft })
  const said = built.kind === 'invalid' ? built.messages.map(({ field, message }) => [field, message.id]) : built
  expect(said).toEqual(expect.arrayContaining([...expected]))
  expect(said).toHaveLength(expected.length)
})

test('an unknown schema is the client’s mistake', () => {
  expect(() => world().made({ schemaId: 'nope' })).toThrow(expect.objectContaining({ status: 400 }))
})

describe('an amendment', () => {
  test('without a change changes nothing', async () => {
    const { made, amend, time } = world()
    const identity = made({})
    time.now = 2_000
    expect(await amend(identity, {})).toEqual({ kind: 'amended', identity })
  })

  test('replaces traits as a whole and works out anew what follows from them', async () => {
    const { made, amend, time } = world()
    const before = made({
      traits: { email: 'ann@example.test', age: 40 },
      credentials: [{ type: 'password', config: { hashed_password: 'h' } }],
    })
    time.now = 2_000
    const amended = await amend(before, { traits: { email: 'ben@example.test' } })
    expect(amended).toMatchObject({
      kind: 'amended',
      identity: {
        id: before.id,
        traits: { email: 'ben@example.test' },
        verifiableAddresses: [{ value: 'ben@example.test', status: 'pending', createdAt: 2_000 }],
        recoveryAddresses: [{ value: 'ben@example.test' }],
      },
    })
    const identity = amended.kind === 'amended' && 'credentials' in amended.identity ? amended.identity : null
    expect(identity).toHaveProperty(
      'credentials',
      expect.arrayContaining([
        expect.objectContaining({
          type: 'password',
          identifiers: ['ben@example.test'],
          config: { hashed_password: 'h' },
        }),
      ]),
    )
  })

  test('that takes away every identifier keeps the last ones', async () => {
    const { made, amend } = world()
    const before = made({ schemaId: 'contacts', traits: { user: 'ann' } })
    const amended = await amend(before, { traits: {} })
    expect(amended).toMatchObject({
      identity: { traits: {}, credentials: [{ type: 'password', identifiers: ['ann'] }] },
    })
  })

  test.each<[string, IdentityPatch, unknown]>([
    ['metadata', { metadataPublic: { a: 1 }, metadataAdmin: 'x' }, { metadataPublic: { a: 1 }, metadataAdmin: 'x' }],
    ['metadata to null', { metadataPublic: null }, { metadataPublic: null }],
    ['the external id', { externalId: 'x' }, { externalId: 'x' }],
    ['the state', { state: 'inactive' }, { state: 'inactive', stateChangedAt: 2_000 }],
    ['the schema by its id', { schemaId: 'contacts', traits: { user: 'ann' } }, { schemaId: 'contacts' }],
    ['the schema by its encoded id', { schemaId: 'Y29udGFjdHM', traits: { user: 'ann' } }, { schemaId: 'contacts' }],
    [
      'an address to verified, from now on',
      { verifiableAddresses: [{ value: 'ANN@example.test', verified: true }] },
      { verifiableAddresses: [{ value: 'ann@example.test', verified: true, status: 'completed', verifiedAt: 2_000 }] },
    ],
    [
      'an address to verified at a time',
      { verifiableAddresses: [{ value: 'ann@example.test', via: 'email', verified: true, verifiedAt: 5 }] },
      { verifiableAddresses: [{ verified: true, verifiedAt: 5 }] },
    ],
    [
      'a status, which verifies nothing by itself',
      { verifiableAddresses: [{ value: 'ann@example.test', status: 'completed' }] },
      { verifiableAddresses: [{ verified: false, status: 'completed', verifiedAt: null }] },
    ],
    [
      'addresses that are nobody’s trait, in vain',
      {
        verifiableAddresses: [{ value: 'other@example.test', verified: true }],
        recoveryAddresses: [{ value: 'other@example.test' }],
      },
      {
        verifiableAddresses: [{ value: 'ann@example.test', verified: false }],
        recoveryAddresses: [{ value: 'ann@example.test' }],
      },
    ],
  ])('changes %s', async (_, patch, expected) => {
    const { made, amend, time } = world()
    const before = made({ metadataPublic: { was: 1 } })
    time.now = 2_000
    expect(await amend(before, patch)).toMatchObject({ kind: 'amended', identity: expected })
  })

  test('a verified address stays so, unless a list is given without it', async () => {
    const { made, amend } = world()
    const before = made({ verifiableAddresses: [{ value: 'ann@example.test', verified: true }] })
    const kept = await amend(before, { traits: { email: 'ANN@example.test' } })
    expect(kept).toMatchObject({ identity: { verifiableAddresses: before.verifiableAddresses } })
    const lost = await amend(before, { verifiableAddresses: [{ value: 'other@example.test' }] })
    expect(lost).toMatchObject({
      identity: { verifiableAddresses: [{ value: 'ann@example.test', verified: false, status: 'pending' }] },
    })
  })

  test.each<[string, IdentityPatch, string, number]>([
    ['traits that are wrong', { traits: { email: 'x@example.test', age: 1 } }, 'traits.age', 4000018],
    ['traits that are missing', { traits: {} }, 'traits.email', 4000002],
    ['null for traits', { traits: null }, 'traits', 4000026],
    ['an unknown schema', { schemaId: 'nope' }, '', 4000001],
    ['an odd state', { state: 'odd' }, '', 4000001],
    ['a key of the prototype', { traits: JSON.parse('{"email":"a@example.test","__proto__":1}') }, 'traits', 4000001],
  ])('with %s is refused', async (_, patch, field, id) => {
    const { made, amend } = world()
    expect(await amend(made({}), patch)).toMatchObject({ kind: 'invalid', messages: [{ field, message: { id } }] })
  })

  test('that leaves the traits alone does not judge them by a newer schema', async () => {
    const { made, amend } = world()
    const before = { ...made({}), traits: { email: 'ann@example.test', age: 1 } }
    expect(await amend(before, { metadataPublic: 1 })).toMatchObject({
      kind: 'amended',
      identity: { metadataPublic: 1 },
    })
    expect(await amend(before, { traits: before.traits })).toMatchObject({ kind: 'invalid' })
  })

  test('of an identity without credentials adds none', async () => {
    const { made, amend } = world()
    const { credentials: _, ...session } = made({})
    const amended = await createlessAmend(amend, session)
    expect(amended).not.toHaveProperty('identity.credentials')
  })
})

const createlessAmend = (amend: (identity: never, patch: IdentityPatch) => Promise<unknown>, identity: object) =>
  Reflect.apply(amend, null, [identity, { metadataPublic: 1 }])
