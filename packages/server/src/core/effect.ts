import type { Charge } from './budget.ts'
import type { Delivery } from './delivery.ts'
import type { ContinueWith, Flow, PendingChange } from './flow.ts'
import type { Credential, IdentityWithCredentials } from './identity.ts'
import type { FlowId, IdentityId, SessionId, TokenHash } from './ids.ts'
import type { Json } from './json.ts'
import type { QueuedMessage } from './mail.ts'
import type { OAuth2Conflict, OAuth2Write } from './oauth2.ts'
import type { Session } from './session.ts'
import type { Time } from './time.ts'

/** Work to be done once, described as data and carried out by `commit`, in the order of its rank. */
export type Effect =
  | { readonly kind: 'openFlow'; readonly flow: Flow }
  /** The flow stays open, with what the next try needs: messages, values, a method's memory. */
  | { readonly kind: 'keepFlow'; readonly flow: Flow }
  | { readonly kind: 'closeFlow'; readonly flow: Flow }
  /** A change that waits for its new address; an older one of the same person is forgotten. */
  | { readonly kind: 'parkChange'; readonly change: PendingChange; readonly at: Time }
  /** The change that waits for this verification is being applied: exactly once. */
  | { readonly kind: 'takeChange'; readonly identityId: IdentityId; readonly flowId: FlowId }
  | { readonly kind: 'createIdentity'; readonly identity: IdentityWithCredentials }
  | { readonly kind: 'deleteIdentity'; readonly identityId: IdentityId }
  /** What was read of somebody must still be so when the rest is written. */
  | { readonly kind: 'expectIdentity'; readonly identityId: IdentityId; readonly version: number }
  /** What was read becomes what it shall be; somebody else's change in between is a conflict, not lost. */
  | {
      readonly kind: 'saveIdentity'
      readonly before: IdentityWithCredentials
      readonly identity: IdentityWithCredentials
    }
  /** Replaces a credential's secret; the version read must still be the one stored. */
  | { readonly kind: 'saveCredential'; readonly identityId: IdentityId; readonly credential: Credential }
  | { readonly kind: 'revokeOtherSessions'; readonly identityId: IdentityId; readonly keep: SessionId | null }
  | { readonly kind: 'revokeSession'; readonly sessionId: SessionId }
  | { readonly kind: 'revokeSessions'; readonly sessionIds: readonly SessionId[] }
  | { readonly kind: 'deleteSessions'; readonly sessionIds: readonly SessionId[] }
  | { readonly kind: 'deleteSessionsOf'; readonly identityId: IdentityId }
  | { readonly kind: 'storeSession'; readonly session: Session; readonly tokenHash: TokenHash; readonly at: Time }
  /** A session changes hands, once: whoever held its token holds nothing any more. */
  | {
      readonly kind: 'exchangeToken'
      readonly sessionId: SessionId
      readonly from: TokenHash
      readonly to: TokenHash
      readonly at: Time
    }
  /** Somebody signs in for the first time; of two at once it is one. */
  | { readonly kind: 'noteFirstLogin'; readonly identityId: IdentityId; readonly at: Time }
  /** A refresh or step-up: the session keeps its id and token. */
  | { readonly kind: 'renewSession'; readonly session: Session; readonly at: Time }
  /** It ends later than it would have. */
  | { readonly kind: 'extendSession'; readonly sessionId: SessionId; readonly expiresAt: Time }
  /** The client receives the session: its token or its cookie. Nothing to write. */
  | { readonly kind: 'handOutSession' }
  | { readonly kind: 'continueWith'; readonly step: ContinueWith }
  | { readonly kind: 'storeError'; readonly id: string; readonly error: Json; readonly at: Time }
  /** A change of clients, tokens, consents or keys. */
  | { readonly kind: 'oauth2'; readonly change: OAuth2Write }
  /** One try is paid for: where its budget is spent, nothing happens. */
  | { readonly kind: 'charge'; readonly charge: Charge }
  /** It was a good one, and costs nothing. */
  | { readonly kind: 'refund'; readonly charge: Charge }
  | { readonly kind: 'forgetBudget'; readonly key: string }
  /** Somebody has signed in from there. */
  | { readonly kind: 'rememberSource'; readonly key: string; readonly until: Time }
  | { readonly kind: 'sendMail'; readonly message: QueuedMessage }
  /** Nobody is written to, and it takes as much writing: nobody can tell by it who has an account. */
  | { readonly kind: 'mailNobody'; readonly key: string; readonly until: Time }
  | { readonly kind: 'notify'; readonly delivery: Delivery }

/** The order in which effects are written, whatever order they were asked for in. */
export const RANK: Record<Effect['kind'], number> = {
  closeFlow: 0,
  keepFlow: 1,
  openFlow: 2,
  parkChange: 3,
  takeChange: 4,
  expectIdentity: 9,
  createIdentity: 10,
  deleteIdentity: 11,
  saveIdentity: 12,
  saveCredential: 20,
  revokeOtherSessions: 30,
  revokeSession: 31,
  revokeSessions: 32,
  deleteSessions: 33,
  deleteSessionsOf: 34,
  noteFirstLogin: 39,
  storeSession: 40,
  exchangeToken: 42,
  renewSession: 41,
  extendSession: 42,
  handOutSession: 50,
  continueWith: 51,
  storeError: 60,
  oauth2: 70,
  sendMail: 80,
  mailNobody: 81,
  notify: 90,
  // Many wait for the same budget: it is held for as short as can be.
  charge: 95,
  refund: 96,
  forgetBudget: 97,
  rememberSource: 98,
}

/** Effects in the order of their rank; those of equal rank keep theirs. */
export const ranked = (effects: readonly Effect[]) => effects.toSorted((a, b) => RANK[a.kind] - RANK[b.kind])

/** Why a commit was rolled back: a neighbour got there first. */
export type Conflict =
  | 'flow_changed'
  | 'budget_spent'
  | 'change_gone'
  | 'identifier_taken'
  | 'external_id_taken'
  | 'credential_changed'
  | 'not_found'
  | OAuth2Conflict

export type Commit = { readonly kind: 'committed' } | { readonly kind: 'conflict'; readonly conflict: Conflict }
