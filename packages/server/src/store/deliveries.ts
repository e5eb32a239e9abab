import type { Attempt, Delivery } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Random } from '../core/time.ts'
import type { Completion, Lease, Queue } from '../outbox/queue.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { attemptOf, idOf, type Standing, standingOf, timeOf } from './rows.ts'
import { type Statement, statement } from './sql.ts'

/** The outbox's queue, and a look at single deliveries. */
export type DeliveryQueue = Queue & {
  find(id: DeliveryId): Promise<Standing | null>
  /** Every try that was made, oldest first. */
  attemptsOf(id: DeliveryId): Promise<readonly Attempt[]>
}

const COLUMNS = `id, event_id, action_id, trigger_name, identity_id, state, reason, next_at, lease_token, attempts, content,
  created_at`

const INSERT = statement(
  'deliveries.insert',
  (words) => `insert into deliveries (${COLUMNS}, lane)
  values ($1, $2, $3, $4, $5, $6, $7, ${words.now('$8')} + $9, $10, 0, $11, $12, $13)
  on conflict (event_id, action_id) do nothing`,
)

/** Queues a delivery. Its lease begins now, on the database's clock, whatever the server's says. */
export const queueDelivery = (db: Pick<Database, 'time'>, delivery: Delivery): Write => {
  const { content, createdAt, leasedUntil } = delivery
  return {
    statement: INSERT,
    values: [
      delivery.id,
      delivery.eventId,
      delivery.actionId,
      delivery.trigger,
      delivery.identityId,
      content.kind === 'dead' ? 'dead' : 'pending',
      content.kind === 'dead' ? printable(content.reason) : null,
      db.time(),
      leasedUntil === null ? 0 : leasedUntil - createdAt,
      delivery.leaseToken,
      encode(content),
      createdAt,
      content.kind === 'mail' ? 'mail' : 'call',
    ],
  }
}

const CLAIM = statement(
  'deliveries.claim',
  (words) => `with due as ${words.dialect === 'postgres' ? 'materialized' : ''} (
    select id from deliveries where state = 'pending' and lane = $5 and next_at <= ${words.now('$1')}
    order by next_at limit $2 ${words.skipLocked}
  )
  update deliveries set lease_token = $3, next_at = ${words.now('$1')} + $4
  where id in (select id from due) returning ${COLUMNS}`,
)

const EXTEND = statement(
  'deliveries.extend',
  (words) => `update deliveries set next_at = ${words.now('$1')} + $2
  where state = 'pending' and id in ${words.members('$3')} and id || ' ' || lease_token in ${words.members('$4')}`,
)

const NOW = statement('deliveries.now', (words) => `select ${words.now('$1')} as now`)
const FIND = statement('deliveries.find', `select ${COLUMNS} from deliveries where id = $1`)
const ATTEMPTS = statement(
  'attempts.of_delivery',
  `select request_id, started_at, ended_at, outcome, status, reason from attempts where delivery_id = $1 order by ordinal`,
)

export const readDeliveries = (db: Database, random: Pick<Random, 'uuid'>): DeliveryQueue => ({
  claim: async ({ limit, lease, lane = 'call' }) => {
    const leaseToken = random.uuid()
    const claim = { statement: CLAIM, values: [db.time(), limit, leaseToken, lease, lane] }
    const applied = await db.apply([claim])
    const rows = applied.kind === 'committed' ? applied.rows : []
    return rows.map(standingOf).map(({ delivery, attempts }) => ({ delivery, leaseToken, attempts }))
  },
  complete: async (completions) => {
    if (completions.length === 0) return []
    const applied = await db.apply(completionWrites(db, completions))
    const done = new Set(applied.kind === 'committed' ? applied.rows.map(idOf) : [])
    return completions.filter(({ id }) => !done.has(id)).map(({ id, leaseToken }) => ({ id, leaseToken }))
  },
  extend: async (leases, lease) => {
    if (leases.length === 0) return
    const ids = encode(leases.map(({ id }) => id))
    await db.apply([{ statement: EXTEND, values: [db.time(), lease, ids, encode(leases.map(keyOf))] }])
  },
  now: async () => timeOf(await db.find(NOW, [db.time()])),
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : standingOf(row)
  },
  attemptsOf: async (id) => (await db.all(ATTEMPTS, [id])).map(attemptOf),
})

