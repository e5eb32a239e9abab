import type { Milliseconds } from '../core/time.ts'

/** A wait that anybody may end early. A ring while nobody waits is not forgotten. */
export function makeBell() {
  const state: { isRung: boolean; wakeUp: () => void } = { isRung: false, wakeUp: () => {} }
  return {
    ring: () => {
      state.isRung = true
      state.wakeUp()
    },
    rung: async (longest: Milliseconds) => {
      await new Promise<void>((resolve) => {
        if (state.isRung) return resolve()
        const timer = setTimeout(resolve, longest)
        state.wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      state.isRung = false
      state.wakeUp = () => {}
    },
  }
}
