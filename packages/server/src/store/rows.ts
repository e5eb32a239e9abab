import type { CallRecord } from '../core/call.ts'
import type {
  ActionStanding,
  AnswerExcerpt,
  Attempt,
  Delivery,
  DeliveryState,
  EndpointStanding,
  Evidence,
} from '../core/delivery.ts'
import type { Flow, PendingChange } from '../core/flow.ts'
import type {
  Credential,
  Identity,
  IdentityWithCredentials,
  RecoveryAddress,
  VerifiableAddress,
} from '../core/identity.ts'
import type { ActionId, DeliveryId, FlowId, IdentityId, SessionId } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Consent, LoginSession, OAuth2Client, StoredKey, StoredToken, TrustedIssuer } from '../core/oauth2.ts'
import type { SecondFactor } from '../core/factors.ts'
import type { RecordedPlan } from '../core/recorded-plan.ts'
import type { AuthenticationMethod, Device, Session } from '../core/session.ts'
import type { RecordedStep } from '../core/step.ts'
import type { Time } from '../core/time.ts'
import type { Timings } from '../core/timings.ts'
import type { Waiting } from '../outbox/queue.ts'
import { decode } from './codec.ts'
import type { Row } from './database.ts'
import type { QueueDepth } from './delivery-log.ts'
import type { AppliedMigration } from './migrations.ts'
import type { StoredError, StoredMessage } from './store.ts'

// What a row is, is known here alone: each type names the columns that its statement selects, and what we put there.

type FlowRow = { readonly completed: number; readonly version: number; readonly document: string }

export function flowOf(row: Row): Flow {
  const { completed, version, document } = row as FlowRow
  return { ...(decode(document) as Flow), completed: completed === 1, version }
}

export const pendingChangeOf = (row: Row) => decode((row as { readonly document: string }).document) as PendingChange

type IdentityRow = {
  readonly identity_id: IdentityId
  readonly schema_id: string
  readonly state: Identity['state']
  readonly state_changed_at: Time
  readonly traits: string
  readonly metadata_public: string
  readonly metadata_admin: string
  readonly external_id: string | null
  readonly version: number
  readonly created_at: Time
  readonly updated_at: Time
  readonly verifiable_addresses: string
  readonly recovery_addresses: string
}

export function identityOf(row: Row): Identity {
  const it = row as IdentityRow
  return {
    id: it.identity_id,
    schemaId: it.schema_id,
    state: it.state,
    stateChangedAt: it.state_changed_at,
    traits: decode(it.traits) as JsonObject,
    metadataPublic: decode(it.metadata_public) as Json,
    metadataAdmin: decode(it.metadata_admin) as Json,
    externalId: it.external_id,
    verifiableAddresses: decode(it.verifiable_addresses) as VerifiableAddress[],
    recoveryAddresses: decode(it.recovery_addresses) as RecoveryAddress[],
    version: it.version,
    createdAt: it.created_at,
    updatedAt: it.updated_at,
  }
}

/** The columns of a credential, in the order in which `credentials.ts` asks for them. */
type CredentialTuple = readonly [
  type: Credential['type'],
  identifiers: readonly string[],
  config: JsonObject,
  version: number,
  createdAt: Time,
  updatedAt: Time,
]

export function identityWithCredentialsOf(row: Row): IdentityWithCredentials {
  const { credentials } = row as { readonly credentials: string }
  return { ...identityOf(row), credentials: (decode(credentials) as CredentialTuple[]).map(credentialOf) }
}

const credentialOf = ([type, identifiers, config, version, createdAt, updatedAt]: CredentialTuple) => ({
  type,
  identifiers,
  config,
  version,
  createdAt,
  updatedAt,
})

type SessionRow = {
  readonly session_id: SessionId
  readonly active: number
  readonly aal: Session['aal']
  readonly authentication_methods: string
  readonly authenticated_at: Time
  readonly issued_at: Time
  readonly expires_at: Time
  readonly devices: string
  readonly second_factors: string
}

export function sessionOf(row: Row): Session {
  const it = row as SessionRow
  return {
    id: it.session_id,
    active: it.active === 1,
    aal: it.aal,
    authenticationMethods: decode(it.authentication_methods) as AuthenticationMethod[],
    authenticatedAt: it.authenticated_at,
    issuedAt: it.issued_at,
    expiresAt: it.expires_at,
    identity: identityOf(row),
    devices: decode(it.devices) as Device[],
    secondFactors: decode(it.second_factors) as SecondFactor[],
  }
}

