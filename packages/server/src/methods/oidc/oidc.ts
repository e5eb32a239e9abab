import type { Flow } from '../../core/flow.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Time } from '../../core/time.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import type { Method, Returned } from '../define.ts'
import { redirectUri } from './depart.ts'
import type { OidcDeps, Ready } from './deps.ts'
import { oidcLogin } from './login.ts'
import { chain, refusalOf, unable } from './provider-error.ts'
import { oidcRegistration } from './registration.ts'
import { type Arriving, awaitingApp, openState, ticketHash, tripOf } from './round-trip.ts'
import { oidcSettings } from './settings.ts'
import { openProviders, personOf } from './upstream.ts'

/** What an answer of a provider belongs to, once its browser has been recognised. */
export type Recognised =
  | {
      readonly kind: 'recognised'
      readonly provider: string
      readonly transientPayload: JsonObject
      readonly startedAt: Time
      /** Asks the provider who has come. */
      redeem(): Promise<Returned>
    }
  | { readonly kind: 'stranger'; readonly reason: string }

/** An answer as it comes to the redirect URI. */
export type ProviderAnswer = {
  readonly query: URLSearchParams
  /** The provider of the path, where it has one. */
  readonly provider: string | null
  /** What the browser holds. */
  readonly ticket: string | null
}

export type Oidc = {
  readonly method: Method
  /** Which flow an answer is for; null if nobody here asked for it. */
  flowOf(state: string | null): Arriving | null
  recognise(flow: Flow, arriving: Arriving, answer: ProviderAnswer): Recognised
  /** Keeps who has come back until their app says that it was its own browser, and with which code it can say so. */
  awaitApp<F extends Flow>(flow: F, person: UpstreamPerson): { readonly flow: F; readonly code: string }
}

/** Signing in with accounts elsewhere: the method, and the way back from providers (ory-identity-api.md §7.3). */
export function openOidc(deps: OidcDeps): Oidc {
  const ready: Ready = { ...deps, providers: openProviders(deps, deps.settings.methods.oidc.providers) }
  return {
    method: { login: oidcLogin(ready), registration: oidcRegistration(ready), settings: oidcSettings(ready) },
    flowOf: (state) => (state === null ? null : openState(deps.tripSeal, state)),
    recognise: (flow, arriving, answer) => recognise(ready, flow, arriving, answer),
    awaitApp: (flow, person) => {
      const code = Buffer.from(deps.random.bytes(32)).toString('base64url')
      return { code, flow: awaitingApp(deps.tripSeal, flow, person, code) }
    },
  }
}

const stranger = (because: string): Recognised => ({ kind: 'stranger', reason: unable(because) })

/**
 * An answer is only looked at in the browser that was sent to the provider, by the flow that sent it, for the provider
 * it was sent to (RFC 9700 §4.4, §4.7).
 */
function recognise(
  deps: Ready,
  flow: Flow,
  arriving: Arriving,
  { query, provider: named, ticket }: ProviderAnswer,
): Recognised {
  const trip = tripOf(deps.tripSeal, flow, arriving.trip, deps.clock.now())
  if (trip === null) return stranger('it took too long or was already completed. Please try again.')
  if (flow.type === 'browser' && (ticket === null || ticketHash(ticket) !== trip.ticketHash)) {
    return stranger('it was started in another browser. Please try again.')
  }
  const provider = deps.providers.find(({ id }) => id === trip.provider)
  if (provider === undefined) return stranger('its provider is not configured any more.')
  if (named !== null && named !== provider.id) return stranger('the answer came from another provider.')
  const state = query.get('state') ?? ''
  return {
    kind: 'recognised',
    provider: provider.id,
    transientPayload: trip.transientPayload,
    startedAt: trip.startedAt,
    redeem: async (): Promise<Returned> => {
      const back = { provider: provider.id, traits: trip.traits }
      try {
        const told = await provider.protocol.redeem({
          redirectUri: redirectUri(deps, provider),
          state,
          verifier: trip.verifier,
          nonce: trip.nonce,
          answer: query,
        })
        return { ...back, told: { kind: 'person', person: personOf(deps, provider, told) } }
      } catch (error) {
        const refusal = refusalOf(error)
        deps.log('warn', 'provider_failed', { provider: provider.id, detail: chain(refusal) })
        return { ...back, told: { kind: 'refused', reason: refusal.told } }
      }
    },
  }
}
