import { WireError } from '../core/errors.ts'
import { needsSecondFactor } from '../core/factors.ts'
import { acceptedBy, type LoginRequest, type LoginRequests, requiredAal } from '../core/login-requests.ts'
import type { ClientKind } from '../core/request.ts'
import type { FlowName } from '../core/trigger.ts'
import type { Settings } from '../core/settings.ts'
import type { Caller, Outcome, StartRequest } from '../flows/define.ts'
import { alreadySignedIn } from './answer-flow.ts'
import { type Answer, type Exchange, redirect } from './exchange.ts'

type Deps = {
  readonly settings: Pick<Settings, 'methods' | 'oauth2OverridesReturnTo' | 'session'>
  readonly loginRequests: LoginRequests | null
}

type HandedOver =
  | { readonly kind: 'start'; readonly query: StartRequest['query']; readonly oauth2?: StartRequest['oauth2'] }
  | { readonly kind: 'answered'; readonly answer: Answer }

/** A login that an OAuth2 client asks for: known people pass at once, all others sign in, anew if need be (ory-identity-api.md §12). */
export async function handOver(
  deps: Deps,
  name: FlowName,
  client: ClientKind,
  caller: Caller,
  exchange: Exchange,
): Promise<HandedOver> {
  const given = Object.fromEntries(exchange.query)
  const challenge = given['login_challenge']
  const { loginRequests, settings } = deps
  if (challenge === undefined || loginRequests === null || (name !== 'login' && name !== 'registration'))
    return { kind: 'start', query: given }
  if (challenge === '')
    throw new WireError(400, null, { reason: 'The login_challenge parameter is present but empty.' })

  const request = await loginRequests.find(challenge)
  const oauth2 = { challenge, request: request.document }
  const { session } = caller
  const query = withReturnTo(deps, given, request)
  if (session === null) return { kind: 'start', query, oauth2 }
  const mustStepUp = needsSecondFactor(settings.methods, requiredAal(settings, request.document), session)
  if (request.skip && !mustStepUp) {
    const location = await loginRequests.accept(challenge, acceptedBy(settings, session, request.document))
    // A script is told that somebody is signed in, although the challenge is accepted (§12).
    if (client !== 'html') throw alreadySignedIn('login')
    return { kind: 'answered', answer: redirect(303, location) }
  }
  if (name === 'registration')
    return { kind: 'answered', answer: redirect(302, `/self-service/login/browser?${exchange.query.toString()}`) }
  // Who is remembered has shown one factor, and is asked for the other one only.
  if (request.skip) return { kind: 'start', query: { ...query, aal: 'aal2' }, oauth2 }
  // The client did not find them remembered, so being signed in here is not enough, and a second factor alone isn't either.
  return { kind: 'start', query: { ...query, refresh: 'true', aal: 'aal1' }, oauth2 }
}

/** Where somebody goes who recovers or verifies on the way: back to the beginning of what the client asked for (§12). */
const withReturnTo = ({ settings }: Deps, query: StartRequest['query'], { requestUrl }: LoginRequest) =>
  settings.oauth2OverridesReturnTo ? { ...query, return_to: requestUrl } : query

/** Somebody has signed in for an OAuth2 client: that is where they go on. */
export async function handBack<O extends Outcome>(
  deps: Deps,
  outcome: O,
): Promise<O | Extract<Outcome, { kind: 'completed' }>> {
  const { settings, loginRequests } = deps
  if (outcome.kind !== 'completed' || outcome.flow.oauth2 === undefined || loginRequests === null) return outcome
  // The flow of the second factor has the challenge now, or that of the verification that comes first.
  if (outcome.stepUpTo !== null) return outcome
  if (outcome.browserTo !== null) return { ...outcome, returnTo: outcome.browserTo }
  const { challenge, request } = outcome.flow.oauth2
  return { ...outcome, returnTo: await loginRequests.accept(challenge, acceptedBy(settings, outcome.session, request)) }
}
