import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestFacts } from '../core/request.ts'
import type { Door } from './listener.ts'

/** What is being answered: whatever is written meanwhile was caused by it, however deep inside. */
export type Cause = { readonly request: RequestFacts }

export type Causes = {
  current(): Cause | null
  /** The same door; what it writes is known to come from the request it answers. */
  within(door: Door): Door
}

/** Keeps in mind which request is being answered, so that no path has to hand it on and none can forget it. */
export function createCauses(): Causes {
  const storage = new AsyncLocalStorage<Cause>()
  return {
    current: () => storage.getStore() ?? null,
    within: (door) => ({
      ...door,
      answer: (route, exchange) => storage.run({ request: exchange.facts }, () => door.answer(route, exchange)),
    }),
  }
}
