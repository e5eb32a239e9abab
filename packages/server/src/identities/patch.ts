import type { AddressPatch } from '../core/decision.ts'
import { WireError } from '../core/errors.ts'
import { CREDENTIAL_TYPES, type Credential, type IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import { type AdminDeps, change, type Wanted } from './admin.ts'
import { patchableView } from './admin-view.ts'
import { storable } from './import-credentials.ts'
import { applyPatch } from './json-patch.ts'

/** Applies a JSON Patch to an identity. Ids, times and social credentials are out of its reach (ory-identity-api.md §9.3). */
export const patchIdentity = (deps: AdminDeps, id: IdentityId, patch: Json | undefined) =>
  change(deps, id, (identity, at) => {
    // Texts that say where something is served are not part of what can be changed, so any base URL will do.
    const patched = applyPatch(patchableView(identity, 'http://localhost'), patch, isDenied)
    return wanted(deps, identity, isJsonObject(patched) ? patched : {}, at)
  })

const isDenied = ([first, second, ...rest]: readonly string[]) => {
  if (first === undefined || first === 'id' || first === 'statechangedat') return second === undefined
  return first === 'credentials' && (second === undefined ? rest.length === 0 : second === 'oidc' || second === 'saml')
}

const bad = (reason: string) => new WireError(400, null, { reason })

function wanted(
  deps: Pick<AdminDeps, 'cipher'>,
  identity: IdentityWithCredentials,
  patched: JsonObject,
  at: Time,
): Wanted {
  const { schema_id, state, external_id = null } = patched
  if (state !== 'active' && state !== 'inactive') throw bad('identity state is not valid')
  if (typeof schema_id !== 'string') throw bad('"schema_id" must be a string.')
  if (external_id !== null && (typeof external_id !== 'string' || external_id.length > 255)) {
    throw bad('"external_id" must be a string of at most 255 characters.')
  }
  return {
    schemaId: schema_id,
    traits: patched.traits ?? null,
    state,
    metadataPublic: patched.metadata_public ?? null,
    metadataAdmin: patched.metadata_admin ?? null,
    externalId: external_id === '' ? null : external_id,
    credentials: credentialsOf(deps, identity, isJsonObject(patched.credentials) ? patched.credentials : {}, at),
    verifiableTold: addressesOf(patched.verifiable_addresses),
  }
}

const credentialsOf = (
  { cipher }: Pick<AdminDeps, 'cipher'>,
  identity: IdentityWithCredentials,
  patched: JsonObject,
  at: Time,
): readonly Credential[] =>
  CREDENTIAL_TYPES.flatMap((type) => {
    const credential = patched[type]
    if (!isJsonObject(credential)) return []
    const before = identity.credentials.find((known) => known.type === type)
    const config = isJsonObject(credential.config) ? credential.config : {}
    const identifiers = textsOf(credential.identifiers)
    const same = JSON.stringify([before?.config, before?.identifiers]) === JSON.stringify([config, identifiers])
    if (before !== undefined && same) return [before]
    const version = before?.version ?? 1
    const kept = storable(cipher, type, config, before?.config ?? {})
    return [{ type, identifiers, config: kept, version, createdAt: before?.createdAt ?? at, updatedAt: at }]
  })

const textsOf = (value: Json | undefined) =>
  isList(value) ? value.filter((item): item is string => typeof item === 'string') : []

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const addressesOf = (value: Json | undefined): readonly AddressPatch[] =>
  (isList(value) ? value : []).filter(isJsonObject).map(({ value: address, via, verified, status, verified_at }) => ({
    value: typeof address === 'string' ? address : '',
    ...(typeof via === 'string' && via !== '' ? { via } : {}),
    ...(typeof verified === 'boolean' ? { verified } : {}),
    ...(typeof status === 'string' && status !== '' ? { status } : {}),
    ...(typeof verified_at === 'string' && !Number.isNaN(Date.parse(verified_at))
      ? { verifiedAt: Date.parse(verified_at) }
      : {}),
  }))
