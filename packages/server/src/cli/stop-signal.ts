const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** As a shell says that a signal ended a program. */
const STOPPED_AT_ONCE = 130

/** Waits for the first signal to stop. Any second one ends the process at once: what was under way is repeated later, and nothing is lost. */
export const stopSignal = () =>
  new Promise<void>((resolve) => {
    const seen = { isAsked: false }
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (seen.isAsked) process.exit(STOPPED_AT_ONCE)
        seen.isAsked = true
        resolve()
      })
    }
  })
