import type { CallRecord } from '../core/call.ts'
import { encode } from './codec.ts'
import type { Database, Value } from './database.ts'
import { AFTER_ALL, firstIdAt } from './first-id.ts'
import { printable } from './printable.ts'
import { callOf, idOf } from './rows.ts'
import { statement } from './sql.ts'
import type { CallPage, Calls } from './store.ts'

const COLUMNS = 'id, action_id, trigger_name, flow_id, identity_id, outcome, started_at, ended_at, document'

/** Whatever has come together, in one statement. */
const KEEP = statement('calls.keep', ({ dialect }) => {
  const [from, text, whole] =
    dialect === 'postgres'
      ? ['json_array_elements($1::json) as c (it)', (key: string) => `c.it->>'${key}'`, '::bigint']
      : ['json_each($1) c', (key: string) => `c.value->>'${key}'`, '']
  const times = ['startedAt', 'endedAt'].map((key) => `(${text(key)})${whole}`)
  const texts = ['id', 'actionId', 'trigger', 'flowId', 'identityId', 'outcome'].map(text)
  // SQLite needs the condition to tell where the conflict clause begins.
  return `insert into calls (${COLUMNS}) select ${[...texts, ...times, text('document')].join(', ')} from ${from} where true
  on conflict (id) do nothing`
})

/** A filter that is null lets everything through; the first one given leads the search. */
const MATCHES = `outcome = coalesce($3, outcome) and trigger_name = coalesce($4, trigger_name)
  and action_id = coalesce($5, action_id) and coalesce(flow_id, '') = coalesce($6, flow_id, '')
  and coalesce(identity_id, '') = coalesce($7, identity_id, '')`

const list = (name: string, lead: string) =>
  statement(
    `calls.list_${name}`,
    `select ${COLUMNS} from calls where ${lead} id >= $8 and id < $1 and ${MATCHES} order by id desc limit $2`,
  )

const LISTS = {
  all: list('all', ''),
  action: list('of_action', 'action_id = $5 and'),
  flow: list('of_flow', 'flow_id = $6 and'),
  identity: list('of_identity', 'identity_id = $7 and'),
}

/** PostgreSQL takes a list of ids for a search, and a subquery for a reason to look everywhere. */
const FORGET = statement('calls.forget', ({ dialect }) => {
  const oldest = '(select id from calls where id < $1 order by id limit $2)'
  return `delete from calls where id ${dialect === 'postgres' ? `= any(array${oldest})` : `in ${oldest}`} returning id`
})

/** The log of the calls somebody waited for. */
export const readCalls = (db: Database): Calls => ({
  keep: async (calls) => {
    if (calls.length > 0) await db.apply([{ statement: KEEP, values: [encode(calls.map(rowOf))] }])
  },
  list: async (page) => (await db.all(LISTS[leadOf(page)], valuesOf(page))).map(callOf),
  forget: async (before, most) => {
    const applied = await db.apply([{ statement: FORGET, values: [firstIdAt(before), most] }])
    return applied.kind === 'committed' ? applied.rows.map(idOf).length : 0
  },
})

const leadOf = ({ flowId, identityId, actionId }: CallPage) =>
  flowId === undefined ? (identityId === undefined ? (actionId === undefined ? 'all' : 'action') : 'identity') : 'flow'

const valuesOf = ({ before, size, outcome, trigger, actionId, flowId, identityId, since }: CallPage): Value[] => [
  before ?? AFTER_ALL,
  size,
  ...[outcome, trigger, actionId, flowId, identityId].map((filter) =>
    filter === undefined ? null : printable(filter),
  ),
  since === undefined ? '' : firstIdAt(since),
]

const rowOf = ({ id, actionId, trigger, flowId, identityId, outcome, startedAt, endedAt, ...rest }: CallRecord) => ({
  id,
  actionId: printable(actionId),
  trigger,
  flowId,
  identityId,
  outcome,
  startedAt,
  endedAt,
  document: encode({
    ...rest,
    detail: printable(rest.detail),
    attempts: rest.attempts.map((attempt) => ({ ...attempt, reason: printable(attempt.reason) })),
  }),
})
