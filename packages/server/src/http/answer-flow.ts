import type { SetCookie } from 'cookie'
import { WireError } from '../core/errors.ts'
import type { ContinueWith, Flow } from '../core/flow.ts'
import type { Identity } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { ClientKind } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import { toTimestamp, type Time } from '../core/time.ts'
import { flowView, identityView, sessionView } from '../core/views.ts'
import type { Completed, Outcome, Recovered, Settled } from '../flows/define.ts'
import { renewsCsrf } from '../flows/replace-flow.ts'
import type { Started } from '../flows/start.ts'
import { errorAnswer } from './errors.ts'
import { type Answer, json, redirect, withCookies } from './exchange.ts'

export type AnswerDeps = {
  readonly settings: Settings
  readonly at: Time
  /** Whoever is signed in: a settings flow shows whose it is. */
  readonly session: Session | null
  /** The cookie that carries a session to a browser. */
  readonly sessionCookie: (session: Session, token: string) => SetCookie
  /** The cookie a browser already has, sealed anew; null where it came with none. */
  readonly sameSessionCookie: (session: Session) => SetCookie | null
  /** The token the request came with. */
  readonly presentedToken: string | null
  /** The anti-CSRF cookie that replaces the old one: after a sign-in old pages must not post any more (ory-identity-api.md §1.8). */
  readonly newCsrfCookie: () => SetCookie
  readonly continuityCookie: (ticket: string) => SetCookie
}

export const uiUrl = ({ settings }: Pick<AnswerDeps, 'settings'>, flow: Flow) => {
  const url = new URL(settings.selfservice.flows[flow.name].uiUrl)
  url.searchParams.set('flow', flow.id)
  return url.href
}

/** A flow as its client sees it. */
export function viewOf(
  { settings, session }: Pick<AnswerDeps, 'settings' | 'session'>,
  flow: Flow,
  continueWith: readonly ContinueWith[] = [],
  identity: Identity | undefined = session?.identity,
): JsonObject {
  const publicUrl = settings.serve.public.baseUrl
  return flowView(flow, {
    continueWith,
    ...(flow.name === 'settings' && identity ? { identity: identityView(identity, publicUrl) } : {}),
  })
}

/** A start: the flow as JSON for native clients and scripts, the UI for browsers. */
export function answerStart(deps: AnswerDeps, name: Flow['name'], started: Started, wantsJson: boolean): Answer {
  if (started.kind === 'started') {
    const { flow, exchangeCode } = started
    if (!wantsJson) return redirect(303, uiUrl(deps, flow))
    const code = exchangeCode === undefined ? {} : { session_token_exchange_code: exchangeCode }
    return json(200, { ...viewOf(deps, flow), ...code })
  }
  if (wantsJson) throw alreadySignedIn(name)
  // Only a recovery answers 302 (§1.5).
  return redirect(name === 'recovery' ? 302 : 303, started.returnTo ?? deps.settings.selfservice.defaultReturnUrl)
}

/** Who is signed in has no need of this flow. */
export const alreadySignedIn = (name: Flow['name']) =>
  new WireError(400, 'you are already logged in', {
    id: 'session_already_available',
    reason: `A valid session was detected and thus ${name} is not possible.${
      name === 'login' ? ' Did you forget to set `?refresh=true`?' : ''
    }`,
  })

/** What a submission came to, in the words of each kind of client (ory-identity-api.md §3). */
export function answerSubmit(
  deps: AnswerDeps,
  outcome: Exclude<Outcome, { kind: 'signed_in' }>,
  client: ClientKind,
): Answer {
  switch (outcome.kind) {
    case 'kept':
      return withCookies(
        kept(deps, outcome, client),
        ...(outcome.renewsCsrf ? [deps.newCsrfCookie()] : []),
        ...(outcome.continuity === undefined || client === 'api' ? [] : [deps.continuityCookie(outcome.continuity)]),
      )
    case 'replaced':
      return replaced(deps, outcome, client)
    case 'sent_away': {
      const ticket = outcome.continuity === undefined ? [] : [deps.continuityCookie(outcome.continuity)]
      return withCookies(
        client === 'html' ? redirect(303, outcome.browserTo) : errorAnswer(outcome.error),
        ...(client === 'api' ? [] : ticket),
      )
    }
    case 'completed':
      if (client === 'ajax' && outcome.flow.name === 'login' && outcome.flow.oauth2 !== undefined)
        return withCookies(errorAnswer(elsewhere(outcome.stepUpTo ?? outcome.returnTo)), ...cookiesOf(deps, outcome))
      return client === 'html' ? completedHtml(deps, outcome) : completedJson(deps, outcome, client)
    case 'settled':
      return settled(deps, outcome, client)
    case 'recovered':
      return recovered(deps, outcome, client)
    default:
      return outcome satisfies never
  }
}

