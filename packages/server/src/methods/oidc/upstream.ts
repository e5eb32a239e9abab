import type { JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { subjectOf, textClaim, textsClaim } from './claims.ts'
import type { OidcDeps, Provider } from './deps.ts'
import type { ProtocolDeps, Told } from './protocol.ts'
import { ProviderError, unable } from './provider-error.ts'
import { rowOf } from './providers.ts'
import { speakOAuth2 } from './speak-oauth2.ts'
import { speakOidc } from './speak-oidc.ts'

/** Every provider of the configuration, ready to be spoken to. */
export const openProviders = (deps: ProtocolDeps, providers: readonly OidcProvider[]): readonly Provider[] =>
  providers.flatMap((provider): Provider[] => {
    const row = rowOf(provider.kind)
    switch (row.protocol) {
      case 'oidc':
        return [{ ...provider, protocol: speakOidc(deps, provider, row) }]
      case 'oauth2':
        return [{ ...provider, protocol: speakOAuth2(deps, provider, row) }]
      // The configuration is refused with such a provider; where the method is off, nobody misses it.
      case 'refused':
        return []
      default:
        return row satisfies never
    }
  })

/** Who somebody is at a provider, and how surely it says so. */
export function personOf(
  { tokenSeal }: Pick<OidcDeps, 'tokenSeal'>,
  provider: OidcProvider,
  { claims, tokens }: Told,
): UpstreamPerson {
  const subject = subjectOf(claims)
  if (subject === null) {
    throw new ProviderError(unable('the provider did not say who you are.'), 'the claims hold no usable subject')
  }
  const [acr, amr] = [textClaim(claims, 'acr'), textsClaim(claims, 'amr')]
  const sealed = (token: string) => (token === '' ? '' : tokenSeal.seal(token))
  return {
    provider: provider.id,
    subject,
    claims,
    acr,
    amr,
    aal: provesTwo(provider, acr, amr) ? 'aal2' : 'aal1',
    tokens: { id: sealed(tokens.id), access: sealed(tokens.access), refresh: sealed(tokens.refresh) },
  }
}

const provesTwo = (provider: OidcProvider, acr: string | null, amr: readonly string[]) =>
  (acr !== null && provider.aal2AcrValues.includes(acr)) || amr.some((each) => provider.aal2AmrValues.includes(each))

/** Claims of an ID token that came without any other token. */
export const toldBy = (claims: JsonObject, token: string): Told => ({
  claims,
  tokens: { id: token, access: '', refresh: '' },
})
