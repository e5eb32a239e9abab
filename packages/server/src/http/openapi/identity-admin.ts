import { Type } from 'typebox'
import { CREDENTIAL_TYPES } from '../../core/identity.ts'
import { actionOperations, actionSchemas } from './actions.ts'
import {
  byKey,
  count,
  exactly,
  flag,
  json,
  links,
  listOf,
  moment,
  nothing,
  object,
  ok,
  oneOf,
  type Operations,
  optional,
  orNull,
  parameter,
  ref,
  type Schemas,
  text,
  uuid,
} from './define.ts'
import { healthOperations } from './identity-public.ts'

const include = {
  include_credential: parameter(
    'Credentials whose configuration is to come along.',
    listOf(oneOf(...CREDENTIAL_TYPES)),
  ),
}
const expand = {
  expand: parameter('What is to come along.', listOf(oneOf('identity', 'devices'))),
}
const activity = { active: parameter('Only those that sign somebody in, or only those that do not.', flag()) }
const identity = (description: string) => ok(description, ref('identity'))

/** What only administrators see. */
export const identityAdminSchemas: Schemas = {
  courierMessage: exactly({
    id: uuid(),
    status: oneOf('queued', 'processing', 'sent', 'abandoned'),
    type: oneOf('email', 'sms'),
    recipient: text(),
    body: text(),
    subject: text(),
    template_type: text(),
    channel: text(),
    send_count: count(),
    created_at: moment(),
    updated_at: moment(),
    dispatches: optional(
      listOf(
        exactly({
          id: uuid(),
          message_id: uuid(),
          status: oneOf('success', 'failed'),
          error: orNull(ref('genericError')),
          created_at: moment(),
          updated_at: moment(),
        }),
      ),
    ),
  }),
  ...actionSchemas,
}

