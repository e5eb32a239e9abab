export const FLOWS = ['login', 'registration', 'recovery', 'verification', 'settings'] as const
/** The five self-service flows an action can stand before or after. */
export type FlowName = (typeof FLOWS)[number]

export const METHODS = [
  'password',
  'oidc',
  'totp',
  'webauthn',
  'lookup_secret',
  'passkey',
  'code',
  'link',
  'profile',
] as const
/** The ways to sign in, sign up, recover, verify or change settings. */
export type MethodName = (typeof METHODS)[number]

export const EVENTS = [
  'identity.created',
  'identity.updated',
  'identity.deleted',
  'address.verified',
  'session.revoked',
] as const
/** What can happen to a person or a session, whatever causes it. */
export type EventName = (typeof EVENTS)[number]

/** A flow starts, or a method has just succeeded in it. */
export type FlowTrigger =
  | { readonly phase: 'before'; readonly flow: FlowName }
  | { readonly phase: 'after'; readonly flow: FlowName; readonly method: MethodName }

/** Something has happened, on whatever path. */
export type EventTrigger = { readonly phase: 'on'; readonly event: EventName }

/** The moment at which actions run. */
export type Trigger = FlowTrigger | EventTrigger

/** The trigger as logs and `ctx` name it: `login.before`, `registration.after.password`, `on.identity.created`. */
export function triggerName(trigger: Trigger): string {
  if (trigger.phase === 'on') return `on.${trigger.event}`
  return trigger.phase === 'before' ? `${trigger.flow}.before` : `${trigger.flow}.after.${trigger.method}`
}
