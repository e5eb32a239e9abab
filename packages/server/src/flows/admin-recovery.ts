import { WireError } from '../core/errors.ts'
import type { RecoveryFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { FlowDeps } from './define.ts'
import { recoveryFlow } from './recovery.ts'

type Wanted = {
  readonly by: 'code' | 'link'
  readonly identity: IdentityWithCredentials
  readonly type: RecoveryFlow['type']
  readonly returnTo: string | null
  readonly lifespan: Milliseconds
  readonly request: RequestFacts
}

/** What an administrator hands to somebody who cannot be written to: a code to type in, or a link to open. */
export type HandOut = { readonly flow: RecoveryFlow; readonly secret: string; readonly expiresAt: Time }

/** Opens a recovery for a person, its secret to be handed over; no action stands before it (ory-identity-api.md §9.6, ory-actions.md §2.5). */
export async function openRecoveryFor(deps: FlowDeps, wanted: Wanted): Promise<HandOut> {
  const { by, identity, type, returnTo, lifespan, request } = wanted
  const method = deps.methods[by]?.recovery
  if (method === undefined) throw new WireError(404, null)
  const at = deps.clock.now()
  const expiresAt = at + lifespan
  // Whoever is given the secret starts with a browser that knows nothing of this flow.
  const caller = { client: 'html', request, session: null, csrfCookie: null, nextCsrfCookie: '' } as const
  const draft = recoveryFlow(deps, { type, requestUrl: request.url, caller }, returnTo)
  const open: RecoveryFlow = { ...draft, expiresAt, csrfExempt: true }
  const { flow, secret } = method.issue(open, { value: '', via: 'email', identity }, { at, expiresAt })
  await deps.store.commit([{ kind: 'openFlow', flow }])
  return { flow, secret, expiresAt }
}
