import { WireError } from '../core/errors.ts'
import type { LoginRequests } from '../core/login-requests.ts'
import type { ClientKind } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { FlowName } from '../core/trigger.ts'
import type { Settings } from '../core/settings.ts'
import type { Caller, Outcome, StartRequest } from '../flows/define.ts'
import { alreadySignedIn } from './answer-flow.ts'
import { type Answer, type Exchange, redirect } from './exchange.ts'

type Deps = { readonly settings: Pick<Settings, 'session'>; readonly loginRequests: LoginRequests | null }

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
  const query = Object.fromEntries(exchange.query)
  const challenge = query['login_challenge']
  const { loginRequests } = deps
  if (challenge === undefined || loginRequests === null || (name !== 'login' && name !== 'registration'))
    return { kind: 'start', query }
  if (challenge === '')
    throw new WireError(400, null, { reason: 'The login_challenge parameter is present but empty.' })

  const request = await loginRequests.find(challenge)
  const oauth2 = { challenge, request: request.document }
  const { session } = caller
  if (session === null) return { kind: 'start', query, oauth2 }
  if (request.skip) {
    const location = await loginRequests.accept(challenge, acceptedOf(deps, session))
    // A script is told that somebody is signed in, although the challenge is accepted (§12).
    if (client !== 'html') throw alreadySignedIn('login')
    return { kind: 'answered', answer: redirect(303, location) }
  }
  if (name === 'registration')
    return { kind: 'answered', answer: redirect(302, `/self-service/login/browser?${exchange.query.toString()}`) }
  // The client did not find them remembered, so being signed in here is not enough.
  return { kind: 'start', query: { ...query, refresh: 'true' }, oauth2 }
}

/** Somebody has signed in for an OAuth2 client: that is where they go on. */
export async function handBack<O extends Outcome>(
  deps: Deps,
  outcome: O,
): Promise<O | Extract<Outcome, { kind: 'completed' }>> {
  if (outcome.kind !== 'completed' || outcome.flow.oauth2 === undefined || deps.loginRequests === null) return outcome
  const returnTo = await deps.loginRequests.accept(outcome.flow.oauth2.challenge, acceptedOf(deps, outcome.session))
  return { ...outcome, returnTo }
}

const acceptedOf = ({ settings }: Deps, session: Session) => ({
  subject: session.identity.id,
  sessionId: session.id,
  remember: settings.session.cookie.persistent,
  rememberFor: Math.floor(settings.session.lifespan / 1000),
  amr: session.authenticationMethods.map(({ method }) => method),
})
