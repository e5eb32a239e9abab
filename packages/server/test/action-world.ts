import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ActionDeps } from '../src/actions/deps.ts'
import { openTemplates } from '../src/actions/web-hook/templates.ts'
import type { AfterContext, BeforeContext } from '../src/core/action.ts'
import type { CallRecord } from '../src/core/call.ts'
import type { LoginFlow, RegistrationFlow } from '../src/core/flow.ts'
import type { Identity } from '../src/core/identity.ts'
import { flowId, identityId, sessionId } from '../src/core/ids.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { RequestFacts } from '../src/core/request.ts'
import type { Session } from '../src/core/session.ts'
import { openClient } from '../src/net/client.ts'

/** What actions and the outbox need around them, with the real network client and the real time. */
export type ActionWorld = ActionDeps & {
  readonly logged: { readonly event: string; readonly fields: JsonObject }[]
  readonly recorded: CallRecord[]
  readonly close: () => Promise<void>
}

type Changes = {
  readonly actions?: Partial<ActionDeps['settings']['actions']>
  readonly clients?: Partial<ActionDeps['settings']['clients']>
}

/** How listeners are opened makes no difference here. */
const opening = { socket: null, tls: null, logsHealth: true }

export function actionWorld({ actions, clients }: Changes = {}): ActionWorld {
  const settings: ActionDeps['settings'] = {
    actions: {
      enabled: true,
      askTimeout: 5_000,
      timeout: 2_000,
      attempts: 3,
      backoff: { base: 5, jitter: true },
      awaitedFailure: 'fail',
      precedence: 'strict',
      ...actions,
    },
    clients: {
      privateAddresses: 'allowed',
      privateAddressExceptions: [],
      maxRedirects: 0,
      headerAllowlist: ['Accept', 'User-Agent', 'Content-Type'],
      cookieAllowlist: 'all',
      ...clients,
    },
    serve: {
      public: {
        trustedProxies: [],
        forwardedHeaders: 'anyone',
        host: '127.0.0.1',
        port: 4433,
        baseUrl: 'http://id.test/',
        cors: {
          enabled: false,
          allowedOrigins: [],
          allowedMethods: [],
          allowedHeaders: [],
          exposedHeaders: [],
          allowCredentials: false,
          maxAge: 0,
          optionsPassthrough: false,
        },
        ...opening,
      },
      admin: {
        host: '127.0.0.1',
        port: 4434,
        baseUrl: 'http://admin.test/',
        bearerTokenHashes: [],
        open: 'anyone',
        ...opening,
      },
    },
    featureFlags: {
      useContinueWithTransitions: false,
      chooseRecoveryAddress: false,
      legacyContinueWithVerificationUi: false,
      legacyRequireVerifiedLoginError: false,
      refreshLoginChooseAddress: false,
      cacheableSessions: false,
      cacheableSessionsMaxAge: null,
      fasterSessionExtend: false,
    },
    session: {
      lifespan: 86_400_000,
      earliestPossibleExtend: null,
      tokenTemplates: {},
      cookie: { name: 'ory_kratos_session', domain: null, path: '/', sameSite: 'Lax', secure: false, persistent: true },
      requiredAal: 'highest_available',
    },
  }
  const client = openClient(() => settings.clients, { userAgent: 'cardea/test' })
  const clock = { now: () => Date.now() }
  const logged: { event: string; fields: JsonObject }[] = []
  const recorded: CallRecord[] = []
  return {
    settings,
    client,
    clock,
    stopwatch: { now: () => performance.now(), sleep: (time) => new Promise((resolve) => setTimeout(resolve, time)) },
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID(), rowId: () => randomUUID() },
    templates: openTemplates({ client, clock, readFile: (path) => readFile(path, 'utf8') }),
    log: (_level, event, fields) => logged.push({ event, fields }),
    logged,
    record: (call) => recorded.push(call),
    recorded,
    close: () => client.close(),
  }
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5)

export const ann: Identity = {
  id: identityId('11111111-1111-4111-8111-111111111111'),
  schemaId: 'default',
  state: 'active',
  stateChangedAt: at,
  traits: { email: 'ann@example.test' },
  metadataPublic: null,
  metadataAdmin: { internal: 'never shown' },
  externalId: null,
  verifiableAddresses: [],
  recoveryAddresses: [],
  version: 1,
  createdAt: at,
  updatedAt: at,
}

const flow = {
  id: flowId('22222222-2222-4222-8222-222222222222'),
  type: 'api',
  requestUrl: 'http://id.test/self-service/x/api',
  returnTo: null,
  issuedAt: at,
  expiresAt: at + 600_000,
  createdAt: at,
  updatedAt: at,
  active: null,
  state: 'choose_method',
  ui: { action: 'http://id.test/self-service/x?flow=2', method: 'POST', nodes: [], messages: [] },
  transientPayload: null,
  identitySchema: null,
  completed: false,
  version: 1,
  challenge: null,
  memory: {},
} as const

export const registrationFlow: RegistrationFlow = { ...flow, name: 'registration' }
export const loginFlow: LoginFlow = {
  ...flow,
  name: 'login',
  refresh: false,
  requestedAal: 'aal1',
  sessionId: null,
}

export const request: RequestFacts = {
  method: 'POST',
  url: 'http://id.test/self-service/x?flow=2',
  headers: {
    Accept: ['application/json'],
    'User-Agent': ['test/1'],
    Authorization: ['Bearer secret'],
    Cookie: ['ory_kratos_session=secret; csrf_token_abc=secret; theme=dark'],
  },
  cookies: { ory_kratos_session: 'secret', csrf_token_abc: 'secret', ory_kratos_continuity: 'secret', theme: 'dark' },
  clientIp: '192.0.2.7',
  peer: '192.0.2.7',
  userAgent: 'test/1',
  location: '',
}

export const session: Session = {
  id: sessionId('33333333-3333-4333-8333-333333333333'),
  active: true,
  aal: 'aal1',
  authenticationMethods: [{ method: 'password', aal: 'aal1', completedAt: at }],
  authenticatedAt: at,
  issuedAt: at,
  expiresAt: at + 10 * 365 * 86_400_000,
  identity: ann,
  devices: [{ id: 'd', ipAddress: '192.0.2.7', userAgent: 'test/1', location: '' }],
  secondFactors: [],
}

export const afterLogin: AfterContext = {
  trigger: { phase: 'after', flow: 'login', method: 'password' },
  flow: { ...loginFlow, active: 'password', transientPayload: {} },
  request,
  session,
  identity: ann,
}

export const afterRegistration: AfterContext = {
  trigger: { phase: 'after', flow: 'registration', method: 'password' },
  flow: { ...registrationFlow, transientPayload: {} },
  request,
  session: null,
  identity: ann,
}

export const beforeLogin: BeforeContext = {
  trigger: { phase: 'before', flow: 'login' },
  flow: loginFlow,
  request: { ...request, method: 'GET' },
  session: null,
}

export const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
