import type { AddressPatch } from '../core/decision.ts'
import { WireError } from '../core/errors.ts'
import { type FactorSettings, hasFirstFactor } from '../core/factors.ts'
import type { Credential, CredentialType, Identity, IdentityState, IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Clock, Random, Time } from '../core/time.ts'
import type { Passwords } from '../crypto/passwords.ts'
import type { Seal } from '../crypto/seal.ts'
import type { Store } from '../store/store.ts'
import type { IdentityBody, ImportedAddresses } from './admin-body.ts'
import { type BuildIdentity, type IdentityDraft, unknownSchema } from './build.ts'
import { derive } from './derive.ts'
import { importCredentials } from './import-credentials.ts'
import type { Schemas } from './schema.ts'
import { toText } from './violation-text.ts'

export type AdminDeps = {
  readonly schemas: Schemas
  readonly buildIdentity: BuildIdentity
  readonly passwords: Pick<Passwords, 'hash'>
  readonly cipher: Seal
  readonly store: Pick<Store, 'commit' | 'identities'>
  readonly clock: Clock
  readonly random: Pick<Random, 'rowId'>
  readonly settings: { readonly methods: FactorSettings }
}

export const notFound = () => new WireError(404, 'Unable to locate the resource')

/** Stores a new identity as an administrator describes it, credentials from elsewhere included (ory-identity-api.md §9.3). */
export async function createIdentity(deps: AdminDeps, body: IdentityBody): Promise<IdentityWithCredentials> {
  const draft = draftOf(body)
  // What is wrong is found before a password is hashed for nothing.
  build(deps, draft)
  const identity = build(deps, { ...draft, credentials: await importCredentials(deps, body.credentials ?? {}) })
  const commit = await deps.store.commit([{ kind: 'createIdentity', identity }])
  if (commit.kind === 'committed') return identity
  throw new WireError(409, null, { reason: 'This identity conflicts with another identity that already exists.' })
}

function build({ buildIdentity }: AdminDeps, draft: IdentityDraft): IdentityWithCredentials {
  const built = buildIdentity(draft)
  if (built.kind === 'built') return built.identity
  throw new WireError(400, null, { reason: built.reason })
}

function draftOf(body: IdentityBody): IdentityDraft {
  if (body.organization_id) throw new WireError(400, null, { reason: 'Organizations are not supported.' })
  return {
    schemaId: body.schema_id || null,
    traits: body.traits,
    credentials: [],
    ...(body.state ? { state: stateOf(body.state) } : {}),
    metadataPublic: body.metadata_public,
    metadataAdmin: body.metadata_admin,
    externalId: body.external_id || null,
    verifiableAddresses: toldOf(body.verifiable_addresses ?? []),
  }
}

function stateOf(text: string): IdentityState {
  if (text === 'active' || text === 'inactive') return text
  throw new WireError(400, null, { reason: 'identity state is not valid' })
}

/** Only values that are traits too count; their state is taken as told, and whatever is verified is so from now on. */
const toldOf = (addresses: ImportedAddresses): readonly AddressPatch[] =>
  addresses.map(({ value, via, verified, status }) => ({
    value,
    ...(via ? { via } : {}),
    ...(verified === undefined ? {} : { verified }),
    ...(status ? { status } : {}),
  }))

/** Replaces what an administrator may replace; credentials are merged by type (§9.3). */
export async function replaceIdentity(
  deps: AdminDeps,
  id: IdentityId,
  body: IdentityBody,
): Promise<IdentityWithCredentials> {
  const imported = await importCredentials(deps, body.credentials ?? {})
  return change(deps, id, (identity, at) => ({
    schemaId: body.schema_id || identity.schemaId,
    traits: body.traits,
    state: body.state ? stateOf(body.state) : identity.state,
    metadataPublic: body.metadata_public,
    metadataAdmin: body.metadata_admin,
    externalId: body.external_id || null,
    credentials: imported.reduce((known, draft) => merge(known, draft, at), identity.credentials),
  }))
}

function merge(
  known: readonly Credential[],
  { type, config, identifiers = [] }: IdentityDraft['credentials'][number],
  at: Time,
): readonly Credential[] {
  const before = known.find((credential) => credential.type === type)
  const added = identifiers === 'own_id' ? [] : identifiers
  const credential: Credential = {
    type,
    identifiers: [...new Set([...(before?.identifiers ?? []), ...added])],
    config: type === 'oidc' ? { ...config, providers: mergeProviders(before?.config, config) } : config,
    version: before?.version ?? 1,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
  }
  return [...known.filter((other) => other.type !== type), credential]
}

