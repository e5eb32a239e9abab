import type { DeliverySettings } from '../core/settings.ts'
import { DEFAULT_RETRY } from './schedule.ts'

const HOUR = 60 * 60_000

/** How deliveries are made where no configuration says so. */
export const DEFAULT_DELIVERIES: DeliverySettings = {
  retry: DEFAULT_RETRY,
  limits: { concurrency: 8 },
  quarantine: { failures: 20, after: 24 * HOUR, releaseAfter: HOUR },
  keep: { delivered: 7 * 24 * HOUR, dead: 30 * 24 * HOUR },
}
