import type { Program } from '@cardea/jsonnet'
import type { AddressPatch } from '../../core/decision.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { chain, ProviderError, unable } from './provider-error.ts'

/** What a mapper made of claims. */
export type Mapped = {
  readonly traits: JsonObject
  readonly metadataPublic: Json
  readonly metadataAdmin: Json
  /** Addresses the operator believes the provider to have verified. */
  readonly verifiedAddresses: readonly AddressPatch[]
}

export type LoadMapper = (location: string, budget: Milliseconds) => Promise<Program>

const BUDGET: Milliseconds = 5_000

/**
 * Runs the operator's Jsonnet mapper over claims; at a renewal it knows the identity as well (ory-identity-api.md §7.3).
 * What is wrong with it is for the log: the person can do nothing about it.
 */
export async function mapClaims(
  load: LoadMapper,
  location: string,
  claims: JsonObject,
  identity: JsonObject | null,
): Promise<Mapped> {
  try {
    const program = await load(location, BUDGET)
    const known = identity === null ? {} : { identity: { value: identity } }
    return read(program.evaluateValue({ extVars: { claims: { value: claims }, ...known } }))
  } catch (error) {
    throw new ProviderError(
      unable('your profile at the provider could not be read. Please contact the administrator.'),
      `the mapper ${shown(location)} failed: ${chain(error)}`,
      error,
    )
  }
}

const shown = (location: string) => (location.startsWith('base64://') ? 'in the configuration' : location)

function read(result: Json): Mapped {
  const identity = isJsonObject(result) ? result.identity : undefined
  if (!isJsonObject(identity)) throw new TypeError('it returned no object with an `identity`')
  const { traits, metadata_public = null, metadata_admin = null, verified_addresses = [] } = identity
  if (!isJsonObject(traits)) throw new TypeError('it returned no object as `identity.traits`')
  return {
    traits,
    metadataPublic: metadata_public,
    metadataAdmin: metadata_admin,
    verifiedAddresses: addressesIn(verified_addresses),
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function addressesIn(value: Json): readonly AddressPatch[] {
  if (value === null) return []
  if (!isList(value)) throw new TypeError('it returned no list as `identity.verified_addresses`')
  return value.map((each) => {
    const { value: address, via = 'email' } = isJsonObject(each) ? each : {}
    if (typeof address !== 'string' || (via !== 'email' && via !== 'sms')) {
      throw new TypeError('it returned a verified address that is no {value, via}')
    }
    return { value: address, via, verified: true }
  })
}

/** What somebody typed stands over what the provider said, field by field. */
export function mergeTraits(mapped: JsonObject, typed: JsonObject): JsonObject {
  const merged = Object.entries(typed).map(([name, value]): [string, Json] => {
    const before = mapped[name]
    return [name, isJsonObject(before) && isJsonObject(value) ? mergeTraits(before, value) : value]
  })
  return { ...mapped, ...Object.fromEntries(merged) }
}
