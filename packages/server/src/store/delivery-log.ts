import type { DeliveryState } from '../core/delivery.ts'
import type { ActionId, DeliveryId, FlowId, IdentityId } from '../core/ids.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { Queue } from '../outbox/queue.ts'
import { encode } from './codec.ts'
import { ERASED } from './completion.ts'
import type { Database, Value } from './database.ts'
import { DELIVERY_COLUMNS } from './delivery-columns.ts'
import { AFTER_ALL, firstIdAt } from './first-id.ts'
import { printable } from './printable.ts'
import { depthOf, idOf, type Standing, standingOf } from './rows.ts'
import { statement } from './sql.ts'

/** A page by key: calls older than `before`, newest first. Messages have a list of their own. */
export type DeliveryPage = DeliveryFilter & { readonly before: DeliveryId | null; readonly size: number }

export type DeliveryFilter = {
  readonly actionId?: ActionId
  readonly trigger?: string
  readonly identityId?: IdentityId
  readonly flowId?: FlowId
  readonly state?: DeliveryState
  /** Made at this moment or later, and before that one. */
  readonly since?: Time
  readonly until?: Time
}

/** What waits, counted no further than is worth knowing. */
export type Figures = {
  readonly queues: readonly QueueDepth[]
  /** The first that waits, whatever its action's state. */
  readonly oldest: { readonly id: DeliveryId; readonly actionId: ActionId; readonly createdAt: Time } | null
  readonly now: Time
}

export type QueueDepth = {
  readonly lane: 'call' | 'mail'
  readonly actionId: ActionId
  readonly endpoint: string
  readonly pending: number
  /** How long the first of them could have been under way. */
  readonly overdue: Milliseconds
}

/** Deliveries as an administrator sees and mends them. */
export type DeliveryLog = {
  list(page: DeliveryPage): Promise<readonly Standing[]>
  replaysOf(id: DeliveryId): Promise<readonly DeliveryId[]>
  /**
   * The same deliveries once more, with their ids and bytes: what is finished begins again, what waits is due now.
   * Returns which: not those that are under way, or erased.
   */
  replay(ids: readonly DeliveryId[]): Promise<readonly DeliveryId[]>
  /** Ends what waits and is not under way. Returns which. */
  cancel(ids: readonly DeliveryId[], reason: string): Promise<readonly DeliveryId[]>
  figures(): Promise<Figures>
}

/** A filter that is null lets everything through; the first one given leads the search. */
const MATCHES = `lane = 'call' and state = coalesce($4, state) and action_id = coalesce($5, action_id)
  and trigger_name = coalesce($6, trigger_name) and coalesce(flow_id, '') = coalesce($7, flow_id, '')
  and coalesce(identity_id, '') = coalesce($8, identity_id, '')`

const list = (name: string, lead: string) =>
  statement(
    `deliveries.list_${name}`,
    `select ${DELIVERY_COLUMNS} from deliveries where ${lead} id >= $3 and id < $1 and ${MATCHES} order by id desc limit $2`,
  )

const LISTS = {
  all: list('all', ''),
  state: list('of_state', `state = $4 and state <> 'delivered' and lane = 'call' and`),
  action: list('of_action', 'action_id = $5 and'),
  trigger: list('of_trigger', 'trigger_name = $6 and'),
  flow: list('of_flow', 'flow_id = $7 and'),
  identity: list('of_identity', 'identity_id = $8 and'),
}

const REPLAYS = statement('deliveries.replays_of', 'select id from deliveries where replay_of = $1 order by id')

const isFree = (now: string) => `(lease_token is null or next_at <= ${now})`

const REPLAY = statement(
  'deliveries.replay',
  (words) => `update deliveries set state = 'pending', reason = null, next_at = ${words.now('$1')}, lease_token = null,
    tries = 0, began_at = null, finished_at = null
  where ${words.among('id', '$2')} and lane = 'call' and ${isFree(words.now('$1'))} and content <> ${ERASED}
    and content not like '{"kind":"dead"%'
  returning id`,
)

