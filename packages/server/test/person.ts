import type { JsonObject } from '../src/core/json.ts'

/** An identity schema that uses every keyword of Ory's on one address, as the recordings of the reference do. */
export const PERSON: JsonObject = {
  $id: 'https://example.test/person.schema.json',
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Person',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          title: 'E-Mail',
          minLength: 3,
          'ory.sh/kratos': {
            credentials: {
              password: { identifier: true },
              webauthn: { identifier: true },
              passkey: { display_name: true },
              totp: { account_name: true },
              code: { identifier: true, via: 'email' },
            },
            verification: { via: 'email' },
            recovery: { via: 'email' },
          },
        },
        name: {
          type: 'object',
          title: 'Name',
          properties: { first: { type: 'string', title: 'First name' }, last: { type: 'string', title: 'Last name' } },
        },
        newsletter: { type: 'boolean', title: 'Newsletter' },
        age: { type: 'integer', title: 'Age', minimum: 13 },
      },
      required: ['email'],
      additionalProperties: false,
    },
  },
}
