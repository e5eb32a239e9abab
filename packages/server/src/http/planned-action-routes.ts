import { nearest } from '../config/nearest.ts'
import type { PlannedAction } from '../core/action.ts'
import { ACTION_STATES, type Delivery, type EndpointStanding } from '../core/delivery.ts'
import { parseDuration } from '../core/duration.ts'
import { WireError } from '../core/errors.ts'
import { type ActionId, actionId, deliveryId } from '../core/ids.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Redactor } from '../core/redactor.ts'
import { type Clock, type Random, type Time, toTimestamp } from '../core/time.ts'
import type { Sent } from '../net/outgoing.ts'
import type { Store } from '../store/store.ts'
import type { KnownAction } from './action-directory.ts'
import { actionStateView, breakerOf, standingOfAction } from './action-state.ts'
import { requestView } from './delivery-view.ts'
import { type Answer, type Exchange, json, type Route } from './exchange.ts'
import { jsonBody } from './json-body.ts'
import { bad, momentIn, oneOf, uuidIn } from './log-filters.ts'
import { sampleContext } from './sample-context.ts'

export type PlannedActionDeps = {
  readonly store: {
    readonly deliveries: Pick<
      Store['deliveries'],
      'actionStates' | 'endpointStates' | 'figures' | 'setAction' | 'find' | 'list' | 'now'
    >
  }
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly redactor: Redactor
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid' | 'rowId'>
  readonly publicUrl: string
  readonly schemaId: string
  /** One attempt of a call, with the secrets of the action. */
  readonly send: (delivery: Pick<Delivery, 'id' | 'actionId'>, content: Sendable) => Promise<{ readonly sent: Sent }>
  readonly wake: () => void
}

type Sendable = Extract<Delivery['content'], { kind: 'rendered' }>

const PATH = '/admin/actions'

/** What is configured, where it stands, and trying it. */
export const plannedActionRoutes = (deps: PlannedActionDeps): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    csrf: 'ignored',
    handle: async () =>
      json(
        200,
        (await list(deps)).map(({ view }) => view),
      ),
  },
  {
    method: 'GET',
    path: `${PATH}/:id`,
    csrf: 'ignored',
    handle: async (exchange) => json(200, (await get(deps, exchange)).view),
  },
  { method: 'PUT', path: `${PATH}/:id/state`, csrf: 'ignored', handle: (exchange) => setState(deps, exchange) },
  { method: 'POST', path: `${PATH}/:id/dry-runs`, csrf: 'ignored', handle: (exchange) => dryRun(deps, exchange) },
]

type Listed = { readonly id: string; readonly view: JsonObject }

/** Those of the configuration in its order, then those that left it while something of theirs is still here. */
async function list({ store, actions }: PlannedActionDeps): Promise<readonly Listed[]> {
  const { deliveries } = store
  const [states, endpoints, figures, now] = await Promise.all([
    deliveries.actionStates(),
    deliveries.endpointStates(),
    deliveries.figures(),
    deliveries.now(),
  ])
  const gone = [
    ...states.filter(({ state }) => state !== 'active').map((standing) => standing.actionId),
    ...figures.queues.filter(({ lane }) => lane === 'call').map((queue) => queue.actionId),
  ].filter((id) => !actions.has(id))
  const depthOf = (id: string) => figures.queues.filter((queue) => queue.actionId === id)
  const breakersOf = (id: string) =>
    depthOf(id).flatMap(({ endpoint }) => endpoints.filter((standing) => standing.endpoint === endpoint))
  return [...actions.keys(), ...new Set(gone)].map((id) => ({
    id,
    view: {
      ...plannedView(id, actions.get(id)),
      ...actionStateView(standingOfAction(states, id, now)),
      pending: depthOf(id).reduce((sum, { pending }) => sum + pending, 0),
      overdue_ms: Math.max(0, ...depthOf(id).map(({ overdue }) => overdue)),
      breaker: worstOf([...breakersOf(id), ...ownEndpoint(endpoints, actions.get(id)?.planned ?? null)], now),
    },
  }))
}

