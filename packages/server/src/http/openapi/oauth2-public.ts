import { Type } from 'typebox'
import {
  nothing,
  object,
  ok,
  type Operation,
  type Operations,
  page,
  parameter,
  ref,
  required,
  sentOn,
  text,
} from './define.ts'
import { healthOperations } from './identity-public.ts'

const FORM = ['application/x-www-form-urlencoded'] as const
const tag = 'OAuth 2.0'
const credentials = { Authorization: parameter('The client, by HTTP Basic; or it names itself in the form.') }
const bearer = { Authorization: required('`Bearer` and the token.') }
const registered = { Authorization: required('`Bearer` and the client’s registration access token.') }

const authorization = {
  client_id: required('The client.'),
  response_type: required('What it wants: `code`, `id_token` or both.'),
  redirect_uri: parameter('Where the browser comes back to.'),
  scope: parameter('What the client wants to do.'),
  state: parameter('What the client recognises the answer by.'),
  nonce: parameter('What the ID token will carry.'),
  prompt: parameter('`none`, `login`, `consent`.'),
  max_age: parameter('How long ago, in seconds, somebody may have signed in.'),
  code_challenge: parameter('PKCE (RFC 7636).'),
  code_challenge_method: parameter('`S256`.'),
}

const authorize = (id: string, summary: string): Operation => ({
  id,
  tag,
  summary,
  answers: {
    302: sentOn('To the login, the consent, or back to the client.'),
    303: sentOn('Back to the client.'),
    200: page('A form that posts itself to the client (`response_mode=form_post`).'),
  },
})

const logout = (id: string): Operation => ({
  id,
  tag: 'OpenID Connect',
  summary: 'Signs somebody out (OpenID Connect RP-Initiated Logout)',
  answers: {
    200: page('A page that tells clients in frames.'),
    302: sentOn('To the logout, or to the page after it.'),
  },
})

const userinfo = (id: string): Operation => ({
  id,
  tag: 'OpenID Connect',
  summary: 'What an access token says about its person',
  answers: {
    200: {
      ...ok('The claims; signed where the client asks for that.', object()),
      media: ['application/json', 'application/jwt'],
    },
  },
})

const discovery = (id: string): Operation => ({
  id,
  tag: 'OpenID Connect',
  summary: 'What the server can do, and where',
  answers: { 200: ok('The document.', ref('discovery')) },
})

const client = (description: string) => ok(description, ref('oAuth2Client'))

/** The public API of the OAuth2 server (ory-oauth2.md §2.1). */
export const oauth2Public: Operations = {
  ...healthOperations,
  'GET /oauth2/auth': { ...authorize('oAuth2Authorize', 'Asks for an authorization'), query: authorization },
  'POST /oauth2/auth': {
    ...authorize('postOAuth2Authorize', 'The same, as a form'),
    body: { schema: object(), media: FORM },
  },
  'POST /oauth2/token': {
    id: 'oauth2TokenExchange',
    tag,
    summary: 'Gives tokens for a grant',
    headers: credentials,
    body: { schema: Type.Object({ grant_type: text() }), media: FORM },
    answers: { 200: ok('The tokens.', ref('oAuth2TokenExchange')) },
  },
  'POST /oauth2/revoke': {
    id: 'revokeOAuth2Token',
    tag,
    summary: 'Takes a token back (RFC 7009)',
    headers: credentials,
    body: { schema: Type.Object({ token: text() }), media: FORM },
    answers: { 200: nothing('It does not count any more.') },
  },
  'POST /oauth2/device/auth': {
    id: 'oAuth2DeviceFlow',
    tag,
    summary: 'Starts the authorization of a device (RFC 8628)',
    headers: credentials,
    body: { schema: object(), media: FORM },
    answers: { 200: ok('What the device shows and asks with.', ref('deviceAuthorization')) },
  },
  'GET /oauth2/device/verify': {
    id: 'performOAuth2DeviceVerificationFlow',
    tag,
    summary: 'Where people type the code of a device',
    query: { user_code: parameter('The code.') },
    answers: { 302: sentOn('To the page that asks for the code, to the login, to the consent, or to the end.') },
  },
  'GET /oauth2/sessions/logout': logout('revokeOidcSession'),
  'POST /oauth2/sessions/logout': { ...logout('postRevokeOidcSession'), body: { schema: object(), media: FORM } },
  'GET /userinfo': { ...userinfo('getOidcUserInfo'), headers: bearer },
  'POST /userinfo': { ...userinfo('postOidcUserInfo'), headers: bearer },
  'GET /.well-known/openid-configuration': discovery('discoverOidcConfiguration'),
  'GET /.well-known/oauth-authorization-server': discovery('discoverOAuth2Configuration'),
  'GET /.well-known/jwks.json': {
    id: 'discoverJsonWebKeys',
    tag: 'OpenID Connect',
    summary: 'The keys that signatures are checked with',
    answers: { 200: ok('The keys, newest first.', ref('jsonWebKeySet')) },
  },
  'POST /credentials': {
    id: 'createVerifiableCredential',
    tag: 'OpenID Connect',
    summary: 'Not here: this server issues no verifiable credentials, and says so',
    answers: {},
  },
  'POST /oauth2/register': {
    id: 'createOidcDynamicClient',
    tag: 'Registration',
    summary: 'Registers a client that registers itself (RFC 7591)',
    body: { schema: ref('oAuth2Client') },
    answers: { 201: client('The client, with what is shown this once.') },
  },
  'GET /oauth2/register/:id': {
    id: 'getOidcDynamicClient',
    tag: 'Registration',
    summary: 'A client that registered itself (RFC 7592)',
    headers: registered,
    answers: { 200: client('The client.') },
  },
  'PUT /oauth2/register/:id': {
    id: 'setOidcDynamicClient',
    tag: 'Registration',
    summary: 'Replaces a client that registered itself',
    headers: registered,
    body: { schema: ref('oAuth2Client') },
    answers: { 200: client('The client, with its new token.') },
  },
  'DELETE /oauth2/register/:id': {
    id: 'deleteOidcDynamicClient',
    tag: 'Registration',
    summary: 'Deletes a client that registered itself',
    headers: registered,
    answers: { 204: nothing('It is gone.') },
  },
}
