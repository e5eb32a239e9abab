import { type EventName, EVENTS, FLOWS, type FlowName, type MethodName } from './trigger.ts'

/** Where a hook list stands in the configuration. */
export type Place = FlowPlace | EventPlace
type FlowPlace = `${FlowName}.before` | `${FlowName}.after` | `${FlowName}.after.${MethodName}`
type EventPlace = `on.${EventName}`

/** The methods that may have a hook list of their own, per flow (ory-actions.md §1.1). */
export const METHODS_WITH_HOOKS = {
  login: ['password', 'webauthn', 'passkey', 'code', 'totp', 'lookup_secret', 'oidc'],
  registration: ['password', 'webauthn', 'passkey', 'oidc', 'code'],
  settings: ['password', 'totp', 'oidc', 'webauthn', 'passkey', 'lookup_secret', 'profile'],
  recovery: [],
  verification: [],
} as const satisfies Record<FlowName, readonly MethodName[]>

/** Every place around a flow. */
export const FLOW_PLACES: readonly FlowPlace[] = FLOWS.flatMap((flow): FlowPlace[] => [
  `${flow}.before`,
  `${flow}.after`,
  ...METHODS_WITH_HOOKS[flow].map((method): FlowPlace => `${flow}.after.${method}`),
])

export const eventPlace = (event: EventName): EventPlace => `on.${event}`

/** Every place a hook list may stand. */
export const PLACES: readonly Place[] = [...FLOW_PLACES, ...EVENTS.map(eventPlace)]

/** Whether a list is told of events: nobody waits for its actions. */
export const isEventPlace = (place: string) => place.startsWith('on.')

export const placeOf = (flow: FlowName, phase: 'before' | 'after', method: MethodName | null): FlowPlace =>
  phase === 'before' ? `${flow}.before` : method === null ? `${flow}.after` : `${flow}.after.${method}`

/** The keys of the configuration that lead to the list of a place. */
export const hooksPath = (place: Place): readonly string[] => {
  const [first = '', ...rest] = place.split('.')
  return [...(first === 'on' ? ['actions', 'on'] : ['selfservice', 'flows', first]), ...rest, 'hooks']
}
