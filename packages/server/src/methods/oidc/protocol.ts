import { createHash } from 'node:crypto'
import type { JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { Clock, Random } from '../../core/time.ts'
import type { OutgoingClient } from '../../net/outgoing.ts'

/** A browser is to be sent to a provider. */
export type Departure = {
  readonly redirectUri: string
  readonly state: string
  readonly parameters: { readonly [name: string]: string }
}

/** Where it goes, and what has to be known when it is back. Either secret binds the code to this very departure. */
export type Departed = { readonly url: string; readonly verifier: string | null; readonly nonce: string | null }

/** It is back with an answer. */
export type Arrival = {
  readonly redirectUri: string
  readonly state: string
  readonly verifier: string | null
  readonly nonce: string | null
  /** The answer's parameters (RFC 6749 §4.1.2). */
  readonly answer: URLSearchParams
}

/** What a provider told of somebody: claims under their standard names, and its tokens. */
export type Told = {
  readonly claims: JsonObject
  readonly tokens: { readonly id: string; readonly access: string; readonly refresh: string }
}

/** How a provider is spoken to. Whatever it does wrong is thrown as a ProviderError. */
export type Protocol = {
  depart(departure: Departure): Promise<Departed>
  redeem(arrival: Arrival): Promise<Told>
  /** An ID token that a native app was given; null where the provider's are not taken. */
  readonly verify: ((token: string, nonce: string | null) => Promise<JsonObject>) | null
}

export type ProtocolDeps = {
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly random: Pick<Random, 'bytes'>
}

/** Enough chance that nobody guesses it: 256 bits. */
export const secretText = ({ random }: Pick<ProtocolDeps, 'random'>) =>
  Buffer.from(random.bytes(32)).toString('base64url')

/** OpenID Connect needs its own scope; what else is asked for is configured. */
export const scopesOf = ({ scope }: Pick<OidcProvider, 'scope'>, isOidc: boolean): readonly string[] =>
  isOidc && !scope.includes('openid') ? ['openid', ...scope] : scope

/** RFC 7636 §4.2. */
export const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')
