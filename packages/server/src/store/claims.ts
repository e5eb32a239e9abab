import type { Random } from '../core/time.ts'
import type { Lane, Lease, Queue, Share } from '../outbox/queue.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { DELIVERY_COLUMNS } from './delivery-columns.ts'
import { standingOf, waitingOf } from './rows.ts'
import { statement, type Words } from './sql.ts'

// Claims are by queue and by state, never by a cursor: a row that commits late is found like any other. Each queue is a
// short walk along `deliveries_due`, however many rows wait in the others.

const SURVEY = statement(
  'deliveries.survey',
  (words) => `with recursive queues(queue) as (
    select min(queue) from deliveries where state = 'pending' and lane = $2
    union all
    select (select min(queue) from deliveries where state = 'pending' and lane = $2 and queue > q.queue)
    from queues q where q.queue is not null
  )
  select ${words.now('$1')} as now, d.queue, d.action_id, d.endpoint, d.order_key, d.next_at,
    (${underWay(words, 'd.endpoint')}) as under_way,
    a.state as action_state, a.until, a.failures as action_failures, a.resumed_at,
    e.failures as endpoint_failures, e.open_until, e.spent_until
  from queues q
  ${words.joinFirst('deliveries', 'd', `first.state = 'pending' and first.lane = $2 and first.queue = q.queue`, 'first.next_at')}
  left join action_states a on a.action_id = d.action_id
  left join endpoints e on e.endpoint = d.endpoint`,
)

function underWay(words: Words, endpoint: string): string {
  return `select count(*) from deliveries h where h.state = 'pending' and h.lease_token is not null
      and h.endpoint = ${endpoint} and h.next_at > ${words.now('$1')}`
}

/** One claim at a time, on all nodes, so that what is under way is counted exactly. It is over with the transaction. */
const TURN = statement('deliveries.turn', 'select pg_advisory_xact_lock(1128354125, $1)')
const TURN_OF: { readonly [L in Lane]: number } = { call: 1, mail: 2 }

/** How many due rows of a queue are looked at where some have to wait for others. */
const LOOK = 256
/** How long those are put aside at least, and at most, that may not come yet and that nobody calls. */
const ASIDE = 30_000
const LONGEST_ASIDE = 300_000

const isDue = (words: Words, lane: string, queue: string) =>
  `state = 'pending' and lane = ${lane} and queue = ${queue} and next_at <= ${words.now('$1')}`

/** Whether somebody has to come before. */
const isBlocked = (words: Words, key: string, ordinal: string) => `exists (select 1 from deliveries b
    where b.state = 'pending' and b.order_key = ${key} and ${words.ordinal('b')} < ${ordinal})`

/** The first few that are due, and of them those that may come, or may not. */
const firstFew = (words: Words, lane: string, queue: string, which: 'may' | 'may not') => {
  const blocked = isBlocked(words, 'w.order_key', 'w.place')
  return `select w.id from (select ${words.ordinal('deliveries')} as place, id, order_key from deliveries
      where ${isDue(words, lane, queue)} order by next_at limit ${LOOK}) w
    where w.order_key ${which === 'may' ? `is null or not ${blocked}` : `is not null and ${blocked}`}`
}

const PUT_ASIDE = statement('deliveries.put_aside', (words) => {
  const before = `(select b.next_at from deliveries b where b.state = 'pending' and b.order_key = deliveries.order_key
    order by ${words.ordinal('b')} limit 1)`
  const until = words.least(
    words.greatest(before, `${words.now('$1')} + ${ASIDE}`),
    `${words.now('$1')} + ${LONGEST_ASIDE}`,
  )
  return `update deliveries set next_at = ${until} where ${words.within('id', firstFew(words, '$2', '$3', 'may not'))}`
})

/** What the endpoint has room for, counted now that it is our turn. */
const room = (words: Words) => {
  const most = words.whole('$6')
  return words.greatest('0', words.least(most, `coalesce(${words.whole('$7')} - (${underWay(words, '$8')}), ${most})`))
}

/** As many as the rate lets through: one every $9 milliseconds, $10 at once. */
const rated = (words: Words) => {
  const spent = 'coalesce((select spent_until from endpoints where endpoint = $8), 0)'
  const ahead = `(${words.now('$1')} + (${words.whole('$10')} - 1) * ${words.real('$9')} - ${spent})`
  const steps = `${ahead} / ${words.real('$9')}`
  // A number is cut off on SQLite and rounded on PostgreSQL.
  const whole = words.dialect === 'postgres' ? `floor(${steps})::bigint` : `cast(${steps} as integer)`
  return words.least(room(words), words.whole('$10'), `case when ${ahead} < 0 then 0 else 1 + ${whole} end`)
}

const claim = (name: string, limit: (words: Words) => string, candidates: (words: Words) => string) =>
  statement(
    name,
    (words) => `with due as ${words.dialect === 'postgres' ? 'materialized' : ''} (
    select id from deliveries d where ${candidates(words)}
    order by next_at limit ${limit(words)} ${words.skipLocked}
  )
  update deliveries set lease_token = $2, next_at = ${words.now('$1')} + $3 where id in (select id from due)`,
  )

