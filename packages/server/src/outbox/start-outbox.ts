import type { Delivery } from '../core/delivery.ts'
import { type DeliveredNow, type DeliverNowDeps, deliverNow } from './deliver-now.ts'
import { startWorker, type Worker, type WorkerDeps } from './worker.ts'

export type OutboxDeps = WorkerDeps & DeliverNowDeps

/** What the rest of the server sees of the outbox. */
export type Outbox = Worker & {
  deliverNow(delivery: Delivery): Promise<DeliveredNow>
}

/** Starts delivering what commits have queued. */
export function startOutbox(deps: OutboxDeps): Outbox {
  return { ...startWorker(deps), deliverNow: (delivery) => deliverNow(deps, delivery) }
}
