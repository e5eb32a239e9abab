import type { SetCookie } from 'cookie'
import { WireError } from '../core/errors.ts'
import type { ContinueWith, Flow } from '../core/flow.ts'
import type { JsonObject } from '../core/json.ts'
import type { ClientKind } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import { toTimestamp, type Time } from '../core/time.ts'
import { flowView, identityView, sessionView } from '../core/views.ts'
import type { Outcome } from '../flows/define.ts'
import type { Started } from '../flows/start.ts'
import { type Answer, json, redirect, withCookies } from './exchange.ts'

type AnswerDeps = {
  readonly settings: Settings
  readonly at: Time
  /** The cookie that carries a session to a browser. */
  readonly sessionCookie: (session: Session, token: string) => SetCookie
  /** A new anti-CSRF cookie: after a sign-in old pages must not post any more (ory-identity-api.md §1.8). */
  readonly newCsrfCookie: () => SetCookie
}

const uiUrl = ({ settings }: AnswerDeps, flow: Flow) => {
  const url = new URL(settings.selfservice.flows[flow.name].uiUrl)
  url.searchParams.set('flow', flow.id)
  return url.href
}

/** A start: the flow as JSON for native clients and scripts, the UI for browsers. */
export function answerStart(deps: AnswerDeps, started: Started, wantsJson: boolean): Answer {
  if (started.kind === 'started') {
    return wantsJson ? json(200, flowView(started.flow)) : redirect(303, uiUrl(deps, started.flow))
  }
  if (wantsJson) throw alreadySignedIn
  return redirect(303, started.returnTo ?? deps.settings.selfservice.defaultReturnUrl)
}

export const alreadySignedIn = new WireError(400, 'A valid session was detected and thus login is not possible.', {
  id: 'session_already_available',
  reason: 'A valid session was detected and thus login is not possible. Did you forget to set `?refresh=true`?',
})

/** What a submission came to, in the words of each kind of client (ory-identity-api.md §3). */
export function answerSubmit(
  deps: AnswerDeps,
  outcome: Exclude<Outcome, { kind: 'signed_in' }>,
  client: ClientKind,
): Answer {
  switch (outcome.kind) {
    case 'kept':
      if (client !== 'html') return json(400, flowView(outcome.flow))
      // Only a registration answers 302 (§1.5).
      return redirect(outcome.flow.name === 'registration' ? 302 : 303, uiUrl(deps, outcome.flow))
    case 'replaced':
      if (client === 'html') return redirect(303, uiUrl(deps, outcome.flow))
      throw expired(deps, outcome.flow, outcome.expired)
    case 'completed':
      return client === 'html' ? completedHtml(deps, outcome) : completedJson(deps, outcome, client)
    default:
      return outcome satisfies never
  }
}

const expired = ({ at }: AnswerDeps, flow: Flow, old: Flow) =>
  new WireError(410, 'self-service flow expired', {
    id: 'self_service_flow_expired',
    reason: `The ${flow.name} flow has expired. Redirect the user to the ${flow.name} flow init endpoint to initialize a new ${flow.name} flow.`,
    beside: {
      expired_at: toTimestamp(old.expiresAt),
      since: (at - old.expiresAt) * 1_000_000,
      use_flow_id: flow.id,
    },
  })

type Completed = Extract<Outcome, { kind: 'completed' }>

const completedHtml = (deps: AnswerDeps, outcome: Completed): Answer =>
  withCookies(redirect(303, outcome.returnTo), ...cookiesOf(deps, outcome))

function completedJson(deps: AnswerDeps, outcome: Completed, client: 'api' | 'ajax'): Answer {
  const publicUrl = deps.settings.serve.public.baseUrl
  const steps: ContinueWith[] = outcome.effects.flatMap((effect) =>
    effect.kind === 'continueWith' ? [effect.step] : [],
  )
  const session = sessionView(outcome.session, publicUrl, deps.at)
  const identity = identityView(outcome.identity, publicUrl)
  const token = client === 'api' && outcome.handedOut ? outcome.token : null
  const continueWith: readonly ContinueWith[] =
    client === 'ajax'
      ? [{ action: 'redirect_browser_to', redirect_browser_to: outcome.returnTo }, ...steps]
      : token !== null && outcome.flow.name === 'registration'
        ? [...steps, { action: 'set_ory_session_token', ory_session_token: token }]
        : steps
  const body: JsonObject = {
    ...(token === null ? {} : { session_token: token }),
    ...(outcome.handedOut ? { session } : {}),
    ...(outcome.flow.name === 'registration' ? { identity } : {}),
    continue_with: continueWith.length > 0 ? continueWith : null,
  }
  return client === 'ajax' ? withCookies(json(200, body), ...cookiesOf(deps, outcome)) : json(200, body)
}

/** A session issued anew, or any registration, also gets a new anti-CSRF cookie. */
function cookiesOf(deps: AnswerDeps, outcome: Completed): readonly SetCookie[] {
  const session =
    outcome.handedOut && outcome.token !== null ? [deps.sessionCookie(outcome.session, outcome.token)] : []
  const isNew = outcome.token !== null || outcome.flow.name === 'registration'
  return isNew ? [...session, deps.newCsrfCookie()] : session
}
