import type { ContinueWith, Flow } from './flow.ts'
import type { Identity, RecoveryAddress, VerifiableAddress } from './identity.ts'
import type { Json, JsonObject } from './json.ts'
import { isLive, type Session } from './session.ts'
import { type Time, toTimestamp, ZERO_TIMESTAMP } from './time.ts'
import type { Ui, UiMessage, UiNode } from './ui.ts'

type FlowViewOptions = {
  /** A before-hook sees a flow that has no row yet: Ory shows zero times there (ory-actions.md §4.3). */
  readonly unsaved?: true
  /** Before a settings flow nothing has been put into its form yet, and Ory shows no list (ory-actions.md §2.3). */
  readonly unpopulated?: true
  /** Whose settings they are, as others see them. */
  readonly identity?: JsonObject
  readonly continueWith?: readonly ContinueWith[]
}

/** A flow as clients and templates see it (ory-identity-api.md §4.1). */
export function flowView(flow: Flow, options: FlowViewOptions = {}): JsonObject {
  const { unsaved, unpopulated, identity, continueWith = [] } = options
  const common = {
    id: flow.id,
    type: flow.type,
    expires_at: toTimestamp(flow.expiresAt),
    issued_at: toTimestamp(flow.issuedAt),
    request_url: flow.requestUrl,
    ...(flow.returnTo ? { return_to: flow.returnTo } : {}),
    ...(flow.active ? { active: flow.active } : {}),
    ui: unpopulated ? { ...uiView(flow.ui), nodes: null } : uiView(flow.ui),
    state: flow.state,
    ...(flow.transientPayload === null ? {} : { transient_payload: flow.transientPayload }),
  }
  const chosen = {
    organization_id: null,
    ...(flow.identitySchema ? { identity_schema: flow.identitySchema } : {}),
    ...(flow.oauth2 === undefined
      ? {}
      : { oauth2_login_challenge: flow.oauth2.challenge, oauth2_login_request: flow.oauth2.request }),
  }
  const steps = continueWith.length === 0 ? {} : { continue_with: continueWith.map(stepView) }
  switch (flow.name) {
    case 'login':
      return {
        ...common,
        ...chosen,
        created_at: unsaved ? ZERO_TIMESTAMP : toTimestamp(flow.createdAt),
        updated_at: unsaved ? ZERO_TIMESTAMP : toTimestamp(flow.updatedAt),
        refresh: flow.refresh,
        requested_aal: flow.requestedAal,
      }
    case 'registration':
      return { ...common, ...chosen }
    case 'settings':
      return { ...common, organization_id: null, ...(identity === undefined ? {} : { identity }), ...steps }
    case 'recovery':
      return { ...common, ...steps }
    case 'verification':
      return common
    default:
      return flow satisfies never
  }
}

const stepView = (step: ContinueWith): JsonObject => ({ ...step })

const uiView = ({ action, method, nodes, messages }: Ui): JsonObject => ({
  action,
  method,
  nodes: nodes.map(nodeView),
  ...(messages.length === 0 ? {} : { messages: messages.map(messageView) }),
})

const nodeView = ({ type, group, attributes, messages, meta }: UiNode): JsonObject => ({
  type,
  group,
  attributes: attributesView(attributes),
  messages: messages.map(messageView),
  meta: meta.label === undefined ? {} : { label: messageView(meta.label) },
})

function attributesView(attributes: UiNode['attributes']): JsonObject {
  switch (attributes.node_type) {
    case 'input': {
      const { label, options, ...plain } = attributes
      return {
        ...plain,
        ...(label === undefined ? {} : { label: messageView(label) }),
        ...(options === undefined ? {} : { options: options.map(({ value }) => ({ value })) }),
      }
    }
    case 'text':
      return { ...attributes, text: messageView(attributes.text) }
    case 'a':
      return { ...attributes, title: messageView(attributes.title) }
    case 'img':
    case 'script':
      return { ...attributes }
    default:
      return attributes satisfies never
  }
}

const messageView = ({ id, text, type, context }: UiMessage): JsonObject => ({
  id,
  text,
  type,
  ...(context === undefined ? {} : { context }),
})

type IdentityViewOptions = {
  /** Administrators see `metadata_admin` too; people and templates never do. */
  readonly admin?: true
}

/** An identity without its credentials (ory-identity-api.md §9.2). */
export const identityView = (
  identity: Identity,
  publicUrl: string,
  { admin }: IdentityViewOptions = {},
): JsonObject => ({
  id: identity.id,
  ...(identity.externalId ? { external_id: identity.externalId } : {}),
  schema_id: identity.schemaId,
  schema_url: schemaUrl(identity.schemaId, publicUrl),
  state: identity.state,
  state_changed_at: toTimestamp(identity.stateChangedAt),
  traits: identity.traits,
  ...listed('verifiable_addresses', identity.verifiableAddresses.map(verifiableAddressView)),
  ...listed('recovery_addresses', identity.recoveryAddresses.map(recoveryAddressView)),
  metadata_public: identity.metadataPublic,
  ...(admin ? { metadata_admin: identity.metadataAdmin } : {}),
  created_at: toTimestamp(identity.createdAt),
  updated_at: toTimestamp(identity.updatedAt),
  organization_id: null,
})

/** Where an identity schema is served: its id, base64url, under the public URL. */
export const schemaUrl = (schemaId: string, publicUrl: string) =>
  new URL(`schemas/${Buffer.from(schemaId).toString('base64url')}`, publicUrl).href

const listed = (key: string, items: readonly Json[]): JsonObject => (items.length === 0 ? {} : { [key]: items })

export const verifiableAddressView = (address: VerifiableAddress): JsonObject => ({
  id: address.id,
  value: address.value,
  verified: address.verified,
  via: address.via,
  status: address.status,
  ...(address.verifiedAt === null ? {} : { verified_at: toTimestamp(address.verifiedAt) }),
  created_at: toTimestamp(address.createdAt),
  updated_at: toTimestamp(address.updatedAt),
})

const recoveryAddressView = (address: RecoveryAddress): JsonObject => ({
  id: address.id,
  value: address.value,
  via: address.via,
  created_at: toTimestamp(address.createdAt),
  updated_at: toTimestamp(address.updatedAt),
})

const authenticationMethodView = ({
  method,
  aal,
  completedAt,
  provider,
  upstreamAcr,
  upstreamAmr,
}: Session['authenticationMethods'][number]): JsonObject => ({
  method,
  aal,
  completed_at: toTimestamp(completedAt),
  ...(provider === undefined ? {} : { provider }),
  ...(upstreamAcr === undefined ? {} : { upstream_acr: upstreamAcr }),
  ...(upstreamAmr === undefined ? {} : { upstream_amr: upstreamAmr }),
})

/** A session as its owner sees it at a given moment (ory-identity-api.md §8.1). */
export const sessionView = (session: Session, publicUrl: string, at: Time): JsonObject => ({
  id: session.id,
  active: isLive(session, at),
  expires_at: toTimestamp(session.expiresAt),
  authenticated_at: toTimestamp(session.authenticatedAt),
  authenticator_assurance_level: session.aal,
  authentication_methods: session.authenticationMethods.map(authenticationMethodView),
  issued_at: toTimestamp(session.issuedAt),
  identity: identityView(session.identity, publicUrl),
  devices: session.devices.map(({ id, ipAddress, userAgent, location }) => ({
    id,
    ip_address: ipAddress,
    user_agent: userAgent,
    location,
  })),
})