const mergeProviders = (before: JsonObject | undefined, config: JsonObject): Json => {
  const all = [before?.providers, config.providers].flatMap((providers) => (isList(providers) ? providers : []))
  const keyOf = (provider: Json) =>
    isJsonObject(provider) ? JSON.stringify([provider.provider, provider.subject]) : ''
  return [...new Map(all.map((provider) => [keyOf(provider), provider])).values()]
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** What an identity shall be; the rest follows from its traits. */
export type Wanted = Pick<Identity, 'schemaId' | 'state' | 'metadataPublic' | 'metadataAdmin' | 'externalId'> & {
  readonly traits: Json
  readonly credentials: readonly Credential[]
  readonly verifiableTold?: readonly AddressPatch[]
}

/** Somebody else may change the identity at the same moment; then the change is made again to what they left. */
const TRIES = 3

/** Reads, changes, checks and stores an identity. */
export async function change(
  { schemas, store, clock, random }: AdminDeps,
  id: IdentityId,
  want: (identity: IdentityWithCredentials, at: Time) => Wanted,
): Promise<IdentityWithCredentials> {
  for (let i = 0; i < TRIES; i++) {
    const before = await store.identities.find(id)
    if (before === null) throw notFound()
    const at = clock.now()
    const { traits, credentials, verifiableTold, ...plain } = want(before, at)
    const schema = schemas.find(plain.schemaId)
    if (schema === null) throw unknownSchema(plain.schemaId)
    const known = { ...before, credentials, verifiableTold }
    const derivation = derive(schema, traits, known, { random, at })
    if (derivation.kind === 'invalid') throw new WireError(400, null, { reason: toText(derivation.violations) })

    const identity: IdentityWithCredentials = {
      ...before,
      ...plain,
      schemaId: schema.id,
      ...derivation.derived,
      stateChangedAt: plain.state === before.state ? before.stateChangedAt : at,
      updatedAt: at,
    }
    const commit = await store.commit([{ kind: 'saveIdentity', before, identity }])
    if (commit.kind === 'committed') return identity
    if (commit.conflict !== 'credential_changed') throw taken()
  }
  throw new WireError(409, 'The identity is being changed by others at the same time. Please try again.')
}

const taken = () =>
  new WireError(409, 'Unable to insert or update resource because a resource with that value exists already')

/** Removes an identity and all that hangs on it. */
export async function removeIdentity({ store }: Pick<AdminDeps, 'store'>, id: IdentityId): Promise<void> {
  const commit = await store.commit([{ kind: 'deleteIdentity', identityId: id }])
  if (commit.kind === 'conflict') throw notFound()
}

const bad = (reason: string) => new WireError(400, null, { reason })

/** Takes away one way of signing in, unless nothing would be left to sign in with (§9.3). */
export async function removeCredential(
  deps: AdminDeps,
  id: IdentityId,
  type: CredentialType,
  identifier: string | null,
): Promise<void> {
  if (type === 'code' || type === 'passkey') throw bad(`Credentials type ${type} cannot be deleted.`)
  await change(deps, id, (identity) => {
    const credential = identity.credentials.find((known) => known.type === type)
    if (credential === undefined) throw notFound()
    const rest = identity.credentials.filter((known) => known !== credential)
    const remaining = type === 'oidc' ? [...rest, ...withoutProvider(credential, identifier)] : rest
    if ((type === 'password' || type === 'oidc') && !hasFirstFactor(deps.settings.methods, remaining)) {
      throw bad('You cannot remove the last first factor credential.')
    }
    return { ...identity, credentials: remaining }
  })
}

function withoutProvider(credential: Credential, identifier: string | null): readonly Credential[] {
  if (identifier === null) throw bad('You must provide an identifier to delete this credential.')
  if (!credential.identifiers.includes(identifier)) throw notFound()
  const { providers } = credential.config
  const kept = (isList(providers) ? providers : []).filter((provider) => providerId(provider) !== identifier)
  const identifiers = credential.identifiers.filter((known) => known !== identifier)
  return identifiers.length === 0
    ? []
    : [{ ...credential, identifiers, config: { ...credential.config, providers: kept } }]
}

const providerId = (provider: Json) =>
  isJsonObject(provider) && typeof provider.provider === 'string' && typeof provider.subject === 'string'
    ? `${provider.provider}:${provider.subject}`
    : null
