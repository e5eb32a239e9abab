import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { flowId, isUuid } from '../core/ids.ts'
import { flowView } from '../core/views.ts'
import { csrfViolation } from '../flows/check-csrf.ts'
import type { FlowDeps } from '../flows/define.ts'
import { startFlow } from '../flows/start.ts'
import { submitFlow } from '../flows/submit.ts'
import { alreadySignedIn, answerStart, answerSubmit } from './answer-flow.ts'
import { readBody } from './body.ts'
import { callerOf, csrfSecretOf, type DoorDeps, forwardError } from './doors.ts'
import { type Answer, type Exchange, json, redirect, type Route } from './exchange.ts'
import { renderAgain } from '../flows/form.ts'
import { messages } from '../core/messages.ts'
import { acceptsJson, isJson } from './negotiate.ts'

export type SelfServiceDeps = DoorDeps & { readonly flows: FlowDeps }

/** Start, fetch and submit of every flow that is built. */
export const selfServiceRoutes = (deps: SelfServiceDeps): readonly Route[] =>
  (['login', 'registration'] as const).flatMap((name): readonly Route[] => [
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

const answering = (deps: DoorDeps) => ({
  settings: deps.settings,
  at: deps.clock.now(),
  sessionCookie: (session: Parameters<DoorDeps['browser']['sessionCookie']>[0], token: string) =>
    deps.browser.sessionCookie(session, deps.sealToken(token, session.expiresAt), deps.clock.now()),
  newCsrfCookie: () => deps.browser.csrfCookie(deps.csrf.newSecret()),
})

async function start(
  deps: SelfServiceDeps,
  name: Flow['name'],
  type: Flow['type'],
  exchange: Exchange,
): Promise<Answer> {
  const client = type === 'api' ? 'api' : acceptsJson(exchange) ? 'ajax' : 'html'
  try {
    const caller = await callerOf(deps, exchange, client)
    const query = Object.fromEntries(exchange.query)
    const started = await startFlow(deps.flows, { name, type, requestUrl: exchange.facts.url, query, caller })
    return answerStart(answering(deps), started, client !== 'html')
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, type === 'api' ? 'api' : isJson(exchange) ? 'ajax' : 'html')
  }
}

async function load(deps: SelfServiceDeps, name: Flow['name'], id: string | null): Promise<Flow> {
  const flow = id !== null && isUuid(id) ? await deps.flows.store.flows.find(flowId(id)) : null
  if (flow === null || flow.name !== name) throw new WireError(404, 'Unable to locate the resource')
  return flow
}

/** Never redirects: a UI asks here, whatever it says it accepts. */
async function fetchFlow(deps: SelfServiceDeps, name: Flow['name'], exchange: Exchange): Promise<Answer> {
  try {
    return json(200, flowView(await findOwnFlow(deps, name, exchange.query.get('id'), exchange)))
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'ajax')
  }
}

/** The flow that a page wants to show: one that exists, is the caller's own and has not expired. Anything else is thrown. */
export async function findOwnFlow(
  deps: SelfServiceDeps,
  name: Flow['name'],
  id: string | null,
  exchange: Exchange,
): Promise<Flow> {
  const flow = await load(deps, name, id)
  if (flow.type === 'browser') checkOwner(deps, flow, exchange)
  if (flow.expiresAt <= deps.clock.now()) throw expiredOnFetch(deps, flow)
  return flow
}

/** Only the browser that started a flow may read it: its cookie opens the flow's token. */
function checkOwner(deps: SelfServiceDeps, flow: Flow, exchange: Exchange): void {
  const token = flow.ui.nodes.find((node) => node.type === 'input' && node.attributes.name === 'csrf_token')
  const value = token?.type === 'input' ? token.attributes.value : undefined
  const secret = sentCsrfCookie(deps, exchange) ? csrfSecretOf(deps, exchange.facts) : null
  if (secret !== null && typeof value === 'string' && deps.csrf.matches(value, secret)) return
  throw csrfViolation(exchange.facts, secret !== null)
}

/** Whether the browser itself sent an anti-CSRF cookie, rather than being given one with this answer. */
export const sentCsrfCookie = ({ browser }: DoorDeps, { facts }: Exchange) =>
  facts.headers.Cookie?.join('; ').includes(`${browser.csrfCookieName}=`) ?? false

function expiredOnFetch({ settings }: SelfServiceDeps, flow: Flow): WireError {
  const url = new URL(`self-service/${flow.name}/${flow.type}`, settings.serve.public.baseUrl)
  const returnTo = flow.returnTo ?? ''
  const details =
    flow.type === 'api'
      ? { api: url.href }
      : {
          redirect_to: returnTo === '' ? url.href : `${url.href}?return_to=${encodeURIComponent(returnTo)}`,
          return_to: returnTo,
        }
  return new WireError(410, null, {
    id: 'self_service_flow_expired',
    reason: `The ${flow.name} flow has expired. Redirect the user to the ${flow.name} flow init endpoint to initialize a new ${flow.name} flow.`,
    details,
  })
}

async function submit(deps: SelfServiceDeps, name: Flow['name'], exchange: Exchange): Promise<Answer> {
  const id = exchange.query.get('flow')
  const script = isJson(exchange)
  const fallback = script ? 'ajax' : 'html'
  if (id === null || !isUuid(id)) {
    const missing = new WireError(400, null, { reason: 'The flow query parameter is missing or malformed.' })
    return forwardError(deps, exchange, missing, fallback)
  }
  const flow = await load(deps, name, id).catch((thrown: unknown) => thrown)
  if (!isFlow(flow)) return forwardError(deps, exchange, flow, fallback)

  const client = flow.type === 'api' ? 'api' : fallback
  try {
    const caller = await callerOf(deps, exchange, client)
    const body = readBody(exchange.header('content-type'), exchange.body)
    const outcome = await submitFlow(deps.flows, { flow, caller, body })
    if (outcome.kind !== 'signed_in') return answerSubmit(answering(deps), outcome, client)
    if (client === 'html') return redirect(name === 'login' ? 303 : 302, deps.settings.selfservice.defaultReturnUrl)
    if (name === 'registration') throw alreadySignedIn
    // A login says it inside the flow (ory-identity-api.md §15, 2).
    const said = [{ field: '', message: messages.reason(alreadySignedIn.options.reason ?? '') }]
    return json(400, flowView(renderAgain(deps, flow, caller, { fields: {}, messages: said, at: deps.clock.now() })))
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, client)
  }
}

const isFlow = (value: unknown): value is Flow => typeof value === 'object' && value !== null && 'ui' in value
