import { isDeepStrictEqual } from 'node:util'
import type { Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { SettingsFlow } from '../core/flow.ts'
import type { Identity, IdentityWithCredentials } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import { withoutSecrets, withValues } from '../core/nodes.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import type { UiMessage } from '../core/ui.ts'
import { renewedSession, withDistinctDevices } from '../sessions/new-session.ts'
import { askAfter } from './ask-after.ts'
import { checkAssurance } from './assurance.ts'
import { changeLater } from './change-later.ts'
import type { Caller, Closing, FlowDeps, FlowRules, Opening, Parked, Passing, StartRequest } from './define.ts'
import { actionUrl, renderForm } from './form.ts'
import { asWrittenTo, fulfil, stepsIn } from './fulfil.ts'
import { newFlow } from './new-flow.ts'
import { withoutParked } from './parked.ts'
import { returnUrl } from './return-url.ts'

/** Only for somebody who is signed in (ory-identity-api.md §3.3). */
export async function openSettings(deps: FlowDeps, request: StartRequest, returnTo: string | null): Promise<Opening> {
  const { session } = request.caller
  if (session === null) throw signInFirst(deps, request, returnTo)
  const { requiredAal } = deps.settings.selfservice.settings
  checkAssurance(deps, session, requiredAal, returnTo === null ? null : request.requestUrl)
  const person = await deps.store.identities.find(session.identity.id)
  if (person === null) throw signInFirst(deps, request, returnTo)
  return { kind: 'opened', flow: settingsFlow(deps, request, { person, returnTo, infos: [] }) }
}

type About = {
  readonly person: IdentityWithCredentials
  readonly returnTo: string | null
  readonly infos: readonly UiMessage[]
}

/** A settings flow for a person, its form filled in. */
export function settingsFlow(
  deps: FlowDeps,
  request: Pick<StartRequest, 'type' | 'requestUrl' | 'caller'>,
  { person, returnTo, infos }: About,
): SettingsFlow {
  const draft: SettingsFlow = {
    ...newFlow(deps, { ...request, name: 'settings' }, returnTo),
    name: 'settings',
    state: 'show_form',
    identityId: person.id,
  }
  return renderForm(deps, draft, request.caller, { person, infos })
}

/** A browser signs in first, and comes back. */
function signInFirst(
  { settings }: Pick<FlowDeps, 'settings'>,
  { type }: Pick<StartRequest, 'type'>,
  returnTo: string | null,
): WireError {
  const url = new URL('self-service/login/browser', settings.serve.public.baseUrl)
  if (returnTo !== null) url.searchParams.set('return_to', returnTo)
  return new WireError(401, null, {
    id: 'session_inactive',
    reason:
      type === 'api'
        ? 'This endpoint can only be accessed with a valid session. Please log in and try again.'
        : 'No active session was found in this request.',
    ...(type === 'api' ? {} : { browserTo: url.href, beside: { CredentialsMissing: false } }),
  })
}

/** Fetching or submitting without a session: browsers are led to the sign-in page itself. */
export const notSignedIn = ({ settings }: Pick<FlowDeps, 'settings'>) =>
  new WireError(401, null, {
    reason: 'A valid Ory Session Cookie or Ory Session Token is missing.',
    browserTo: settings.selfservice.flows.login.uiUrl,
    browserStatus: 302,
  })

/** Whoever may see and submit a settings flow: the person it is about, signed in. */
export function checkSettingsOwner(
  deps: Pick<FlowDeps, 'settings'>,
  flow: SettingsFlow,
  session: Session | null,
  /** Where they go on once they have shown a second factor, if they have to. */
  goesOnAt: string = actionUrl(deps, flow),
): Session {
  if (session === null) throw notSignedIn(deps)
  checkAssurance(deps, session, deps.settings.selfservice.settings.requiredAal, goesOnAt)
  if (session.identity.id === flow.identityId) return session
  throw new WireError(403, null, {
    id: 'security_identity_mismatch',
    reason: 'The request was made for another identity and has been blocked for security reasons.',
  })
}

export const settingsRules = (deps: FlowDeps, flow: SettingsFlow): FlowRules => ({
  admit: ({ session }) => {
    checkSettingsOwner(deps, flow, session)
    return 'welcome'
  },
  person: () => deps.store.identities.find(flow.identityId),
  coerce: (fields, encoding) =>
    fields.traits === undefined ? fields : deps.traits.coerce(flow.identitySchema, fields, encoding),
  expired: (times) => messages.settingsExpired(times),
  asksWhenReplaced: true,
  resubmitted: () => ({ kind: 'kept', messages: [{ field: '', message: messages.noSettingsStrategy() }] }),
  unclaimed: () => ({ fields: {}, messages: [{ field: '', message: messages.noSettingsStrategy() }] }),
  isPrivileged: (caller, parked, at) => isPrivileged(deps, caller, parked, at),
  close: (passing) => close(deps, flow, passing),
})

/**
 * Whether somebody has proven lately enough who they are. Who was sent to do so for this very submission has, however
 * short the time allowed is.
 */
function isPrivileged(
  { settings }: Pick<FlowDeps, 'settings'>,
  { session }: Pick<Caller, 'session'>,
  parked: Parked | null,
  at: Time,
): boolean {
  if (session === null) return false
  if (parked !== null && session.authenticatedAt >= parked.since) return true
  return session.authenticatedAt + settings.selfservice.settings.privilegedSessionMaxAge > at
}

/** What only somebody may change who has proven lately who they are: credentials, and addresses that lead to them. */
const isProtectedChange = (before: IdentityWithCredentials, after: IdentityWithCredentials) =>
  !isDeepStrictEqual(before.credentials, after.credentials) ||
  !isDeepStrictEqual(addressesOf(before), addressesOf(after))

const addressesOf = ({ verifiableAddresses, recoveryAddresses }: Identity) =>
  [verifiableAddresses, recoveryAddresses].map((addresses) => addresses.map(({ value, via }) => [value, via]))

/** Completing a change of settings: the identity is saved, and the form comes back as it now is. */
async function close(deps: FlowDeps, flow: SettingsFlow, passing: Passing): Promise<Closing> {
  const { attempt, method, caller, transientPayload, at, parked } = passing
  const session = checkSettingsOwner(deps, flow, caller.session)
  const before = attempt.before ?? attempt.identity
  const mayChange = (identity: IdentityWithCredentials) =>
    isPrivileged(deps, caller, parked, at) || !isProtectedChange(before, identity)
  if (!mayChange(attempt.identity)) return { kind: 'needs_proof' }

  const typed = method === 'profile' ? withValues(flow.ui, { traits: attempt.identity.traits }) : flow.ui
  const attempted: SettingsFlow = { ...flow, transientPayload, ui: typed }
  const saved = (identity: IdentityWithCredentials): SettingsFlow => {
    const open = withoutParked({ ...attempted, state: 'success', updatedAt: at } as const)
    return renderForm(deps, open, caller, { person: identity, infos: [messages.changesSaved()] })
  }
  const verdict = await askAfter(deps, { ...attempted, ui: withoutSecrets(attempted.ui) }, passing, {
    session,
    previous: before,
    told: (amended) => {
      const identity = asWrittenTo(deps, attempted, { ...attempt.identity, ...amended }, at)
      return { flow: saved(identity), identity }
    },
  })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages }
  if (verdict.kind === 'divert') return changeLater(deps, attempted, passing)

  const amended = { ...attempt.identity, ...verdict.identity }
  if (!mayChange(amended)) return { kind: 'needs_proof' }
  const fulfilled = await fulfil(deps, verdict.effects, {
    parent: attempted,
    identity: amended,
    before,
    isImplicit: true,
    mayVerify: true,
    csrfCookie: caller.csrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  const { identity } = fulfilled
  const done = saved(identity)
  const proven =
    attempt.proves === undefined
      ? session
      : renewedSession(session, {
          identity,
          method,
          aal: attempt.proves,
          upstream: attempt.upstream,
          request: caller.request,
          at,
        })
  const effects: readonly Effect[] = [
    { kind: 'keepFlow', flow: { ...done, transientPayload: null } },
    ...(proven === session ? [] : [{ kind: 'renewSession', session: withDistinctDevices(proven), at } as const]),
    ...attempt.effects,
    ...fulfilled.effects,
  ]
  return {
    kind: 'closed',
    effects,
    awaited: verdict.awaited,
    outcome: {
      kind: 'settled',
      // Ory answers without what was sent along (ory-actions.md §4.3).
      flow: { ...done, transientPayload: null },
      identity,
      session: { ...proven, identity },
      continueWith: [...stepsIn(effects), ...fulfilled.continueWith],
      returnTo: returnUrl(deps.settings, flow, method),
    },
  }
}