type Kept = Extract<Outcome, { kind: 'kept' }>

function kept(deps: AnswerDeps, { flow, answer, continueWith, browserTo }: Kept, client: ClientKind): Answer {
  if (typeof answer === 'object') {
    return client === 'html' ? redirect(303, answer.redirectTo) : errorAnswer(elsewhere(answer.redirectTo))
  }
  if (client !== 'html') return json(answer === 'form' ? 200 : 400, viewOf(deps, flow, continueWith))
  // Only a registration answers 302, and not where it merely goes on (§1.5).
  const isRefused = flow.name === 'registration' && answer === 'refused' && !goesOn(flow)
  return redirect(isRefused ? 302 : 303, browserTo ?? uiUrl(deps, flow))
}

/** Nothing failed: the form asks for the next thing. */
const goesOn = ({ ui }: Flow) =>
  ![...ui.messages, ...ui.nodes.flatMap(({ messages }) => messages)].some(({ type }) => type === 'error')

/** A script has to send its browser elsewhere. */
const elsewhere = (url: string) =>
  new WireError(422, 'browser location change required', {
    id: 'browser_location_change_required',
    reason: `In order to complete this flow please redirect the browser to: ${url}`,
    beside: { redirect_browser_to: url },
  })

type Replaced = Extract<Outcome, { kind: 'replaced' }>

function replaced(deps: AnswerDeps, outcome: Replaced, client: ClientKind): Answer {
  const { flow, instead, because } = outcome
  const cookies = renewsCsrf(flow, because) ? [deps.newCsrfCookie()] : []
  if (client === 'html') return withCookies(redirect(303, uiUrl(deps, instead)), ...cookies)
  if (flow.name === 'recovery') return withCookies(replacedRecovery(deps, outcome, client), ...cookies)
  // A verification that has expired leads scripts to its new flow by a redirect, Ory's oldest habit (§3.5).
  if (flow.name === 'verification' && because === 'expired') {
    return withCookies(redirect(303, fetchUrl(deps, instead)), ...cookies)
  }
  const error = because === 'expired' ? expired(deps, instead, flow) : replacedError(instead)
  return withCookies(errorAnswer(error), ...cookies)
}

function replacedRecovery(deps: AnswerDeps, { flow, instead, because }: Replaced, client: ClientKind): Answer {
  const isNew = deps.settings.featureFlags.useContinueWithTransitions
  const continue_with = [{ action: 'show_recovery_ui', flow: { id: instead.id } }]
  if (!isNew || (because === 'expired' && client !== 'api')) return redirect(303, fetchUrl(deps, instead))
  if (because === 'expired') return errorAnswer(expired(deps, instead, flow, { continue_with }))
  const [said] = instead.ui.messages
  return errorAnswer(new WireError(400, null, { reason: said?.text ?? '', details: { continue_with } }))
}

const fetchUrl = ({ settings }: AnswerDeps, flow: Flow) =>
  new URL(`self-service/${flow.name}/flows?id=${flow.id}`, settings.serve.public.baseUrl).href

const replacedError = (instead: Flow) =>
  new WireError(410, 'self-service flow replaced', {
    id: 'self_service_flow_replaced',
    reason: 'An error occured, please use the new flow.',
    beside: { use_flow_id: instead.id },
  })

const expired = ({ at }: AnswerDeps, flow: Flow, old: Flow, details?: JsonObject) =>
  new WireError(410, 'self-service flow expired', {
    id: 'self_service_flow_expired',
    reason: expiredAgo(old, at),
    beside: {
      expired_at: toTimestamp(old.expiresAt),
      since: (at - old.expiresAt) * 1_000_000,
      use_flow_id: flow.id,
    },
    ...(details === undefined ? {} : { details }),
  })

/** In Ory's words, to the hundredth of a minute. */
export const expiredAgo = ({ expiresAt }: Flow, at: Time) =>
  `The self-service flow expired ${((at - expiresAt) / 60_000).toFixed(2)} minutes ago, initialize a new one.`

