import type { Queue } from './queue.ts'

/** A queue whose calls wait while actions are off; mail goes on. */
export const waitingQueue = <Q extends Queue>(queue: Q, areActionsOn: () => boolean): Q => ({
  ...queue,
  survey: async (lane) => {
    const survey = await queue.survey(lane)
    return lane === 'mail' || areActionsOn() ? survey : { ...survey, waiting: [] }
  },
})
