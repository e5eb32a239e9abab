import { WireError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import { textOf } from './fields.ts'
import type { Provider, Ready } from './deps.ts'
import { chain, ProviderError } from './provider-error.ts'
import { personOf, toldBy } from './upstream.ts'

/** Who a native app's ID token is about (ory-identity-api.md §7.3). What is wrong with it is an error, not a message. */
export async function nativePerson(deps: Ready, provider: Provider, fields: JsonObject): Promise<UpstreamPerson> {
  const { verify } = provider.protocol
  if (verify === null) {
    throw new WireError(502, 'The upstream provider can not be believed', {
      id: 'upstream_error',
      reason: `The provider ${provider.kind} does not support id_token verification`,
    })
  }
  const token = textOf(fields.id_token)
  const nonce = textOf(fields.id_token_nonce)
  try {
    const claims = await verify(token, nonce === '' ? null : nonce)
    return personOf(deps, provider, toldBy(claims, token))
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    deps.log('warn', 'provider_failed', { provider: provider.id, detail: chain(error) })
    throw new WireError(502, 'The upstream provider could not be asked', { id: 'upstream_error', reason: error.told })
  }
}
