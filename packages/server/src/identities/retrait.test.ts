import { expect, test } from 'vitest'
import { PERSON } from '../../test/person.ts'
import { createIdentityBuilder } from './build.ts'
import { createRetrait } from './retrait.ts'
import { createSchemas } from './schema.ts'

const time = { now: 1_000 }
const ids = { last: 0 }
const next = () => String(++ids.last)
const schemas = createSchemas({
  defaultSchemaId: 'default',
  schemas: [{ id: 'default', url: 'base64://', document: PERSON, selfserviceSelectable: false }],
})
const deps = { schemas, clock: { now: () => time.now }, random: { uuid: next, rowId: next } }

function ann() {
  const built = createIdentityBuilder(deps)({
    schemaId: null,
    traits: { email: 'ann@example.test' },
    credentials: [{ type: 'password', config: { hashed_password: 'h' } }],
    verifiableAddresses: [{ value: 'ann@example.test', verified: true }],
  })
  if (built.kind === 'invalid') throw new Error(built.reason)
  return built.identity
}

test('a changed address is a new one, unverified, and the password goes along', () => {
  const before = ann()
  time.now = 2_000
  expect(createRetrait(deps)(before, { email: 'Ben@example.test' })).toMatchObject({
    kind: 'changed',
    identity: {
      id: before.id,
      updatedAt: 2_000,
      traits: { email: 'Ben@example.test' },
      verifiableAddresses: [{ value: 'ben@example.test', verified: false, status: 'pending' }],
      credentials: expect.arrayContaining([
        expect.objectContaining({
          type: 'password',
          identifiers: ['ben@example.test'],
          config: { hashed_password: 'h' },
        }),
      ]),
    },
  })
})

test('an address that is the same but for its case stays verified', () => {
  const before = ann()
  expect(createRetrait(deps)(before, { email: 'ANN@example.test', age: 40 })).toMatchObject({
    identity: { verifiableAddresses: before.verifiableAddresses, recoveryAddresses: before.recoveryAddresses },
  })
})

test('wrong traits are told beside their fields', () => {
  expect(createRetrait(deps)(ann(), { email: 'ann@example.test', age: 1 })).toMatchObject({
    kind: 'invalid',
    messages: [{ field: 'traits.age', message: { id: 4000018 } }],
  })
})
