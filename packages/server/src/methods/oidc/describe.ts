import type { IdentityWithCredentials } from '../../core/identity.ts'
import type { JsonObject } from '../../core/json.ts'
import type { FieldMessage } from '../../core/ui.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { socialEntry, socialIdentifier } from '../../identities/social-credential.ts'
import type { Provider, Ready } from './deps.ts'
import { mapClaims, mergeTraits } from './mapper.ts'

/** Somebody new, as the provider and they themselves describe them. */
export type Described =
  | { readonly kind: 'described'; readonly identity: IdentityWithCredentials }
  | { readonly kind: 'incomplete'; readonly messages: readonly FieldMessage[]; readonly traits: JsonObject }

/** Makes an identity of a provider's claims and of what was typed. */
export async function describe(
  deps: Ready,
  provider: Provider,
  person: UpstreamPerson,
  { schemaId, typed }: { readonly schemaId: string | null; readonly typed: JsonObject },
): Promise<Described> {
  const mapped = await mapClaims(deps.loadMapper, provider.mapperUrl, person.claims, null)
  const said = mergeTraits(mapped.traits, typed)
  const build = (traits: JsonObject) =>
    deps.buildIdentity({
      schemaId,
      traits,
      credentials: [
        { type: 'oidc', identifiers: [socialIdentifier(person)], config: { providers: [socialEntry(person)] } },
      ],
      metadataPublic: mapped.metadataPublic,
      metadataAdmin: mapped.metadataAdmin,
      // Only what the provider itself said may count as verified, never what somebody typed over it.
      verifiableAddresses: mapped.verifiedAddresses,
    })
  // Ory's social sign-up leaves an empty object where a group of traits has no value; a schema may not want it.
  const whole = build(mergeTraits(emptyGroups(deps, schemaId), said))
  const built = whole.kind === 'built' ? whole : build(said)
  if (built.kind === 'built') return { kind: 'described', identity: built.identity }
  return { kind: 'incomplete', messages: built.messages, traits: said }
}

const emptyGroups = ({ traitForms }: Pick<Ready, 'traitForms'>, schemaId: string | null): JsonObject =>
  traitForms
    .nodes(schemaId)
    .flatMap(({ attributes }) => (attributes.node_type === 'input' ? [attributes.name.split('.').slice(1, -1)] : []))
    .map((groups) => groups.reduceRight<JsonObject>((inner, group) => ({ [group]: inner }), {}))
    .reduce<JsonObject>((all, group) => mergeTraits(all, group), {})

/** Somebody who has an address or identifier that the new person would have. */
export type Taken = { readonly by: IdentityWithCredentials; readonly identifier: string }

/** Who is there already under one of the names of somebody new. */
export async function takenBy(
  { identities }: Pick<Ready, 'identities'>,
  { credentials, verifiableAddresses, recoveryAddresses }: IdentityWithCredentials,
): Promise<Taken | null> {
  for (const { type, identifiers } of credentials.filter((credential) => credential.type !== 'oidc')) {
    for (const identifier of identifiers) {
      const by = await identities.findByIdentifier(type, identifier)
      if (by !== null) return { by, identifier }
    }
  }
  const addresses = [
    ...verifiableAddresses.map((address) => ({ purpose: 'verify' as const, address })),
    ...recoveryAddresses.map((address) => ({ purpose: 'recover' as const, address })),
  ]
  for (const { purpose, address } of addresses) {
    const by = await identities.findByAddress(purpose, { value: address.value, via: address.via })
    if (by !== null) return { by, identifier: address.value }
  }
  return null
}

/** Whether it is themselves: they signed up in another tab a moment ago. */
export const isOwn = ({ by }: Taken, person: UpstreamPerson) =>
  by.credentials.some(({ type, identifiers }) => type === 'oidc' && identifiers.includes(socialIdentifier(person)))
