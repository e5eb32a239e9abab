import type { IdentityId } from './ids.ts'
import type { Milliseconds, Time } from './time.ts'
import type { MethodName } from './trigger.ts'

/** How often something may be tried in a span of time. */
export type Rate = { readonly limit: number; readonly window: Milliseconds }

/** One try, paid from a budget that fills up again evenly. */
export type Charge = Rate & { readonly key: string }

/** What a try costs. It is paid before anything is looked up, so known and unknown accounts cost the same. */
export type Cost =
  /** Somebody says who they are, and shows a secret for it. */
  | { readonly kind: 'sign_in'; readonly account: string }
  /** Somebody who is known shows a second one. */
  | { readonly kind: 'second_factor'; readonly account: IdentityId; readonly method: MethodName }
  /** A secret from a mail is shown; its flow counts how often. */
  | { readonly kind: 'code' }
  | { readonly kind: 'registration' }
  | { readonly kind: 'mail'; readonly to: string }

/** After how long one try is forgotten. */
export const intervalOf = ({ limit, window }: Rate): Milliseconds => Math.max(1, Math.floor(window / limit))

/**
 * How long a budget that is spent until then makes the next try wait; 0: it may be made. Each try moves that moment by
 * one interval, and it may lie at most all intervals of the window ahead (the generic cell rate algorithm).
 */
export const waitFor = (rate: Rate, spentUntil: Time, now: Time): Milliseconds => {
  const interval = intervalOf(rate)
  return Math.max(0, Math.max(spentUntil, now) + interval - now - rate.limit * interval)
}

/** How long to wait, as people say it. */
export function waitText(wait: Milliseconds): string {
  const seconds = Math.max(1, Math.ceil(wait / 1_000))
  if (seconds < 120) return seconds === 1 ? 'a second' : `${seconds} seconds`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`
}

export const secondFactorCost = (person: { readonly id: IdentityId } | null, method: MethodName): readonly Cost[] =>
  person === null ? [] : [{ kind: 'second_factor', account: person.id, method }]
