import { Type } from 'typebox'
import {
  byKey,
  links,
  listOf,
  nothing,
  ok,
  type Operation,
  type Operations,
  optional,
  parameter,
  ref,
  required,
  text,
} from './define.ts'
import { healthOperations } from './identity-public.ts'

const client = (description: string) => ok(description, ref('oAuth2Client'))
const keys = (description: string) => ok(description, ref('jsonWebKeySet'))
const issuer = (description: string) => ok(description, ref('trustedOAuth2JwtGrantIssuer'))

const REQUESTS = '/admin/oauth2/auth/requests'
const tag = 'Requests'
const challenge = (kind: string) => ({ [`${kind}_challenge`]: required('The request, as the browser brought it.') })
const goOn = { 200: ok('Where the browser goes on.', ref('oAuth2RedirectTo')) }

/** Showing, accepting and rejecting what a login or consent app is asked for. */
const asked = (kind: 'login' | 'consent', Kind: 'Login' | 'Consent'): Operations => ({
  [`GET ${REQUESTS}/${kind}`]: {
    id: `getOAuth2${Kind}Request`,
    tag,
    summary: `What the ${kind} app is asked for`,
    query: challenge(kind),
    answers: { 200: ok('The request.', ref(`oAuth2${Kind}Request`)) },
  },
  [`PUT ${REQUESTS}/${kind}/accept`]: {
    id: `acceptOAuth2${Kind}Request`,
    tag,
    summary: kind === 'login' ? 'Somebody has signed in' : 'Somebody agrees',
    query: challenge(kind),
    body: { schema: ref(`acceptOAuth2${Kind}Request`) },
    answers: goOn,
  },
  [`PUT ${REQUESTS}/${kind}/reject`]: {
    id: `rejectOAuth2${Kind}Request`,
    tag,
    summary: kind === 'login' ? 'Nobody has signed in' : 'Somebody does not agree',
    query: challenge(kind),
    body: { schema: ref('rejectOAuth2Request'), required: false },
    answers: goOn,
  },
})

const ofKeys = (id: string, summary: string, more: Pick<Operation, 'answers' | 'body'>): Operation => ({
  id,
  tag: 'Keys',
  summary,
  ...more,
})

const ofClients = (id: string, summary: string, more: Pick<Operation, 'answers' | 'body' | 'query'>): Operation => ({
  id,
  tag: 'Clients',
  summary,
  ...more,
})

