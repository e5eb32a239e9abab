import { WireError } from '../core/errors.ts'
import { needsSecondFactor } from '../core/factors.ts'
import type { Flow, OAuth2Login } from '../core/flow.ts'
import { type FlowId, flowId, isUuid } from '../core/ids.ts'
import { FLOWS } from '../core/trigger.ts'
import { stepUpUrl } from '../flows/assurance.ts'
import { mayContinueSignedIn } from '../flows/login.ts'
import { checkReturnTo } from '../flows/return-url.ts'
import { liveSession, presentedToken } from '../http/doors.ts'
import { type Answer, type Exchange, redirect, type Route } from '../http/exchange.ts'
import { findOwnFlow, type SelfServiceDeps, sentCsrfCookie } from '../http/self-service.ts'
import { logoutUrl, type SessionDeps } from '../http/session-routes.ts'
import { pageAnswer } from './page.ts'
import { accountPage, cookiesPage, errorPage, flowPage, signOutPage, type Way, welcomePage, whoIn } from './pages.ts'

export type UiDeps = SelfServiceDeps & SessionDeps

/** The pages of the public listener (design.md §7). They need no script, and make no anti-CSRF cookie: starting a flow does. */
export const uiRoutes = (deps: UiDeps): readonly Route[] => {
  const page = (path: string, handle: Route['handle']): Route => ({
    method: 'GET',
    path: `/ui${path}`,
    csrf: 'ignored',
    handle,
  })
  return [
    ...FLOWS.map((name) => page(`/${name}`, (exchange) => showFlow(deps, name, exchange))),
    page('/', (exchange) => showHome(deps, exchange)),
    page('/welcome', (exchange) => showHome(deps, exchange)),
    page('', async () => redirect(303, urlOf(deps, 'ui/'))),
    page('/error', (exchange) => showError(deps, exchange)),
    page('/logout', (exchange) => startLogout(deps, exchange)),
  ]
}

const urlOf = ({ settings }: UiDeps, path: string) => new URL(path, settings.serve.public.baseUrl).href

/** Where a flow starts; the wish where to go afterwards is kept. */
function startOf(deps: UiDeps, name: Flow['name'], returnTo: string | null, oauth2?: OAuth2Login): string {
  const url = new URL(urlOf(deps, `self-service/${name}/browser`))
  if (returnTo) url.searchParams.set('return_to', returnTo)
  // Who changes from signing in to signing up still does it for the same client (ory-identity-api.md §12).
  if (oauth2 !== undefined && (name === 'login' || name === 'registration'))
    url.searchParams.set('login_challenge', oauth2.challenge)
  return url.href
}

async function showFlow(deps: UiDeps, name: Flow['name'], exchange: Exchange): Promise<Answer> {
  const id = exchange.query.get('flow')
  if (id === null || !isUuid(id)) return redirect(303, startOf(deps, name, exchange.query.get('return_to')))

  const flow = await findOwnFlow(deps, name, id, exchange).catch(refusal)
  if (flow instanceof WireError && flow.options.id === 'session_aal2_required') {
    return redirect(303, flow.options.browserTo ?? startOf(deps, name, null))
  }
  if (flow instanceof WireError) return startAgain(deps, name, flowId(id), exchange)
  // A form of a native client could not be sent from here.
  const isOver = flow.completed && flow.name !== 'verification'
  if (flow.type === 'api' || isOver) return redirect(303, startOf(deps, name, flow.returnTo, flow.oauth2))

  const isRepeated = flow.name === 'login' && mayContinueSignedIn(flow)
  const isForSignedIn = isRepeated || flow.name === 'settings' || flow.name === 'verification'
  if (!isForSignedIn && (await liveSession(deps, exchange)) !== null) {
    return redirect(303, afterwards(deps, flow.returnTo))
  }
  const ways = isRepeated ? [elsewhere(urlOf(deps, 'ui/logout'))] : waysFrom(deps, flow)
  return pageAnswer(200, flowPage({ flow: name, isRepeated, ui: flow.ui, ways, home: urlOf(deps, 'ui/') }))
}

/** A refusal is looked at; anything else is a bug and goes on its way. */
function refusal(thrown: unknown): WireError {
  if (thrown instanceof WireError) return thrown
  throw thrown
}

/** Says in the URL of a start that the browser has been here before without a cookie; the flow remembers it. */
const SECOND_TRY = 'without_cookie'

