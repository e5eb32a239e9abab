import { WireError } from '../core/errors.ts'
import { needsSecondFactor } from '../core/factors.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'

type AssuranceDeps = { readonly settings: Pick<Settings, 'methods' | 'serve'> }

/** Where somebody who is signed in shows their second factor (ory-identity-api.md §8.4). */
export function stepUpUrl({ settings }: AssuranceDeps, returnTo: string | null): string {
  const url = new URL('self-service/login/browser?aal=aal2', settings.serve.public.baseUrl)
  if (returnTo) url.searchParams.set('return_to', returnTo)
  return url.href
}

/** Throws where a session has shown fewer factors than its person has: the client is told where to show the other one. */
export function checkAssurance(
  deps: AssuranceDeps,
  session: Session,
  required: 'aal1' | 'highest_available',
  returnTo: string | null,
): void {
  if (!needsSecondFactor(deps.settings.methods, required, session)) return
  const redirect_browser_to = stepUpUrl(deps, returnTo)
  throw new WireError(403, 'Session does not fulfill the requested Authenticator Assurance Level', {
    id: 'session_aal2_required',
    reason:
      'An active session was found but it does not fulfill the requested Authenticator Assurance Level. Please verify yourself with a second factor to resolve this issue.',
    details: { redirect_browser_to },
    beside: { redirect_browser_to },
    browserTo: redirect_browser_to,
  })
}
