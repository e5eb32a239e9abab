import { Type } from 'typebox'
import { FLOWS, type FlowName } from '../../core/trigger.ts'
import {
  count,
  exactly,
  json,
  listOf,
  nothing,
  object,
  ok,
  type Operation,
  type Operations,
  optional,
  page,
  parameter,
  ref,
  required,
  sentOn,
  text,
} from './define.ts'

const token = { 'X-Session-Token': parameter('The token of a native client; browsers have a cookie.') }
const returnTo = { return_to: parameter('Where the browser goes when all is done; it must be one that is allowed.') }
const byNumber = {
  page: parameter('The page, by number.', count()),
  per_page: parameter('How many are on a page, by an older name.', count()),
  page_size: parameter('How many are on a page.', count()),
  page_token: parameter('The page, as a Link of another page names it.'),
}
const pages = {
  Link: 'Where the first, the next and the previous page are (RFC 8288).',
  'X-Total-Count': 'How many there are on all pages.',
}

const health: Operations = {
  'GET /health/alive': {
    id: 'isAlive',
    tag: 'Health',
    summary: 'Whether the server lives',
    answers: { 200: ok('It does.', ref('healthStatus')) },
  },
  'GET /health/ready': {
    id: 'isReady',
    tag: 'Health',
    summary: 'Whether the server can work: its database answers',
    answers: { 200: ok('It can.', ref('healthStatus')), 503: ok('It can not.', ref('healthNotReady')) },
  },
}

/** The same on every listener. */
export const healthOperations = health

const NAMES: { readonly [F in FlowName]: string } = {
  login: 'Login',
  registration: 'Registration',
  recovery: 'Recovery',
  verification: 'Verification',
  settings: 'Settings',
}

const START: { readonly [F in FlowName]: Operation['query'] } = {
  login: {
    ...returnTo,
    refresh: parameter('Asks for proof again although somebody is signed in.', Type.Boolean()),
    aal: parameter('Asks for a second factor: `aal2`.'),
    login_challenge: parameter('The login an OAuth2 client waits for.'),
    via: parameter('The address a code is sent to.'),
    identity_schema: parameter('The identity schema of who signs up instead.'),
  },
  registration: {
    ...returnTo,
    login_challenge: parameter('The login an OAuth2 client waits for.'),
    identity_schema: parameter('The identity schema; the default one where none is named.'),
  },
  recovery: returnTo,
  verification: returnTo,
  settings: returnTo,
}

/** A flow that was submitted: what success looks like, and what a form that asks again looks like. */
function submitted(name: FlowName): Operation['answers'] {
  const form = ref(`${name}Flow`)
  const again = ok('The form once more, with what is wrong; or an error.', Type.Union([form, ref('errorEnvelope')]))
  const elsewhere = ok('The browser has to go to `redirect_browser_to`.', ref('errorEnvelope'))
  const gone = ok('The flow has expired or was replaced; `use_flow_id` is the new one.', ref('errorEnvelope'))
  const to = sentOn('To wherever a browser goes next: back to the form, or on.')
  const success =
    name === 'login'
      ? ok('Somebody is signed in.', ref('successfulLogin'))
      : name === 'registration'
        ? ok('Somebody has signed up.', ref('successfulRegistration'))
        : ok('The flow as it stands now.', form)
  const away = sentOn('Somebody is signed in already, or has to sign in first.')
  return { 200: success, 302: away, 303: to, 400: again, 410: gone, 422: elsewhere }
}

const ofFlow = (name: FlowName): Operations => {
  const [Name, tag] = [NAMES[name], 'Self-service']
  const form = ref(`${name}Flow`)
  const submit = {
    tag,
    headers: token,
    query: { flow: required('The flow that is submitted.') },
    answers: submitted(name),
  }
  return {
    [`GET /self-service/${name}/browser`]: {
      id: `createBrowser${Name}Flow`,
      tag,
      summary: `Starts a ${name} in a browser`,
      ...(START[name] === undefined ? {} : { query: START[name] }),
      answers: { 200: ok('The flow, for scripts.', form), 303: sentOn('To the page that shows the flow.') },
    },
    [`GET /self-service/${name}/api`]: {
      id: `createNative${Name}Flow`,
      tag,
      summary: `Starts a ${name} in a native client`,
      headers: token,
      query: {
        ...START[name],
        ...(name === 'login' || name === 'registration'
          ? { return_session_token_exchange_code: parameter('Asks for a code that is good for the session later.') }
          : {}),
      },
      answers: { 200: ok('The flow.', form) },
    },
    [`GET /self-service/${name}/flows`]: {
      id: `get${Name}Flow`,
      tag,
      summary: `Fetches a ${name} flow, for the page that shows it`,
      headers: token,
      query: { id: required('The flow.') },
      answers: {
        200: ok('The flow.', form),
        ...(name === 'settings' ? { 302: sentOn('To the login: there are no settings of nobody.') } : {}),
      },
    },
    [`POST /self-service/${name}`]: {
      id: `update${Name}Flow`,
      summary: `Submits a ${name} flow`,
      ...submit,
      body: { schema: ref('flowSubmission'), media: ['application/json', 'application/x-www-form-urlencoded'] },
    },
    [`GET /self-service/${name}`]: {
      id: `open${Name}Link`,
      summary:
        name === 'recovery' || name === 'verification'
          ? `Opens the link of a mail`
          : `Takes a ${name} up again after a detour; everything else is submitted by POST`,
      ...submit,
    },
  }
}

const CALLBACK = '/self-service/methods/oidc/callback'

