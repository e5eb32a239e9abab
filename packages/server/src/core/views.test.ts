import { expect, test } from 'vitest'
import type { LoginFlow, RegistrationFlow } from './flow.ts'
import type { Identity } from './identity.ts'
import { flowId, identityId, sessionId } from './ids.ts'
import { flowView, identityView, sessionView } from './views.ts'

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const time = '2026-01-02T03:04:05.006Z'

const login: LoginFlow = {
  name: 'login',
  id: flowId('f'),
  type: 'api',
  requestUrl: 'http://id.test/self-service/login/api',
  returnTo: null,
  issuedAt: at,
  expiresAt: at,
  createdAt: at,
  updatedAt: at,
  active: null,
  state: 'choose_method',
  ui: {
    action: 'http://id.test/self-service/login?flow=f',
    method: 'POST',
    messages: [],
    nodes: [
      {
        type: 'input',
        group: 'default',
        attributes: { node_type: 'input', name: 'identifier', type: 'text', disabled: false, options: [{ value: 1 }] },
        messages: [],
        meta: { label: { id: 1, text: 'E-Mail', type: 'info', context: { name: 'x' } } },
      },
    ],
  },
  transientPayload: null,
  identitySchema: null,
  completed: false,
  version: 1,
  challenge: null,
  memory: { secret: 'never shown' },
  refresh: false,
  requestedAal: 'aal1',
  sessionId: null,
}

const ann: Identity = {
  id: identityId('i'),
  schemaId: 'default',
  state: 'active',
  stateChangedAt: at,
  traits: { email: 'ann@example.test' },
  metadataPublic: null,
  metadataAdmin: { note: 1 },
  externalId: null,
  verifiableAddresses: [
    {
      id: 'v',
      value: 'ann@example.test',
      via: 'email',
      verified: false,
      status: 'pending',
      verifiedAt: null,
      createdAt: at,
      updatedAt: at,
    },
  ],
  recoveryAddresses: [],
  version: 1,
  createdAt: at,
  updatedAt: at,
}

test('a login flow has exactly the fields of a recorded one', () => {
  expect(flowView(login)).toEqual({
    id: 'f',
    organization_id: null,
    type: 'api',
    expires_at: time,
    issued_at: time,
    request_url: 'http://id.test/self-service/login/api',
    ui: {
      action: 'http://id.test/self-service/login?flow=f',
      method: 'POST',
      nodes: [
        {
          type: 'input',
          group: 'default',
          attributes: {
            node_type: 'input',
            name: 'identifier',
            type: 'text',
            disabled: false,
            options: [{ value: 1 }],
          },
          messages: [],
          meta: { label: { id: 1, text: 'E-Mail', type: 'info', context: { name: 'x' } } },
        },
      ],
    },
    state: 'choose_method',
    created_at: time,
    updated_at: time,
    refresh: false,
    requested_aal: 'aal1',
  })
})

test('a flow shows what it has only once it has it', () => {
  const message = { id: 4000006, text: 'no', type: 'error' } as const
  const view = flowView({
    ...login,
    returnTo: 'https://app.test/',
    active: 'password',
    transientPayload: {},
    identitySchema: 'employee',
    ui: { ...login.ui, nodes: [], messages: [message] },
  })
  expect(view).toMatchObject({
    return_to: 'https://app.test/',
    active: 'password',
    transient_payload: {},
    identity_schema: 'employee',
  })
  expect(view.ui).toMatchObject({ nodes: [], messages: [message] })
})

test('before it is stored a login shows zero times', () => {
  expect(flowView(login, { unsaved: true })).toMatchObject({
    created_at: '0001-01-01T00:00:00Z',
    updated_at: '0001-01-01T00:00:00Z',
    issued_at: time,
  })
})

test('a registration flow has no times of its row, no refresh and no level', () => {
  const { refresh: _refresh, requestedAal: _aal, sessionId: _session, ...base } = login
  const registration: RegistrationFlow = { ...base, name: 'registration' }
  expect(Object.keys(flowView(registration)).sort()).toEqual(
    ['expires_at', 'id', 'issued_at', 'organization_id', 'request_url', 'state', 'type', 'ui'].sort(),
  )
})

test('an identity is shown without credentials, and its admin metadata only to administrators', () => {
  expect(identityView(ann, 'http://id.test/')).toEqual({
    id: 'i',
    schema_id: 'default',
    schema_url: 'http://id.test/schemas/ZGVmYXVsdA',
    state: 'active',
    state_changed_at: time,
    traits: { email: 'ann@example.test' },
    verifiable_addresses: [
      {
        id: 'v',
        value: 'ann@example.test',
        verified: false,
        via: 'email',
        status: 'pending',
        created_at: time,
        updated_at: time,
      },
    ],
    metadata_public: null,
    created_at: time,
    updated_at: time,
    organization_id: null,
  })
  expect(identityView({ ...ann, externalId: 'e' }, 'http://id.test/', { admin: true })).toMatchObject({
    external_id: 'e',
    metadata_admin: { note: 1 },
  })
})

const session = {
  id: sessionId('s'),
  active: true,
  aal: 'aal1',
  authenticationMethods: [{ method: 'password', aal: 'aal1', completedAt: at }],
  authenticatedAt: at,
  issuedAt: at,
  expiresAt: at + 1000,
  identity: ann,
  devices: [{ id: 'd', ipAddress: '127.0.0.1:1', userAgent: 'test', location: '' }],
  secondFactors: [],
} as const

test.each([
  ['a live one', session, at, true],
  ['an expired one', session, at + 1000, false],
  ['a revoked one', { ...session, active: false }, at, false],
  ["a disabled person's", { ...session, identity: { ...ann, state: 'inactive' } }, at, false],
] as const)('a session says whether it is active: %s', (_name, seen, now, active) => {
  expect(sessionView(seen, 'http://id.test/', now)).toMatchObject({
    id: 's',
    active,
    authenticator_assurance_level: 'aal1',
    authentication_methods: [{ method: 'password', aal: 'aal1', completed_at: time }],
    devices: [{ id: 'd', ip_address: '127.0.0.1:1', user_agent: 'test', location: '' }],
  })
})