type ErrorRow = {
  readonly id: string
  readonly error: string
  readonly created_at: Time
  readonly updated_at: Time
}

export function storedErrorOf(row: Row): StoredError {
  const it = row as ErrorRow
  return { id: it.id, error: decode(it.error) as Json, createdAt: it.created_at, updatedAt: it.updated_at }
}

type DeliveryRow = {
  readonly id: DeliveryId
  readonly event_id: string
  readonly action_id: ActionId
  readonly trigger_name: string
  readonly identity_id: IdentityId | null
  readonly flow_id: FlowId | null
  readonly endpoint: string
  readonly order_key: string | null
  readonly state: DeliveryState
  readonly reason: string | null
  readonly next_at: Time
  readonly lease_token: string | null
  readonly attempts: number
  readonly tries: number
  readonly content: string
  readonly context: string | null
  readonly progress: string | null
  readonly replay_of: DeliveryId | null
  readonly cause: DeliveryId | null
  readonly depth: number
  readonly created_at: Time
  readonly began_at: Time | null
  readonly finished_at: Time | null
}

/** Where a delivery stands. */
export type Standing = Pick<DeliveryRow, 'state' | 'reason'> & {
  readonly delivery: Delivery
  readonly nextAt: Time
  readonly leaseToken: string | null
  /** How often it has been tried, and how often since it began, or began again. */
  readonly attempts: number
  readonly tries: number
  /** When it was first tried, since it began again. */
  readonly beganAt: Time | null
  readonly finishedAt: Time | null
}

export function standingOf(row: Row): Standing {
  const it = row as DeliveryRow
  const isHeld = it.lease_token !== null
  return {
    delivery: {
      id: it.id,
      eventId: it.event_id,
      actionId: it.action_id,
      trigger: it.trigger_name,
      identityId: it.identity_id,
      ...(it.flow_id === null ? {} : { flowId: it.flow_id }),
      ...(it.endpoint === '' ? {} : { endpoint: it.endpoint }),
      ...(it.order_key === null ? {} : { orderKey: it.order_key }),
      ...(it.context === null ? {} : { context: decode(it.context) as Json }),
      ...(it.progress === null ? {} : { progress: decode(it.progress) as Json }),
      ...(it.replay_of === null ? {} : { replayOf: it.replay_of }),
      ...(it.cause === null ? {} : { cause: it.cause }),
      ...(it.depth === 0 ? {} : { depth: it.depth }),
      createdAt: it.created_at,
      leasedUntil: isHeld ? it.next_at : null,
      leaseToken: it.lease_token,
      content: decode(it.content) as Delivery['content'],
    },
    state: it.state,
    reason: it.reason,
    nextAt: it.next_at,
    leaseToken: it.lease_token,
    attempts: it.attempts,
    tries: it.tries,
    beganAt: it.began_at,
    finishedAt: it.finished_at,
  }
}

type AttemptRow = {
  readonly request_id: string
  readonly started_at: Time
  readonly ended_at: Time
  readonly outcome: Attempt['outcome']
  readonly status: number | null
  readonly reason: string
  readonly step: string | null
  readonly timings: string | null
  readonly answer: string | null
}

export function attemptOf(row: Row): Attempt {
  const it = row as AttemptRow
  return {
    requestId: it.request_id,
    startedAt: it.started_at,
    endedAt: it.ended_at,
    outcome: it.outcome,
    status: it.status,
    reason: it.reason,
    ...(it.step === null ? {} : { step: it.step }),
    ...(it.timings === null ? {} : { timings: decode(it.timings) as Timings }),
    ...(it.answer === null ? {} : { answer: decode(it.answer) as AnswerExcerpt }),
  }
}

type WaitingRow = {
  readonly now: Time
  readonly queue: string
  readonly action_id: ActionId
  readonly endpoint: string
  readonly order_key: string | null
  readonly next_at: Time
  readonly under_way: number
  readonly action_state: ActionStanding['state'] | null
  readonly until: Time | null
  readonly action_failures: number | null
  readonly resumed_at: Time | null
  readonly endpoint_failures: number | null
  readonly open_until: Time | null
  readonly spent_until: number | null
}

export function waitingOf(row: Row): { readonly now: Time; readonly waiting: Waiting } {
  const it = row as WaitingRow
  return {
    now: it.now,
    waiting: {
      queue: it.queue,
      actionId: it.action_id,
      endpoint: it.endpoint,
      dueAt: it.next_at,
      isOrdered: it.order_key !== null,
      underWay: it.under_way,
      action:
        it.action_state === null
          ? null
          : { state: it.action_state, until: it.until, failures: it.action_failures ?? 0, resumedAt: it.resumed_at },
      receiver: it.endpoint_failures === null ? null : { failures: it.endpoint_failures, openUntil: it.open_until },
      spentUntil: it.spent_until ?? 0,
    },
  }
}

