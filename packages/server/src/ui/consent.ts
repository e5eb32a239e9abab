import type { Identity } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import { csrfSecretOf, liveSession } from '../http/doors.ts'
import { type Answer, type Exchange, redirect, type Route } from '../http/exchange.ts'
import type { SelfServiceDeps } from '../http/self-service.ts'
import type { FlowDeps } from '../oauth2/authorize.ts'
import { textIn, textsOf } from '../oauth2/client-metadata.ts'
import { OAuthFault } from '../oauth2/fault.ts'
import {
  acceptConsent,
  acceptLogout,
  rejectConsent,
  rejectLogout,
  showConsent,
  showLogout,
} from '../oauth2/request-admin.ts'
import { attributes, type Markup, markup } from './markup.ts'
import { type Page, pageAnswer } from './page.ts'

export type ConsentDeps = SelfServiceDeps & {
  /** The OAuth2 server of this process; null where there is none. */
  readonly oauth2: (() => FlowDeps) | null
}

/** Cardea's own consent and sign-out pages for the OAuth2 server beside it (ory-oauth2.md §2.2). */
export function consentRoutes(deps: ConsentDeps): readonly Route[] {
  const { oauth2 } = deps
  if (oauth2 === null) return []
  const route = (method: 'GET' | 'POST', path: string, handle: (exchange: Exchange) => Promise<Answer>): Route => ({
    method,
    path: `/ui/${path}`,
    csrf: 'global',
    handle: (exchange) => handle(exchange).catch((thrown: unknown) => failed(deps, thrown)),
  })
  return [
    route('GET', 'consent', (exchange) => ask(deps, oauth2(), exchange)),
    route('POST', 'consent', (exchange) => answer(deps, oauth2(), exchange)),
    route('GET', 'sign-out', (exchange) => askToSignOut(deps, oauth2(), exchange)),
    route('POST', 'sign-out', (exchange) => signOut(deps, oauth2(), exchange)),
  ]
}

const home = ({ settings }: ConsentDeps) => new URL('ui/', settings.serve.public.baseUrl).href

/** A challenge that is over or was made up: nobody is asked anything. */
function failed(deps: ConsentDeps, thrown: unknown): Answer {
  if (!(thrown instanceof OAuthFault)) throw thrown
  const main = markup`<h1>This request is over</h1><p>Go back to the application and try again.</p>`
  return pageAnswer(400, { title: 'Request over', home: home(deps), main })
}

type Asked = { readonly request: JsonObject; readonly client: JsonObject; readonly session: Session }

/** The request of a challenge, for the person it is about; null if somebody else is signed in, or nobody. */
async function requestFor(
  deps: ConsentDeps,
  oauth2: FlowDeps,
  challenge: string,
  exchange: Exchange,
): Promise<Asked | null> {
  const request = await showConsent(oauth2, challenge)
  const session = await liveSession(deps, exchange)
  if (session === null || session.identity.id !== request['subject']) return null
  return { request, client: isJsonObject(request['client']) ? request['client'] : {}, session }
}

async function ask(deps: ConsentDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const challenge = exchange.query.get('consent_challenge') ?? ''
  const asked = await requestFor(deps, oauth2, challenge, exchange)
  if (asked === null) return nobody(deps)
  const { request, client, session } = asked
  const scope = textsOf(request, 'requested_scope')
  // Nobody is asked twice, and nobody for an application of the house.
  if (request['skip'] === true || client['skip_consent'] === true)
    return redirect(303, await grant(oauth2, challenge, request, session, { scope, remember: false }))
  return pageAnswer(200, consentPage(deps, exchange, { challenge, client, scope }))
}

function nobody(deps: ConsentDeps): Answer {
  const main = markup`<h1>Please sign in again</h1><p>This request belongs to somebody who is not signed in here any more. Go back to the application and begin anew.</p>`
  return pageAnswer(403, { title: 'Sign in again', home: home(deps), main })
}

async function answer(deps: ConsentDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const form = new URLSearchParams(exchange.body.toString())
  const challenge = form.get('consent_challenge') ?? ''
  const asked = await requestFor(deps, oauth2, challenge, exchange)
  if (asked === null) return nobody(deps)
  if (form.get('answer') !== 'allow') {
    const refused = { error: 'access_denied', error_description: 'The resource owner denied the request.' }
    return redirect(303, (await rejectConsent(oauth2, challenge, refused)).redirect_to)
  }
  const wanted = textsOf(asked.request, 'requested_scope')
  const chosen = form.getAll('scope')
  const scope = wanted.filter((each) => chosen.includes(each))
  const remember = form.get('remember') === 'yes'
  return redirect(303, await grant(oauth2, challenge, asked.request, asked.session, { scope, remember }))
}

type Granted = { readonly scope: readonly string[]; readonly remember: boolean }