/** The admin API of the OAuth2 server (ory-oauth2.md §2). */
export const oauth2Admin: Operations = {
  ...healthOperations,
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

  'GET /admin/clients': ofClients('listOAuth2Clients', 'The clients', {
    query: {
      client_name: parameter('Only those of this name.'),
      owner: parameter('Only those of this owner.'),
      ...byKey,
    },
    answers: { 200: ok('A page of them.', listOf(ref('oAuth2Client')), links) },
  }),
  'POST /admin/clients': ofClients('createOAuth2Client', 'Registers a client', {
    body: { schema: ref('oAuth2Client') },
    answers: { 201: client('The client, with what is shown this once.') },
  }),
  'GET /admin/clients/:id': ofClients('getOAuth2Client', 'A client', { answers: { 200: client('The client.') } }),
  'PUT /admin/clients/:id': ofClients('setOAuth2Client', 'Replaces a client; its secret stays where none is given', {
    body: { schema: ref('oAuth2Client') },
    answers: { 200: client('The client as it is now.') },
  }),
  'PATCH /admin/clients/:id': ofClients('patchOAuth2Client', 'Changes a client by a JSON Patch (RFC 6902)', {
    body: { schema: ref('jsonPatch') },
    answers: { 200: client('The client as it is now.') },
  }),
  'DELETE /admin/clients/:id': ofClients('deleteOAuth2Client', 'Deletes a client with its tokens', {
    answers: { 204: nothing('It is gone.') },
  }),
  'PUT /admin/clients/:id/lifespans': ofClients('setOAuth2ClientLifespans', 'How long a client’s tokens live', {
    body: { schema: ref('oAuth2ClientTokenLifespans') },
    answers: { 200: client('The client as it is now.') },
  }),
  'POST /admin/clients/:id/secrets/rotate': ofClients(
    'rotateOAuth2ClientSecret',
    'Gives a client a new secret; the old ones count until they are deleted',
    { answers: { 200: client('The client with its new secret.') } },
  ),
  'DELETE /admin/clients/:id/secrets/rotate': ofClients(
    'deleteRotatedOAuth2ClientSecrets',
    'Deletes the secrets that were rotated out',
    { answers: { 200: client('The client.') } },
  ),

  ...asked('login', 'Login'),
  ...asked('consent', 'Consent'),
  [`GET ${REQUESTS}/logout`]: {
    id: 'getOAuth2LogoutRequest',
    tag,
    summary: 'What the logout app is asked for',
    query: challenge('logout'),
    answers: { 200: ok('The request.', ref('oAuth2LogoutRequest')) },
  },
  [`PUT ${REQUESTS}/logout/accept`]: {
    id: 'acceptOAuth2LogoutRequest',
    tag,
    summary: 'Somebody signs out',
    query: challenge('logout'),
    answers: goOn,
  },
  [`PUT ${REQUESTS}/logout/reject`]: {
    id: 'rejectOAuth2LogoutRequest',
    tag,
    summary: 'Somebody stays signed in',
    query: challenge('logout'),
    answers: { 204: nothing('They do.') },
  },
  [`PUT ${REQUESTS}/device/accept`]: {
    id: 'acceptUserCodeRequest',
    tag,
    summary: 'Somebody has typed the code of a device',
    query: challenge('device'),
    body: { schema: Type.Object({ user_code: text() }) },
    answers: goOn,
  },

  'GET /admin/oauth2/auth/sessions/consent': {
    id: 'listOAuth2ConsentSessions',
    tag: 'Sessions',
    summary: 'What somebody has agreed to',
    query: {
      subject: required('Who.'),
      login_session_id: parameter('Only what was agreed to in this session.'),
      ...byKey,
    },
    answers: { 200: ok('A page of it.', listOf(ref('oAuth2ConsentSession')), links) },
  },
  'DELETE /admin/oauth2/auth/sessions/consent': {
    id: 'revokeOAuth2ConsentSessions',
    tag: 'Sessions',
    summary: 'Takes back what somebody has agreed to, with its tokens',
    query: {
      subject: parameter('Who.'),
      client: parameter('To which client.'),
      all: parameter('To all of them: `true`.'),
      consent_request_id: parameter('Just this one.'),
    },
    answers: { 204: nothing('It does not count any more.') },
  },
  'DELETE /admin/oauth2/auth/sessions/login': {
    id: 'revokeOAuth2LoginSessions',
    tag: 'Sessions',
    summary: 'Lets the server forget that somebody is signed in',
    query: { subject: parameter('Who.'), sid: parameter('In which session.') },
    answers: { 204: nothing('It is forgotten.') },
  },

  'GET /admin/keys/:set': ofKeys('getJsonWebKeySet', 'A set of keys, private parts included', {
    answers: { 200: keys('The keys.') },
  }),
  'POST /admin/keys/:set': ofKeys('createJsonWebKeySet', 'Makes a key and adds it to a set', {
    body: { schema: Type.Object({ alg: text(), use: optional(text()), kid: optional(text()) }) },
    answers: { 201: keys('The new key.') },
  }),
  'PUT /admin/keys/:set': ofKeys('setJsonWebKeySet', 'Replaces a set of keys', {
    body: { schema: ref('jsonWebKeySet') },
    answers: { 200: keys('The keys.') },
  }),
  'DELETE /admin/keys/:set': ofKeys('deleteJsonWebKeySet', 'Deletes a set of keys', {
    answers: { 204: nothing('It is gone.') },
  }),
  'GET /admin/keys/:set/:kid': ofKeys('getJsonWebKey', 'A key', { answers: { 200: keys('The key, in a set.') } }),
  'PUT /admin/keys/:set/:kid': ofKeys('setJsonWebKey', 'Replaces a key', {
    body: { schema: ref('jsonWebKey') },
    answers: { 200: ok('The key.', ref('jsonWebKey')) },
  }),
  'DELETE /admin/keys/:set/:kid': ofKeys('deleteJsonWebKey', 'Deletes a key', {
    answers: { 204: nothing('It is gone.') },
  }),

  'GET /admin/trust/grants/jwt-bearer/issuers': {
    id: 'listTrustedOAuth2JwtGrantIssuers',
    tag: 'Trust',
    summary: 'Issuers whose assertions are exchanged for tokens (RFC 7523)',
    query: { issuer: parameter('Only of this issuer.'), ...byKey },
    answers: { 200: ok('A page of them.', listOf(ref('trustedOAuth2JwtGrantIssuer')), links) },
  },
  'POST /admin/trust/grants/jwt-bearer/issuers': {
    id: 'trustOAuth2JwtGrantIssuer',
    tag: 'Trust',
    summary: 'Trusts an issuer',
    body: { schema: ref('trustOAuth2JwtGrantIssuer') },
    answers: { 201: issuer('The issuer.') },
  },
  'GET /admin/trust/grants/jwt-bearer/issuers/:id': {
    id: 'getTrustedOAuth2JwtGrantIssuer',
    tag: 'Trust',
    summary: 'An issuer that is trusted',
    answers: { 200: issuer('The issuer.') },
  },
  'DELETE /admin/trust/grants/jwt-bearer/issuers/:id': {
    id: 'deleteTrustedOAuth2JwtGrantIssuer',
    tag: 'Trust',
    summary: 'Trusts an issuer no more',
    answers: { 204: nothing('It is trusted no more.') },
  },

  'POST /admin/oauth2/introspect': {
    id: 'introspectOAuth2Token',
    tag: 'Tokens',
    summary: 'What a token is good for (RFC 7662)',
    body: {
      schema: Type.Object({ token: text(), scope: optional(text()) }),
      media: ['application/x-www-form-urlencoded'],
    },
    answers: { 200: ok('What is known about it.', ref('introspectedOAuth2Token')) },
  },
  'DELETE /admin/oauth2/tokens': {
    id: 'deleteOAuth2Token',
    tag: 'Tokens',
    summary: 'Takes back every access token of a client',
    query: { client_id: required('The client.') },
    answers: { 204: nothing('They do not count any more.') },
  },
}