/** The flows that lead to a provider. */
const FORMS = [ref('loginFlow'), ref('registrationFlow'), ref('settingsFlow')]

const callback = (id: string): Operation => ({
  id,
  tag: 'Self-service',
  summary: 'Where providers send browsers back to',
  query: { state: required('What the browser left with.'), code: parameter('What the provider gives.') },
  answers: {
    200: ok(
      'For scripts: what submitting the flow would have answered.',
      Type.Union([ref('successfulLogin'), ref('successfulRegistration'), ref('settingsFlow')]),
    ),
    303: sentOn('To wherever the flow goes next.'),
    400: ok('The form once more, or an error.', Type.Union([...FORMS, ref('errorEnvelope')])),
    422: ok('The browser has to go to `redirect_browser_to`.', ref('errorEnvelope')),
  },
})

const postedCallback = (id: string): Operation => ({
  id,
  tag: 'Self-service',
  summary: 'The same, for providers that post a form',
  body: { schema: object(), media: ['application/x-www-form-urlencoded'] },
  answers: { 302: sentOn('To the same address, with the fields in its query: cookies only come along with a GET.') },
})

const whoami = (id: string): Operation => ({
  id,
  tag: 'Sessions',
  summary: 'Who is signed in',
  headers: token,
  query: { tokenize_as: parameter('The template of a signed token that is to come along.') },
  answers: { 200: ok('The session.', ref('session'), { 'X-Kratos-Authenticated-Identity-Id': 'Whose it is.' }) },
})

/** The public API of the identity server (ory-identity-api.md §2.1). */
export const identityPublic: Operations = {
  ...health,
  ...Object.assign({}, ...FLOWS.map(ofFlow)),
  [`GET ${CALLBACK}`]: callback('oidcCallback'),
  [`GET ${CALLBACK}/:provider`]: callback('oidcProviderCallback'),
  [`POST ${CALLBACK}`]: postedCallback('postOidcCallback'),
  [`POST ${CALLBACK}/:provider`]: postedCallback('postOidcProviderCallback'),
  'GET /self-service/errors': {
    id: 'getFlowError',
    tag: 'Self-service',
    summary: 'What the error page shows',
    query: { id: required('The id the page was opened with.') },
    answers: { 200: ok('The error.', ref('flowError')) },
  },
  'GET /self-service/logout/browser': {
    id: 'createBrowserLogoutFlow',
    tag: 'Self-service',
    summary: 'The address at which a browser signs out',
    query: returnTo,
    answers: { 200: ok('The address, and the token in it.', ref('logoutFlow')) },
  },
  'GET /self-service/logout': {
    id: 'updateLogoutFlow',
    tag: 'Self-service',
    summary: 'Signs a browser out',
    query: { token: required('The token of the logout.'), ...returnTo },
    answers: { 204: nothing('Signed out, for scripts.'), 303: sentOn('To the page after the logout.') },
  },
  'DELETE /self-service/logout/api': {
    id: 'performNativeLogout',
    tag: 'Self-service',
    summary: 'Signs a native client out; once more is no error',
    body: { schema: exactly({ session_token: text() }) },
    answers: { 204: nothing('Signed out.') },
  },
  'GET /sessions/whoami': whoami('toSession'),
  'POST /sessions/whoami': whoami('toSessionByPost'),
  'PUT /sessions/whoami': whoami('toSessionByPut'),
  'PATCH /sessions/whoami': whoami('toSessionByPatch'),
  'GET /sessions': {
    id: 'listMySessions',
    tag: 'Sessions',
    summary: 'The other sessions of whoever asks, newest first',
    headers: token,
    query: byNumber,
    answers: { 200: ok('A page of them.', listOf(ref('session')), pages) },
  },
  'DELETE /sessions': {
    id: 'disableMyOtherSessions',
    tag: 'Sessions',
    summary: 'Ends every other session of whoever asks',
    headers: token,
    answers: { 200: ok('How many there were.', exactly({ count: count() })) },
  },
  'DELETE /sessions/:id': {
    id: 'disableMySession',
    tag: 'Sessions',
    summary: 'Ends one of the other sessions of whoever asks',
    headers: token,
    answers: { 204: nothing('It has ended, or was not theirs.') },
  },
  'GET /sessions/token-exchange': {
    id: 'exchangeSessionToken',
    tag: 'Sessions',
    summary: 'The session of a native client whose person came back through a browser',
    query: { init_code: required('The code of the flow.'), return_to_code: required('The code the browser brought.') },
    answers: {
      200: ok('The session and its token.', exactly({ session: ref('session'), session_token: optional(text()) })),
      422: ok('The flow wants something else first.', Type.Union(FORMS)),
    },
  },
  'GET /schemas': {
    id: 'listIdentitySchemas',
    tag: 'Identity schemas',
    summary: 'The identity schemas',
    query: byNumber,
    answers: { 200: ok('A page of them.', listOf(ref('identitySchema')), pages) },
  },
  'GET /schemas/:id': {
    id: 'getIdentitySchema',
    tag: 'Identity schemas',
    summary: 'One identity schema, by its id or its id in base64url',
    answers: { 200: ok('The JSON Schema.', json()) },
  },
  'GET /.well-known/change-password': {
    id: 'changePassword',
    tag: 'Pages',
    summary: 'Where password managers send people (W3C change-password-url)',
    answers: { 303: sentOn('To the settings.') },
  },
  'GET /.well-known/ory/webauthn.js': {
    id: 'getWebAuthnJavaScript',
    tag: 'Pages',
    summary: 'The script that the buttons for keys call',
    answers: { 200: { ...page('The script.'), media: ['text/javascript'] } },
  },
}
