import type { Delivery } from '../core/delivery.ts'
import type { Milliseconds } from '../core/time.ts'
import { attemptCall } from './attempt-call.ts'
import { attemptMail, type MailDeps } from './deliver-mail.ts'
import { type DeliveredNow, type DeliverNowDeps, deliverNow } from './deliver-now.ts'
import type { Queue } from './queue.ts'
import { startWorker, type Worker, type WorkerDeps } from './worker.ts'

export type OutboxDeps = Omit<WorkerDeps, 'lane' | 'deliver'> &
  DeliverNowDeps & {
    readonly queue: Queue
    /** Sends mail; without it, mail waits. */
    readonly mail?: MailLane
  }

type MailLane = Pick<MailDeps, 'send' | 'retries'> & {
  /** How many messages are under way at once. */
  readonly concurrency: number
  readonly pollInterval?: Milliseconds
}

/** What the rest of the server sees of the outbox. */
export type Outbox = Worker & {
  deliverNow(delivery: Delivery): Promise<DeliveredNow>
}

/** Starts delivering what commits have queued. Mail has a worker of its own, so that neither holds up the other. */
export function startOutbox(deps: OutboxDeps): Outbox {
  const { mail } = deps
  const calls = startWorker({ ...deps, lane: 'call', deliver: attemptCall(deps) })
  const mails =
    mail === undefined
      ? []
      : [startWorker({ ...deps, ...mail, lane: 'mail', deliver: attemptMail({ ...deps, ...mail }) })]
  const workers = [calls, ...mails]
  return {
    wake: () => {
      for (const worker of workers) worker.wake()
    },
    stop: async (grace) => {
      await Promise.all(workers.map((worker) => worker.stop(grace)))
    },
    deliverNow: (delivery) => deliverNow(deps, delivery),
  }
}
