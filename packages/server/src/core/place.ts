import { FLOWS, type FlowName, type MethodName } from './trigger.ts'

/** Where a hook list stands in the configuration. */
export type Place = `${FlowName}.before` | `${FlowName}.after` | `${FlowName}.after.${MethodName}`

/** The methods that may have a hook list of their own, per flow (ory-actions.md §1.1). */
export const METHODS_WITH_HOOKS = {
  login: ['password', 'webauthn', 'passkey', 'code', 'totp', 'lookup_secret', 'oidc'],
  registration: ['password', 'webauthn', 'passkey', 'oidc', 'code'],
  settings: ['password', 'totp', 'oidc', 'webauthn', 'passkey', 'lookup_secret', 'profile'],
  recovery: [],
  verification: [],
} as const satisfies Record<FlowName, readonly MethodName[]>

/** Every place a hook list may stand. */
export const PLACES: readonly Place[] = FLOWS.flatMap((flow): Place[] => [
  `${flow}.before`,
  `${flow}.after`,
  ...METHODS_WITH_HOOKS[flow].map((method): Place => `${flow}.after.${method}`),
])

export const placeOf = (flow: FlowName, phase: 'before' | 'after', method: MethodName | null): Place =>
  phase === 'before' ? `${flow}.before` : method === null ? `${flow}.after` : `${flow}.after.${method}`
