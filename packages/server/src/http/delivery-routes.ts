import { type Delivery, DELIVERY_STATES } from '../core/delivery.ts'
import { WireError } from '../core/errors.ts'
import { actionId, type DeliveryId, deliveryId, flowId, identityId } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Redactor } from '../core/redactor.ts'
import type { Clock, Random } from '../core/time.ts'
import type { DeliveryFilter } from '../store/delivery-log.ts'
import type { Standing } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { KnownAction } from './action-directory.ts'
import { actionStateView, standingOfAction } from './action-state.ts'
import { deliveryLine, deliveryView } from './delivery-view.ts'
import { type Answer, type Exchange, json, type Route, withHeaders } from './exchange.ts'
import { bad, momentIn, oneOf, refuseUnknown, uuidIn } from './log-filters.ts'
import { type KeyPage, keyPage, linkHeader } from './paging.ts'
import { jsonBody } from './json-body.ts'

export type DeliveryRouteDeps = {
  readonly store: Pick<Store, 'commit'> & {
    readonly deliveries: Pick<
      Store['deliveries'],
      'list' | 'find' | 'attemptsOf' | 'replaysOf' | 'replay' | 'cancel' | 'actionStates' | 'now'
    >
  }
  readonly redactor: Redactor
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly clock: Clock
  readonly random: Pick<Random, 'rowId'>
  readonly wake: () => void
}

const PATH = '/admin/deliveries'

/** The queue as administrators see and mend it: what was told to whom, and telling it again. */
export const deliveryRoutes = (deps: DeliveryRouteDeps): readonly Route[] => [
  { method: 'GET', path: PATH, csrf: 'ignored', handle: (exchange) => list(deps, exchange) },
  { method: 'GET', path: `${PATH}/:id`, csrf: 'ignored', handle: (exchange) => get(deps, exchange) },
  { method: 'DELETE', path: `${PATH}/:id`, csrf: 'ignored', handle: (exchange) => cancel(deps, exchange) },
  {
    method: 'POST',
    path: `${PATH}/redeliveries`,
    csrf: 'ignored',
    handle: (exchange) => redeliverMany(deps, exchange),
  },
  {
    method: 'POST',
    path: `${PATH}/:id/redeliveries`,
    csrf: 'ignored',
    handle: (exchange) => redeliver(deps, exchange),
  },
]

async function list({ store }: DeliveryRouteDeps, { query }: Exchange): Promise<Answer> {
  const page = keyPage(query)
  refuseUnknown(query, FILTERS)
  const filter = filterIn((name) => query.get(name))
  const { found, next } = await pageOf(store, page, filter)
  return withHeaders(json(200, found.map(deliveryLine)), { link: linkHeader(PATH, query, page, next) })
}

const FILTERS = ['action', 'trigger', 'identity', 'flow', 'status', 'since', 'until'] as const

