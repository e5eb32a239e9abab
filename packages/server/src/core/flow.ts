import type { AddressVia } from './identity.ts'
import type { FlowId, IdentityId, SessionId } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { HandBack } from './login-requests.ts'
import type { Aal } from './session.ts'
import type { Time } from './time.ts'
import type { Ui } from './ui.ts'

/** A secret that was sent to an address and is awaited back. The secret itself is nowhere: only its keyed hash is kept. */
export type Challenge = {
  readonly kind: 'code' | 'link'
  readonly hash: string
  readonly address: string
  readonly via: AddressVia
  /** Null where nobody has this address; strangers must not notice. */
  readonly identityId: IdentityId | null
  readonly expiresAt: Time
  /** How often something else was sent back. */
  readonly failures: number
  /** An administrator made it: it says nothing about who reads the address. */
  readonly byAdmin: boolean
}

/** The login an OAuth2 client waits for, and what it asked (ory-identity-api.md §12). */
export type OAuth2Login = { readonly challenge: string; readonly request: JsonObject }

type FlowBase<State extends string> = {
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
  readonly state: State
  readonly ui: Ui
  readonly transientPayload: JsonObject | null
  readonly identitySchema: string | null
  /** A completed flow takes no further submission. */
  readonly completed: boolean
  /** Grows with every change; a write names the version it read, so that no two submissions build on the same one. */
  readonly version: number
  readonly challenge: Challenge | null
  readonly oauth2?: OAuth2Login
  /** What a method keeps between two submissions. Never shown. */
  readonly memory: JsonObject
}

export type LoginFlow = FlowBase<'choose_method' | 'sent_email' | 'passed_challenge'> & {
  readonly name: 'login'
  /** Ask again although somebody is signed in. */
  readonly refresh: boolean
  readonly requestedAal: Aal
  /** The session this flow re-authenticates or steps up. */
  readonly sessionId: SessionId | null
}

export type RegistrationFlow = FlowBase<'choose_method' | 'sent_email' | 'passed_challenge'> & {
  readonly name: 'registration'
}

export type SettingsFlow = FlowBase<'show_form' | 'success'> & {
  readonly name: 'settings'
  readonly identityId: IdentityId
}

export type RecoveryFlow = FlowBase<
  | 'choose_method'
  | 'sent_email'
  | 'passed_challenge'
  // with a choice of addresses (ory-identity-api.md §3.4, v2)
  | 'recovery_awaiting_address'
  | 'recovery_awaiting_address_choice'
  | 'recovery_confirming_address'
  | 'recovery_awaiting_code'
> & {
  readonly name: 'recovery'
  /** Made by an administrator and carried to the person by hand: no browser has its cookie yet. */
  readonly csrfExempt: boolean
}

export type VerificationFlow = FlowBase<'choose_method' | 'sent_email' | 'passed_challenge'> & {
  readonly name: 'verification'
  /** The new address is that of a change which waits for it (ory-actions.md §3.6). */
  readonly holdsChange: boolean
  /** The OAuth2 client that waits for whoever verifies here first. Never shown. */
  readonly handsBack?: HandBack
}

/** One run of a self-service flow, from its start to its completion or expiry. */
export type Flow = LoginFlow | RegistrationFlow | SettingsFlow | RecoveryFlow | VerificationFlow

/** Where a client goes, or what it is given, after a completed flow (ory-identity-api.md §4.4). */
export type ContinueWith =
  | { readonly action: 'redirect_browser_to'; readonly redirect_browser_to: string }
  | { readonly action: 'set_ory_session_token'; readonly ory_session_token: string }
  | {
      readonly action: 'show_verification_ui'
      readonly flow: { readonly id: string; readonly verifiable_address: string; readonly url?: string }
    }
  | { readonly action: 'show_settings_ui'; readonly flow: { readonly id: string; readonly url?: string } }
  | { readonly action: 'show_recovery_ui'; readonly flow: { readonly id: string; readonly url?: string } }

/** A change of a profile that waits until its new address has answered. */
export type PendingChange = {
  readonly identityId: IdentityId
  /** The verification that applies it. */
  readonly flowId: FlowId
  readonly settingsFlowId: FlowId
  /** It dies with the session that asked for it. */
  readonly sessionId: SessionId
  readonly traits: JsonObject
  /** What the traits were: a change in between makes it void. */
  readonly traitsBefore: JsonObject
}
