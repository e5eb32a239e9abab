import type { FlowId, SessionId } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { Aal } from './session.ts'
import type { Time } from './time.ts'
import type { Ui } from './ui.ts'

type FlowBase = {
  readonly id: FlowId
  readonly type: 'browser' | 'api'
  readonly requestUrl: string
  /** As the client gave it; resolved only in the final redirect. */
  readonly returnTo: string | null
  readonly issuedAt: Time
  readonly expiresAt: Time
  readonly createdAt: Time
  readonly updatedAt: Time
  /** The method at work, once one has been chosen. */
  readonly active: string | null
  readonly state: 'choose_method' | 'sent_email' | 'passed_challenge'
  readonly ui: Ui
  readonly transientPayload: JsonObject | null
  readonly identitySchema: string | null
  /** A completed flow takes no further submission. */
  readonly completed: boolean
  /** What a method keeps between two submissions. Never shown. */
  readonly memory: JsonObject
}

export type LoginFlow = FlowBase & {
  readonly name: 'login'
  /** Ask again although somebody is signed in. */
  readonly refresh: boolean
  readonly requestedAal: Aal
  /** The session this flow re-authenticates or steps up. */
  readonly sessionId: SessionId | null
}

export type RegistrationFlow = FlowBase & { readonly name: 'registration' }

/** One run of a self-service flow, from its start to its completion or expiry. */
export type Flow = LoginFlow | RegistrationFlow

/** Where a client goes, or what it is given, after a completed flow (ory-identity-api.md §4.4). */
export type ContinueWith =
  | { readonly action: 'redirect_browser_to'; readonly redirect_browser_to: string }
  | { readonly action: 'set_ory_session_token'; readonly ory_session_token: string }
  | {
      readonly action: 'show_verification_ui'
      readonly flow: { readonly id: string; readonly verifiable_address: string; readonly url?: string }
    }
