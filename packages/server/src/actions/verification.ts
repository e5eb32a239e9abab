import { proceed } from '../core/decision.ts'
import { METHODS_WITH_HOOKS, type Place } from '../core/place.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** Starts the verification of somebody's address when they sign in; a registration or a change of settings needs no telling (ory-actions.md §3.4). */
export const verification = defineAction<ActionDeps>({
  summary: 'Writes to the first address that is not verified yet when somebody signs in.',
  placement: [
    'login.after',
    ...METHODS_WITH_HOOKS.login.flatMap((method): Place[] => (method === 'oidc' ? [] : [`login.after.${method}`])),
  ],
  create: () => ({ after: () => proceed({ kind: 'startVerification' }) }),
})
