import { WireError } from '../core/errors.ts'
import type { VerificationFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import { csrfNode } from '../core/nodes.ts'
import type { UiNode } from '../core/ui.ts'
import { applyChange } from './apply-change.ts'
import { askAfter } from './ask-after.ts'
import type { Closing, FlowDeps, FlowRules, Opening, Passing, StartRequest } from './define.ts'
import { maskCsrf, renderForm } from './form.ts'
import { fulfil } from './fulfil.ts'
import { newFlow } from './new-flow.ts'
import { returnUrl } from './return-url.ts'

/** Anybody may prove that they read an address, signed in or not (ory-identity-api.md §3.5). */
export function openVerification(deps: FlowDeps, request: StartRequest, returnTo: string | null): Opening {
  checkVerificationEnabled(deps)
  const draft: VerificationFlow = {
    ...newFlow(deps, request, returnTo),
    name: 'verification',
    state: 'choose_method',
    active: deps.settings.selfservice.verification.use,
    holdsChange: false,
  }
  return {
    kind: 'opened',
    flow: renderForm(deps, draft, request.caller, { person: null, infos: [] }),
  }
}

export function checkVerificationEnabled({ settings }: Pick<FlowDeps, 'settings'>): void {
  if (settings.selfservice.flows.verification.enabled) return
  throw new WireError(400, null, { reason: 'Verification is not allowed because it was disabled.' })
}

export const verificationRules = (deps: FlowDeps, flow: VerificationFlow): FlowRules => ({
  admit: () => {
    checkVerificationEnabled(deps)
    return 'welcome'
  },
  person: async () => null,
  coerce: (fields) => fields,
  expired: (times) => messages.verificationExpired(times),
  asksWhenReplaced: false,
  resubmitted: (fields) => ({
    kind: 'replaced',
    messages: [
      {
        field: '',
        message:
          typeof fields.token === 'string'
            ? messages.verificationTokenInvalid()
            : messages.verificationAlreadyCompleted(),
      },
    ],
  }),
  unclaimed: () => ({ fields: {}, messages: [{ field: '', message: messages.noVerificationStrategy() }] }),
  isPrivileged: () => true,
  close: (passing) => close(deps, flow, passing),
})

/** Completing a verification: the address is known to be read, and a change that waited for it is made. */
async function close(deps: FlowDeps, flow: VerificationFlow, passing: Passing): Promise<Closing> {
  const { attempt, method, transientPayload, caller, at } = passing
  const applied = flow.holdsChange ? await applyChange(deps, flow, passing) : null
  if (applied?.kind === 'denied') return applied
  const proven: Passing = applied === null ? passing : { ...passing, attempt: { ...attempt, ...applied.attempt } }

  const next = await afterwards(deps, flow, proven)
  const attempted = passed(deps, { ...flow, active: method, transientPayload, updatedAt: at }, proven, next)
  const verdict = await askAfter(deps, attempted, proven, { session: null })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages }
  if (verdict.kind === 'divert') throw new Error('nothing diverts a verification')

  const before: IdentityWithCredentials = proven.attempt.before ?? proven.attempt.identity
  const fulfilled = await fulfil(deps, verdict.effects, {
    parent: attempted,
    identity: proven.attempt.identity,
    before,
    isImplicit: false,
    mayVerify: false,
    csrfCookie: caller.csrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  return {
    kind: 'closed',
    effects: [
      { kind: 'closeFlow', flow: { ...attempted, transientPayload: null, completed: true } },
      ...attempt.effects,
      ...(applied?.effects ?? []),
      ...fulfilled.effects,
    ],
    awaited: [...(applied?.awaited ?? []), ...verdict.awaited],
    outcome: { kind: 'kept', flow: { ...attempted, transientPayload: null }, answer: 'form' },
  }
}

/** Where the way on leads: back to the OAuth2 client that somebody signed in for, as long as it waits and they may. */
async function afterwards(deps: FlowDeps, flow: VerificationFlow, { attempt, method }: Passing): Promise<string> {
  const isMeant = flow.handsBack?.accepted.subject === attempt.identity.id && attempt.identity.state === 'active'
  const back = flow.handsBack !== undefined && isMeant ? await deps.handBack(flow.handsBack) : null
  return back ?? returnUrl(deps.settings, flow, method)
}

/** The form of a verification that has succeeded: a word about it, and the way on (ory-identity-api.md §5.5). */
function passed(deps: FlowDeps, flow: VerificationFlow, { caller }: Passing, url: string): VerificationFlow {
  const proceed: UiNode = {
    type: 'a',
    group: flow.active === 'link' ? 'link' : 'code',
    attributes: { node_type: 'a', id: 'continue', href: url, title: messages.continue() },
    messages: [],
    meta: { label: messages.continue() },
  }
  const ui = {
    action: url,
    method: 'GET',
    nodes: [csrfNode(''), proceed],
    messages: [flow.challenge?.via === 'sms' ? messages.phoneVerified() : messages.emailVerified()],
  } as const
  return maskCsrf(deps, { ...flow, state: 'passed_challenge', ui }, caller)
}
