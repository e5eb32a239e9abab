import type { EndpointLimits } from '../core/action.ts'
import type { Delivery } from '../core/delivery.ts'
import type { DeliverySettings } from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { attemptCall, type CallDeps } from './attempt-call.ts'
import { DEFAULT_DELIVERIES } from './defaults.ts'
import { attemptMail, type MailDeps } from './deliver-mail.ts'
import { type DeliveredNow, type DeliverNowDeps, deliverNow } from './deliver-now.ts'
import { startHousekeeping } from './housekeeping.ts'
import type { Queue } from './queue.ts'
import { startRecorder } from './recorder.ts'
import { startWorker, type Worker, type WorkerDeps } from './worker.ts'

export type OutboxDeps = Pick<WorkerDeps, 'concurrency' | 'pollInterval' | 'lease'> &
  Omit<DeliverNowDeps, 'queue' | 'isGoing' | 'retry'> &
  Pick<CallDeps, 'writeBack' | 'deniedLater'> & {
    readonly queue: Queue
    /** How deliveries are made, by the configuration in force; without one, as is usual. */
    readonly deliveries?: () => DeliverySettings
    /** What is configured for an endpoint, by the actions that call it. */
    readonly limitsOf?: (endpoint: string) => EndpointLimits
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
  const { mail, deliveries = () => DEFAULT_DELIVERIES, limitsOf = () => ({}) } = deps
  const retry = () => deliveries().retry
  const recorder = startRecorder({ ...deps, quarantine: () => deliveries().quarantine })
  const housekeeping = startHousekeeping({ ...deps, keep: () => deliveries().keep })
  const now = { ...deps, retry, isGoing: housekeeping.isGoing }
  const calls = startWorker({
    ...deps,
    recorder,
    lane: 'call',
    // Whatever has no endpoint has no receiver that could be asked too much.
    limitsOf: (endpoint) => (endpoint === '' ? {} : { ...deliveries().limits, ...limitsOf(endpoint) }),
    deliver: attemptCall(now),
  })
  const mails =
    mail === undefined
      ? []
      : [
          startWorker({
            ...deps,
            ...mail,
            recorder,
            lane: 'mail',
            limitsOf: () => ({}),
            deliver: attemptMail({ ...deps, ...mail }),
          }),
        ]
  const workers = [calls, ...mails]
  return {
    wake: () => {
      for (const worker of workers) worker.wake()
    },
    stop: async (grace) => {
      await Promise.all([...workers.map((worker) => worker.stop(grace)), housekeeping.stop()])
    },
    deliverNow: (delivery) => deliverNow(now, delivery),
  }
}
