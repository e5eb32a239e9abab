import type { Milliseconds } from '../core/time.ts'
import type { Timers } from './timers.ts'

/** A wait that anybody may end early. A ring while nobody waits is not forgotten. */
export function makeBell({ after }: Pick<Timers, 'after'>) {
  const state: { isRung: boolean; wakeUp: () => void } = { isRung: false, wakeUp: () => {} }
  return {
    ring: () => {
      state.isRung = true
      state.wakeUp()
    },
    rung: async (longest: Milliseconds) => {
      await new Promise<void>((resolve) => {
        if (state.isRung) return resolve()
        const cancel = after(longest, resolve)
        state.wakeUp = () => {
          cancel()
          resolve()
        }
      })
      state.isRung = false
      state.wakeUp = () => {}
    },
  }
}
