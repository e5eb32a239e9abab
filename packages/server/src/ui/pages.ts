import type { Identity } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Proof, Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import type { FlowName } from '../core/trigger.ts'
import type { Ui } from '../core/ui.ts'
import { hasErrors, renderForms } from './form.ts'
import { KEY_GLUE } from './keys.ts'
import { type Markup, markup } from './markup.ts'
import type { Link, Page } from './page.ts'
import { COPY_GLUE, hasSecrets } from './secrets.ts'
import { renderTime } from './time.ts'

/** A way out of a page to another one: a question and its answer, such as "New here? Create an account". */
export type Way = Link & { readonly question: string }

export type FlowPage = {
  readonly flow: FlowName
  /** A login that asks somebody who is signed in once more. */
  readonly isRepeated: boolean
  readonly ui: Ui
  readonly ways: readonly Way[]
  readonly home: string
}

/** The page of any self-service flow: everything on it comes from the flow's own nodes. */
export function flowPage({ flow, isRepeated, ui, ways, home }: FlowPage): Page {
  const title = flow === 'login' && isRepeated ? 'Confirm that it is you' : TITLES[flow]
  const scripts = ui.nodes.filter((node) => node.type === 'script')
  const glue = [...(scripts.length === 0 ? [] : [KEY_GLUE]), ...(ui.nodes.some(hasSecrets) ? [COPY_GLUE] : [])]
  return {
    // Said first where a screen reader begins to read.
    title: hasErrors(ui) ? `Error: ${title}` : title,
    home,
    nonces: scripts.map(({ attributes }) => attributes.nonce),
    ...(glue.length === 0 ? {} : { script: glue.join('\n') }),
    main: markup`<div class="leaf${flow === 'settings' && ' wide'}">
<h1>${title}</h1>
${renderWho(ui)}${renderForms(flow, ui)}${renderWays(ways)}</div>`,
  }
}

const TITLES: Record<FlowName, string> = {
  login: 'Sign in',
  registration: 'Create your account',
  recovery: 'Recover your account',
  verification: 'Verify your address',
  settings: 'Your settings',
}

/** Whom the next step is about, where they have said so in one before; which a form keeps out of the way. */
function renderWho({ nodes }: Ui): Markup | null {
  const who = whoIn(nodes)
  return who === null
    ? null
    : markup`<p class="lead" dir="auto">${who}</p>
`
}

/** The identifier that a form carries along without asking for it. */
export function whoIn(nodes: Ui['nodes']): string | null {
  const node = nodes.find((each) => each.type === 'input' && each.attributes.name === 'identifier')
  if (node?.type !== 'input' || node.attributes.type !== 'hidden') return null
  const { value } = node.attributes
  return typeof value === 'string' && value !== '' ? value : null
}

const renderWays = (ways: readonly Way[]) =>
  ways.length > 0 &&
  markup`<div class="ways">${ways.map(({ question, href, text }) => markup`<p>${question} <a href="${href}">${text}</a></p>`)}</div>
`

export type HomePage = { readonly home: string; readonly ways: readonly Link[]; readonly tools: Link | null }

/** The first page of somebody who is not signed in. */
export const welcomePage = ({ home, ways, tools }: HomePage): Page => ({
  title: 'Welcome',
  home,
  main: markup`<div class="leaf">
<h1>You are not signed in</h1>
<p class="lead">Sign in to see your account, or create one.</p>
<p class="row">${ways.map(({ href, text }, i) => markup`<a class="button${i === 0 && ' first'}" href="${href}">${text}</a>`)}</p>
${renderTools(tools)}</div>`,
})

export type AccountPage = {
  readonly home: string
  readonly session: Session
  /** The identity's schema, whose titles name the traits. */
  readonly schema: JsonObject | null
  readonly settings: string
  readonly signOut: string
  readonly tools: Link | null
}

/** Who is signed in, and since when. */
export const accountPage = ({ home, session, schema, settings, signOut, tools }: AccountPage): Page => ({
  title: 'Your account',
  home,
  main: markup`<div class="leaf wide">
<div>
<h1>You are signed in</h1>
<p class="lead" dir="auto">${nameOf(session.identity)}</p>
</div>
<section class="group" aria-labelledby="about">
<h2 id="about">About you</h2>
<dl>
${traitRows(session.identity.traits, schema).map(([name, value]) => row(name, markup`<span dir="auto">${value}</span>`))}${row('Identity', markup`<code>${session.identity.id}</code>`)}</dl>
</section>
<section class="group" aria-labelledby="session">
<h2 id="session">This session</h2>
<dl>
${row('Signed in', renderTime(session.authenticatedAt))}${row('With', markup`${session.authenticationMethods.map(({ method }) => METHODS[method]).join(', ')}`)}${row('Ends', renderTime(session.expiresAt))}${session.devices.slice(0, 1).map(({ ipAddress, userAgent }) => markup`${row('From', markup`${ipAddress}`)}${userAgent !== '' && row('Browser', markup`${userAgent}`)}`)}</dl>
</section>
<p class="row end"><a class="button" href="${settings}">Change your settings</a><a class="button" href="${signOut}">Sign out</a></p>
${renderTools(tools)}</div>`,
})

const row = (name: string, value: Markup) => markup`<dt>${name}</dt><dd>${value}</dd>
`

/** How a person is addressed: by name where the traits have one, else by the first address or text. */
function nameOf({ traits, id }: Identity): string {
  const { name } = traits
  if (typeof name === 'string' && name !== '') return name
  if (isJsonObject(name)) {
    const parts = [name.first, name.last].flatMap((part) => (typeof part === 'string' ? part : []))
    if (parts.some((part) => part !== '')) return parts.join(' ').trim()
  }
  return traitRows(traits, null)[0]?.[1] ?? id
}