function filterIn(get: (name: (typeof FILTERS)[number]) => string | null): DeliveryFilter {
  const [action, trigger, identity, flow, status, since, until] = FILTERS.map((name) => get(name) || undefined)
  return {
    ...(action === undefined ? {} : { actionId: actionId(action) }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(identity === undefined ? {} : { identityId: identityId(uuidIn('identity', identity)) }),
    ...(flow === undefined ? {} : { flowId: flowId(uuidIn('flow', flow)) }),
    ...(status === undefined ? {} : { state: oneOf('status', status, DELIVERY_STATES) }),
    ...(since === undefined ? {} : { since: momentIn('since', since) }),
    ...(until === undefined ? {} : { until: momentIn('until', until) }),
  }
}

/** One more than is shown tells whether there is another page. */
async function pageOf({ deliveries }: DeliveryRouteDeps['store'], { after, size }: KeyPage, filter: DeliveryFilter) {
  const before = after === null ? null : deliveryId(after)
  const found = await deliveries.list({ before, size: size + 1, ...filter })
  const shown = found.slice(0, size)
  return { found: shown, next: found.length > size ? (shown.at(-1)?.delivery.id ?? null) : null }
}

async function standingIn({ store }: DeliveryRouteDeps, { params }: Exchange): Promise<Standing> {
  const id = uuidIn('id', params['id'] ?? '')
  const standing = await store.deliveries.find(deliveryId(id))
  // Mail has a list of its own, and what it says is sealed.
  if (standing === null || standing.delivery.content.kind === 'mail') throw missing(id)
  return standing
}

const missing = (id: string) =>
  new WireError(404, null, {
    reason: `There is no delivery ${id}. It may have been forgotten, as finished ones are after a while, or belong to a call somebody waited for: those are in the log of actions.`,
  })

async function get(deps: DeliveryRouteDeps, exchange: Exchange): Promise<Answer> {
  return json(200, await viewOf(deps, await standingIn(deps, exchange)))
}

async function viewOf(deps: DeliveryRouteDeps, standing: Standing): Promise<JsonObject> {
  const { deliveries } = deps.store
  const { id, actionId } = standing.delivery
  const [attempts, replays, states, now] = await Promise.all([
    deliveries.attemptsOf(id),
    deliveries.replaysOf(id),
    deliveries.actionStates(),
    deliveries.now(),
  ])
  const action = actionStateView(standingOfAction(states, actionId, now))
  return deliveryView(deps.redactor, standing, { attempts, replays, action })
}

async function cancel(deps: DeliveryRouteDeps, exchange: Exchange): Promise<Answer> {
  const { delivery } = await standingIn(deps, exchange)
  const done = await deps.store.deliveries.cancel([delivery.id], 'an administrator ended it')
  if (done.length === 0)
    throw new WireError(409, null, {
      reason: 'Only a delivery that is waiting can be ended; this one is finished, or under way just now.',
    })
  return json(200, await viewOf(deps, await standingIn(deps, exchange)))
}

async function redeliver(deps: DeliveryRouteDeps, exchange: Exchange): Promise<Answer> {
  const standing = await standingIn(deps, exchange)
  const asked = jsonBody(exchange)
  const id = asked['as_new'] === true ? await tellAnew(deps, standing) : await tellAgain(deps, standing)
  deps.wake()
  const told = await deps.store.deliveries.find(id)
  return json(201, told === null ? {} : deliveryLine(told))
}

/** The same once more: its id and its bytes, so a receiver that has seen it can tell. */
async function tellAgain({ store }: DeliveryRouteDeps, { delivery, reason }: Standing): Promise<DeliveryId> {
  const { content } = delivery
  const [done] = await store.deliveries.replay([delivery.id])
  if (done !== undefined) return done
  if (content.kind === 'erased') throw conflict('Whom it was about has been deleted, and with them what it said.')
  if (content.kind === 'dead')
    throw conflict(
      `It was never rendered (${reason ?? content.reason}), so there are no bytes to send again. Mend the template and make it anew: as_new.`,
    )
  throw conflict('It is under way just now.')
}

const conflict = (reason: string) => new WireError(409, null, { reason })

/** Rendered again by today's template, as a delivery of its own that knows which one it repeats. */
async function tellAnew(deps: DeliveryRouteDeps, { delivery }: Standing): Promise<DeliveryId> {
  const { context } = delivery
  const rehearses = deps.actions.get(delivery.actionId)?.planned?.action.rehearses
  if (rehearses === undefined)
    throw conflict(
      `The action ${delivery.actionId} is not in the configuration any more, so there is no template to make it anew with.`,
    )
  if (context === undefined || !isJsonObject(context))
    throw conflict('What its template saw was not kept, so it cannot be made anew; telling it again is possible.')
  const id = deliveryId(deps.random.rowId())
  const rendered = await rehearses.render({ ...context, delivery: { id, attempt: 1 } })
  if (rendered.kind === 'failed') throw conflict(`Its template fails: ${rendered.detail}`)
  if (rendered.kind !== 'call')
    throw conflict(
      rendered.kind === 'skipped'
        ? 'Its condition `when` is false today.'
        : 'Its template says that there is nothing to tell.',
    )
  // A chain that is made anew begins anew.
  const { progress: _, ...about } = delivery
  const { call, chain } = rendered
  const { timeout, emitHeaders } = rehearses
  const fresh: Delivery = {
    ...about,
    id,
    eventId: deps.random.rowId(),
    replayOf: delivery.id,
    createdAt: deps.clock.now(),
    leasedUntil: null,
    leaseToken: null,
    content: { kind: 'rendered', call, timeout, emitHeaders, ...(chain === undefined ? {} : { chain }) },
  }
  await deps.store.commit([{ kind: 'notify', delivery: fresh }])
  return id
}

const MOST_AT_ONCE = 500

/** One page of what a filter finds, told again: whoever asks goes on with the token, at their own pace. */
async function redeliverMany(deps: DeliveryRouteDeps, exchange: Exchange): Promise<Answer> {
  const {
    filter: given = {},
    page_size: size = 100,
    page_token: token = '',
    dry_run: isDry = false,
  } = jsonBody(exchange)
  if (!isJsonObject(given)) throw bad('filter must be an object, such as {"status": "dead", "action": "crm"}.')
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > MOST_AT_ONCE)
    throw bad(`page_size must be a number from 1 to ${MOST_AT_ONCE}.`)
  if (typeof token !== 'string') throw bad('page_token must be a text.')
  const filter = filterIn(textIn(given))
  if (filter.state === undefined)
    throw bad('filter.status must say which deliveries are told again: dead, cancelled, delivered or pending.')
  const after = token === '' ? null : uuidIn('page_token', token)
  const { found, next } = await pageOf(deps.store, { after, size }, filter)
  const ids = found.map(({ delivery }) => delivery.id)
  const replayed = isDry === true ? [] : await deps.store.deliveries.replay(ids)
  if (replayed.length > 0) deps.wake()
  return json(200, {
    matched: ids.length,
    replayed,
    passed_over: isDry === true ? [] : ids.filter((id) => !replayed.includes(id)),
    next_page_token: next,
  })
}

function textIn(given: { readonly [name: string]: Json }) {
  refuseUnknown(new URLSearchParams(Object.fromEntries(Object.keys(given).map((name) => [name, '']))), FILTERS)
  return (name: (typeof FILTERS)[number]) => {
    const value = given[name]
    if (value === undefined || value === null || typeof value === 'string') return value ?? null
    throw bad(`filter.${name} must be a text.`)
  }
}
