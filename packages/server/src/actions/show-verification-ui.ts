import { proceed } from '../core/decision.ts'
import { METHODS_WITH_HOOKS, type Place } from '../core/place.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** Leads to the verification that has just been started (ory-actions.md §3.5). */
export const showVerificationUi = defineAction<ActionDeps>({
  summary: 'Leads people to the verification that was started for their address.',
  placement: [
    'login.after',
    ...METHODS_WITH_HOOKS.login.flatMap((method): Place[] => (method === 'oidc' ? [] : [`login.after.${method}`])),
    ...METHODS_WITH_HOOKS.registration.map((method): Place => `registration.after.${method}`),
    'settings.after.profile',
  ],
  create: () => ({ after: () => proceed({ kind: 'showVerification' }) }),
})
