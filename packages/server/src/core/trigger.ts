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

/** The moment at which actions run: a flow starts, or a method has just succeeded in it. */
export type Trigger =
  | { readonly phase: 'before'; readonly flow: FlowName }
  | { readonly phase: 'after'; readonly flow: FlowName; readonly method: MethodName }

/** The trigger as logs and `ctx` name it: `login.before`, `registration.after.password`. */
export const triggerName = (trigger: Trigger) =>
  trigger.phase === 'before' ? `${trigger.flow}.before` : `${trigger.flow}.after.${trigger.method}`