type DepthRow = Pick<WaitingRow, 'now' | 'action_id' | 'endpoint' | 'next_at'> & {
  readonly lane: QueueDepth['lane']
  readonly pending: number
}

export function depthOf(row: Row): { readonly now: Time; readonly depth: QueueDepth } {
  const { now, lane, action_id: actionId, endpoint, next_at: nextAt, pending } = row as DepthRow
  return { now, depth: { lane, actionId, endpoint, pending, overdue: Math.max(0, now - nextAt) } }
}

type ActionStateRow = {
  readonly action_id: ActionId
  readonly state: ActionStanding['state']
  readonly since: Time
  readonly until: Time | null
  readonly reason: string
  readonly evidence: string | null
  readonly failures: number
  readonly failing_since: Time | null
  readonly last_failure: string | null
  readonly resumed_at: Time | null
}

export function actionStandingOf(row: Row): ActionStanding {
  const it = row as ActionStateRow
  return {
    actionId: it.action_id,
    state: it.state,
    since: it.since,
    until: it.until,
    reason: it.reason,
    evidence: it.evidence === null ? null : (decode(it.evidence) as Evidence),
    failures: it.failures,
    failingSince: it.failing_since,
    lastFailure: it.last_failure,
    resumedAt: it.resumed_at,
  }
}

type EndpointRow = {
  readonly endpoint: string
  readonly failures: number
  readonly failing_since: Time | null
  readonly last_failure: string | null
  readonly opened: number
  readonly open_until: Time | null
}

export function endpointStandingOf(row: Row): EndpointStanding {
  const it = row as EndpointRow
  return {
    endpoint: it.endpoint,
    failures: it.failures,
    failingSince: it.failing_since,
    lastFailure: it.last_failure,
    opened: it.opened,
    openUntil: it.open_until,
  }
}

type MessageRow = {
  readonly id: DeliveryId
  readonly state: DeliveryState
  readonly lease_token: string | null
  readonly attempts: number
  readonly content: string
  readonly created_at: Time
  readonly tried_at: Time | null
  readonly recipient: string
  readonly channel: StoredMessage['channel']
  readonly template_type: string
}

export function storedMessageOf(row: Row): StoredMessage {
  const it = row as MessageRow
  const content = decode(it.content) as Delivery['content']
  const pending = it.lease_token === null ? 'queued' : 'processing'
  return {
    id: it.id,
    status: it.state === 'pending' ? pending : it.state === 'delivered' ? 'sent' : 'abandoned',
    recipient: it.recipient,
    channel: it.channel,
    templateType: it.template_type,
    sendCount: it.attempts,
    sealed: content.kind === 'mail' ? content.sealed : '',
    createdAt: it.created_at,
    updatedAt: it.tried_at ?? it.created_at,
  }
}

type CallRow = {
  readonly id: DeliveryId
  readonly action_id: ActionId
  readonly trigger_name: string
  readonly flow_id: CallRecord['flowId']
  readonly identity_id: IdentityId | null
  readonly outcome: CallRecord['outcome']
  readonly started_at: Time
  readonly ended_at: Time
  readonly document: string
}

export function callOf(row: Row): CallRecord {
  const it = row as CallRow
  const rest = decode(it.document) as Pick<CallRecord, 'where' | 'method' | 'endpoint' | 'detail' | 'attempts'>
  return {
    id: it.id,
    actionId: it.action_id,
    trigger: it.trigger_name,
    flowId: it.flow_id,
    identityId: it.identity_id,
    outcome: it.outcome,
    startedAt: it.started_at,
    endedAt: it.ended_at,
    ...rest,
  }
}

type StepRow = {
  readonly id: string
  readonly event: string
  readonly trigger_name: string
  readonly flow_id: FlowId | null
  readonly identity_id: IdentityId | null
  readonly plan: string
  readonly outcome: RecordedStep['outcome']
  readonly document: string
  readonly created_at: Time
}

export function stepOf(row: Row): RecordedStep {
  const it = row as StepRow
  const { actions } = decode(it.document) as Pick<RecordedStep, 'actions'>
  return {
    id: it.id,
    event: it.event,
    trigger: it.trigger_name,
    flowId: it.flow_id,
    identityId: it.identity_id,
    plan: it.plan,
    outcome: it.outcome,
    at: it.created_at,
    actions,
  }
}

