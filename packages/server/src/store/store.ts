import type { CallOutcome, CallRecord } from '../core/call.ts'
import type { Commit, Effect } from '../core/effect.ts'
import type { Flow, PendingChange } from '../core/flow.ts'
import type { AddressVia, CredentialType, Identity, IdentityWithCredentials } from '../core/identity.ts'
import type { ActionId, DeliveryId, FlowId, IdentityId, SessionId, TokenHash } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { RecordedPlan } from '../core/recorded-plan.ts'
import type { Session } from '../core/session.ts'
import type { RecordedStep } from '../core/step.ts'
import type { Time } from '../core/time.ts'
import type { Deliveries } from './deliveries.ts'
import type { OAuth2Store } from './oauth2/oauth2.ts'

/** Everything that is saved and found, the same on SQLite and PostgreSQL. Only `commit` writes. */
export type Store = {
  readonly dialect: 'sqlite' | 'postgres'
  /** Carries out all effects in one transaction, or none of them. */
  commit(effects: readonly Effect[]): Promise<Commit>
  readonly flows: Flows
  readonly pendingChanges: PendingChanges
  readonly identities: Identities
  readonly sessions: Sessions
  readonly errors: { find(id: string): Promise<StoredError | null> }
  readonly oauth2: OAuth2Store
  readonly messages: Messages
  readonly budgets: Budgets
  readonly expired: Expired
  /** What became of the calls somebody waited for. */
  readonly calls: Calls
  /** Which triggers fired, and under which plan. */
  readonly steps: Steps
  readonly plans: Plans
  /** The outbox's own table, its claims and completions. */
  readonly deliveries: Deliveries
  /** Answers when the database does; throws otherwise. */
  ping(): Promise<void>
  close(): Promise<void>
}

export type Flows = { find(id: FlowId): Promise<Flow | null> }

/** How much of which budget is spent; a key nobody has used is not there. */
export type Budgets = {
  find(keys: readonly string[]): Promise<ReadonlyMap<string, Time>>
}

/** In this order: a change waits for its flow. */
export const EXPIRING = ['flows', 'pending_changes', 'sessions', 'errors', 'budgets'] as const
/** Tables whose rows are over by themselves. */
export type ExpiringTable = (typeof EXPIRING)[number]

export type Expired = {
  /** Deletes the oldest of those that were over before a moment, at most so many; returns how many. */
  forget(table: ExpiringTable, before: Time, most: number): Promise<number>
}

export type PendingChanges = { findByFlow(id: FlowId): Promise<PendingChange | null> }

export type Identities = {
  find(id: IdentityId): Promise<IdentityWithCredentials | null>
  /** Whether they have completed a login before. */
  hasSignedIn(id: IdentityId): Promise<boolean>
  findByIdentifier(type: CredentialType, identifier: string): Promise<IdentityWithCredentials | null>
  findByExternalId(externalId: string): Promise<IdentityWithCredentials | null>
  /** Whose a normalised address is. */
  findByAddress(purpose: 'verify' | 'recover', address: Address): Promise<IdentityWithCredentials | null>
  list(page: Page): Promise<readonly IdentityWithCredentials[]>
  /** How many there are, counted no further than `most`. */
  count(most: number): Promise<number>
}

/** How somebody is reached; without a channel, by any. */
export type Address = { readonly value: string; readonly via?: AddressVia }

/** A page by key: identities with an id greater than `after`, in the order of their ids. */
export type Page = {
  readonly after: IdentityId | null
  readonly size: number
  /** Only the identity that signs in with this normalised identifier, whatever the credential's type. */
  readonly identifier?: string
  readonly ids?: readonly IdentityId[]
}

