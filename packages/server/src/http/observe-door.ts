import type { Observer } from '../core/observed.ts'
import type { Stopwatch } from '../core/time.ts'
import { noTracer, type Tracer } from '../core/tracer.ts'
import type { Door } from './listener.ts'

type Deps = Pick<Observer, 'answered'> & { readonly stopwatch: Pick<Stopwatch, 'now'>; readonly tracer: Tracer }

/** A door whose answers are told, by the route they took; a path that is none of ours is never a name. */
export function observeDoor({ answered, stopwatch, tracer }: Deps, listener: string, door: Door): Door {
  const known = new Set(door.routes.values())
  const timed: Door['answer'] = async (route, exchange) => {
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
  }
  if (tracer === noTracer) return { ...door, answer: timed }
  return {
    ...door,
    answer: (route, exchange) => {
      const { method } = exchange.facts
      const name = known.has(route) ? route.path : 'none'
      const attributes = { 'http.request.method': method, 'http.route': name, 'cardea.listener': listener }
      const about = { kind: 'server', attributes, parent: exchange.header('traceparent') } as const
      return tracer.span(`${method} ${name}`, about, async (span) => {
        const answer = await timed(route, exchange)
        span.set({ 'http.response.status_code': answer.status })
        return answer
      })
    },
  }
}
