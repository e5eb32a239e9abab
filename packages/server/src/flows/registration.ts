import { WireError } from '../core/errors.ts'
import type { RegistrationFlow } from '../core/flow.ts'
import { flowId } from '../core/ids.ts'
import { newSession } from '../sessions/new-session.ts'
import type { Caller, FlowDeps } from './define.ts'
import { renderForm } from './form.ts'
import { type Opening, selectedSchema } from './login.ts'
import type { StartRequest } from './start.ts'
import type { Completing, Completion } from './submit.ts'

/** The decisions at the start of a registration (ory-identity-api.md §3.2). */
export function openRegistration(deps: FlowDeps, request: StartRequest, returnTo: string | null): Opening {
  const { settings, clock, random } = deps
  if (!settings.selfservice.registration.enabled) throw disabled
  if (request.type === 'api' && request.caller.session !== null) return { kind: 'signed_in' }

  const at = clock.now()
  const draft: RegistrationFlow = {
    name: 'registration',
    id: flowId(random.uuid()),
    type: request.type,
    requestUrl: request.requestUrl,
    returnTo,
    issuedAt: at,
    expiresAt: at + settings.selfservice.flows.registration.lifespan,
    createdAt: at,
    updatedAt: at,
    active: null,
    state: 'choose_method',
    transientPayload: null,
    identitySchema: selectedSchema(deps, request.query),
    completed: false,
    memory: {},
    ui: { action: '', method: 'POST', nodes: [], messages: [] },
  }
  return { kind: 'opened_unless_signed_in', flow: { ...draft, ui: renderForm(deps, draft, request.caller, []) } }
}

const disabled = new WireError(400, null, {
  id: 'self_service_flow_disabled',
  reason: 'Registration is not allowed because it was disabled.',
})

/** Completing a registration: the identity is stored, and a session with it, though only the `session` action hands it out. */
export function completeRegistration(
  deps: FlowDeps,
  caller: Caller,
  { identity, method, aal, at }: Completing,
): Completion {
  const session = newSession(deps.random, deps.settings.session.lifespan, {
    identity,
    method,
    aal,
    request: caller.request,
    at,
  })
  const issued = deps.tokens.issue()
  return {
    session,
    issued,
    effects: [
      { kind: 'createIdentity', identity },
      { kind: 'storeSession', session, tokenHash: issued.hash, at },
    ],
  }
}
