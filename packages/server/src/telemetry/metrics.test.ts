import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { callOf } from '../../test/store-samples.ts'
import { actionId, flowId, identityId } from '../core/ids.ts'
import type { Figures } from './figures.ts'
import { openMetrics } from './metrics.ts'

const quiet: Figures = { queues: [], oldest: 0, breakers: [], actions: [] }
const open = (figures: Figures = quiet) => openMetrics(() => Promise.resolve(figures))
const linesOf = async (metrics: ReturnType<typeof open>, start: string) =>
  (await metrics.expose()).text.split('\n').filter((line) => line.startsWith(start))

const call = {
  ...callOf(identityId(randomUUID()), flowId(randomUUID())),
  actionId: actionId('gate'),
  trigger: 'login.before',
}
const timings = { dns: 10, connect: 20, tls: null, wait: 60, read: 10 }

test('a request counts by its route and status, and an unusual method is not a name', async () => {
  const metrics = open()
  for (const method of ['GET', 'BREW']) {
    metrics.answered({ listener: 'public', method, route: '/schemas/:id', status: 200, took: 7 })
  }
  expect(await linesOf(metrics, 'cardea_http_request_duration_seconds_count')).toEqual([
    'cardea_http_request_duration_seconds_count{listener="public",method="GET",route="/schemas/:id",status="200"} 1',
    'cardea_http_request_duration_seconds_count{listener="public",method="other",route="/schemas/:id",status="200"} 1',
  ])
})

test('what a call costs is split into our own time, the time of its receiver, and the pause between tries', async () => {
  const metrics = open()
  const [startedAt, endedAt] = [1_000, 1_100]
  metrics.called({
    ...call,
    outcome: 'proceeded',
    elapsed: 352,
    attempts: [
      { requestId: 'a', startedAt, endedAt, status: 500, reason: '', timings },
      { requestId: 'b', startedAt: endedAt + 150, endedAt: endedAt + 250, status: 200, reason: '', timings },
    ],
  })
  expect(await linesOf(metrics, 'cardea_action_duration_seconds_sum')).toEqual([
    'cardea_action_duration_seconds_sum{action="gate",trigger="login.before",part="own"} 0.002',
    'cardea_action_duration_seconds_sum{action="gate",trigger="login.before",part="receiver"} 0.2',
    'cardea_action_duration_seconds_sum{action="gate",trigger="login.before",part="pause"} 0.15',
  ])
  expect(await linesOf(metrics, 'cardea_action_attempts_total')).toEqual([
    'cardea_action_attempts_total{action="gate",lane="asked",result="5xx"} 1',
    'cardea_action_attempts_total{action="gate",lane="asked",result="2xx"} 1',
  ])
  expect(await linesOf(metrics, 'cardea_outgoing_part_seconds_sum')).toEqual([
    'cardea_outgoing_part_seconds_sum{part="dns"} 0.02',
    'cardea_outgoing_part_seconds_sum{part="connect"} 0.04',
    'cardea_outgoing_part_seconds_sum{part="wait"} 0.12',
    'cardea_outgoing_part_seconds_sum{part="read"} 0.02',
  ])
})

test('a call that was not made costs nothing and is counted', async () => {
  const metrics = open()
  metrics.called({ ...call, outcome: 'skipped', elapsed: 1, attempts: [] })
  expect(await linesOf(metrics, 'cardea_action_calls_total{')).toEqual([
    'cardea_action_calls_total{action="gate",trigger="login.before",outcome="skipped"} 1',
  ])
  expect(await linesOf(metrics, 'cardea_action_duration_seconds_count')).toEqual([])
})

test('a queued delivery tells how long it waited for its first try, once', async () => {
  const metrics = open()
  const delivery = { actionId: actionId('crm'), trigger: 'registration.after.password', createdAt: 1_000 }
  const attempt = {
    requestId: 'a',
    outcome: 'retry',
    status: null,
    reason: 'no',
    startedAt: 1_500,
    endedAt: 1_600,
  } as const
  metrics.tried({ delivery, lane: 'call', attempts: [attempt], isFirst: true, next: 'pending' })
  metrics.tried({ delivery, lane: 'call', attempts: [attempt], isFirst: false, next: 'dead' })
  expect(await linesOf(metrics, 'cardea_delivery_first_attempt_seconds_sum')).toEqual([
    'cardea_delivery_first_attempt_seconds_sum{lane="call"} 0.5',
  ])
  const labels = 'action="crm",trigger="registration.after.password",lane="call"'
  expect(await linesOf(metrics, 'cardea_deliveries_total{')).toEqual([
    `cardea_deliveries_total{${labels},outcome="postponed"} 1`,
    `cardea_deliveries_total{${labels},outcome="dead"} 1`,
  ])
  expect(await linesOf(metrics, 'cardea_action_attempts_total{')).toEqual([
    'cardea_action_attempts_total{action="crm",lane="call",result="none"} 2',
  ])
})

test('how the queue stands is asked for at the moment it is looked at, and nothing stays that is over', async () => {
  const now: { figures: Figures } = {
    figures: {
      queues: [
        { lane: 'call', actionId: actionId('crm'), endpoint: 'https://crm.example.test/', pending: 3, overdue: 2_000 },
      ],
      oldest: 90_000,
      breakers: [{ endpoint: 'https://crm.example.test:443/hook', state: 'open' }],
      actions: [{ action: actionId('crm'), state: 'paused' }],
    },
  }
  const metrics = openMetrics(() => Promise.resolve(now.figures))
  const labels = 'lane="call",action="crm",endpoint="https://crm.example.test/"'
  expect(await linesOf(metrics, 'cardea_queue_')).toEqual([
    `cardea_queue_deliveries{${labels}} 3`,
    `cardea_queue_overdue_seconds{${labels}} 2`,
    'cardea_queue_oldest_pending_seconds 90',
  ])
  expect(await linesOf(metrics, 'cardea_endpoint_breaker{')).toEqual([
    'cardea_endpoint_breaker{endpoint="https://crm.example.test:443/hook",state="open"} 1',
  ])
  expect(await linesOf(metrics, 'cardea_action_state{')).toEqual(['cardea_action_state{action="crm",state="paused"} 1'])
  now.figures = quiet
  expect(await linesOf(metrics, 'cardea_queue_deliveries{')).toEqual([])
  expect(await linesOf(metrics, 'cardea_endpoint_breaker{')).toEqual([])
  expect(await linesOf(metrics, 'cardea_action_state{')).toEqual([])
})

test('the process is measured too', async () => {
  const { type, text } = await open().expose()
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})
