import type { Identity } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import { liveSession } from '../http/doors.ts'
import { type Answer, type Exchange, redirect, type Route } from '../http/exchange.ts'
import type { FlowDeps } from '../oauth2/authorize.ts'
import { textIn, textsOf } from '../oauth2/client-metadata.ts'
import {
  acceptConsent,
  acceptLogout,
  rejectConsent,
  rejectLogout,
  showConsent,
  showLogout,
} from '../oauth2/request-admin.ts'
import { challengeForm, type ChallengePageDeps, challengePage, challengeRoute } from './challenge-page.ts'
import { attributes, markup } from './markup.ts'
import { type Page, pageAnswer } from './page.ts'

/** Cardea's own consent and sign-out pages for the OAuth2 server beside it (ory-oauth2.md §2.2). */
export function consentRoutes(deps: ChallengePageDeps): readonly Route[] {
  const { oauth2 } = deps
  if (oauth2 === null) return []
  const route = challengeRoute(deps)
  return [
    route('GET', 'consent', (exchange) => ask(deps, oauth2(), exchange)),
    route('POST', 'consent', (exchange) => answer(deps, oauth2(), exchange)),
    route('GET', 'sign-out', (exchange) => askToSignOut(deps, oauth2(), exchange)),
    route('POST', 'sign-out', (exchange) => signOut(deps, oauth2(), exchange)),
  ]
}

const home = ({ settings }: ChallengePageDeps) => new URL('ui/', settings.serve.public.baseUrl).href

type Asked = { readonly request: JsonObject; readonly client: JsonObject; readonly session: Session }

/** The request of a challenge, for the person it is about; null if somebody else is signed in, or nobody. */
async function requestFor(
  deps: ChallengePageDeps,
  oauth2: FlowDeps,
  challenge: string,
  exchange: Exchange,
): Promise<Asked | null> {
  const request = await showConsent(oauth2, challenge)
  const session = await liveSession(deps, exchange)
  if (session === null || session.identity.id !== request['subject']) return null
  return { request, client: isJsonObject(request['client']) ? request['client'] : {}, session }
}

async function ask(deps: ChallengePageDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
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

function nobody(deps: ChallengePageDeps): Answer {
  const main = markup`<p>This request belongs to somebody who is not signed in here any more. Go back to the application and begin anew.</p>`
  return pageAnswer(403, challengePage(deps, 'Please sign in again', main))
}

async function answer(deps: ChallengePageDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
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

function consentPage(deps: ChallengePageDeps, exchange: Exchange, { challenge, client, scope }: Consenting): Page {
  const name = textIn(client, 'client_name') || textIn(client, 'client_id')
  const links = ['policy_uri', 'tos_uri'].flatMap((key) => {
    const href = textIn(client, key)
    return /^https?:/.test(href) ? [{ href, text: key === 'policy_uri' ? 'Its privacy policy' : 'Its terms' }] : []
  })
  const box = (id: string, label: string, of: Parameters<typeof attributes>[0]) => markup`<div class="check">
<input${attributes({ type: 'checkbox', id, ...of })}>
<label${attributes({ for: id })}>${label}</label></div>
`
  const fields = markup`<fieldset><legend>It would like to</legend>
${scope.map((each, at) => box(`scope-${at}`, MEANINGS[each] ?? each, { name: 'scope', value: each, checked: true }))}</fieldset>
${box('remember', 'Do not ask me again', { name: 'remember', value: 'yes' })}<button class="first" name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Refuse</button>`
  const form = challengeForm(deps, exchange, {
    path: 'ui/consent',
    challenge: ['consent_challenge', challenge],
    fields,
  })
  const ways = links.map(({ href, text }) => markup`<p><a${attributes({ href, rel: 'noreferrer' })}>${text}</a></p>`)
  return challengePage(
    deps,
    `${name} asks for access`,
    markup`${form}${links.length > 0 && markup`<div class="ways">${ways}</div>`}`,
  )
}

async function askToSignOut(deps: ChallengePageDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const challenge = exchange.query.get('logout_challenge') ?? ''
  const request = await showLogout(oauth2, challenge)
  const client = isJsonObject(request['client']) ? request['client'] : {}
  // An application of the house need not have its sign-out confirmed: it has proven whose session it is.
  if (client['skip_logout_consent'] === true) return endSession(deps, oauth2, challenge, exchange)
  const name = textIn(client, 'client_name')
  const fields = markup`<button class="first" name="answer" value="yes">Sign out</button>
<button name="answer" value="no">Stay</button>`
  const form = challengeForm(deps, exchange, {
    path: 'ui/sign-out',
    challenge: ['logout_challenge', challenge],
    fields,
  })
  const why = name === '' ? 'You will be signed out.' : `${name} asks to sign you out.`
  return pageAnswer(200, challengePage(deps, 'Sign out?', markup`<p>${why}</p>\n${form}`))
}

async function signOut(deps: ChallengePageDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const form = new URLSearchParams(exchange.body.toString())
  const challenge = form.get('logout_challenge') ?? ''
  if (form.get('answer') === 'yes') return endSession(deps, oauth2, challenge, exchange)
  await rejectLogout(oauth2, challenge)
  return redirect(303, home(deps))
}

/** Both sessions end: the one of the OAuth2 server goes with its own logout, ours at once. */
async function endSession(
  deps: ChallengePageDeps,
  oauth2: FlowDeps,
  challenge: string,
  exchange: Exchange,
): Promise<Answer> {
  const request = await showLogout(oauth2, challenge)
  const session = await liveSession(deps, exchange)
  if (session !== null && session.identity.id === request['subject'])
    await deps.store.commit([{ kind: 'revokeSession', sessionId: session.id }])
  return redirect(303, (await acceptLogout(oauth2, challenge)).redirect_to)
}
