import type { Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { RegistrationFlow } from '../core/flow.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { newSession } from '../sessions/new-session.ts'
import { askAfter } from './ask-after.ts'
import type { Closing, FlowDeps, FlowRules, Opening, Passing, StartRequest, Verdict } from './define.ts'
import { renderAgain, renderForm } from './form.ts'
import { awaitedByApp } from './exchange.ts'
import { asWrittenTo, type Fulfilled, fulfil, handedOut, stepsIn } from './fulfil.ts'
import { handBackLater } from './hand-back-later.ts'
import { selectedSchema } from './login.ts'
import { newFlow } from './new-flow.ts'
import { returnUrl } from './return-url.ts'
import { isTwoStep } from './style.ts'

/** The decisions at the start of a registration (ory-identity-api.md §3.2). */
export function openRegistration(deps: FlowDeps, request: StartRequest, returnTo: string | null): Opening {
  checkRegistrationEnabled(deps)
  if (request.type === 'api' && request.caller.session !== null) return { kind: 'signed_in' }
  const draft: RegistrationFlow = {
    ...newFlow(deps, request, returnTo),
    name: 'registration',
    state: 'choose_method',
    identitySchema: selectedSchema(deps, request.query),
  }
  const flow = renderForm(deps, draft, request.caller, { person: null, infos: [] })
  return { kind: 'opened_unless_signed_in', flow }
}

/** Nobody signs up once it is switched off, not even in a form that was open before. */
export function checkRegistrationEnabled({ settings }: Pick<FlowDeps, 'settings'>): void {
  if (settings.selfservice.registration.enabled) return
  throw new WireError(400, null, {
    id: 'self_service_flow_disabled',
    reason: 'Registration is not allowed because it was disabled.',
  })
}

export const registrationRules = (deps: FlowDeps, flow: RegistrationFlow): FlowRules => ({
  admit: ({ session }) => {
    if (session !== null) return 'signed_in'
    checkRegistrationEnabled(deps)
    return 'welcome'
  },
  person: async () => null,
  coerce: (fields, encoding) => deps.traits.coerce(flow.identitySchema, toStep(deps, fields), encoding),
  expired: (times) => messages.registrationExpired(times),
  asksWhenReplaced: true,
  resubmitted: () => ({ kind: 'kept', messages: [{ field: '', message: messages.registrationAlreadyCompleted() }] }),
  unclaimed: (fields) => {
    // Nobody is responsible, so nobody keeps what was typed; but wrong traits are reported first (ory-identity-api.md §3).
    const wrong = deps.traits.validate(flow.identitySchema, isJsonObject(fields.traits) ? fields.traits : {})
    return wrong.length > 0
      ? { fields, messages: wrong }
      : { fields: {}, messages: [{ field: '', message: messages.noRegistrationStrategy() }] }
  },
  isPrivileged: () => true,
  close: (passing) => close(deps, flow, passing),
})

/** A button that leads to another step says so beside the method of the form it is in; the older way names both at once. */
function toStep(deps: FlowDeps, fields: JsonObject): JsonObject {
  if (!isTwoStep(deps)) return fields
  if (fields.method === 'profile:back') return { ...fields, method: 'profile', screen: 'previous' }
  return fields.screen === undefined ? fields : { ...fields, method: 'profile' }
}

/** Completing a registration: the identity is stored, and a session with it, though only the `session` action hands it out. */
async function close(deps: FlowDeps, flow: RegistrationFlow, passing: Passing): Promise<Closing> {
  const { attempt, method, caller, transientPayload, at } = passing
  // Only some of Ory's registrations say which method it was (ory-actions.md §4.3).
  const active = method === 'oidc' || method === 'code' ? method : flow.active
  const state = method === 'code' ? 'passed_challenge' : flow.state
  const attempted: RegistrationFlow = { ...flow, state, active, transientPayload }
  const verdict = await askAfter(deps, attempted, passing, {
    session: null,
    told: (identity) => ({
      flow: attempted,
      identity: asWrittenTo(deps, attempted, { ...attempt.identity, ...identity }, at),
    }),
  })
  if (verdict.kind === 'deny') return { kind: 'denied', messages: verdict.messages }
  if (verdict.kind === 'divert') throw new Error('nothing diverts a registration')

  const fulfilled = await fulfil(deps, verdict.effects, {
    parent: attempted,
    identity: { ...attempt.identity, ...verdict.identity },
    before: null,
    isImplicit: true,
    mayVerify: true,
    csrfCookie: caller.nextCsrfCookie,
    request: caller.request,
    at,
  })
  if (fulfilled.kind === 'denied') return fulfilled
  const { identity } = fulfilled
  if (identity.state !== 'active') return closeInactive(deps, flow, passing, { verdict, fulfilled })
  const session = newSession(deps.random, deps.settings.session.lifespan, {
    identity,
    method: attempt.proof ?? method,
    aal: attempt.aal,
    upstream: attempt.upstream,
    request: caller.request,
    at,
  })
  const issued = deps.tokens.issue()
  const exchange = awaitedByApp(deps, flow, caller, { sessionId: session.id, tokenHash: issued.hash })
  const effects: readonly Effect[] = [
    {
      kind: 'closeFlow',
      flow: { ...(exchange?.flow ?? flow), state: 'passed_challenge', completed: true, updatedAt: at },
    },
    { kind: 'createIdentity', identity },
    { kind: 'storeSession', session, tokenHash: issued.hash, at },
    ...attempt.effects,
    ...(fulfilled.verificationUi === null ? fulfilled.effects : handBackLater(deps, flow, session, fulfilled.effects)),
  ]
  return {
    kind: 'closed',
    effects,
    awaited: verdict.awaited,
    outcome: {
      kind: 'completed',
      flow: attempted,
      identity,
      session,
      token: issued.token,
      handedOut: handedOut(effects),
      continueWith: [...stepsIn(effects), ...fulfilled.continueWith],
      returnTo: returnUrl(deps.settings, flow, method),
      browserTo: fulfilled.verificationUi,
      ...(exchange === null || !handedOut(effects) ? {} : { returnCode: exchange.code }),
      stepUpTo: null,
    },
  }
}

type Decided = {
  readonly verdict: Extract<Verdict, { kind: 'proceed' }>
  readonly fulfilled: Extract<Fulfilled, { kind: 'fulfilled' }>
}

/** An action wants the person stored and not let in: nobody gets a session, and the form says why (ory-actions.md §4.9). */
function closeInactive(
  deps: FlowDeps,
  flow: RegistrationFlow,
  { attempt, caller, at }: Passing,
  { verdict, fulfilled }: Decided,
): Closing {
  const { identity } = fulfilled
  const said = [{ field: '', message: messages.accountDisabled() }]
  const told = renderAgain(deps, flow, caller, { fields: { traits: identity.traits }, messages: said, at })
  return {
    kind: 'closed',
    effects: [
      { kind: 'keepFlow', flow: { ...told, transientPayload: null } },
      { kind: 'createIdentity', identity },
      ...attempt.effects,
      ...fulfilled.effects.filter(({ kind }) => kind !== 'handOutSession'),
    ],
    awaited: verdict.awaited,
    outcome: { kind: 'kept', flow: told, answer: 'refused' },
  }
}
