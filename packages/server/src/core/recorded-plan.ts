import type { Time } from './time.ts'

/** An entry of a hook list at a trigger: whether it runs there, and why or why not. */
export type PlannedEntry = {
  readonly id: string | null
  readonly where: string
  readonly kind: string
  readonly runs: boolean
  readonly why: string
  /** When it acts; null for one that does not. */
  readonly beat: string | null
  /** Method and address of a call, without query; null where nobody is called. */
  readonly target: string | null
  /** The condition of a call, as it is written. */
  readonly when: string | null
}

export type PlannedTrigger = { readonly trigger: string; readonly entries: readonly PlannedEntry[] }

/** A plan as it was in force from a moment on; later ones do not change what it says. */
export type RecordedPlan = {
  readonly fingerprint: string
  readonly at: Time
  readonly triggers: readonly PlannedTrigger[]
}