type Row = readonly [name: string, value: string]

/** Traits as rows: named by the schema's titles, else by their path; lists with commas, empty ones left out. */
export const traitRows = (traits: JsonObject, schema: JsonObject | null): readonly Row[] =>
  rowsOf(['traits'], traits).map(([path, value]) => [titleAt(path, schema) ?? words(path.slice(1)), value])

function rowsOf(path: readonly string[], value: Json): readonly (readonly [readonly string[], string])[] {
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) => rowsOf([...path, name], inner))
  }
  const text = textOf(value)
  return text === '' ? [] : [[path, text]]
}

function titleAt(path: readonly string[], schema: Json): string | null {
  const [name, ...rest] = path
  if (!isJsonObject(schema)) return null
  if (name === undefined) return typeof schema.title === 'string' && schema.title !== '' ? schema.title : null
  return isJsonObject(schema.properties) ? titleAt(rest, schema.properties[name] ?? null) : null
}

const textOf = (value: Json): string => {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const words = (path: readonly string[]) => {
  const text = path.join(' ').replaceAll(/[_-]+/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const METHODS: Record<Proof, string> = {
  code_recovery: 'a recovery code',
  link_recovery: 'a recovery link',
  password: 'password',
  oidc: 'another account',
  totp: 'authenticator app',
  webauthn: 'security key',
  lookup_secret: 'recovery code',
  passkey: 'passkey',
  code: 'code by mail or text message',
  link: 'link by mail',
  profile: 'profile',
}

const renderTools = (tools: Link | null) =>
  tools !== null &&
  markup`<div class="ways"><p>This server runs in development mode. <a href="${tools.href}">${tools.text}</a></p></div>
`

/** Asks before signing out somebody whom another site may have sent here. */
export const signOutPage = ({ home, signOut }: { readonly home: string; readonly signOut: string }): Page => ({
  title: 'Sign out',
  home,
  main: markup`<div class="leaf">
<h1>Sign out?</h1>
<p class="row"><a class="button first" href="${signOut}">Sign out</a><a class="button" href="${home}">Stay signed in</a></p>
</div>`,
})

/** A browser that keeps no cookies would be sent from page to page for ever. */
export const cookiesPage = ({ home, again }: { readonly home: string; readonly again: string }): Page => ({
  title: 'Cookies are needed',
  home,
  main: markup`<div class="leaf">
<h1>Your browser kept no cookie</h1>
<p>Signing in needs cookies: they prove that a form is sent by the person who opened it. Please allow cookies for this site.</p>
<p class="row"><a class="button first" href="${again}">Try again</a></p>
</div>`,
})

export type ErrorPage = {
  readonly home: string
  /** The stored error, as clients get it; null where the reference is unknown. */
  readonly error: Json
  readonly reference: string | null
  readonly at: Time | null
}

/** What went wrong, for a person, and the reference under which the operator finds the rest. */
export function errorPage({ home, error, reference, at }: ErrorPage): Page {
  const { title, texts } = isJsonObject(error) ? explain(error) : UNKNOWN
  const id = isJsonObject(error) && typeof error.id === 'string' ? error.id : null
  return {
    title,
    home,
    main: markup`<div class="leaf">
<h1>${title}</h1>
${texts.map(
  (text) => markup`<p dir="auto">${text}</p>
`,
)}<p class="row"><a class="button first" href="${home}">Start again</a></p>
${
  reference !== null &&
  markup`<p class="reference">If you ask for help, please give this reference:<br><code>${reference}</code>${id !== null && markup` <code>${id}</code>`}${at !== null && markup`<br>${renderTime(at)}`}</p>
`
}</div>`,
  }
}

type Explanation = { readonly title: string; readonly texts: readonly string[] }

const UNKNOWN: Explanation = {
  title: 'Nothing to see here',
  texts: ['This page explains errors, but it does not know the one you came with. It may have been removed since.'],
}

function explain(error: JsonObject): Explanation {
  if (error.id === 'action_denied') return { title: 'This is not possible now', texts: deniedTexts(error) }
  const known = typeof error.id === 'string' ? EXPLANATIONS[error.id] : undefined
  return known ?? { title: titleOf(error.code), texts: texts(error.reason ?? error.message ?? '') }
}

/** Errors that people meet without any fault of theirs, in other words than a developer needs. */
const EXPLANATIONS: { readonly [id: string]: Explanation } = {
  security_csrf_violation: {
    title: 'Please send the form again',
    texts: [
      'The form you sent was not opened in this browser, or it is out of date, perhaps because you signed in or out in another window. For your safety nothing was done.',
    ],
  },
  session_inactive: { title: 'You are not signed in', texts: ['Please sign in first.'] },
  self_service_flow_expired: { title: 'That took too long', texts: ['The form has expired. Please start again.'] },
}

const titleOf = (code: Json | undefined) => {
  if (typeof code !== 'number' || code >= 500) return 'Something went wrong'
  return code === 404 ? 'This page does not exist' : 'That did not work'
}

const texts = (text: Json) => (typeof text === 'string' && text !== '' ? [text] : [])

/** An action may refuse with several messages; the first is the reason (design.md §3, row 3). */
function deniedTexts({ reason, details }: JsonObject): readonly string[] {
  const messages = isJsonObject(details) && Array.isArray(details.messages) ? details.messages : []
  const said = messages.flatMap((message) => (isJsonObject(message) ? texts(message.text ?? '') : []))
  return said.length > 0 ? said : texts(reason ?? '')
}
