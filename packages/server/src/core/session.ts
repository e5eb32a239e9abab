import type { SecondFactor } from './factors.ts'
import type { Identity } from './identity.ts'
import type { SessionId } from './ids.ts'
import type { Time } from './time.ts'
import type { MethodName } from './trigger.ts'

/** Authenticator assurance level: how many factors a session has proven. */
export type Aal = 'aal0' | 'aal1' | 'aal2'

/** By what somebody proved who they are; recovery is told apart from a sign-in by the same means. */
export type Proof = MethodName | 'code_recovery' | 'link_recovery'

export type AuthenticationMethod = {
  readonly method: Proof
  readonly aal: Aal
  readonly completedAt: Time
  /** Where somebody came from, and how they were recognised there. */
  readonly provider?: string
  readonly upstreamAcr?: string
  readonly upstreamAmr?: readonly string[]
}

/** From where a session was used. */
export type Device = {
  readonly id: string
  readonly ipAddress: string
  readonly userAgent: string
  readonly location: string
}

/** A signed-in person on a device. The token itself is never stored, only its hash. */
export type Session = {
  readonly id: SessionId
  readonly active: boolean
  readonly aal: Aal
  readonly authenticationMethods: readonly AuthenticationMethod[]
  readonly authenticatedAt: Time
  readonly issuedAt: Time
  readonly expiresAt: Time
  readonly identity: Identity
  readonly devices: readonly Device[]
  /** What its person has set up that may come second, enabled or not: it is known wherever the session is. */
  readonly secondFactors: readonly SecondFactor[]
}

/** Whether a session still signs somebody in. */
export const isLive = (session: Session, at: Time) =>
  session.active && session.expiresAt > at && session.identity.state === 'active'
