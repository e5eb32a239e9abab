import type { IdentityWithCredentials } from '../../core/identity.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { identityView } from '../../core/views.ts'
import type { Passed } from '../define.ts'
import type { Provider, Ready } from './deps.ts'
import { mapClaims } from './mapper.ts'

/** Somebody who is known; what the provider says of them today replaces what it said, if that is wanted. */
export async function passed(
  deps: Ready,
  provider: Provider,
  person: UpstreamPerson,
  identity: IdentityWithCredentials,
): Promise<Passed> {
  const proven = { kind: 'passed', identity, aal: person.aal, upstream: person, effects: [] } as const
  if (provider.updateIdentityOnLogin === 'never') return proven
  const view = identityView(identity, deps.settings.serve.public.baseUrl)
  const mapped = await mapClaims(deps.loadMapper, provider.mapperUrl, person.claims, view)
  const changed = deps.retrait(identity, mapped.traits)
  // Traits that today's schema does not allow are no reason to keep somebody out.
  if (changed.kind === 'invalid') {
    deps.log('warn', 'provider_update_refused', {
      provider: provider.id,
      identity: identity.id,
      detail: changed.messages.map(({ field, message }) => `${field}: ${message.text}`).join('; '),
    })
    return proven
  }
  const { metadataPublic, metadataAdmin } = mapped
  return { ...proven, before: identity, identity: { ...changed.identity, metadataPublic, metadataAdmin } }
}
