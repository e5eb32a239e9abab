import { proceed } from '../core/decision.ts'
import { METHODS_WITH_HOOKS, type Place } from '../core/place.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** Signs a person in who has just registered. */
export const session = defineAction<ActionDeps>({
  summary: 'Signs a person in who has just registered.',
  placement: METHODS_WITH_HOOKS.registration.map((method): Place => `registration.after.${method}`),
  create: () => ({ after: () => proceed({ kind: 'handOutSession' }) }),
})