async function grant(
  oauth2: FlowDeps,
  challenge: string,
  request: JsonObject,
  { identity }: Session,
  { scope, remember }: Granted,
): Promise<string> {
  const accepted = await acceptConsent(oauth2, challenge, {
    grant_scope: scope,
    grant_access_token_audience: textsOf(request, 'requested_access_token_audience'),
    remember,
    session: { id_token: claimsOf(identity, scope), access_token: {} },
  })
  return accepted.redirect_to
}

/** What the scopes of OpenID Connect Core §5.4 tell of a person. */
function claimsOf({ traits, verifiableAddresses, schemaId }: Identity, scope: readonly string[]): JsonObject {
  const mail = verifiableAddresses.find(({ via }) => via === 'email')
  const address = mail?.value ?? textIn(traits, 'email')
  const name = nameIn(traits['name'] ?? null)
  return {
    ...(scope.includes('email') && address !== '' ? { email: address, email_verified: mail?.verified === true } : {}),
    ...(scope.includes('profile') && name !== '' ? { name } : {}),
    ...(scope.includes('profile') ? { schema_id: schemaId } : {}),
  }
}

const nameIn = (name: Json): string =>
  typeof name === 'string'
    ? name
    : isJsonObject(name)
      ? [textIn(name, 'first'), textIn(name, 'last')].filter(Boolean).join(' ')
      : ''

const MEANINGS: { readonly [scope: string]: string } = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline: 'Stay signed in while you are away',
  offline_access: 'Stay signed in while you are away',
}

type Consenting = { readonly challenge: string; readonly client: JsonObject; readonly scope: readonly string[] }

function consentPage(deps: ConsentDeps, exchange: Exchange, { challenge, client, scope }: Consenting): Page {
  const name = textIn(client, 'client_name') || textIn(client, 'client_id')
  const links = ['policy_uri', 'tos_uri'].flatMap((key) => {
    const href = textIn(client, key)
    return /^https?:/.test(href) ? [{ href, text: key === 'policy_uri' ? 'Its privacy policy' : 'Its terms' }] : []
  })
  const main = markup`<h1>${name} asks for access</h1>
<form method="post" action="${new URL('ui/consent', deps.settings.serve.public.baseUrl).href}">
${hidden({ csrf_token: tokenFor(deps, exchange), consent_challenge: challenge })}
<fieldset><legend>It would like to</legend>
${scope.map((each) => markup`<p><label><input type="checkbox" name="scope"${attributes({ value: each })} checked> ${MEANINGS[each] ?? each}</label></p>`)}
</fieldset>
<p><label><input type="checkbox" name="remember" value="yes"> Do not ask me again</label></p>
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Refuse</button>
</form>
${links.map(({ href, text }) => markup`<p><a${attributes({ href, rel: 'noreferrer' })}>${text}</a></p>`)}`
  return { title: `${name} asks for access`, home: home(deps), main }
}

const hidden = (fields: { readonly [name: string]: string }): readonly Markup[] =>
  Object.entries(fields).map(([name, value]) => markup`<input type="hidden"${attributes({ name, value })}>`)

const tokenFor = (deps: ConsentDeps, exchange: Exchange) => {
  const secret = csrfSecretOf(deps, exchange.facts)
  return secret === null ? '' : deps.csrf.mask(secret)
}

async function askToSignOut(deps: ConsentDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const challenge = exchange.query.get('logout_challenge') ?? ''
  const request = await showLogout(oauth2, challenge)
  const client = isJsonObject(request['client']) ? request['client'] : {}
  // An application of the house need not have its sign-out confirmed: it has proven whose session it is.
  if (client['skip_logout_consent'] === true) return endSession(deps, oauth2, challenge, exchange)
  const name = textIn(client, 'client_name')
  const main = markup`<h1>Sign out?</h1>
<p>${name === '' ? 'You will be signed out.' : `${name} asks to sign you out.`}</p>
<form method="post" action="${new URL('ui/sign-out', deps.settings.serve.public.baseUrl).href}">
${hidden({ csrf_token: tokenFor(deps, exchange), logout_challenge: challenge })}
<button name="answer" value="yes">Sign out</button>
<button name="answer" value="no">Stay</button>
</form>`
  return pageAnswer(200, { title: 'Sign out', home: home(deps), main })
}

async function signOut(deps: ConsentDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const form = new URLSearchParams(exchange.body.toString())
  const challenge = form.get('logout_challenge') ?? ''
  if (form.get('answer') === 'yes') return endSession(deps, oauth2, challenge, exchange)
  await rejectLogout(oauth2, challenge)
  return redirect(303, home(deps))
}

/** Both sessions end: the one of the OAuth2 server goes with its own logout, ours at once. */
async function endSession(deps: ConsentDeps, oauth2: FlowDeps, challenge: string, exchange: Exchange): Promise<Answer> {
  const request = await showLogout(oauth2, challenge)
  const session = await liveSession(deps, exchange)
  if (session !== null && session.identity.id === request['subject'])
    await deps.store.commit([{ kind: 'revokeSession', sessionId: session.id }])
  return redirect(303, (await acceptLogout(oauth2, challenge)).redirect_to)
}