const ownEndpoint = (endpoints: readonly EndpointStanding[], planned: PlannedAction | null) =>
  endpoints.filter(({ endpoint }) => endpoint === planned?.action.sending?.endpoint)

function worstOf(endpoints: readonly EndpointStanding[], now: Time): string {
  const states = new Set(endpoints.map((endpoint) => breakerOf(endpoint, now)))
  return states.has('open') ? 'open' : states.has('half_open') ? 'half_open' : 'closed'
}

const plannedView = (id: string, known: KnownAction | undefined): JsonObject => ({
  id,
  configured: known !== undefined,
  kind: known?.kind ?? null,
  where: known?.where ?? null,
  triggers: [...(known?.triggers ?? [])],
  when_it_acts: known?.beat ?? null,
  call: known?.target ?? null,
  condition: known?.when ?? null,
  idle: known?.idle ?? null,
})

async function get(deps: PlannedActionDeps, exchange: Exchange): Promise<Listed> {
  const id = exchange.params['id'] ?? ''
  const all = await list(deps)
  const found = all.find((action) => action.id === id)
  if (found !== undefined) return found
  throw unknownAction(
    id,
    all.map((action) => action.id),
  )
}

function unknownAction(id: string, known: readonly string[]): WireError {
  const near = nearest(id, known)
  const hint = near === null ? (known.length === 0 ? 'No action is configured.' : '') : `Did you mean ${near}?`
  return new WireError(404, null, { reason: `There is no action ${id}. ${hint}`.trim() })
}

async function setState(deps: PlannedActionDeps, exchange: Exchange): Promise<Answer> {
  const id = actionId((await get(deps, exchange)).id)
  const { state, until = null, for: lasts = null, reason = '' } = jsonBody(exchange)
  if (typeof state !== 'string') throw bad(`state must be one of ${ACTION_STATES.join(', ')}.`)
  if (typeof reason !== 'string' || reason.length > 500) throw bad('reason must be a text of at most 500 characters.')
  const now = await deps.store.deliveries.now()
  const change = { actionId: id, state: oneOf('state', state, ACTION_STATES), until: endIn(until, lasts, now), reason }
  if (change.state === 'active' && change.until !== null)
    throw bad('An action that is active stays so: leave out until and for.')
  await deps.store.deliveries.setAction(change)
  deps.wake()
  return json(200, (await get(deps, exchange)).view)
}

function endIn(until: unknown, lasts: unknown, now: Time): Time | null {
  if (until !== null && lasts !== null) throw bad('Either until or for says when it ends, not both.')
  if (until === null && lasts === null) return null
  if (typeof lasts === 'string') {
    const time = parseDuration(lasts)
    if (time === null || time <= 0) throw bad('for must be a duration such as 30m or 2h.')
    return now + time
  }
  const end = typeof until === 'string' ? momentIn('until', until) : null
  if (end === null || end <= now) throw bad('until must be a time that is still to come, such as 2026-01-31T10:00:00Z.')
  return end
}

