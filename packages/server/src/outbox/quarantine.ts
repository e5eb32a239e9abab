import type { ActionStanding, Evidence } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { QuarantineSettings } from '../core/settings.ts'
import type { Time } from '../core/time.ts'

/** With so many failures in a row an action is not tried by more than one delivery at a time. */
export const MANY_FAILURES = 20

export type Failure = {
  readonly reason: string
  /** The delivery is lost by it: nothing would be better than to wait. */
  readonly isFinal: boolean
  readonly delivery: DeliveryId
}

type Quarantine = { readonly until: Time | null; readonly reason: string; readonly evidence: Evidence }

/**
 * Whether an action stands still from now on: when it fails long enough, or when what it fails with ends one delivery
 * after the other (a key that was changed, an address that is wrong). Its deliveries wait; none is lost.
 */
export function quarantineAfter(
  { failures, failingSince, actionId }: Pick<ActionStanding, 'failures' | 'failingSince' | 'actionId'>,
  failure: Failure,
  now: Time,
  settings: QuarantineSettings,
): Quarantine | null {
  if (settings.failures === 0 || failures < settings.failures) return null
  const since = failingSince ?? now
  if (!failure.isFinal && now - since < settings.after) return null
  return {
    until: settings.releaseAfter === 0 ? null : now + settings.releaseAfter,
    reason: `${actionId} failed ${failures} times in a row, the last time with: ${failure.reason}`,
    evidence: { failures, failingSince: since, lastFailure: failure.reason, delivery: failure.delivery },
  }
}
