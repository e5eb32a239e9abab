import { CALL_OUTCOMES, type CallRecord } from '../core/call.ts'
import { actionId, deliveryId, flowId, identityId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { toTimestamp } from '../core/time.ts'
import type { CallPage, Store } from '../store/store.ts'
import { type Answer, type Exchange, json, type Route, withHeaders } from './exchange.ts'
import { momentIn, oneOf, refuseUnknown, uuidIn } from './log-filters.ts'
import { keyPage, linkHeader } from './paging.ts'

export type ActionRouteDeps = {
  readonly store: Pick<Store, 'calls'>
  /** Writes down what is still on its way to the log. */
  readonly flush: () => Promise<void>
  /** The configuration in force with every default in it, without its secrets. */
  readonly configuration: () => JsonObject
}

const LOG = '/admin/actions/log'

/** What the actions did, and the configuration they did it under. */
export const actionRoutes = (deps: ActionRouteDeps): readonly Route[] => [
  { method: 'GET', path: LOG, csrf: 'ignored', handle: (exchange) => list(deps, exchange) },
  {
    method: 'GET',
    path: '/admin/configuration',
    csrf: 'ignored',
    handle: async () => json(200, deps.configuration()),
  },
]

async function list(deps: ActionRouteDeps, { query }: Exchange): Promise<Answer> {
  const page = keyPage(query)
  const filters = filtersIn(query)
  await deps.flush()
  // One more than is shown tells whether there is another page.
  const before = page.after === null ? null : deliveryId(page.after)
  const found = await deps.store.calls.list({ before, size: page.size + 1, ...filters })
  const shown = found.slice(0, page.size)
  const next = found.length > page.size ? (shown.at(-1)?.id ?? null) : null
  return withHeaders(json(200, shown.map(callView)), { link: linkHeader(LOG, query, page, next) })
}

type Filters = Omit<CallPage, 'before' | 'size'>

const KNOWN = ['action', 'flow', 'identity', 'outcome', 'trigger', 'since'] as const

function filtersIn(query: URLSearchParams): Filters {
  refuseUnknown(query, KNOWN)
  const [action, flow, identity, outcome, trigger, since] = KNOWN.map((name) => query.get(name) || undefined)
  return {
    ...(action === undefined ? {} : { actionId: actionId(action) }),
    ...(flow === undefined ? {} : { flowId: flowId(uuidIn('flow', flow)) }),
    ...(identity === undefined ? {} : { identityId: identityId(uuidIn('identity', identity)) }),
    ...(outcome === undefined ? {} : { outcome: oneOf('outcome', outcome, CALL_OUTCOMES) }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(since === undefined ? {} : { since: momentIn('since', since) }),
  }
}

const callView = (call: CallRecord) => ({
  id: call.id,
  action_id: call.actionId,
  where: call.where,
  trigger: call.trigger,
  flow_id: call.flowId,
  identity_id: call.identityId,
  method: call.method,
  url: call.endpoint,
  outcome: call.outcome,
  detail: call.detail,
  started_at: toTimestamp(call.startedAt),
  ended_at: toTimestamp(call.endedAt),
  duration_ms: call.endedAt - call.startedAt,
  attempts: call.attempts.map(({ requestId, startedAt, endedAt, status, reason, timings }) => ({
    request_id: requestId,
    started_at: toTimestamp(startedAt),
    ended_at: toTimestamp(endedAt),
    status,
    reason,
    ...(timings === undefined ? {} : { timings_ms: timings }),
  })),
})