export function recordedPlanOf(row: Row): RecordedPlan {
  const it = row as { readonly fingerprint: string; readonly document: string; readonly created_at: Time }
  const { triggers } = decode(it.document) as Pick<RecordedPlan, 'triggers'>
  return { fingerprint: it.fingerprint, at: it.created_at, triggers }
}

export const countOf = (row: Row | null) => Number((row as { readonly count: number | string }).count)
export const sessionIdOf = (row: Row) => (row as { readonly id: SessionId }).id
export const idOf = (row: Row) => (row as { readonly id: DeliveryId }).id
export const timeOf = (row: Row | null) => (row as { readonly now: Time }).now
export const nameOf = (row: Row) => (row as { readonly name: string }).name
export const appliedMigrationOf = (row: Row): AppliedMigration => row as AppliedMigration

type OAuth2ClientRow = {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly document: string
  readonly created_at: Time
  readonly updated_at: Time
}

export function oauth2ClientOf(row: Row): OAuth2Client {
  const it = row as OAuth2ClientRow
  const document = decode(it.document) as Pick<OAuth2Client, 'secrets' | 'registrationTokenHash' | 'fields'>
  return { id: it.id, name: it.name, owner: it.owner, ...document, createdAt: it.created_at, updatedAt: it.updated_at }
}

type StoredTokenRow = {
  readonly kind: StoredToken['kind']
  readonly hash: string
  readonly chain: string | null
  readonly pair: string | null
  readonly client_id: string | null
  readonly user_code_hash: string | null
  readonly document: string
  readonly consumed_at: Time | null
  readonly uses: number
  readonly expires_at: Time
}

export function storedTokenOf(row: Row): StoredToken {
  const it = row as StoredTokenRow
  return {
    kind: it.kind,
    hash: it.hash,
    chain: it.chain,
    pair: it.pair,
    clientId: it.client_id,
    userCodeHash: it.user_code_hash,
    document: it.document,
    consumedAt: it.consumed_at,
    uses: it.uses,
    expiresAt: it.expires_at,
  }
}

type ConsentRow = {
  readonly id: string
  readonly subject: string
  readonly client_id: string
  readonly sid: string | null
  readonly remember: number
  readonly skipped: number
  readonly scope: string
  readonly audience: string
  readonly details: string
  readonly handled_at: Time
  readonly expires_at: Time | null
}

export function consentOf(row: Row): Consent {
  const it = row as ConsentRow
  return {
    id: it.id,
    subject: it.subject,
    clientId: it.client_id,
    sid: it.sid,
    remember: it.remember === 1,
    skipped: it.skipped === 1,
    scope: decode(it.scope) as string[],
    audience: decode(it.audience) as string[],
    details: decode(it.details) as JsonObject,
    handledAt: it.handled_at,
    expiresAt: it.expires_at,
  }
}

type LoginSessionRow = {
  readonly sid: string
  readonly subject: string
  readonly authenticated_at: Time
  readonly expires_at: Time
  readonly acr: string
  readonly amr: string
  readonly identity_session_id: string | null
}

export function loginSessionOf(row: Row): LoginSession {
  const it = row as LoginSessionRow
  return {
    sid: it.sid,
    subject: it.subject,
    authenticatedAt: it.authenticated_at,
    expiresAt: it.expires_at,
    acr: it.acr,
    amr: decode(it.amr) as string[] | null,
    identitySessionId: it.identity_session_id,
  }
}

type StoredKeyRow = {
  readonly set_name: string
  readonly kid: string
  readonly document: string
  readonly created_at: Time
}

export function storedKeyOf(row: Row): StoredKey {
  const it = row as StoredKeyRow
  return { set: it.set_name, kid: it.kid, document: it.document, createdAt: it.created_at }
}

type TrustedIssuerRow = {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly scope: string
  readonly kid: string
  readonly jwk: string
  readonly created_at: Time
  readonly expires_at: Time
}

export function trustedIssuerOf(row: Row): TrustedIssuer {
  const it = row as TrustedIssuerRow
  return {
    id: it.id,
    issuer: it.issuer,
    subject: it.subject,
    scope: decode(it.scope) as string[] | null,
    kid: it.kid,
    jwk: decode(it.jwk) as JsonObject,
    createdAt: it.created_at,
    expiresAt: it.expires_at,
  }
}

export function budgetOf(row: Row): readonly [key: string, spentUntil: Time] {
  const { key, spent_until } = row as { readonly key: string; readonly spent_until: Time }
  return [key, spent_until]
}