const CANCEL = statement(
  'deliveries.cancel',
  (
    words,
  ) => `update deliveries set state = 'cancelled', reason = $3, lease_token = null, finished_at = ${words.now('$1')},
    content = case when erasing = 1 then ${ERASED} else content end,
    context = case when erasing = 1 then null else context end,
    progress = case when erasing = 1 then null else progress end
  where ${words.among('id', '$2')} and lane = 'call' and state = 'pending' and ${isFree(words.now('$1'))}
  returning id`,
)

/** More than this is simply many. */
const COUNTED = 10_000

const DEPTHS = statement(
  'deliveries.depths',
  (words) => `with recursive queues(lane, queue) as (
    select l.lane, (select min(queue) from deliveries where state = 'pending' and lane = l.lane)
    from (select 'call' as lane union all select 'mail') l
    union all
    select q.lane, (select min(queue) from deliveries where state = 'pending' and lane = q.lane and queue > q.queue)
    from queues q where q.queue is not null
  )
  select ${words.now('$1')} as now, d.id, d.lane, d.action_id, d.endpoint, d.next_at,
    (select count(*) from (select 1 from deliveries p where p.state = 'pending' and p.lane = q.lane and p.queue = q.queue
      limit ${COUNTED}) few) as pending
  from queues q
  ${words.joinFirst('deliveries', 'd', `first.state = 'pending' and first.lane = q.lane and first.queue = q.queue`, 'first.next_at')}`,
)

const OLDEST = statement(
  'deliveries.oldest',
  `select ${DELIVERY_COLUMNS} from deliveries where lane = 'call' and state = 'pending' and state <> 'delivered' order by id limit 1`,
)

const FORGET = statement(
  'deliveries.forget',
  (words) =>
    `delete from deliveries where ${words.within(
      'id',
      `select id from deliveries where lane = 'call' and state = $1 and finished_at is not null and finished_at < $2
    order by finished_at limit $3`,
    )} returning id`,
)

export const readDeliveryLog = (db: Database): DeliveryLog & Pick<Queue, 'forget'> => {
  const change = async (...[statement, values]: [typeof REPLAY, Value[]]) => {
    const applied = await db.apply([{ statement, values }])
    return applied.kind === 'committed' ? applied.rows.map(idOf) : []
  }
  return {
    list: async (page) => (await db.all(LISTS[leadOf(page)], valuesOf(page))).map(standingOf),
    replaysOf: async (id) => (await db.all(REPLAYS, [id])).map(idOf),
    replay: (ids) => change(REPLAY, [db.time(), encode(ids)]),
    cancel: (ids, reason) => change(CANCEL, [db.time(), encode(ids), printable(reason)]),
    figures: async () => {
      const depths = (await db.all(DEPTHS, [db.time()])).map(depthOf)
      const [first] = (await db.all(OLDEST, [])).map(standingOf)
      const oldest = first === undefined ? null : first.delivery
      return {
        queues: depths.map(({ depth }) => depth),
        oldest: oldest === null ? null : { id: oldest.id, actionId: oldest.actionId, createdAt: oldest.createdAt },
        now: depths[0]?.now ?? 0,
      }
    },
    forget: async (state, before, most) => (await change(FORGET, [state, before, most])).length,
  }
}

function leadOf({ flowId, identityId, actionId, trigger, state }: DeliveryPage): keyof typeof LISTS {
  if (flowId !== undefined) return 'flow'
  if (identityId !== undefined) return 'identity'
  // Few are anything but delivered.
  if (state !== undefined && state !== 'delivered') return 'state'
  if (actionId !== undefined) return 'action'
  return trigger === undefined ? 'all' : 'trigger'
}

const valuesOf = ({
  before,
  size,
  since,
  until,
  state,
  actionId,
  trigger,
  flowId,
  identityId,
}: DeliveryPage): Value[] => [
  [before ?? AFTER_ALL, until === undefined ? AFTER_ALL : firstIdAt(until)].toSorted()[0] ?? AFTER_ALL,
  size,
  since === undefined ? '' : firstIdAt(since),
  ...[state, actionId, trigger, flowId, identityId].map((filter) => (filter === undefined ? null : printable(filter))),
]