const anyDue = (words: Words) =>
  `${isDue(words, '$4', '$5')} and (order_key is null or not ${isBlocked(words, 'd.order_key', words.ordinal('d'))})`

const dueInOrder = (words: Words) =>
  `${words.within('id', firstFew(words, '$4', '$5', 'may'))} and state = 'pending' and next_at <= ${words.now('$1')}`

const CLAIM = claim('deliveries.claim', room, anyDue)
const CLAIM_IN_ORDER = claim('deliveries.claim_in_order', room, dueInOrder)
const CLAIM_RATED = claim('deliveries.claim_rated', rated, anyDue)
const CLAIM_RATED_IN_ORDER = claim('deliveries.claim_rated_in_order', rated, dueInOrder)

const SPEND = statement(
  'endpoints.spend',
  (words) => `insert into endpoints (endpoint, failures, opened, spent_until)
  select endpoint, 0, 0, ${words.now('$1')} + ${words.real('$4')} * count(*) from deliveries
  where state = 'pending' and lease_token = $2 and lease_token is not null and endpoint = $3 and queue = $5
  group by endpoint
  on conflict (endpoint) do update set spent_until = excluded.spent_until - ${words.now('$1')}
    + ${words.greatest('endpoints.spent_until', words.now('$1'))}`,
)

const CLAIMED = statement(
  'deliveries.claimed',
  (words) => `select ${DELIVERY_COLUMNS} from deliveries where state = 'pending' and lease_token = $1
  and lease_token is not null and ${words.among('endpoint', '$2')} order by next_at`,
)

const EXTEND = statement(
  'deliveries.extend',
  (words) => `update deliveries set next_at = ${words.now('$1')} + $2
  where state = 'pending' and id in ${words.members('$3')} and id || ' ' || lease_token in ${words.members('$4')}`,
)

/** Whoever was tried already waits for a time of its own. */
const PROMOTE = statement('deliveries.promote', (words) => {
  const next = `(select b.id from deliveries b where b.state = 'pending' and b.order_key = k.value
    order by ${words.ordinal('b')} limit 1)`
  const keys = words.dialect === 'postgres' ? 'json_array_elements_text($2::json) as k (value)' : 'json_each($2) k'
  return `update deliveries set next_at = ${words.now('$1')}
  where ${words.within('id', `select ${next} from ${keys}`)} and state = 'pending' and tries = 0 and lease_token is null
    and next_at > ${words.now('$1')}`
})

/** What may be claimed, claims and their leases. */
export const readClaims = (
  db: Database,
  random: Pick<Random, 'uuid'>,
): Pick<Queue, 'survey' | 'claim' | 'extend' | 'promote'> => ({
  survey: async (lane) => {
    const found = (await db.all(SURVEY, [db.time(), lane])).map(waitingOf)
    return { now: found[0]?.now ?? 0, waiting: found.map(({ waiting }) => waiting) }
  },
  claim: async (shares, { lane, lease }) => {
    if (shares.length === 0) return []
    const leaseToken = random.uuid()
    const endpoints = [...new Set(shares.map(({ endpoint }) => endpoint))]
    const applied = await db.apply([
      ...(db.dialect === 'postgres' ? [{ statement: TURN, values: [TURN_OF[lane]] }] : []),
      ...shares.flatMap((share) => claimWrites(db, share, { lane, lease, leaseToken })),
      { statement: CLAIMED, values: [leaseToken, encode(endpoints)] },
    ])
    const rows = applied.kind === 'committed' ? applied.rows : []
    return rows.map(standingOf).map(({ delivery, attempts, tries, beganAt }) => ({
      delivery,
      leaseToken,
      attempts,
      tries,
      beganAt,
    }))
  },
  extend: async (leases, lease) => {
    if (leases.length === 0) return
    const ids = encode(leases.map(({ id }) => id))
    await db.apply([{ statement: EXTEND, values: [db.time(), lease, ids, encode(leases.map(keyOf))] }])
  },
  promote: async (orderKeys) => {
    if (orderKeys.length > 0) await db.apply([{ statement: PROMOTE, values: [db.time(), encode(orderKeys)] }])
  },
})

const keyOf = ({ id, leaseToken }: Lease) => `${id} ${leaseToken}`

type Taking = { readonly lane: Lane; readonly lease: number; readonly leaseToken: string }

function claimWrites(db: Database, share: Share, { lane, lease, leaseToken }: Taking): readonly Write[] {
  const { queue, endpoint, isOrdered, most, concurrency, rate } = share
  const now = db.time()
  const values = [now, leaseToken, lease, lane, queue, most, concurrency, endpoint]
  const aside = isOrdered ? [{ statement: PUT_ASIDE, values: [now, lane, queue] }] : []
  if (rate === null) return [...aside, { statement: isOrdered ? CLAIM_IN_ORDER : CLAIM, values }]
  return [
    ...aside,
    { statement: isOrdered ? CLAIM_RATED_IN_ORDER : CLAIM_RATED, values: [...values, rate.interval, rate.burst] },
    { statement: SPEND, values: [now, leaseToken, endpoint, rate.interval, queue] },
  ]
}