/** Renders the call of an action from a recorded event, a given `ctx` or a made-up one; it is sent only where that is asked. */
async function dryRun(deps: PlannedActionDeps, exchange: Exchange): Promise<Answer> {
  const id = exchange.params['id'] ?? ''
  const known = deps.actions.get(id)
  if (known === undefined) throw unknownAction(id, [...deps.actions.keys()])
  const rehearses = known.planned?.action.rehearses
  if (rehearses === undefined) {
    const why = known.idle === null ? `the kind ${known.kind} calls nobody` : known.idle
    throw new WireError(409, null, { reason: `There is nothing to try about ${id}: ${why}.` })
  }
  const asked = jsonBody(exchange)
  const { template, send = false } = asked
  if (template !== undefined && typeof template !== 'string')
    throw bad('template must be a text: Jsonnet, as in a body.')
  const from = await contextFor(deps, known, asked)
  const call = deliveryId(deps.random.rowId())
  const seen = { ...from.ctx, delivery: { id: call, attempt: 1 } }
  const rendered = await rehearses.render(
    seen,
    template === undefined ? undefined : `base64://${Buffer.from(template).toString('base64')}`,
  )
  const about = { action_id: id, from: from.source, ctx: deps.redactor.json(from.ctx) }
  if (rendered.kind !== 'call') {
    const detail = rendered.kind === 'failed' ? rendered.detail : null
    return json(200, { ...about, outcome: rendered.kind, detail, request: null, sent: null })
  }
  const content = {
    kind: 'rendered' as const,
    call: rendered.call,
    timeout: rehearses.timeout,
    emitHeaders: rehearses.emitHeaders,
  }
  const request = requestView(deps.redactor, { content })
  const sent = send === true ? await sendNow(deps, { id: call, actionId: actionId(id) }, content) : null
  return json(200, { ...about, outcome: 'call', detail: null, request, sent })
}

/** Receivers can tell a trial from what has happened. */
const TRIAL = { 'cardea-trial': 'true' }

async function sendNow(
  deps: PlannedActionDeps,
  delivery: { readonly id: Delivery['id']; readonly actionId: ActionId },
  content: Sendable,
): Promise<JsonObject> {
  const startedAt = deps.clock.now()
  const call = { ...content.call, headers: { ...content.call.headers, ...TRIAL } }
  const { sent } = await deps.send(delivery, { ...content, call })
  return {
    started_at: toTimestamp(startedAt),
    status: sent.status ?? null,
    reason: sent.kind === 'failed' ? sent.detail : '',
    timings_ms: sent.timings === undefined ? null : { ...sent.timings },
    answer:
      sent.kind === 'failed'
        ? null
        : {
            headers: deps.redactor.headers(sent.headers),
            body: deps.redactor.body(sent.body.subarray(0, 2_000).toString()),
            length: sent.body.length,
          },
  }
}

type Source = { readonly ctx: JsonObject; readonly source: string }

/** What was given, else what a delivery's template saw, else what the action's last one did, else somebody made up. */
async function contextFor(
  { store, clock, random, publicUrl, schemaId }: PlannedActionDeps,
  known: KnownAction,
  asked: JsonObject,
): Promise<Source> {
  const { ctx, delivery, trigger } = asked
  if (ctx !== undefined) {
    if (isJsonObject(ctx)) return { ctx, source: 'the given ctx' }
    throw bad('ctx must be an object.')
  }
  if (delivery !== undefined) {
    if (typeof delivery !== 'string') throw bad('delivery must be the id of one.')
    const found = await store.deliveries.find(deliveryId(uuidIn('delivery', delivery)))
    if (found === null) throw new WireError(404, null, { reason: `There is no delivery ${delivery}.` })
    if (isJsonObject(found.delivery.context)) return { ctx: found.delivery.context, source: `delivery ${delivery}` }
    throw new WireError(409, null, { reason: `What the template of delivery ${delivery} saw was not kept.` })
  }
  if (trigger !== undefined && (typeof trigger !== 'string' || !known.triggers.includes(trigger))) {
    throw bad(`trigger must be one of the action's: ${known.triggers.join(', ') || 'it has none'}.`)
  }
  const [last] = await store.deliveries.list({
    before: null,
    size: 1,
    actionId: actionId(known.id),
    ...(trigger === undefined ? {} : { trigger }),
  })
  if (isJsonObject(last?.delivery.context))
    return { ctx: last.delivery.context, source: `delivery ${last.delivery.id}` }
  const at = trigger ?? known.triggers[0] ?? 'registration.after.password'
  const sample = sampleContext(at, { at: clock.now(), publicUrl, schemaId, uuid: () => random.uuid() })
  return { ctx: sample, source: `somebody made up, at ${at}` }
}
