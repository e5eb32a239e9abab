import { WireError } from '../core/errors.ts'
import type { Flow, SettingsFlow } from '../core/flow.ts'
import { messages } from '../core/messages.ts'
import { CONTINUITY_COOKIE } from '../core/request.ts'
import { sessionView } from '../core/views.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Caller, Outcome } from '../flows/define.ts'
import { renderAgain } from '../flows/form.ts'
import { exchangeCodes, isAwaited, leaveInFlow, tellApp } from '../flows/exchange.ts'
import { submitFlow } from '../flows/submit.ts'
import type { Returned } from '../methods/define.ts'
import type { Oidc, ProviderAnswer } from '../methods/oidc/oidc.ts'
import { answerSubmit, viewOf } from './answer-flow.ts'
import { callerOf, clientOf, forwardError } from './doors.ts'
import { type Answer, type Exchange, json, redirect, type Route } from './exchange.ts'
import { handBack } from './hand-over.ts'
import { answering, isOwner, type SelfServiceDeps, signedIn } from './self-service.ts'

export type OidcRouteDeps = SelfServiceDeps & { readonly oidc: Oidc }

const CALLBACK = '/self-service/methods/oidc/callback'

/** Where providers send browsers back to, and where native apps fetch what came of it (ory-identity-api.md §7.3). */
export const oidcRoutes = (deps: OidcRouteDeps): readonly Route[] => [
  { method: 'GET', path: CALLBACK, csrf: 'ignored', handle: (x) => comeBack(deps, x) },
  { method: 'GET', path: `${CALLBACK}/:provider`, csrf: 'ignored', handle: (x) => comeBack(deps, x) },
  { method: 'POST', path: CALLBACK, csrf: 'ignored', handle: async (x) => asGet(x) },
  { method: 'POST', path: `${CALLBACK}/:provider`, csrf: 'ignored', handle: async (x) => asGet(x) },
  { method: 'GET', path: '/sessions/token-exchange', csrf: 'ignored', handle: (x) => exchangeToken(deps, x) },
]

/** What a form says that was posted from elsewhere: cookies only come along with a GET. */
const PARAMETERS = ['code', 'state', 'error', 'error_description', 'error_uri', 'iss', 'user']
const LONGEST = 4096

function asGet({ path, body }: Exchange): Answer {
  const form = new URLSearchParams(body.toString())
  const known = PARAMETERS.flatMap((name): [string, string][] => {
    const value = form.get(name)
    return value === null || value.length > LONGEST ? [] : [[name, value]]
  })
  return redirect(302, `${path}?${new URLSearchParams(known).toString()}`)
}

const MINUTE: Milliseconds = 60_000

async function comeBack(deps: OidcRouteDeps, exchange: Exchange): Promise<Answer> {
  const client = clientOf(exchange)
  try {
    const { flow, answer } = await recognised(deps, exchange)
    const caller = await callerOf(deps, exchange, client)
    const returned = await answer.redeem()
    if (flow.name === 'settings' && flow.type === 'api') return await bringToApp(deps, flow, caller, returned)
    const fields = {
      method: 'oidc',
      // Whoever has to prove who they are first comes to the provider once more.
      ...(flow.name === 'settings' ? { link: answer.provider } : { provider: answer.provider }),
      ...(Object.keys(returned.traits).length === 0 ? {} : { traits: returned.traits }),
      transient_payload: answer.transientPayload,
    }
    const submitted = await submitFlow(deps.flows, {
      flow,
      caller,
      body: { kind: 'fields', fields, encoding: 'json' },
      isOwner: isOwner(deps, flow, exchange),
      returned,
      // Somebody who proved who they are just before they left has proven it for this.
      ...(flow.name === 'settings' ? { parked: { fields, since: answer.startedAt - MINUTE } } : {}),
    })
    if (flow.type === 'api') return await answerApp(deps, exchange, flow, submitted)
    if (submitted.kind === 'signed_in') return signedIn(deps, flow, caller, client)
    return answerSubmit(answering(deps, exchange, caller), await handBack(deps, submitted), client)
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, client)
  }
}

