import { WireError } from '../core/errors.ts'
import type { RecoveryFlow } from '../core/flow.ts'
import { messages } from '../core/messages.ts'
import { newSession } from '../sessions/new-session.ts'
import { askAfter } from './ask-after.ts'
import { askBefore } from './ask-before.ts'
import type { Closing, FlowDeps, FlowRules, Opening, Passing, StartRequest } from './define.ts'
import { renderForm } from './form.ts'
import { fulfil } from './fulfil.ts'
import { newFlow } from './new-flow.ts'
import { returnUrl } from './return-url.ts'
import { settingsFlow } from './settings.ts'

/** A recovery begins with an address; whoever is signed in has nothing to recover (ory-identity-api.md §3.4). */
export function openRecovery(deps: FlowDeps, request: StartRequest, returnTo: string | null): Opening {
  checkRecoveryEnabled(deps)
  if (request.caller.session !== null) return { kind: 'signed_in' }
  return { kind: 'opened', flow: recoveryFlow(deps, request, returnTo) }
}

export function checkRecoveryEnabled({ settings }: Pick<FlowDeps, 'settings'>): void {
  if (settings.selfservice.flows.recovery.enabled) return
  throw new WireError(400, null, { reason: 'Recovery is not allowed because it was disabled.' })
}

export function recoveryFlow(
  deps: FlowDeps,
  request: Pick<StartRequest, 'type' | 'requestUrl' | 'caller'>,
  returnTo: string | null,
): RecoveryFlow {
  const { use } = deps.settings.selfservice.recovery
  const hasChoice = use === 'code' && deps.settings.featureFlags.chooseRecoveryAddress
  const draft: RecoveryFlow = {
    ...newFlow(deps, { ...request, name: 'recovery' }, returnTo),
    name: 'recovery',
    state: hasChoice ? 'recovery_awaiting_address' : 'choose_method',
    active: use,
    csrfExempt: false,
  }
  return renderForm(deps, draft, request.caller, { person: null, infos: [] })
}

export const recoveryRules = (deps: FlowDeps, flow: RecoveryFlow): FlowRules => ({
  admit: ({ session }) => {
    if (!flow.csrfExempt) checkRecoveryEnabled(deps)
    return session === null ? 'welcome' : 'signed_in'
  },
  person: async () => null,
  coerce: (fields) => fields,
  expired: (times) => messages.recoveryExpired(times),
  asksWhenReplaced: false,
  resubmitted: (fields) => ({ kind: 'replaced', messages: [{ field: '', message: spent(fields) }] }),
  unclaimed: () => ({ fields: {}, messages: [{ field: '', message: messages.noRecoveryStrategy() }] }),
  isPrivileged: () => true,
  close: (passing) => close(deps, flow, passing),
})

/** Why a completed recovery can't be used again, in the words of what was tried. */
function spent(fields: Parameters<FlowRules['resubmitted']>[0]) {
  if (typeof fields.token === 'string') return messages.recoveryTokenInvalid()
  if (typeof fields.code === 'string' && fields.email === undefined) {
    return messages.reason('The code was already used. Please request another code.')
  }
  return messages.recoveryAlreadyCompleted()
}

/** Completing a recovery: a session, and a settings flow in which to set up how to sign in from now on. */
async function close(deps: FlowDeps, flow: RecoveryFlow, passing: Passing): Promise<Closing> {
  const { attempt, method, caller, transientPayload, at } = passing
  const { settings } = deps
  const attempted: RecoveryFlow = {
    ...flow,
    state: 'passed_challenge',
    active: method,
    transientPayload,
    ui: { ...flow.ui, messages: [] },
  }
  const verdict = await askAfter(deps, attempted, passing, { session: null })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages }
  if (verdict.kind === 'divert') throw new Error('nothing diverts a recovery')

  const fulfilled = await fulfil(deps, verdict.effects, {
    parent: attempted,
    identity: attempt.identity,
    before: attempt.before ?? attempt.identity,
    isImplicit: false,
    mayVerify: false,
    csrfCookie: caller.nextCsrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  // What an action changes about somebody who recovers is seen, and not kept (ory-actions.md §4.9).
  const person = { ...fulfilled.identity, ...verdict.identity }
  const session = newSession(deps.random, settings.session.lifespan, {
    identity: person,
    method: attempt.proof ?? method,
    aal: attempt.aal,
    request: caller.request,
    at,
  })
  const issued = deps.tokens.issue()
  const inside = { ...caller, session, csrfCookie: caller.nextCsrfCookie }
  // A link is opened by a browser, whatever kind of client asked for it.
  const type = caller.client === 'api' ? 'api' : 'browser'
  const next = skipsSettings(flow)
    ? null
    : settingsFlow(
        deps,
        { type, requestUrl: caller.request.url, caller: inside },
        {
          person,
          returnTo: flow.returnTo ?? settings.selfservice.flows.recovery.afterReturnUrl,
          infos: [],
        },
      )
  // The settings flow is started by this very step, so whoever stands before it may still refuse: then nothing is spent.
  const asked = next === null ? [] : await askBefore(deps, next, inside)
  const privilegedUntil = at + settings.selfservice.settings.privilegedSessionMaxAge
  const welcomed =
    next === null ? null : { ...next, ui: { ...next.ui, messages: [messages.recovered({ now: at, privilegedUntil })] } }
  return {
    kind: 'closed',
    effects: [
      { kind: 'closeFlow', flow: { ...attempted, transientPayload: null, completed: true, updatedAt: at } },
      { kind: 'storeSession', session, tokenHash: issued.hash, at },
      ...(welcomed === null ? [] : [{ kind: 'openFlow', flow: welcomed } as const]),
      ...asked,
      ...attempt.effects,
      ...fulfilled.effects,
    ],
    awaited: verdict.awaited,
    outcome: {
      kind: 'recovered',
      flow: attempted,
      session,
      token: issued.token,
      settings: welcomed,
      returnTo: returnUrl(settings, flow, method),
    },
  }
}

const skipsSettings = ({ requestUrl }: RecoveryFlow) => new URL(requestUrl).searchParams.get('skip_settings') === 'true'
