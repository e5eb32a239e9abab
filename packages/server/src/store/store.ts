import type { Commit, Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import type { CredentialType, Identity, IdentityWithCredentials } from '../core/identity.ts'
import type { FlowId, IdentityId, SessionId, TokenHash } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import type { DeliveryQueue } from './deliveries.ts'
import type { OAuth2Store } from './oauth2/oauth2.ts'

/** Everything that is saved and found, the same on SQLite and PostgreSQL. Only `commit` writes. */
export type Store = {
  readonly dialect: 'sqlite' | 'postgres'
  /** Carries out all effects in one transaction, or none of them. */
  commit(effects: readonly Effect[]): Promise<Commit>
  readonly flows: Flows
  readonly identities: Identities
  readonly sessions: Sessions
  readonly errors: { find(id: string): Promise<StoredError | null> }
  readonly oauth2: OAuth2Store
  /** The outbox's own table, its claims and completions. */
  readonly deliveries: DeliveryQueue
  /** Answers when the database does; throws otherwise. */
  ping(): Promise<void>
  close(): Promise<void>
}

export type Flows = { find(id: FlowId): Promise<Flow | null> }

export type Identities = {
  find(id: IdentityId): Promise<IdentityWithCredentials | null>
  findByIdentifier(type: CredentialType, identifier: string): Promise<IdentityWithCredentials | null>
  findByExternalId(externalId: string): Promise<IdentityWithCredentials | null>
  list(page: Page): Promise<readonly IdentityWithCredentials[]>
}

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
  /** Newest first. */
  ofIdentity(
    identity: Identity['id'],
    page: { readonly limit: number; readonly offset: number },
  ): Promise<readonly Session[]>
}

export type StoredError = {
  readonly id: string
  readonly error: Json
  readonly createdAt: Time
  readonly updatedAt: Time
}
