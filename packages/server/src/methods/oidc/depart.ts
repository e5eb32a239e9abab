import { WireError } from '../../core/errors.ts'
import type { Flow } from '../../core/flow.ts'
import { isUuid } from '../../core/ids.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { CONTINUITY_COOKIE } from '../../core/request.ts'
import type { Attempt, Submitted } from '../define.ts'
import type { Provider, Ready } from './deps.ts'
import { sealState, ticketHash, withTrip } from './round-trip.ts'

/** The provider that is asked for; nobody else is spoken to. */
export function providerFor({ providers }: Pick<Ready, 'providers'>, id: string): Provider {
  const found = providers.find((provider) => provider.id === id)
  if (found !== undefined) return found
  throw new WireError(404, null, {
    reason: `OpenID Connect Provider ${JSON.stringify(id)} is unknown or has not been configured`,
  })
}

/** Sends the browser to a provider, and keeps in the flow what has to be known when it is back. */
export async function sendToProvider<F extends Flow>(
  deps: Ready,
  submitted: Submitted<F>,
  provider: Provider,
  parameters: { readonly [name: string]: string } = {},
): Promise<Attempt<F>> {
  const { flow, fields, transientPayload, at, request } = submitted
  // A native app's browser holds nothing of ours yet: what binds it is the code it is sent back with.
  const ticket = flow.type === 'api' ? '' : ticketOf(deps, request.cookies[CONTINUITY_COOKIE])
  const trip = deps.random.uuid()
  const departed = await provider.protocol.depart({
    redirectUri: redirectUri(deps, provider),
    state: sealState(deps.tripSeal, flow, trip),
    parameters: { ...upstreamParameters(flow, fields), ...parameters },
  })
  const kept = withTrip(deps.tripSeal, flow, {
    id: trip,
    provider: provider.id,
    verifier: departed.verifier,
    nonce: departed.nonce,
    ticketHash: ticketHash(ticket),
    traits: isJsonObject(fields.traits) ? fields.traits : {},
    transientPayload,
    startedAt: at,
  })
  return {
    kind: 'pending',
    flow: kept,
    effects: [],
    answer: { redirectTo: departed.url },
    ...(flow.type === 'api' ? {} : { continuity: ticket }),
  }
}

/** What the browser holds already it keeps, so that what other tabs are waiting for is not lost. */
const ticketOf = ({ random }: Pick<Ready, 'random'>, held: string | undefined) =>
  held !== undefined && isUuid(held) ? held : random.uuid()

/** Where a provider sends people back to (ory-identity-api.md §7.3). */
export function redirectUri({ settings }: Pick<Ready, 'settings'>, { id, pkce }: Provider): string {
  const { baseRedirectUri } = settings.methods.oidc
  const base = new URL(baseRedirectUri ?? settings.serve.public.baseUrl)
  const path = 'self-service/methods/oidc/callback'
  const under = base.href.endsWith('/') ? base.href : `${base.href}/`
  return new URL(pkce === 'force' ? path : `${path}/${encodeURIComponent(id)}`, under).href
}

/** What a client may tell a provider through us; whatever else it sends is dropped, as in Ory. */
const PARAMETERS = ['hd', 'prompt', 'auth_type', 'acr_values', 'login_hint']

function upstreamParameters(
  flow: Flow,
  { upstream_parameters: given }: JsonObject,
): { readonly [name: string]: string } {
  if (!isJsonObject(given)) return {}
  const allowed = flow.name === 'settings' ? PARAMETERS.filter((name) => name !== 'auth_type') : PARAMETERS
  return Object.fromEntries(
    allowed.flatMap((name): [string, string][] => {
      const value = given[name]
      return typeof value === 'string' && value !== '' && value.length <= 255 ? [[name, value]] : []
    }),
  )
}
