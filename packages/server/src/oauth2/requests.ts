import { parseExactly } from '../core/exact-json.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { OAuth2Deps } from './deps.ts'
import { requestNotFound, unauthorized } from './fault.ts'

// A request for login, consent, logout or a device travels with the browser, sealed: it costs the database nothing until
// somebody has consented, and nobody can change or make one (ory-oauth2.md §2.2).

/** What a client asked for, as it goes from one step to the next. */
export type Asked = {
  readonly id: string
  readonly clientId: string
  readonly requestUrl: string
  /** Where the browser returns with a verifier: the original request, without its parameters. */
  readonly path: string
  readonly query: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Null for devices. */
  readonly oidcContext: JsonObject | null
  readonly nonce: string
  readonly redirectUri: string
  readonly prompts: readonly string[]
  readonly hintedSubject: string | null
  readonly startedAt: Time
  /** The hash of the user code, where it is a device that asks. */
  readonly device: string | null
}

/** Who signed in, as the login app or a remembered session says. */
export type SignedIn = {
  readonly subject: string
  readonly sid: string
  readonly authenticatedAt: Time
  readonly acr: string
  readonly amr: readonly string[] | null
  readonly context: Json
  readonly forcedSubject: string | null
  readonly identitySessionId: string | null
}

export type Rejected = { readonly error: string; readonly description: string }

export type LoginChallenge = {
  readonly asked: Asked
  readonly csrf: string
  /** The remembered session, if there is one that will do. */
  readonly remembered: SignedIn | null
  readonly sid: string
}
export type LoginVerifier = LoginChallenge & {
  readonly answer:
    | { readonly kind: 'rejected'; readonly rejected: Rejected }
    | {
        readonly kind: 'accepted'
        readonly signedIn: SignedIn
        readonly remember: boolean
        readonly rememberFor: Milliseconds
        readonly extend: boolean
      }
}

export type ConsentChallenge = {
  readonly asked: Asked
  readonly csrf: string
  readonly consentId: string
  readonly signedIn: SignedIn
  readonly skip: boolean
  /** Whether the login was remembered: its session may be logged out of. */
  readonly isRemembered: boolean
}
export type ConsentVerifier = ConsentChallenge & {
  readonly answer:
    | { readonly kind: 'rejected'; readonly rejected: Rejected }
    | {
        readonly kind: 'accepted'
        readonly scope: readonly string[]
        readonly audience: readonly string[]
        readonly remember: boolean
        readonly rememberFor: Milliseconds
        readonly accessToken: JsonObject
        readonly idToken: JsonObject
        readonly context: Json
        readonly handledAt: Time
      }
}

export type LogoutChallenge = {
  readonly id: string
  readonly subject: string
  readonly sid: string
  readonly clientId: string | null
  readonly requestUrl: string
  readonly isRpInitiated: boolean
  readonly redirectTo: string
  readonly requestedAt: Time
  readonly expiresAt: Time
}

export type DeviceChallenge = {
  readonly id: string
  readonly csrf: string
  readonly requestUrl: string
  readonly startedAt: Time
}
export type DeviceVerifier = DeviceChallenge & {
  readonly userCodeHash: string
  readonly clientId: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
}

type Contents = {
  readonly login: LoginChallenge
  readonly login_verifier: LoginVerifier
  readonly consent: ConsentChallenge
  readonly consent_verifier: ConsentVerifier
  readonly logout: LogoutChallenge
  readonly logout_verifier: LogoutChallenge
  readonly device: DeviceChallenge
  readonly device_verifier: DeviceVerifier
}
export type Purpose = keyof Contents

/** What was sealed comes back as it was, for its purpose and in its time. */
export type Opened<P extends Purpose> =
  | { readonly kind: 'open'; readonly content: Contents[P] }
  | { readonly kind: 'expired' | 'unknown' }

export type Requests = {
  seal<P extends Purpose>(purpose: P, content: Contents[P]): string
  open<P extends Purpose>(purpose: P, sealed: string): Opened<P>
  /** For the admin API: an error where it can't be opened. */
  mustOpen<P extends Purpose>(purpose: P, sealed: string): Contents[P]
}

export function createRequests({ seals, settings, clock }: Pick<OAuth2Deps, 'seals' | 'settings' | 'clock'>): Requests {
  const open = <P extends Purpose>(purpose: P, sealed: string): Opened<P> => {
    const text = seals.requests.open(sealed)
    if (text === null) return { kind: 'unknown' }
    const envelope = parseExactly(text)
    if (!isEnvelope(envelope, purpose)) return { kind: 'unknown' }
    return envelope.expiresAt <= clock.now() ? { kind: 'expired' } : { kind: 'open', content: envelope.content }
  }
  return {
    seal: (purpose, content) =>
      seals.requests.seal(JSON.stringify({ purpose, expiresAt: clock.now() + settings.ttl.request, content })),
    open,
    mustOpen: (purpose, sealed) => {
      const opened = open(purpose, sealed)
      if (opened.kind === 'open') return opened.content
      if (opened.kind === 'unknown') throw requestNotFound()
      throw unauthorized('The request has expired.')
    },
  }
}

/** Nobody but this server can have sealed it, so its purpose says all about its content. */
const isEnvelope = <P extends Purpose>(value: unknown, purpose: P): value is Envelope<P> =>
  isJsonObject(value) && value['purpose'] === purpose

type Envelope<P extends Purpose> = {
  readonly purpose: Purpose
  readonly expiresAt: Time
  readonly content: Contents[P]
}