const invalidState = () =>
  new WireError(400, null, {
    reason: 'Unable to complete OpenID Connect flow because the OAuth2 state parameter is invalid.',
  })

async function recognised(deps: OidcRouteDeps, exchange: Exchange) {
  const { query, params, facts } = exchange
  const arriving = deps.oidc.flowOf(query.get('state'))
  if (arriving === null) throw invalidState()
  const flow = await deps.flows.store.flows.find(arriving.id)
  if (flow === null || flow.name !== arriving.flow) throw invalidState()
  const { provider = null } = params
  const ticket = facts.cookies[CONTINUITY_COOKIE] ?? null
  const asked: ProviderAnswer = { query, provider, ticket }
  const answer = deps.oidc.recognise(flow, arriving, asked)
  if (answer.kind === 'stranger') throw new WireError(400, null, { reason: answer.reason })
  return { flow, answer }
}

/** The browser of a native app brings its app a code; with the app's own one there is a session for it, or what went wrong. */
async function answerApp(deps: OidcRouteDeps, exchange: Exchange, flow: Flow, outcome: Outcome): Promise<Answer> {
  const caller = await callerOf(deps, exchange, 'html')
  const target = new URL(flow.returnTo ?? deps.settings.selfservice.defaultReturnUrl)
  if (outcome.kind === 'completed' && outcome.returnCode !== undefined) {
    target.searchParams.set('code', outcome.returnCode)
    return redirect(303, target.href)
  }
  if (outcome.kind === 'signed_in') return redirect(303, target.href)
  const left = outcome.kind === 'replaced' ? outcome.instead : 'flow' in outcome ? outcome.flow : flow
  if (!isAwaited(flow)) return answerSubmit(answering(deps, exchange, caller), outcome, 'api')
  const code = await tellApp(deps.flows, left.id, caller)
  target.searchParams.set('flow', left.id)
  if (outcome.kind === 'kept' && outcome.browserTo !== undefined) target.searchParams.set('no_org_ui', 'true')
  if (code !== null) target.searchParams.set('code', code)
  return redirect(303, target.href)
}

/**
 * An app links an account elsewhere: its browser brings it a code, and the app that sends it with its own token is who the
 * account belongs to. Somebody who was lured through the provider only brings their code to their own app.
 */
async function bringToApp(
  deps: OidcRouteDeps,
  flow: SettingsFlow,
  caller: Caller,
  { told }: Returned,
): Promise<Answer> {
  const target = new URL(flow.returnTo ?? deps.settings.selfservice.defaultReturnUrl)
  target.searchParams.set('flow', flow.id)
  const at = deps.clock.now()
  if (told.kind === 'person') {
    const kept = deps.oidc.awaitApp(flow, told.person)
    await leaveInFlow(deps.flows, { ...kept.flow, updatedAt: at })
    target.searchParams.set('code', kept.code)
  } else {
    const said = [{ field: '', message: messages.reason(told.reason) }]
    await leaveInFlow(deps.flows, renderAgain(deps.flows, flow, caller, { fields: {}, messages: said, at }))
  }
  return redirect(303, target.href)
}

async function exchangeToken(deps: OidcRouteDeps, exchange: Exchange): Promise<Answer> {
  try {
    const [init, back] = [exchange.query.get('init_code') ?? '', exchange.query.get('return_to_code') ?? '']
    if (init === '' || back === '') {
      const reason = '"init_code" and "return_to_code" query params must be set'
      throw new WireError(400, null, { reason })
    }
    const exchanged = await exchangeCodes(deps.flows, init, back)
    if (exchanged.kind === 'unfinished')
      return json(422, viewOf({ settings: deps.settings, session: null }, exchanged.flow))
    const { session, token } = exchanged
    const view = sessionView(session, deps.settings.serve.public.baseUrl, deps.clock.now())
    return json(200, { session_token: token, session: view })
  } catch (thrown) {
    return forwardError(deps, exchange, thrown, 'api')
  }
}
