import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CallAttempt, CallRecord } from '../core/call.ts'
import type { Observer } from '../core/observed.ts'
import type { Milliseconds } from '../core/time.ts'
import { TIMED_PARTS, type Timings } from '../core/timings.ts'
import type { Figures } from './figures.ts'

/** Everything that is counted and timed, as Prometheus reads it. */
export type Metrics = Observer & {
  /** The text format, version 0.0.4. */
  expose(): Promise<{ readonly type: string; readonly text: string }>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LONG_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200, 259_200]

/**
 * Opens the metrics of one server. Labels come from the configuration and from tables of ours: never from a request, a
 * person or an answer, so there are as many series as there are routes and actions (reliability.md T89).
 */
export function openMetrics(figures: () => Promise<Figures>): Metrics {
  const registry = new Registry()
  const metrics = makeMetrics([registry])
  // What the process itself costs is measured from the first time that somebody asks.
  const state = { isWatched: false }
  return {
    answered: ({ listener, method, route, status, took }) =>
      metrics.requests.observe(
        { listener, method: METHODS.has(method) ? method : 'other', route, status },
        took / 1000,
      ),
    called: (call) => tellCall(metrics, call),
    tried: ({ delivery, lane, attempts, isFirst, next }) => {
      const labels = { action: delivery.actionId, trigger: delivery.trigger }
      for (const attempt of attempts) {
        metrics.attempts.inc({ action: delivery.actionId, lane, result: resultOf(attempt) })
        metrics.attemptTime.observe({ action: delivery.actionId, lane }, (attempt.endedAt - attempt.startedAt) / 1000)
        tellTimings(metrics, attempt.timings)
      }
      const [first] = attempts
      if (isFirst && first !== undefined) {
        metrics.firstAttempt.observe({ lane }, Math.max(0, first.startedAt - delivery.createdAt) / 1000)
      }
      metrics.deliveries.inc({ ...labels, lane, outcome: next === 'pending' ? 'postponed' : next })
    },
    expose: async () => {
      if (!state.isWatched) collectDefaultMetrics({ register: registry })
      state.isWatched = true
      setGauges(metrics, await figures())
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function makeMetrics(registers: Registry[]) {
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets = SECONDS) =>
    new Histogram({ name, help, labelNames, buckets, registers })
  return {
    requests: histogram('cardea_http_request_duration_seconds', 'Requests, by the route they took.', [
      'listener',
      'method',
      'route',
      'status',
    ]),
    calls: counter('cardea_action_calls_total', 'Calls somebody waited for, by what came of them.', [
      'action',
      'trigger',
      'outcome',
    ]),
    callTime: histogram(
      'cardea_action_duration_seconds',
      'What a call costs the person who waits: own (templates, signing), receiver (network and answer), pause (between tries).',
      ['action', 'trigger', 'part'],
    ),
    attempts: counter('cardea_action_attempts_total', 'Tries, by the class of their status or why there was none.', [
      'action',
      'lane',
      'result',
    ]),
    attemptTime: histogram('cardea_delivery_attempt_duration_seconds', 'Tries of queued deliveries.', [
      'action',
      'lane',
    ]),
    parts: histogram('cardea_outgoing_part_seconds', 'Outgoing calls: dns, connect, tls, wait and read.', ['part']),
    deliveries: counter('cardea_deliveries_total', 'Queued deliveries, by where they stand after being tried.', [
      'action',
      'trigger',
      'lane',
      'outcome',
    ]),
    firstAttempt: histogram(
      'cardea_delivery_first_attempt_seconds',
      'From the change that queued a delivery to its first try.',
      ['lane'],
      LONG_SECONDS,
    ),
    queued: gauge('cardea_queue_deliveries', 'Deliveries that wait, counted no further than 10,000 each.', [
      'lane',
      'action',
      'endpoint',
    ]),
    overdue: gauge(
      'cardea_queue_overdue_seconds',
      'How long the first of those that wait could have been under way: its action may stand still, or there are too many.',
      ['lane', 'action', 'endpoint'],
    ),
    oldest: gauge('cardea_queue_oldest_pending_seconds', 'Age of the oldest call that is not done.', []),
    breakers: gauge('cardea_endpoint_breaker', '1 for the state in which the breaker of an endpoint is.', [
      'endpoint',
      'state',
    ]),
    actions: gauge('cardea_action_state', '1 for the state in which an action is, unless it is active.', [
      'action',
      'state',
    ]),
  }
}

type All = ReturnType<typeof makeMetrics>

function tellCall(metrics: All, { actionId: action, trigger, outcome, attempts, elapsed }: CallRecord): void {
  metrics.calls.inc({ action, trigger, outcome })
  for (const attempt of attempts) {
    metrics.attempts.inc({ action, lane: 'asked', result: resultOf(attempt) })
    tellTimings(metrics, attempt.timings)
  }
  if (elapsed === undefined || outcome === 'skipped' || outcome === 'cancelled') return
  const receiver = attempts.reduce((sum, attempt) => sum + durationOf(attempt), 0)
  const pause = attempts.slice(1).reduce((sum, { startedAt }, at) => sum + startedAt - (attempts[at]?.endedAt ?? 0), 0)
  const own = Math.max(0, elapsed - receiver - pause)
  for (const [part, time] of Object.entries({ own, receiver, pause })) {
    metrics.callTime.observe({ action, trigger, part }, time / 1000)
  }
}

/** By the stopwatch where there is a measurement; the clock counts whole milliseconds. */
const durationOf = ({ timings, startedAt, endedAt }: CallAttempt): Milliseconds =>
  timings === undefined ? endedAt - startedAt : TIMED_PARTS.reduce((sum, part) => sum + (timings[part] ?? 0), 0)

function tellTimings({ parts }: All, timings: Timings | undefined): void {
  if (timings === undefined) return
  for (const part of TIMED_PARTS) {
    const time = timings[part]
    if (time !== null) parts.observe({ part }, time / 1000)
  }
}

/** `2xx`, `4xx` …, or `none` where no answer came. */
const resultOf = ({ status }: Pick<CallAttempt, 'status'>) =>
  status === null ? 'none' : `${Math.floor(status / 100)}xx`

function setGauges(metrics: All, { queues, oldest, breakers, actions }: Figures): void {
  // What is over has no line of its own any more.
  for (const gauge of [metrics.queued, metrics.overdue, metrics.breakers, metrics.actions]) gauge.reset()
  for (const { lane, actionId, endpoint, pending, overdue } of queues) {
    const labels = { lane, action: actionId, endpoint }
    metrics.queued.set(labels, pending)
    metrics.overdue.set(labels, overdue / 1000)
  }
  metrics.oldest.set(oldest / 1000)
  for (const { endpoint, state } of breakers) metrics.breakers.set({ endpoint, state }, 1)
  for (const { action, state } of actions) metrics.actions.set({ action, state }, 1)
}
