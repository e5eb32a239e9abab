import { Type } from 'typebox'
import { IdentityBodySchema } from '../../identities/admin-body.ts'
import {
  count,
  exactly,
  flag,
  json,
  listOf,
  moment,
  object,
  oneOf,
  optional,
  orNull,
  ref,
  type Schemas,
  text,
  uuid,
} from './define.ts'

/** An error as Kratos tells it (ory-identity-api.md §1.2). */
const error = exactly({
  id: optional(text()),
  code: Type.Integer(),
  status: text(),
  request: optional(text()),
  reason: optional(text()),
  details: optional(object()),
  message: text(),
})

const METHODS = ['password', 'oidc', 'code', 'totp', 'lookup_secret', 'webauthn', 'passkey', 'link', 'profile']
const aal = () => oneOf('aal0', 'aal1', 'aal2')
const channel = () => oneOf('email', 'sms')

const stamps = { created_at: moment(), updated_at: moment() }

const flow = {
  id: uuid(),
  type: oneOf('browser', 'api'),
  expires_at: moment(),
  issued_at: moment(),
  request_url: text(),
  return_to: optional(text()),
  active: optional(text()),
  ui: ref('uiContainer'),
  transient_payload: optional(object()),
}
const chosen = {
  state: oneOf('choose_method', 'sent_email', 'passed_challenge'),
  organization_id: Type.Null(),
  identity_schema: optional(text()),
  oauth2_login_challenge: optional(text()),
  oauth2_login_request: optional(object()),
  session_token_exchange_code: optional(text()),
}
const steps = { continue_with: optional(listOf(ref('continueWith'))) }

const step = (action: string, more: Parameters<typeof exactly>[0]) => exactly({ action: Type.Literal(action), ...more })
const stepTo = (action: string, more: Parameters<typeof exactly>[0] = {}) =>
  step(action, { flow: exactly({ id: uuid(), url: optional(text()), ...more }) })

const node = (type: string, attributes: Parameters<typeof exactly>[0]) =>
  exactly({
    type: Type.Literal(type),
    group: oneOf(
      'default',
      'password',
      'oidc',
      'profile',
      'link',
      'code',
      'totp',
      'lookup_secret',
      'webauthn',
      'passkey',
      'identifier_first',
    ),
    attributes: exactly({ node_type: Type.Literal(type), ...attributes }),
    messages: listOf(ref('uiText')),
    meta: exactly({ label: optional(ref('uiText')) }),
  })

