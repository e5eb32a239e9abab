import { isJsonObject, type JsonObject } from './json.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'

/** A login that an OAuth2 client has asked for, as the OAuth2 server tells it. */
export type LoginRequest = {
  readonly challenge: string
  /** The person is remembered and need not sign in again. */
  readonly skip: boolean
  readonly requestUrl: string
  /** The request in Hydra's words, as flows show it. */
  readonly document: JsonObject
}

/** Who signed in, for the OAuth2 server. */
export type Accepted = {
  readonly subject: string
  readonly sessionId: string
  readonly remember: boolean
  /** In seconds. */
  readonly rememberFor: number
  readonly amr: readonly string[]
  /** How well they have proven who they are, where the client wants to know. */
  readonly acr: string | null
}

/** An accepted login that is told only once somebody has done what comes first. */
export type HandBack = { readonly challenge: string; readonly accepted: Accepted }

/** The OAuth2 server as the identity server sees it: in the same process, or elsewhere (ory-identity-api.md §12). */
export type LoginRequests = {
  readonly find: (challenge: string) => Promise<LoginRequest>
  /** Returns where the browser goes on. */
  readonly accept: (challenge: string, accepted: Accepted) => Promise<string>
}

/** What a session says of a sign-in to the client that has asked for it. */
export const acceptedBy = (
  { session: { cookie, lifespan } }: Pick<Settings, 'session'>,
  session: Session,
  request: JsonObject,
): Accepted => ({
  subject: session.identity.id,
  sessionId: session.id,
  remember: cookie.persistent,
  rememberFor: Math.floor(lifespan / 1000),
  amr: session.authenticationMethods.map(({ method }) => method),
  acr: acrValues(request).some((value) => value === 'aal1' || value === 'aal2') ? session.aal : null,
})

/** A client that asks for `aal2` gets it of everybody who has a second factor (OpenID Connect Core §3.1.2.1, `acr_values`). */
export const requiredAal = (
  { session }: Pick<Settings, 'session'>,
  request: JsonObject | undefined,
): 'aal1' | 'highest_available' =>
  request !== undefined && acrValues(request).includes('aal2') ? 'highest_available' : session.requiredAal

function acrValues({ oidc_context: context }: JsonObject): readonly string[] {
  const values = isJsonObject(context) ? context['acr_values'] : null
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
}
