import type { Attempt, Delivery } from '../core/delivery.ts'
import type { DeliveryId } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Random } from '../core/time.ts'
import type { Queue } from '../outbox/queue.ts'
import { readClaims } from './claims.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { completionWrites } from './completion.ts'
import { DELIVERY_COLUMNS } from './delivery-columns.ts'
import { type DeliveryLog, readDeliveryLog } from './delivery-log.ts'
import { printable } from './printable.ts'
import { attemptOf, idOf, type Standing, standingOf, timeOf } from './rows.ts'
import { statement } from './sql.ts'
import { readStandings, type Standings } from './standings.ts'

/** The outbox's queue, what an administrator sees of it, and a look at single deliveries. */
export type Deliveries = Queue &
  Standings &
  DeliveryLog & {
    find(id: DeliveryId): Promise<Standing | null>
    /** Every try that was made, oldest first. */
    attemptsOf(id: DeliveryId): Promise<readonly Attempt[]>
  }

const INSERT = statement(
  'deliveries.insert',
  (
    words,
  ) => `insert into deliveries (id, event_id, action_id, trigger_name, identity_id, flow_id, lane, queue, endpoint,
    order_key, state, reason, next_at, lease_token, content, context, progress, replay_of, cause, depth, created_at,
    finished_at, attempts, tries, erasing)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, ${words.now('$13')} + $14, $15, $16, $17, $18, $19, $20, $21,
    $22, case $11 when 'pending' then null else ${words.now('$13')} end, 0, 0, 0)
  on conflict do nothing`,
)

/** Queues a delivery. Its lease begins now, on the database's clock, whatever the server's says. */
export const queueDelivery = (db: Pick<Database, 'time'>, delivery: Delivery): Write => {
  const { content, createdAt, leasedUntil, endpoint = '' } = delivery
  const lane = content.kind === 'mail' ? 'mail' : 'call'
  return {
    statement: INSERT,
    values: [
      delivery.id,
      delivery.eventId,
      delivery.actionId,
      delivery.trigger,
      delivery.identityId,
      delivery.flowId ?? null,
      lane,
      // What takes its turn beside others: an action at an endpoint. Mail has one queue.
      lane === 'mail' ? lane : `${delivery.actionId} ${endpoint}`,
      endpoint,
      delivery.orderKey ?? null,
      content.kind === 'dead' ? 'dead' : 'pending',
      content.kind === 'dead' ? printable(content.reason) : null,
      db.time(),
      leasedUntil === null ? 0 : leasedUntil - createdAt,
      delivery.leaseToken,
      encode(content),
      documentOf(delivery.context),
      documentOf(delivery.progress),
      delivery.replayOf ?? null,
      delivery.cause ?? null,
      delivery.depth ?? 0,
      createdAt,
    ],
  }
}

const documentOf = (value: Json | undefined) => (value === undefined ? null : encode(value))

const NOW = statement('deliveries.now', (words) => `select ${words.now('$1')} as now`)
const FIND = statement('deliveries.find', `select ${DELIVERY_COLUMNS} from deliveries where id = $1`)
const ATTEMPTS = statement(
  'attempts.of_delivery',
  `select request_id, started_at, ended_at, outcome, status, reason, step, timings, answer from attempts where delivery_id = $1 order by ordinal`,
)

export const readDeliveries = (db: Database, random: Pick<Random, 'uuid'>): Deliveries => ({
  ...readClaims(db, random),
  ...readStandings(db),
  ...readDeliveryLog(db),
  complete: async (completions) => {
    if (completions.length === 0) return []
    const applied = await db.apply(completionWrites(db, completions))
    const done = new Set(applied.kind === 'committed' ? applied.rows.map(idOf) : [])
    return completions.filter(({ id }) => !done.has(id)).map(({ id, leaseToken }) => ({ id, leaseToken }))
  },
  now: async () => timeOf(await db.find(NOW, [db.time()])),
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : standingOf(row)
  },
  attemptsOf: async (id) => (await db.all(ATTEMPTS, [id])).map(attemptOf),
})
