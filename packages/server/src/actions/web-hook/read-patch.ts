import type { AddressPatch, IdentityPatch } from '../../core/decision.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { asObject, checkUuid, flag, objects, type Read, reading, text, time } from './read.ts'

/**
 * What an answer changes of an identity (ory-actions.md §4.9): whole fields, and only those named here. Ids, credentials
 * and times are not among them, yet a malformed one makes the answer unusable, as it does for Ory.
 */
export const readPatch = (identity: Json): Read<IdentityPatch> => reading(() => patchOf(asObject(identity, 'identity')))

function patchOf(identity: JsonObject): IdentityPatch {
  checkUntouched(identity)
  const schemaId = text(identity, 'schema_id')
  const state = text(identity, 'state')
  const verifiable = addresses(identity, 'verifiable_addresses')
  const recovery = addresses(identity, 'recovery_addresses')
  const externalId = text(identity, 'external_id')
  return {
    ...(identity.traits === undefined ? {} : { traits: identity.traits }),
    ...(schemaId === '' ? {} : { schemaId }),
    ...(state === '' ? {} : { state }),
    ...(identity.metadata_public === undefined ? {} : { metadataPublic: identity.metadata_public }),
    ...(identity.metadata_admin === undefined ? {} : { metadataAdmin: identity.metadata_admin }),
    ...(identity.external_id === undefined ? {} : { externalId: externalId === '' ? null : externalId }),
    ...(verifiable.length === 0 ? {} : { verifiableAddresses: verifiable }),
    ...(recovery.length === 0 ? {} : { recoveryAddresses: recovery }),
  }
}

function checkUntouched(identity: JsonObject): void {
  checkUuid(identity, 'id')
  checkUuid(identity, 'organization_id')
  for (const name of ['created_at', 'updated_at', 'state_changed_at']) time(identity, name)
  for (const [name, credential] of Object.entries(asObject(identity.credentials ?? {}, 'credentials'))) {
    asObject(credential ?? {}, `credentials.${name}`)
  }
}

const addresses = (identity: JsonObject, name: string): readonly AddressPatch[] =>
  objects(identity, name).map((address) => {
    checkUuid(address, 'id')
    for (const field of ['created_at', 'updated_at']) time(address, field)
    const via = text(address, 'via')
    const status = text(address, 'status')
    const verifiedAt = time(address, 'verified_at')
    return {
      value: text(address, 'value'),
      ...(via === '' ? {} : { via }),
      ...(address.verified === undefined ? {} : { verified: flag(address, 'verified') }),
      ...(status === '' ? {} : { status }),
      ...(verifiedAt === null ? {} : { verifiedAt }),
    }
  })