const keyOf = ({ id, leaseToken }: Lease) => `${id} ${leaseToken}`

const ATTEMPT_COLUMNS = 'delivery_id, ordinal, request_id, started_at, ended_at, outcome, status, reason'

/** Both steps at once: PostgreSQL keeps the attempts of those rows alone whose lease still held. */
const COMPLETE_IN_POSTGRES: readonly Statement[] = [
  statement(
    'deliveries.complete',
    `with done as (
    select c->>'id' as id, c->>'leaseToken' as lease_token, c->'next'->>'kind' as state, c->'next'->>'reason' as reason,
      (c->'next'->>'dueAt')::bigint as due_at, c->'attempts' as attempts
    from json_array_elements($1::json) c
  ), moved as (
    update deliveries d set state = done.state, reason = done.reason, next_at = coalesce(done.due_at, d.next_at),
      lease_token = null, attempts = d.attempts + json_array_length(done.attempts)
    from done where d.id = done.id and d.state = 'pending' and d.lease_token = done.lease_token
    returning d.id, d.attempts as total, done.attempts as made
  ), kept as (
    insert into attempts (${ATTEMPT_COLUMNS})
    select moved.id, moved.total - json_array_length(moved.made) + a.place - 1, a.it->>'requestId',
      (a.it->>'startedAt')::bigint, (a.it->>'endedAt')::bigint, a.it->>'outcome', (a.it->>'status')::integer, a.it->>'reason'
    from moved, json_array_elements(moved.made) with ordinality a (it, place)
  )
  select id from moved`,
  ),
]

/** SQLite keeps the attempts first, while the lease is still to be seen; nobody comes between its two steps. */
const COMPLETE_IN_SQLITE: readonly Statement[] = [
  statement(
    'attempts.keep',
    `insert into attempts (${ATTEMPT_COLUMNS})
  select d.id, d.attempts + a.key, a.value->>'requestId', a.value->>'startedAt', a.value->>'endedAt',
    a.value->>'outcome', a.value->>'status', a.value->>'reason'
  from json_each($1) c cross join deliveries d on d.id = c.value->>'id'
    and d.state = 'pending' and d.lease_token = c.value->>'leaseToken'
  cross join json_each(c.value, '$.attempts') a`,
  ),
  statement(
    'deliveries.complete',
    `update deliveries set state = c.value->'next'->>'kind', reason = c.value->'next'->>'reason',
    next_at = coalesce(c.value->'next'->>'dueAt', next_at), lease_token = null,
    attempts = attempts + json_array_length(c.value->'attempts')
  from json_each($1) c where deliveries.id = c.value->>'id' and deliveries.state = 'pending'
    and deliveries.lease_token = c.value->>'leaseToken'
  returning deliveries.id`,
  ),
]

function completionWrites({ dialect }: Database, completions: readonly Completion[]): readonly Write[] {
  const values = [encode(completions.map(withoutNul))]
  const statements = dialect === 'postgres' ? COMPLETE_IN_POSTGRES : COMPLETE_IN_SQLITE
  return statements.map((each) => ({ statement: each, values }))
}

const withoutNul = ({ attempts, next, ...lease }: Completion): Completion => ({
  ...lease,
  attempts: attempts.map((attempt) => ({ ...attempt, reason: printable(attempt.reason) })),
  next: next.kind === 'dead' ? { ...next, reason: printable(next.reason) } : next,
})

/** PostgreSQL has no text with U+0000, and why a delivery failed must never be why it cannot be written down. */
const printable = (reason: string) => reason.replaceAll('\0', '')
