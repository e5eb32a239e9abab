import type { Queue } from './queue.ts'

/** A queue whose calls wait while actions are off; mail goes on. */
export const waitingQueue = <Q extends Queue>(queue: Q, areActionsOn: () => boolean): Q => ({
  ...queue,
  claim: async (options) => (options.lane === 'mail' || areActionsOn() ? queue.claim(options) : []),
})
