import { randomBytes, randomUUID } from 'node:crypto'
import type { CallRecord } from '../src/core/call.ts'
import type { Delivery } from '../src/core/delivery.ts'
import type { LoginFlow, RegistrationFlow } from '../src/core/flow.ts'
import { secondFactorsIn } from '../src/core/factors.ts'
import type { Identity, IdentityWithCredentials } from '../src/core/identity.ts'
import {
  actionId,
  deliveryId,
  type FlowId,
  flowId,
  type IdentityId,
  identityId,
  sessionId,
  type TokenHash,
  tokenHash,
} from '../src/core/ids.ts'
import type { QueuedMessage } from '../src/core/mail.ts'
import type { Session } from '../src/core/session.ts'
import type { RecordedStep } from '../src/core/step.ts'
import { rowIds } from '../src/crypto/row-id.ts'

/** A moment that tests can recognise. */
export const AT = 1_700_000_000_000

const flowBase = () =>
  ({
    id: flowId(randomUUID()),
    type: 'browser',
    requestUrl: 'http://id.example.test/self-service/login/browser?return_to=/home',
    returnTo: '/home',
    issuedAt: AT,
    expiresAt: AT + 600_000,
    createdAt: AT,
    updatedAt: AT,
    active: null,
    state: 'choose_method',
    ui: { action: 'http://id.example.test/', method: 'POST', nodes: [], messages: [] },
    transientPayload: { from: 'shop', odd: 'a\u0000b \ud800 \u{1f600}' },
    identitySchema: null,
    completed: false,
    version: 1,
    challenge: null,
    memory: { tries: 1 },
  }) as const

export const loginFlow = (changes: Partial<LoginFlow> = {}): LoginFlow => ({
  ...flowBase(),
  name: 'login',
  refresh: false,
  requestedAal: 'aal1',
  sessionId: null,
  ...changes,
})

export const registrationFlow = (): RegistrationFlow => ({ ...flowBase(), name: 'registration' })

/** A person with a password, two identifiers, and one address to be verified and recovered by. */
export function person(email: string, changes: Partial<IdentityWithCredentials> = {}): IdentityWithCredentials {
  const times = { createdAt: AT, updatedAt: AT }
  return {
    id: identityId(randomUUID()),
    schemaId: 'default',
    state: 'active',
    stateChangedAt: AT,
    traits: { email, name: { first: 'Ann', last: 'Bee' }, odd: 'a\u0000b \u{1f600}' },
    metadataPublic: { plan: 'free' },
    metadataAdmin: null,
    externalId: null,
    verifiableAddresses: [
      { id: randomUUID(), value: email, via: 'email', verified: false, status: 'sent', verifiedAt: null, ...times },
    ],
    recoveryAddresses: [{ id: randomUUID(), value: email, via: 'email', ...times }],
    credentials: [
      {
        type: 'code',
        identifiers: [email],
        config: { addresses: [{ channel: 'email', address: email }] },
        version: 1,
        ...times,
      },
      {
        type: 'password',
        identifiers: [email, `a-${email}`],
        config: { hashed_password: '$2a$04$x' },
        version: 1,
        ...times,
      },
    ],
    version: 1,
    ...times,
    ...changes,
  }
}

/** The person as they are found again beside a session: without credentials. */
export function withoutCredentials(person: IdentityWithCredentials): Identity {
  const { credentials, ...identity } = person
  void credentials
  return identity
}

export const sessionOf = (identity: IdentityWithCredentials, changes: Partial<Session> = {}): Session => ({
  id: sessionId(randomUUID()),
  active: true,
  aal: 'aal1',
  authenticationMethods: [{ method: 'password', aal: 'aal1', completedAt: AT }],
  authenticatedAt: AT,
  issuedAt: AT,
  expiresAt: AT + 86_400_000,
  identity: withoutCredentials(identity),
  devices: [{ id: randomUUID(), ipAddress: '192.0.2.7', userAgent: 'Test/1.0 "é"', location: 'Berlin, DE' }],
  secondFactors: secondFactorsIn(identity.credentials),
  ...changes,
})

export const freshHash = (): TokenHash => tokenHash(randomUUID().replaceAll('-', ''))

export const queued = (changes: Partial<Delivery> = {}): Delivery => ({
  id: deliveryId(randomUUID()),
  eventId: randomUUID(),
  actionId: actionId('crm'),
  trigger: 'registration.after.password',
  identityId: null,
  createdAt: AT,
  leasedUntil: null,
  leaseToken: null,
  content: {
    kind: 'rendered',
    call: {
      method: 'POST',
      url: 'https://crm.example.test/people?q=%20',
      headers: { 'content-type': 'application/json' },
      body: '{"nul":"\u0000","text":"\u{1f600}"}',
      secretHeaders: ['authorization'],
    },
    timeout: 3_000,
    emitHeaders: true,
  },
  ...changes,
})

export const queuedMessage = (changes: Partial<QueuedMessage> = {}): QueuedMessage => ({
  delivery: queued({ actionId: actionId('courier'), trigger: 'mail', content: { kind: 'mail', sealed: 'c2VhbGVk' } }),
  recipient: 'ann@example.test',
  channel: 'email',
  template: 'recovery_code_valid',
  ...changes,
})

/** A call that somebody waited for, and that refused. */
export const callOf = (identity: IdentityId, flow: FlowId, rowId: () => string = randomUUID) =>
  ({
    id: deliveryId(rowId()),
    actionId: actionId('gate'),
    where: 'login.after.hooks[0]',
    trigger: 'login.after.password',
    flowId: flow,
    identityId: identity,
    method: 'POST',
    endpoint: 'https://crm.example.test/hook',
    startedAt: AT,
    endedAt: AT + 12,
    outcome: 'denied',
    detail: 'not today',
    attempts: [{ requestId: randomUUID(), startedAt: AT, endedAt: AT + 12, status: 403, reason: '' }],
  }) as const

/** The id of a row that was made at a moment. */
export const rowIdAt = (at: number) => rowIds({ now: () => at }, (length) => randomBytes(length))()

/** A trigger that fired for whom a call was about, under the plan `p`. */
export const recordedStep = (
  { actionId, trigger, flowId, identityId }: Pick<CallRecord, 'actionId' | 'trigger' | 'flowId' | 'identityId'>,
  more: Partial<RecordedStep> = {},
): RecordedStep => ({
  id: rowIdAt(AT),
  event: randomUUID(),
  trigger,
  flowId,
  identityId,
  at: AT,
  plan: 'p',
  outcome: 'proceeded',
  actions: [{ actionId, where: 'hooks[0]', eventId: 'e', outcome: 'queued' }],
  ...more,
})