/** Identities, sessions and flows as they look on the wire (ory-identity-api.md §4, §8.1, §9.2). */
export const identitySchemas: Schemas = {
  genericError: error,
  errorEnvelope: exactly({
    error: ref('genericError'),
    use_flow_id: optional(uuid()),
    expired_at: optional(moment()),
    since: optional(Type.Integer()),
    redirect_browser_to: optional(text()),
    CredentialsMissing: optional(flag()),
  }),
  healthStatus: exactly({ status: Type.Literal('ok'), warnings: optional(listOf(text())) }),
  healthNotReady: exactly({ errors: Type.Record(Type.String(), text()) }),
  version: exactly({ version: text() }),

  uiText: exactly({
    id: Type.Integer(),
    text: text(),
    type: oneOf('info', 'error', 'success'),
    context: optional(object()),
  }),
  uiNode: Type.Union([
    node('input', {
      name: text(),
      type: text(),
      value: optional(json()),
      required: optional(flag()),
      disabled: flag(),
      autocomplete: optional(text()),
      label: optional(ref('uiText')),
      pattern: optional(text()),
      maxlength: optional(count()),
      options: optional(listOf(exactly({ value: json() }))),
      onclick: optional(text()),
      onclickTrigger: optional(text()),
      onload: optional(text()),
      onloadTrigger: optional(text()),
    }),
    node('text', { id: text(), text: ref('uiText') }),
    node('img', { id: text(), src: text(), width: count(), height: count() }),
    node('a', { id: text(), href: text(), title: ref('uiText') }),
    node('script', {
      id: text(),
      src: text(),
      async: flag(),
      referrerpolicy: text(),
      crossorigin: text(),
      integrity: text(),
      type: text(),
      nonce: text(),
    }),
  ]),
  uiContainer: exactly({
    action: text(),
    method: oneOf('POST', 'GET'),
    nodes: listOf(ref('uiNode')),
    messages: optional(listOf(ref('uiText'))),
  }),
  continueWith: Type.Union([
    step('redirect_browser_to', { redirect_browser_to: text() }),
    step('set_ory_session_token', { ory_session_token: text() }),
    stepTo('show_verification_ui', { verifiable_address: text() }),
    stepTo('show_settings_ui'),
    stepTo('show_recovery_ui'),
  ]),

  loginFlow: exactly({ ...flow, ...chosen, ...stamps, refresh: flag(), requested_aal: aal() }),
  registrationFlow: exactly({ ...flow, ...chosen }),
  recoveryFlow: exactly({ ...flow, ...steps, state: text() }),
  verificationFlow: exactly({ ...flow, state: text() }),
  settingsFlow: exactly({
    ...flow,
    ...steps,
    state: oneOf('show_form', 'success'),
    organization_id: Type.Null(),
    identity: ref('identity'),
  }),
  successfulLogin: exactly({
    session: optional(ref('session')),
    session_token: optional(text()),
    continue_with: orNull(listOf(ref('continueWith'))),
  }),
  successfulRegistration: exactly({
    identity: ref('identity'),
    session: optional(ref('session')),
    session_token: optional(text()),
    continue_with: orNull(listOf(ref('continueWith'))),
  }),
  flowSubmission: Type.Object(
    {
      method: optional(Type.String({ description: `Which button was pressed: ${METHODS.join(', ')}.` })),
      csrf_token: optional(Type.String({ description: 'The hidden field of the form; native clients send none.' })),
      transient_payload: optional(
        Type.Object({}, { description: 'Handed to actions, and never stored with anybody.' }),
      ),
    },
    { description: 'The fields of the form as `ui.nodes` names them; `traits.email` is a member of `traits`.' },
  ),
  flowError: exactly({ id: text(), error: json(), ...stamps }),
  logoutFlow: exactly({ logout_token: text(), logout_url: text() }),

  verifiableAddress: exactly({
    id: uuid(),
    value: text(),
    verified: flag(),
    via: channel(),
    status: oneOf('pending', 'sent', 'completed'),
    verified_at: optional(moment()),
    ...stamps,
  }),
  recoveryAddress: exactly({ id: uuid(), value: text(), via: channel(), ...stamps }),
  identityCredentials: exactly({
    type: text(),
    identifiers: listOf(text()),
    config: optional(object()),
    version: count(),
    ...stamps,
  }),
  identity: exactly({
    id: uuid(),
    external_id: optional(text()),
    schema_id: text(),
    schema_url: text(),
    state: oneOf('active', 'inactive'),
    state_changed_at: moment(),
    traits: Type.Object({}, { description: 'As the identity schema lays them out.' }),
    verifiable_addresses: optional(listOf(ref('verifiableAddress'))),
    recovery_addresses: optional(listOf(ref('recoveryAddress'))),
    metadata_public: json(),
    metadata_admin: optional(Type.Unknown({ description: 'For administrators only.' })),
    credentials: optional(Type.Record(Type.String(), ref('identityCredentials'))),
    ...stamps,
    organization_id: Type.Null(),
  }),
  identityBody: IdentityBodySchema,
  identitySchema: exactly({ id: text(), schema: Type.Object({}, { description: 'A JSON Schema.' }) }),
  authenticationMethod: exactly({
    method: text(),
    aal: aal(),
    completed_at: moment(),
    provider: optional(text()),
    upstream_acr: optional(text()),
    upstream_amr: optional(listOf(text())),
  }),
  session: exactly({
    id: uuid(),
    active: flag(),
    expires_at: moment(),
    authenticated_at: moment(),
    authenticator_assurance_level: aal(),
    authentication_methods: listOf(ref('authenticationMethod')),
    issued_at: moment(),
    identity: orNull(ref('identity')),
    devices: orNull(listOf(exactly({ id: uuid(), ip_address: text(), user_agent: text(), location: text() }))),
    tokenized: optional(text()),
  }),
  jsonPatch: listOf(
    Type.Object({ op: oneOf('add', 'remove', 'replace', 'move', 'copy'), path: text(), value: optional(json()) }),
  ),
}