const completedHtml = (deps: AnswerDeps, outcome: Completed): Answer =>
  withCookies(redirect(303, outcome.stepUpTo ?? outcome.browserTo ?? outcome.returnTo), ...cookiesOf(deps, outcome))

function completedJson(deps: AnswerDeps, outcome: Completed, client: 'api' | 'ajax'): Answer {
  const publicUrl = deps.settings.serve.public.baseUrl
  if (client === 'ajax' && outcome.stepUpTo !== null) {
    return withCookies(errorAnswer(elsewhere(outcome.stepUpTo)), ...cookiesOf(deps, outcome))
  }
  const whole = sessionView(outcome.session, publicUrl, deps.at)
  // Who somebody is stays unsaid until they have shown their other factor (ory-identity-api.md §3.1).
  const session = outcome.stepUpTo === null ? whole : { ...whole, identity: null }
  const identity = identityView(outcome.identity, publicUrl)
  // A refresh hands out the token that the client already has (ory-identity-api.md §3.1).
  const token = client === 'api' && outcome.handedOut ? (outcome.token ?? deps.presentedToken) : null
  const continueWith: readonly ContinueWith[] =
    client === 'ajax'
      ? [{ action: 'redirect_browser_to', redirect_browser_to: outcome.returnTo }, ...outcome.continueWith]
      : token !== null && outcome.flow.name === 'registration'
        ? [...outcome.continueWith, { action: 'set_ory_session_token', ory_session_token: token }]
        : outcome.continueWith
  const body: JsonObject = {
    ...(token === null ? {} : { session_token: token }),
    ...(outcome.handedOut ? { session } : {}),
    ...(outcome.flow.name === 'registration' ? { identity } : {}),
    continue_with: continueWith.length > 0 ? continueWith : null,
  }
  return client === 'ajax' ? withCookies(json(200, body), ...cookiesOf(deps, outcome)) : json(200, body)
}

/** A session issued anew, or any registration, also gets a new anti-CSRF cookie; a renewed one its own cookie again. */
function cookiesOf(deps: AnswerDeps, outcome: Completed): readonly SetCookie[] {
  const session = sessionCookiesOf(deps, outcome)
  const isNew = outcome.token !== null || outcome.flow.name === 'registration'
  return isNew ? [...session, deps.newCsrfCookie()] : session
}

function sessionCookiesOf(deps: AnswerDeps, { handedOut, token, session }: Completed): readonly SetCookie[] {
  if (!handedOut) return []
  const cookie = token === null ? deps.sameSessionCookie(session) : deps.sessionCookie(session, token)
  return cookie === null ? [] : [cookie]
}

/** Saved settings: the same flow, to be used again; browsers get their session's cookie anew. */
function settled(deps: AnswerDeps, outcome: Settled, client: ClientKind): Answer {
  const { flow, identity, session, continueWith, returnTo } = outcome
  if (client === 'api') return json(200, viewOf(deps, flow, continueWith, identity))
  const cookie = deps.sameSessionCookie(session)
  const cookies = cookie === null ? [] : [cookie]
  if (client === 'html') return withCookies(redirect(303, returnTo), ...cookies)
  const steps: readonly ContinueWith[] = [
    ...continueWith,
    { action: 'redirect_browser_to', redirect_browser_to: returnTo },
  ]
  return withCookies(json(200, viewOf(deps, flow, steps, identity)), ...cookies)
}

/** Somebody is back: on to their settings, in the way each client can go (§3.4). */
function recovered(deps: AnswerDeps, outcome: Recovered, client: ClientKind): Answer {
  const { flow, settings, session, token, returnTo } = outcome
  const cookies = [deps.sessionCookie(session, token), deps.newCsrfCookie()]
  const target = settings === null ? returnTo : uiUrl(deps, settings)
  // A link is opened by a browser, whatever the flow's type.
  if (client === 'html' || flow.active === 'link') return withCookies(redirect(303, target), ...cookies)
  const isNew = deps.settings.featureFlags.useContinueWithTransitions
  if (settings !== null && !isNew) return withCookies(errorAnswer(elsewhere(target)), ...cookies)
  const shown: readonly ContinueWith[] =
    settings === null ? [] : [{ action: 'show_settings_ui', flow: { id: settings.id, url: target } }]
  if (client === 'ajax') return withCookies(json(200, viewOf(deps, flow, shown)), ...cookies)
  const given: ContinueWith = { action: 'set_ory_session_token', ory_session_token: token }
  return json(200, viewOf(deps, flow, [given, ...shown]))
}