/** Starts a flow again that is unknown, over or somebody else's. A browser that keeps no cookies would go round for ever. */
async function startAgain(deps: UiDeps, name: Flow['name'], id: FlowId, exchange: Exchange): Promise<Answer> {
  const flow = await deps.flows.store.flows.find(id)
  const start = startOf(deps, name, flow?.returnTo ?? exchange.query.get('return_to'), flow?.oauth2)
  if (flow === null || sentCsrfCookie(deps, exchange)) return redirect(303, start)
  if (URL.parse(flow.requestUrl)?.searchParams.has(SECOND_TRY)) {
    return pageAnswer(400, cookiesPage({ home: urlOf(deps, 'ui/'), again: start }))
  }
  const secondTry = new URL(start)
  secondTry.searchParams.set(SECOND_TRY, 'yes')
  return redirect(303, secondTry.href)
}

/** Where somebody goes who is signed in already: the wish may have been allowed by an older configuration only. */
function afterwards({ settings }: UiDeps, returnTo: string | null): string {
  const { defaultReturnUrl } = settings.selfservice
  return new URL(checkReturnTo(settings, returnTo) ?? defaultReturnUrl, defaultReturnUrl).href
}

/** Whoever can't show what is asked for, or is somebody else. */
const elsewhere = (href: string): Way => ({ question: 'Something’s not working?', text: 'Sign out', href })

function waysFrom(deps: UiDeps, { name, returnTo, oauth2, ui }: Flow): readonly Way[] {
  const { registration, flows } = deps.settings.selfservice
  const start = (to: Flow['name']) => startOf(deps, to, returnTo, oauth2)
  switch (name) {
    case 'registration':
      return [{ question: 'Already have an account?', text: 'Sign in', href: start('login') }]
    case 'recovery':
      return [{ question: 'Remembered it?', text: 'Sign in', href: start('login') }]
    case 'login': {
      const forgotten = { question: 'Can’t sign in?', text: 'Recover your account', href: start('recovery') }
      const isNew = { question: 'New here?', text: 'Create an account', href: start('registration') }
      // Whoever has said who they are may have meant somebody else.
      if (whoIn(ui.nodes) !== null) {
        const again = { question: 'Is this not you?', text: 'Start again', href: start('login') }
        return [...(flows.recovery.enabled ? [forgotten] : []), again]
      }
      return [...(flows.recovery.enabled ? [forgotten] : []), ...(registration.enabled ? [isNew] : [])]
    }
    case 'settings':
    case 'verification':
      return [{ question: 'Done here?', text: 'Your account', href: urlOf(deps, 'ui/') }]
    default:
      return name satisfies never
  }
}

async function showHome(deps: UiDeps, exchange: Exchange): Promise<Answer> {
  const { settings } = deps
  const home = urlOf(deps, 'ui/')
  const tools = settings.dev
    ? { href: new URL('dev/echo', settings.serve.admin.baseUrl).href, text: 'See what the actions sent' }
    : null
  const session = await liveSession(deps, exchange)
  // Who somebody is stays unsaid until they have shown their other factor.
  if (session !== null && needsSecondFactor(settings.methods, settings.session.requiredAal, session)) {
    return redirect(303, stepUpUrl(deps, null))
  }
  if (session !== null) {
    const schema = settings.identity.schemas.find(({ id }) => id === session.identity.schemaId)?.document ?? null
    return pageAnswer(
      200,
      accountPage({
        home,
        session,
        schema,
        settings: startOf(deps, 'settings', null),
        signOut: urlOf(deps, 'ui/logout'),
        tools,
      }),
    )
  }
  const signIn = { href: startOf(deps, 'login', null), text: 'Sign in' }
  const signUp = { href: startOf(deps, 'registration', null), text: 'Create an account' }
  const ways = settings.selfservice.registration.enabled ? [signIn, signUp] : [signIn]
  return pageAnswer(200, welcomePage({ home, ways, tools }))
}

/** Signs out at once when a page of ours asks; a person whom another site sent here is asked first. */
async function startLogout(deps: UiDeps, exchange: Exchange): Promise<Answer> {
  const returnTo = checkReturnTo(deps.settings, exchange.query.get('return_to'))
  const isByCookie = presentedToken(deps, exchange)?.by === 'cookie'
  const session = isByCookie ? await liveSession(deps, exchange) : null
  if (session === null) return redirect(303, returnTo === null ? urlOf(deps, 'ui/') : afterwards(deps, returnTo))
  const signOut = logoutUrl(deps, session, returnTo)
  const site = exchange.header('sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return redirect(303, signOut)
  return pageAnswer(200, signOutPage({ home: urlOf(deps, 'ui/'), signOut }))
}

async function showError(deps: UiDeps, exchange: Exchange): Promise<Answer> {
  const home = urlOf(deps, 'ui/')
  const id = exchange.query.get('id')
  const stored = id !== null && isUuid(id) ? await deps.store.errors.find(id) : null
  if (stored === null) return pageAnswer(404, errorPage({ home, error: null, reference: null, at: null }))
  return pageAnswer(200, errorPage({ home, error: stored.error, reference: stored.id, at: stored.createdAt }))
}
