import type { RecordedPlan } from '../core/recorded-plan.ts'
import type { RecordedStep, RecordStep } from '../core/step.ts'
import type { Random } from '../core/time.ts'
import type { Plans, Steps } from '../store/store.ts'
import { type BatchLogDeps, startBatchLog } from './batch-log.ts'

type StepLogDeps = BatchLogDeps & {
  readonly steps: Pick<Steps, 'keep' | 'forget'>
  readonly plans: Pick<Plans, 'putInForce'>
  readonly random: Pick<Random, 'rowId'>
}

export type StepLog = {
  /** What takes the steps of a plan, which is in force from now on. */
  under(plan: Omit<RecordedPlan, 'at'>): RecordStep
  /** Writes down what has come together. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/** Starts keeping which triggers fired under which plan, and what their actions came to. */
export function startStepLog({ steps, plans, random, ...deps }: StepLogDeps): StepLog {
  const log = startBatchLog<RecordedStep>('steps', steps, deps)
  return {
    under: (plan) => {
      plans.putInForce(random.rowId(), { ...plan, at: deps.clock.now() }).catch((error: unknown) => {
        deps.log('error', 'plan_not_recorded', { detail: String(error) })
      })
      // Where nothing could have run there is nothing to explain, and a flow that starts costs no row.
      const known = new Set(plan.triggers.filter(({ entries }) => entries.length > 0).map(({ trigger }) => trigger))
      return (step) => {
        if (known.has(step.trigger)) log.record({ ...step, id: random.rowId(), plan: plan.fingerprint })
      }
    },
    flush: () => log.flush(),
    stop: () => log.stop(),
  }
}
