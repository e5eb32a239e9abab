import type { Delivery } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import type { Tracer } from '../core/tracer.ts'
import type { OutgoingClient, Sent } from '../net/outgoing.ts'
import type { Queue } from '../outbox/queue.ts'
import type { Store } from '../store/store.ts'

type Sending = Pick<OutgoingClient, 'send'>

/** Calls while somebody waits: each is a part of their trace, which the receiver goes on with. */
export const traceAsking = <C extends Sending>(client: C, tracer: Tracer): C => ({
  ...client,
  send: (call, options) =>
    tracer.span(nameOf(call), { kind: 'client', attributes: attributesOf(call) }, async (span) => {
      const headers = span.traceparent === null ? call.headers : { ...call.headers, traceparent: span.traceparent }
      const sent = await client.send({ ...call, headers }, options)
      span.set(outcomeOf(sent))
      return sent
    }),
})

/** Calls of deliveries: each try is known to its receiver by its own names, and linked to what caused it. */
export const traceDelivering = <C extends Sending>(client: C, tracer: Tracer, causes: Causes): C => ({
  ...client,
  send: (call, options) => {
    const { traceparent: named } = call.headers
    const links = [causes.of(named), tracer.current()].flatMap((link) => link ?? [])
    const about = {
      kind: 'client',
      attributes: attributesOf(call),
      links,
      ...(named === undefined ? {} : { named }),
    } as const
    return tracer.span(nameOf(call), about, async (span) => {
      const sent = await client.send(call, options)
      span.set(outcomeOf(sent))
      return sent
    })
  },
})

type Call = Parameters<Sending['send']>[0]

const nameOf = ({ method, url }: Call) => `${method} ${URL.parse(url)?.host ?? ''}`

/** A query may hold anything, so it is left out. */
const attributesOf = ({ method, url }: Call) => {
  const target = URL.parse(url)
  return {
    'http.request.method': method,
    'url.full': target === null ? '' : `${target.origin}${target.pathname}`,
    'server.address': target?.hostname ?? '',
  }
}

function outcomeOf(sent: Sent) {
  const { timings } = sent
  const parts =
    timings === undefined
      ? []
      : Object.entries(timings).flatMap(([part, time]) => (time === null ? [] : [[`cardea.${part}_ms`, time] as const]))
  return {
    ...(sent.status === undefined ? {} : { 'http.response.status_code': sent.status }),
    ...(sent.kind === 'failed' ? { 'error.type': sent.reason } : {}),
    ...Object.fromEntries(parts),
  }
}

/** Which span caused the deliveries that are under way. */
export type Causes = { of(traceparent: string | undefined): string | null }

/** A queue whose deliveries are known by what caused them, for as long as they are in our hands. */
export function traceQueue<Q extends Queue>(queue: Q): { readonly queue: Q; readonly causes: Causes } {
  const known = new Map<string, string>()
  const traced = {
    ...queue,
    claim: async (...asked: Parameters<Queue['claim']>) => {
      const claimed = await queue.claim(...asked)
      for (const { delivery } of claimed) {
        if (delivery.content.kind === 'rendered' && delivery.content.trace !== undefined)
          known.set(traceIdOf(delivery), delivery.content.trace)
      }
      return claimed
    },
    complete: async (...done: Parameters<Queue['complete']>) => {
      for (const { id } of done[0]) known.delete(traceIdOf({ id }))
      return queue.complete(...done)
    },
  }
  return { queue: traced, causes: { of: (traceparent) => known.get(traceparent?.split('-')[1] ?? '') ?? null } }
}

/** The trace of a delivery is its id (core/attempt-headers.ts). */
const traceIdOf = ({ id }: Pick<Delivery, 'id'>) => id.replaceAll('-', '')

/** A store whose commits are spans, and whose deliveries remember what caused them. */
export const traceStore = (store: Store, tracer: Tracer): Store => ({
  ...store,
  commit: (effects) =>
    tracer.span('commit', { attributes: { 'cardea.effects': effects.length } }, async (span) => {
      const commit = await store.commit(
        span.traceparent === null ? effects : effects.map((effect) => remembering(effect, span.traceparent ?? '')),
      )
      span.set({ 'cardea.outcome': commit.kind === 'conflict' ? commit.conflict : commit.kind })
      return commit
    }),
})

function remembering(effect: Effect, traceparent: string): Effect {
  if (effect.kind !== 'notify' || effect.delivery.content.kind !== 'rendered') return effect
  return { ...effect, delivery: { ...effect.delivery, content: { ...effect.delivery.content, trace: traceparent } } }
}
