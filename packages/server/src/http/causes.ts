import { AsyncLocalStorage } from 'node:async_hooks'
import { type DeliveryId, deliveryId, isUuid } from '../core/ids.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Door } from './listener.ts'

/** What is being answered: whatever is written meanwhile was caused by it, however deep inside. */
export type Cause = {
  /** Null where the server itself is at work. */
  readonly request: RequestFacts | null
  /** The delivery in whose name it calls, if it names one. */
  readonly delivery: DeliveryId | null
}

export type Causes = {
  current(): Cause | null
  /** The same door; what it writes is known to come from the request it answers. */
  within(door: Door, of: 'public' | 'admin'): Door
  /** What is written meanwhile was brought about by a delivery of our own. */
  causedBy<T>(delivery: DeliveryId, work: () => Promise<T>): Promise<T>
}

/** Keeps in mind which request is being answered, so that no path has to hand it on and none can forget it. */
export function createCauses(): Causes {
  const storage = new AsyncLocalStorage<Cause>()
  return {
    current: () => storage.getStore() ?? null,
    causedBy: (delivery, work) => storage.run({ request: null, delivery }, work),
    within: (door, of) => ({
      ...door,
      answer: (route, exchange) => {
        // A stranger must not choose what is told: only whoever may use the admin API is believed.
        const delivery = of === 'admin' ? deliveryNamed((name) => exchange.header(name)) : null
        return storage.run({ request: exchange.facts, delivery }, () => door.answer(route, exchange))
      },
    }),
  }
}

/**
 * A receiver that calls us back says so by the `webhook-id` it was called with; or its tracing does, which passes
 * `traceparent` on by itself (W3C Trace Context §3.2): the trace is the delivery.
 */
export function deliveryNamed(header: (name: string) => string | null): DeliveryId | null {
  const named = header('webhook-id')?.toLowerCase() ?? ''
  if (isUuid(named)) return deliveryId(named)
  const trace = /^[0-9a-f]{2}-([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})-/i.exec(
    header('traceparent') ?? '',
  )
  return trace === null ? null : deliveryId(trace.slice(1).join('-').toLowerCase())
}