/** The admin API of the identity server (ory-identity-api.md §2.2). */
export const identityAdmin: Operations = {
  ...healthOperations,
  'GET /health/config': {
    id: 'getConfigRevision',
    tag: 'Health',
    summary: 'Which configuration is in force',
    answers: { 200: ok('Its revision.', exactly({ revision: text() })) },
  },
  'GET /version': {
    id: 'getVersion',
    tag: 'Health',
    summary: 'Which build this is',
    answers: { 200: ok('The version.', ref('version')) },
  },
  'GET /metrics/prometheus': {
    id: 'getMetrics',
    tag: 'Health',
    summary: 'What happens, for Prometheus',
    answers: { 200: { description: 'The metrics.', schema: text(), media: ['text/plain'] } },
  },

  'GET /admin/identities': {
    id: 'listIdentities',
    tag: 'Identities',
    summary: 'Identities in the order of their ids; at most one filter',
    query: {
      ids: parameter('Only these.', listOf(uuid())),
      credentials_identifier: parameter('Only the one that signs in with this.'),
      ...include,
      ...byKey,
      page: parameter('The page by number from 0, as older clients ask; it says the total as well.', count()),
      per_page: parameter('How many are on a page by number.', count()),
    },
    answers: {
      200: ok('A page of them.', listOf(ref('identity')), {
        ...links,
        'X-Total-Count': 'With `page`: how many there are.',
      }),
    },
  },
  'POST /admin/identities': {
    id: 'createIdentity',
    tag: 'Identities',
    summary: 'Makes an identity, with credentials to import where there are any',
    body: { schema: ref('identityBody') },
    answers: { 201: identity('The identity.') },
  },
  'PATCH /admin/identities': {
    id: 'batchPatchIdentities',
    tag: 'Identities',
    summary: 'Makes many identities; each is stored or refused by itself',
    body: {
      schema: exactly({
        identities: listOf(exactly({ create: optional(ref('identityBody')), patch_id: optional(json()) })),
      }),
    },
    answers: {
      200: ok(
        'What became of each.',
        exactly({
          identities: listOf(
            orNull(
              exactly({
                action: oneOf('create', 'error'),
                identity: optional(uuid()),
                patch_id: optional(json()),
                error: optional(ref('genericError')),
              }),
            ),
          ),
        }),
      ),
    },
  },
  'GET /admin/identities/by/external/:externalID': {
    id: 'getIdentityByExternalID',
    tag: 'Identities',
    summary: 'An identity by the id it has elsewhere',
    query: include,
    answers: { 200: identity('The identity.') },
  },
  'GET /admin/identities/:id': {
    id: 'getIdentity',
    tag: 'Identities',
    summary: 'An identity',
    query: include,
    answers: { 200: identity('The identity.') },
  },
  'PUT /admin/identities/:id': {
    id: 'updateIdentity',
    tag: 'Identities',
    summary: 'Replaces an identity; what its traits say decides over its addresses and identifiers',
    body: { schema: ref('identityBody') },
    answers: { 200: identity('The identity as it is now.') },
  },
  'PATCH /admin/identities/:id': {
    id: 'patchIdentity',
    tag: 'Identities',
    summary: 'Changes an identity by a JSON Patch (RFC 6902)',
    body: { schema: ref('jsonPatch') },
    answers: { 200: identity('The identity as it is now.') },
  },
  'DELETE /admin/identities/:id': {
    id: 'deleteIdentity',
    tag: 'Identities',
    summary: 'Deletes an identity with its sessions and all it signs in with',
    answers: { 204: nothing('It is gone.') },
  },
  'DELETE /admin/identities/:id/credentials/:type': {
    id: 'deleteIdentityCredentials',
    tag: 'Identities',
    summary: 'Deletes a way of signing in, unless it is the last',
    query: { identifier: parameter('Which account elsewhere: `provider:subject`.') },
    answers: { 204: nothing('It is gone.') },
  },
  'GET /admin/identities/:id/sessions': {
    id: 'listIdentitySessions',
    tag: 'Sessions',
    summary: 'The sessions of an identity, newest first',
    query: { ...activity, ...byKey, page: parameter('The page, by number.', count()) },
    answers: {
      200: ok('A page of them.', listOf(ref('session')), { ...links, 'X-Total-Count': 'How many there are.' }),
    },
  },
  'DELETE /admin/identities/:id/sessions': {
    id: 'deleteIdentitySessions',
    tag: 'Sessions',
    summary: 'Deletes every session of an identity',
    answers: { 204: nothing('They are gone.') },
  },

  'POST /admin/recovery/code': {
    id: 'createRecoveryCodeForIdentity',
    tag: 'Recovery',
    summary: 'Makes a code for somebody to get back in with',
    body: {
      schema: Type.Object({
        identity_id: uuid(),
        expires_in: optional(text()),
        flow_type: optional(oneOf('browser', 'api')),
      }),
    },
    answers: {
      201: ok(
        'The code, and where to enter it.',
        exactly({ recovery_code: text(), recovery_link: text(), expires_at: moment() }),
      ),
    },
  },
  'POST /admin/recovery/link': {
    id: 'createRecoveryLinkForIdentity',
    tag: 'Recovery',
    summary: 'Makes a link for somebody to get back in with',
    query: { return_to: parameter('Where the browser goes afterwards.') },
    body: { schema: Type.Object({ identity_id: uuid(), expires_in: optional(text()) }) },
    answers: { 200: ok('The link.', exactly({ recovery_link: text(), expires_at: moment() })) },
  },

  'GET /admin/sessions': {
    id: 'listSessions',
    tag: 'Sessions',
    summary: 'Everybody’s sessions, newest first',
    query: { ...activity, ...expand, ...byKey },
    answers: { 200: ok('A page of them.', listOf(ref('session')), links) },
  },
  'POST /admin/sessions': {
    id: 'endSessions',
    tag: 'Sessions',
    summary: 'Ends or deletes many sessions at once',
    body: {
      schema: Type.Object({
        action: oneOf('disable', 'delete'),
        identities: optional(listOf(text())),
        sessions: optional(listOf(text())),
      }),
    },
    answers: {
      200: ok('How many it were, and whether there are more.', exactly({ processed: count(), more: flag() })),
    },
  },
  'GET /admin/sessions/:id': {
    id: 'getSession',
    tag: 'Sessions',
    summary: 'A session',
    query: expand,
    answers: { 200: ok('The session.', ref('session')) },
  },
  'DELETE /admin/sessions/:id': {
    id: 'disableSession',
    tag: 'Sessions',
    summary: 'Ends a session; it can still be read',
    answers: { 204: nothing('It has ended.') },
  },
  'PATCH /admin/sessions/:id/extend': {
    id: 'extendSession',
    tag: 'Sessions',
    summary: 'Lets a session live on, once its end is near enough',
    answers: {
      200: ok('The session.', ref('session')),
      204: nothing('With `feature_flags.faster_session_extend`: it lives on.'),
    },
  },

  'GET /admin/courier/messages': {
    id: 'listCourierMessages',
    tag: 'Messages',
    summary: 'Messages that were sent or will be, newest first',
    query: {
      status: parameter('Only these.', oneOf('queued', 'processing', 'sent', 'abandoned')),
      recipient: parameter('Only those to this address.'),
      ...byKey,
    },
    answers: { 200: ok('A page of them.', listOf(ref('courierMessage')), links) },
  },
  'GET /admin/courier/messages/:id': {
    id: 'getCourierMessage',
    tag: 'Messages',
    summary: 'A message with every try to send it',
    answers: { 200: ok('The message.', ref('courierMessage')) },
  },

  ...actionOperations,
  'GET /admin/configuration': {
    id: 'getConfiguration',
    tag: 'Actions',
    summary: 'The configuration in force with every default in it, without its secrets',
    answers: { 200: ok('The configuration.', object()) },
  },
}
