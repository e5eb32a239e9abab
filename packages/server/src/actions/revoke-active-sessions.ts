import { proceed } from '../core/decision.ts'
import { METHODS_WITH_HOOKS, type Place } from '../core/place.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** Ends every other session of the identity (ory-actions.md §3.2). */
export const revokeActiveSessions = defineAction<ActionDeps>({
  summary: 'Ends every other session of whoever signs in, recovers, or changes what they sign in with.',
  placement: [
    'login.after',
    ...METHODS_WITH_HOOKS.login.map((method): Place => `login.after.${method}`),
    ...METHODS_WITH_HOOKS.settings.flatMap((method): Place[] =>
      method === 'profile' ? [] : [`settings.after.${method}`],
    ),
    'recovery.after',
  ],
  create: () => ({
    // The session that is about to be issued is stored after the others have ended, so it needs no exception.
    after: ({ identity, session }) =>
      proceed({ kind: 'revokeOtherSessions', identityId: identity.id, keep: session?.id ?? null }),
  }),
})
