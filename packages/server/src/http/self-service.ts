import { NeighbourError, WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { flowId, isUuid } from '../core/ids.ts'
import { messages } from '../core/messages.ts'
import type { LoginRequests } from '../core/login-requests.ts'
import { type ClientKind, CONTINUITY_COOKIE } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import { FLOWS, type FlowName } from '../core/trigger.ts'
import { csrfViolation } from '../flows/check-csrf.ts'
import type { Body, Caller, FlowDeps, Parked } from '../flows/define.ts'
import { renderAgain } from '../flows/form.ts'
import { unpark } from '../flows/parked.ts'
import { checkRecoveryEnabled } from '../flows/recovery.ts'
import { checkRegistrationEnabled } from '../flows/registration.ts'
import { checkSettingsOwner, notSignedIn } from '../flows/settings.ts'
import { startFlow } from '../flows/start.ts'
import { submitFlow } from '../flows/submit.ts'
import { checkVerificationEnabled } from '../flows/verification.ts'
import {
  alreadySignedIn,
  type AnswerDeps,
  answerStart,
  answerSubmit,
  expiredAgo,
  uiUrl,
  viewOf,
} from './answer-flow.ts'
import { readBody, readQuery } from './body.ts'
import { callerOf, csrfSecretOf, type DoorDeps, forwardError, liveSession, presentedToken } from './doors.ts'
import { type Answer, type Exchange, json, redirect, type Route, withCookies } from './exchange.ts'
import { handBack, handOver } from './hand-over.ts'
import { acceptsJson, isJson } from './negotiate.ts'

export type SelfServiceDeps = DoorDeps & {
  readonly flows: FlowDeps
  /** The OAuth2 server people sign in for, if there is one. */
  readonly loginRequests: LoginRequests | null
}

/** Start, fetch and submit of every flow. */
export const selfServiceRoutes = (deps: SelfServiceDeps): readonly Route[] =>
  FLOWS.flatMap((name): readonly Route[] => [
    {
      method: 'GET',
      path: `/self-service/${name}/browser`,
      csrf: 'global',
      handle: (x) => start(deps, name, 'browser', x),
    },
    { method: 'GET', path: `/self-service/${name}/api`, csrf: 'ignored', handle: (x) => start(deps, name, 'api', x) },
    { method: 'GET', path: `/self-service/${name}/flows`, csrf: 'global', handle: (x) => fetchFlow(deps, name, x) },
    { method: 'POST', path: `/self-service/${name}`, csrf: 'ignored', handle: (x) => submit(deps, name, x) },
    { method: 'GET', path: `/self-service/${name}`, csrf: 'ignored', handle: (x) => submit(deps, name, x) },
  ])

/** What answers need to know of this request. */
export const answering = (deps: DoorDeps, exchange: Exchange, { session, nextCsrfCookie }: Caller): AnswerDeps => {
  const at = deps.clock.now()
  const sessionCookie = (of: Session, token: string) =>
    deps.browser.sessionCookie(of, deps.sealToken(token, of.expiresAt), at)
  const presented = presentedToken(deps, exchange)
  return {
    settings: deps.settings,
    at,
    session,
    sessionCookie,
    presentedToken: presented?.token ?? null,
    sameSessionCookie: (of) => (presented?.by === 'cookie' ? sessionCookie(of, presented.token) : null),
    newCsrfCookie: () => deps.browser.csrfCookie(nextCsrfCookie),
    continuityCookie: (ticket) => deps.browser.continuityCookie(ticket, at),
  }
}

async function start(deps: SelfServiceDeps, name: FlowName, type: Flow['type'], exchange: Exchange): Promise<Answer> {
  const client = type === 'api' ? 'api' : acceptsJson(exchange) ? 'ajax' : 'html'
  try {
    const caller = await callerOf(deps, exchange, client)
    const handed = type === 'api' ? null : await handOver(deps, name, client, caller, exchange)
    if (handed?.kind === 'answered') return handed.answer
    const query = handed?.query ?? Object.fromEntries(exchange.query)
    const request = { name, type, requestUrl: exchange.facts.url, query, caller, oauth2: handed?.oauth2 }
    const started = await startFlow(deps.flows, request)
    return answerStart(answering(deps, exchange, caller), name, started, client !== 'html')
  } catch (thrown) {
    // That a neighbour has failed is a 400 to native clients that want to sign in, and a 500 to all others (ory-actions.md §4.8).
    const fallback = type === 'api' ? (name === 'login' ? 'api' : 'ajax') : isJson(exchange) ? 'ajax' : 'html'
    return forwardError(deps, exchange, thrown, fallback)
  }
}

async function load(deps: SelfServiceDeps, name: FlowName, id: string | null): Promise<Flow> {
  const flow = id !== null && isUuid(id) ? await deps.flows.store.flows.find(flowId(id)) : null
  if (flow !== null && flow.name === name) return flow
  throw new WireError(404, 'Unable to locate the resource')
}

/** Never redirects but for settings without a session: a UI asks here, whatever it says it accepts. */
async function fetchFlow(deps: SelfServiceDeps, name: FlowName, exchange: Exchange): Promise<Answer> {
  try {
    const flow = await findOwnFlow(deps, name, exchange.query.get('id'), exchange)
    const session = name === 'settings' ? await liveSession(deps, exchange) : null
    return json(200, viewOf({ settings: deps.settings, session }, flow))
  } catch (thrown) {
    const isSignIn = thrown instanceof WireError && thrown.status === 401 && thrown.options.browserTo !== undefined
    return forwardError(deps, exchange, thrown, isSignIn && !isJson(exchange) ? 'html' : 'ajax')
  }
}

/** The flow that a page wants to show: one that exists, is the caller's own and has not expired. Anything else is thrown. */
export async function findOwnFlow(
  deps: SelfServiceDeps,
  name: FlowName,
  id: string | null,
  exchange: Exchange,
): Promise<Flow> {
  const session = name === 'settings' ? await liveSession(deps, exchange) : null
  if (name === 'settings' && session === null) throw notSignedIn(deps)
  if (name === 'verification') checkVerificationEnabled(deps)
  if (name === 'registration') checkRegistrationEnabled(deps)
  const flow = await load(deps, name, id)
  if (flow.name === 'recovery' && !flow.csrfExempt) checkRecoveryEnabled(deps)
  if (flow.name === 'settings') checkSettingsOwner(deps, flow, session, uiUrl(deps, flow))
  else if (!isOwner(deps, flow, exchange)) throw csrfViolation(exchange.facts, sentSecret(deps, exchange) !== null)
  if (flow.expiresAt <= deps.clock.now()) throw expiredOnFetch(deps, flow)
  return flow
}

/** Only the browser that started a flow may read it: its cookie opens the flow's token. A native flow is whose who knows it. */
export function isOwner(deps: SelfServiceDeps, flow: Flow, exchange: Exchange): boolean {
  if (flow.type === 'api' || (flow.name === 'recovery' && flow.csrfExempt)) return true
  const token = flow.ui.nodes.find((node) => node.type === 'input' && node.attributes.name === 'csrf_token')
  const value = token?.type === 'input' ? token.attributes.value : undefined
  const secret = sentSecret(deps, exchange)
  return secret !== null && typeof value === 'string' && deps.csrf.matches(value, secret)
}

const sentSecret = (deps: SelfServiceDeps, exchange: Exchange) =>
  sentCsrfCookie(deps, exchange) ? csrfSecretOf(deps, exchange.facts) : null

/** Whether the browser itself sent an anti-CSRF cookie, rather than being given one with this answer. */
export const sentCsrfCookie = ({ browser }: DoorDeps, { facts }: Exchange) =>
  facts.headers.Cookie?.join('; ').includes(`${browser.csrfCookieName}=`) ?? false

function expiredOnFetch({ settings, clock }: SelfServiceDeps, flow: Flow): WireError {
  const url = new URL(`self-service/${flow.name}/${flow.type}`, settings.serve.public.baseUrl)
  const returnTo = flow.returnTo ?? ''
  const details =
    flow.type === 'api'
      ? { api: url.href }
      : {
          redirect_to: returnTo === '' ? url.href : `${url.href}?return_to=${encodeURIComponent(returnTo)}`,
          return_to: returnTo,
        }
  const { name, type } = flow
  if (name === 'recovery' && type === 'api') {
    const reason = expiredAgo(flow, clock.now())
    return new WireError(410, 'self-service flow expired', { id: 'self_service_flow_expired', reason, details })
  }
  const hasNoId = name === 'settings' || name === 'verification' || name === 'recovery'
  const way =
    type === 'api' ? `Call the ${name} flow init API endpoint` : `Redirect the user to the ${name} flow init endpoint`
  return new WireError(410, null, {
    ...(hasNoId ? {} : { id: 'self_service_flow_expired' }),
    reason: `The ${name} flow has expired. ${way} to initialize a new ${name} flow.`,
    details,
  })
}

/** A link of a mail is opened by a browser, whatever it accepts (ory-identity-api.md §3.4, §3.5). */
const isLink = (name: FlowName, { facts }: Exchange) =>
  facts.method === 'GET' && (name === 'recovery' || name === 'verification')

async function submit(deps: SelfServiceDeps, name: FlowName, exchange: Exchange): Promise<Answer> {
  const id = exchange.query.get('flow')
  const fallback = isJson(exchange) && !isLink(name, exchange) ? 'ajax' : 'html'
  if (id === null || !isUuid(id)) {
    const missing = new WireError(400, null, { reason: 'The flow query parameter is missing or malformed.' })
    return forwardError(deps, exchange, missing, fallback)
  }
  const flow = await loadForSubmit(deps, name, id, exchange).catch((thrown: unknown) => thrown)
  if (!isFlow(flow)) return forwardError(deps, exchange, flow, fallback)

  const client = flow.type === 'api' && !isLink(name, exchange) ? 'api' : fallback
  try {
    const caller = await callerOf(deps, exchange, client)
    const parked = parkedIn(deps, flow, exchange)
    const body = bodyOf(name, exchange, parked)
    const owner = isOwner(deps, flow, exchange)
    const submitted = await submitFlow(deps.flows, {
      flow,
      caller,
      body,
      isOwner: owner,
      ...(parked === null ? {} : { parked }),
    })
    if (submitted.kind === 'signed_in') return signedIn(deps, flow, caller, client)
    const outcome = await handBack(deps, submitted)
    const answer = answerSubmit(answering(deps, exchange, caller), outcome, client)
    // Who is sent elsewhere with it needs it on the way back.
    const isUnderWay = outcome.kind === 'sent_away' || (outcome.kind === 'kept' && outcome.continuity !== undefined)
    return parked !== null && !isUnderWay ? withCookies(answer, deps.browser.forgetContinuity()) : answer
  } catch (thrown) {
    // That a neighbour has failed is a 400 to scripts too, but where they sign in or up (ory-actions.md §4.8).
    const isSigning = name === 'login' || name === 'registration'
    const answer = await forwardError(deps, exchange, thrown, client === 'ajax' && !isSigning ? 'api' : client)
    // The account exists although its answer fails: the old page's token is over, as after every registration.
    const isStored = name === 'registration' && thrown instanceof NeighbourError && thrown.isStored && client !== 'api'
    return isStored ? withCookies(answer, deps.browser.csrfCookie(deps.csrf.newSecret())) : answer
  }
}

async function loadForSubmit(deps: SelfServiceDeps, name: FlowName, id: string, exchange: Exchange): Promise<Flow> {
  if (name === 'settings' && (await liveSession(deps, exchange)) === null) throw notSignedIn(deps)
  const flow = await deps.flows.store.flows.find(flowId(id))
  if (flow !== null && flow.name === name) return flow
  if (name === 'login' || name === 'registration') throw new WireError(404, 'Unable to locate the resource')
  throw new WireError(404, null, { reason: `The ${name} request could not be found. Please restart the flow.` })
}

/** What this browser wanted before it was sent to sign in once more, now that it is back. */
function parkedIn(deps: SelfServiceDeps, flow: Flow, { facts }: Exchange): Parked | null {
  const ticket = facts.cookies[CONTINUITY_COOKIE]
  if (flow.name !== 'settings' || facts.method !== 'GET' || ticket === undefined) return null
  return unpark(deps.flows, flow, ticket)
}

function bodyOf(name: FlowName, exchange: Exchange, parked: Parked | null): Body {
  if (parked !== null) return { kind: 'fields', fields: parked.fields, encoding: 'json' }
  if (exchange.facts.method === 'GET' && name !== 'login' && name !== 'registration') return readQuery(exchange.query)
  return readBody(exchange.header('content-type'), exchange.body)
}

export function signedIn(deps: SelfServiceDeps, flow: Flow, caller: Caller, client: ClientKind): Answer {
  if (client === 'html') return redirect(flow.name === 'login' ? 303 : 302, deps.settings.selfservice.defaultReturnUrl)
  if (flow.name !== 'login') throw alreadySignedIn(flow.name)
  // A login says it inside the flow (ory-identity-api.md §15, 2).
  const said = [{ field: '', message: messages.reason(alreadySignedIn('login').options.reason ?? '') }]
  const again = renderAgain(deps, flow, caller, { fields: {}, messages: said, at: deps.clock.now() })
  return json(400, viewOf({ settings: deps.settings, session: null }, again))
}

const isFlow = (value: unknown): value is Flow => typeof value === 'object' && value !== null && 'ui' in value
