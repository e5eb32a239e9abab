import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Random, Stopwatch } from './core/time.ts'
import { rowIds } from './crypto/row-id.ts'

/** Time and chance: everything else is given them, so that a test can turn the clock. */
export type World = { readonly clock: Clock; readonly stopwatch: Stopwatch; readonly random: Random }

/** The real ones. The only place that asks the machine for them. */
export function realWorld(): World {
  const clock = { now: () => Date.now() }
  const bytes = (length: number) => randomBytes(length)
  return {
    clock,
    stopwatch: { now: () => performance.now(), sleep: (time) => sleep(time) },
    random: { bytes, uuid: () => randomUUID(), rowId: rowIds(clock, bytes) },
  }
}
