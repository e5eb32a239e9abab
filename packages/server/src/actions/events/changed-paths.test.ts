import { expect, test } from 'vitest'
import { ann } from '../../../test/action-world.ts'
import type { Credential, IdentityWithCredentials, VerifiableAddress } from '../../core/identity.ts'
import { changedPaths } from './changed-paths.ts'

const at = 1_700_000_000_000
const address: VerifiableAddress = {
  id: '44444444-4444-4444-8444-444444444444',
  value: 'ann@example.test',
  via: 'email',
  verified: false,
  status: 'pending',
  verifiedAt: null,
  createdAt: at,
  updatedAt: at,
}
const password: Credential = {
  type: 'password',
  identifiers: ['ann@example.test'],
  config: { hashed_password: 'a' },
  version: 1,
  createdAt: at,
  updatedAt: at,
}
const before: IdentityWithCredentials = {
  ...ann,
  traits: { email: 'ann@example.test', name: { first: 'Ann' }, tags: ['a'] },
  metadataPublic: { 'a/b': 1 },
  verifiableAddresses: [address],
  credentials: [password],
}

test.each<[string, Partial<IdentityWithCredentials>, readonly string[]]>([
  ['nothing', {}, []],
  ['what every change brings along', { version: 2, updatedAt: at + 1 }, []],
  ['a trait', { traits: { ...before.traits, email: 'b@example.test' } }, ['/traits/email']],
  ['a trait inside another', { traits: { ...before.traits, name: { first: 'Anna' } } }, ['/traits/name/first']],
  ['a trait that comes', { traits: { ...before.traits, age: 3 } }, ['/traits/age']],
  ['a trait that goes', { traits: { email: 'ann@example.test', tags: ['a'] } }, ['/traits/name']],
  ['a member of a list', { traits: { ...before.traits, tags: ['a', 'b'] } }, ['/traits/tags']],
  ['a trait named like a prototype', { traits: { ...before.traits, toString: 'x' } }, ['/traits/toString']],
  ['metadata whose key holds a slash', { metadataPublic: { 'a/b': 2 } }, ['/metadata_public/a~1b']],
  ['metadata that goes as a whole', { metadataPublic: null }, ['/metadata_public']],
  ['what only administrators see, without its keys', { metadataAdmin: { secret: 2 } }, ['/metadata_admin']],
  [
    'an external id, a state, a schema',
    { externalId: 'x', state: 'inactive', schemaId: 'b' },
    ['/schema_id', '/state', '/external_id'],
  ],
  ['an address that is verified', { verifiableAddresses: [{ ...address, verified: true }] }, ['/verifiable_addresses']],
  ['an address that was written to', { verifiableAddresses: [{ ...address, status: 'sent', updatedAt: at + 1 }] }, []],
  ['another password', { credentials: [{ ...password, config: { hashed_password: 'b' } }] }, ['/credentials/password']],
  ['a password that goes', { credentials: [] }, ['/credentials/password']],
  ['a password stored anew as it was', { credentials: [{ ...password, version: 2, updatedAt: at + 1 }] }, []],
])('%s', (_, changes, expected) => {
  expect(changedPaths(before, { ...before, ...changes })).toEqual(expected)
})