export type Sessions = {
  findByTokenHash(hash: TokenHash): Promise<Session | null>
  find(id: SessionId): Promise<Session | null>
  /** Those that are there, in no order. */
  findMany(ids: readonly SessionId[]): Promise<readonly Session[]>
  /** Everybody's, newest first. */
  list(page: SessionPage): Promise<readonly Session[]>
  /** Newest first; those before `skip` are passed over. */
  ofIdentity(
    identity: Identity['id'],
    page: SessionPage & { readonly except?: SessionId; readonly skip?: number },
  ): Promise<readonly Session[]>
  /** How many there are, counted no further than `most`. */
  countOfIdentity(
    identity: Identity['id'],
    of: Omit<SessionPage, 'before' | 'size'> & { readonly except?: SessionId; readonly most: number },
  ): Promise<number>
  /** The ids of many at once, at most so many. */
  ids(of: ManySessions, page: { readonly active: boolean; readonly most: number }): Promise<readonly SessionId[]>
}

/** A page by key: sessions older than `before`, newest first. */
export type SessionPage = {
  readonly before: SessionKey | null
  readonly size: number
  /** All, those that sign somebody in at that moment, or the others. */
  readonly which: 'any' | 'live' | 'ended'
  readonly at: Time
}

export type SessionKey = Pick<Session, 'id' | 'issuedAt'>

export type ManySessions =
  | { readonly kind: 'sessions'; readonly ids: readonly SessionId[] }
  | { readonly kind: 'identities'; readonly ids: readonly IdentityId[] }
  | { readonly kind: 'all' }

/** Mail and messages to phones, as an administrator sees them; what they say stays sealed. */
export type Messages = {
  /** Newest first. */
  list(page: MessagePage): Promise<readonly StoredMessage[]>
  find(id: DeliveryId): Promise<StoredMessage | null>
}

/** A page by key: messages older than `before`, newest first. */
export type MessagePage = {
  readonly before: DeliveryId | null
  readonly size: number
  readonly status?: MessageStatus
  readonly recipient?: string
}

/** As Ory calls where a message stands (ory-identity-api.md §11). */
export type MessageStatus = 'queued' | 'processing' | 'sent' | 'abandoned'

export type StoredMessage = {
  readonly id: DeliveryId
  readonly status: MessageStatus
  readonly recipient: string
  readonly channel: AddressVia
  readonly templateType: string
  /** How often it was tried. */
  readonly sendCount: number
  readonly sealed: string
  readonly createdAt: Time
  readonly updatedAt: Time
}

/** The log of blocking calls. It is written in batches, after the answers. */
export type Calls = {
  keep(calls: readonly CallRecord[]): Promise<void>
  /** Newest first. */
  list(page: CallPage): Promise<readonly CallRecord[]>
  /** Deletes the oldest of those made before a moment; returns how many. */
  forget(before: Time, most: number): Promise<number>
}

/** The log of triggers that fired, newest first. It is written in batches, after the answers. */
export type Steps = {
  keep(steps: readonly RecordedStep[]): Promise<void>
  ofFlow(id: FlowId, most: number): Promise<readonly RecordedStep[]>
  ofIdentity(id: IdentityId, most: number): Promise<readonly RecordedStep[]>
  ofEvent(event: string, most: number): Promise<readonly RecordedStep[]>
  /** Deletes the oldest of those made before a moment; returns how many. */
  forget(before: Time, most: number): Promise<number>
}

/** The plans of actions that have been in force. */
export type Plans = {
  /** A row only where the newest one says something else. */
  putInForce(id: string, plan: RecordedPlan): Promise<void>
  find(fingerprint: string): Promise<RecordedPlan | null>
  inForceAt(time: Time): Promise<RecordedPlan | null>
}

/** A page by key: calls older than `before`, newest first. */
export type CallPage = {
  readonly before: DeliveryId | null
  readonly size: number
  readonly outcome?: CallOutcome
  readonly trigger?: string
  readonly actionId?: ActionId
  readonly flowId?: FlowId
  readonly identityId?: IdentityId
  readonly since?: Time
}

export type StoredError = {
  readonly id: string
  readonly error: Json
  readonly createdAt: Time
  readonly updatedAt: Time
}
