import { isDeepStrictEqual } from 'node:util'
import type { Credential, Identity, IdentityWithCredentials } from '../../core/identity.ts'
import { isJsonObject, type Json } from '../../core/json.ts'

/**
 * What is different about somebody, as pointers (RFC 6901) into the identity as `ctx` shows it. Of credentials only the
 * type is told, and of `metadata_admin` that it has changed; that a mail was sent to an address is no change of a person.
 */
export const changedPaths = (before: IdentityWithCredentials, after: IdentityWithCredentials): readonly string[] => [
  ...different('/schema_id', before.schemaId, after.schemaId),
  ...different('/state', before.state, after.state),
  ...inside('/traits', before.traits, after.traits),
  ...different('/verifiable_addresses', verifiableIn(before), verifiableIn(after)),
  ...different('/recovery_addresses', recoveryIn(before), recoveryIn(after)),
  ...inside('/metadata_public', before.metadataPublic, after.metadataPublic),
  ...different('/metadata_admin', before.metadataAdmin, after.metadataAdmin),
  ...different('/external_id', before.externalId, after.externalId),
  ...credentialPaths(before.credentials, after.credentials),
]

const different = (path: string, before: unknown, after: unknown) => (isDeepStrictEqual(before, after) ? [] : [path])

/** Objects are walked into, lists are one value. */
function inside(path: string, before: Json | undefined, after: Json | undefined): readonly string[] {
  if (before === undefined || after === undefined) return different(path, before, after)
  if (!isJsonObject(before) || !isJsonObject(after)) return different(path, before, after)
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => inside(`${path}/${escaped(key)}`, own(before, key), own(after, key)))
}

const own = (object: { readonly [key: string]: Json }, key: string) =>
  Object.hasOwn(object, key) ? object[key] : undefined

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')

const verifiableIn = ({ verifiableAddresses }: Identity) =>
  verifiableAddresses.map(({ value, via, verified }) => [value, via, verified])

const recoveryIn = ({ recoveryAddresses }: Identity) => recoveryAddresses.map(({ value, via }) => [value, via])

function credentialPaths(before: readonly Credential[], after: readonly Credential[]): readonly string[] {
  const types = new Set([...before, ...after].map(({ type }) => type))
  const heldIn = (credentials: readonly Credential[], type: Credential['type']) => {
    const held = credentials.find((credential) => credential.type === type)
    return held === undefined ? null : [held.identifiers, held.config]
  }
  return [...types].flatMap((type) => different(`/credentials/${type}`, heldIn(before, type), heldIn(after, type)))
}
