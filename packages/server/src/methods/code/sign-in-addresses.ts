import type { AddressVia, IdentityWithCredentials } from '../../core/identity.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'

/** Where a code that signs somebody in may go. */
export type SignInAddress = { readonly value: string; readonly via: AddressVia }

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/**
 * The addresses of somebody's code credential. Where they have none, those they can be verified and recovered by, if
 * that is wanted (ory-identity-api.md §7.2).
 */
export function signInAddresses(person: IdentityWithCredentials, fallsBack: boolean): readonly SignInAddress[] {
  const credential = person.credentials.find(({ type }) => type === 'code')
  if (credential !== undefined && credential.identifiers.length > 0) {
    const { addresses } = credential.config
    const channels = (isList(addresses) ? addresses : []).filter(isJsonObject)
    return credential.identifiers.map((value) => ({
      value,
      via: channels.find(({ address }) => address === value)?.channel === 'sms' ? 'sms' : 'email',
    }))
  }
  if (!fallsBack) return []
  const all = [...person.verifiableAddresses, ...person.recoveryAddresses].map(({ value, via }) => ({ value, via }))
  return all.filter((address, i) => all.findIndex((other) => other.value === address.value) === i)
}

/** `via=email` in the URL a flow was started with: the address of that trait and no other (legacy, §5.2). */
export function onlyVia(
  addresses: readonly SignInAddress[],
  person: IdentityWithCredentials,
  requestUrl: string,
): readonly SignInAddress[] {
  const trait = URL.parse(requestUrl)?.searchParams.get('via') ?? ''
  const value = trait === '' ? undefined : person.traits[trait]
  if (typeof value !== 'string') return addresses
  return addresses.filter((address) => address.value === normaliseIdentifier(value))
}
