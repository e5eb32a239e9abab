import type { Observer } from '../core/observed.ts'
import type { Stopwatch } from '../core/time.ts'
import type { Door } from './listener.ts'

type Deps = Pick<Observer, 'answered'> & { readonly stopwatch: Pick<Stopwatch, 'now'> }

/** A door whose answers are told, by the route they took; a path that is none of ours is never a name. */
export function observeDoor({ answered, stopwatch }: Deps, listener: string, door: Door): Door {
  const known = new Set(door.routes.values())
  return {
    ...door,
    answer: async (route, exchange) => {
      const from = stopwatch.now()
      const answer = await door.answer(route, exchange)
      answered({
        listener,
        method: exchange.facts.method,
        route: known.has(route) ? route.path : 'none',
        status: answer.status,
        took: stopwatch.now() - from,
      })
      return answer
    },
  }
}
