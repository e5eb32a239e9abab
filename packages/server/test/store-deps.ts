import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreDeps } from '../src/store/open-store.ts'

export type StoreChanges = Partial<Pick<StoreDeps, 'clock' | 'queueClock'>>

/** The clock, chance and log of a store under test. */
export const storeDeps = (logged: { level: string; event: string }[] = [], changes: StoreChanges = {}): StoreDeps => ({
  clock: { now: () => Date.now() },
  random: { uuid: () => randomUUID() },
  stopwatch: { now: () => performance.now(), sleep: (time) => sleep(time) },
  log: (level, event) => logged.push({ level, event }),
  patience: 0,
  ...changes,
})
