import type { EndpointStanding } from '../core/delivery.ts'
import type { ActionChange, Noted, Queue } from '../outbox/queue.ts'
import { encode } from './codec.ts'
import type { Database } from './database.ts'
import { printable } from './printable.ts'
import { actionStandingOf, endpointStandingOf } from './rows.ts'
import { statement } from './sql.ts'

const ACTION = `action_id, state, since, until, reason, evidence, failures, failing_since, last_failure, resumed_at`
const ENDPOINT = 'endpoint, failures, failing_since, last_failure, opened, open_until'

const ACTIONS = statement(
  'actions.list',
  `select ${ACTION} from action_states where action_id > $1 order by action_id limit $2`,
)
const ENDPOINTS = statement(
  'endpoints.list',
  `select ${ENDPOINT} from endpoints where endpoint > $1 order by endpoint limit $2`,
)

const ACTIONS_WORK = statement(
  'actions.work',
  (words) => `update action_states set failures = 0, failing_since = null, last_failure = null
  where failures > 0 and ${words.among('action_id', '$1')}`,
)
const ENDPOINTS_WORK = statement(
  'endpoints.work',
  (
    words,
  ) => `update endpoints set failures = 0, failing_since = null, last_failure = null, opened = 0, open_until = null
  where failures > 0 and ${words.among('endpoint', '$1')}`,
)

const ACTIONS_FAIL = statement(
  'actions.fail',
  (words) => `insert into action_states (action_id, state, since, reason, failures, failing_since, last_failure)
  select ${words.text('n', 'key')}, 'active', ${words.now('$2')}, '', ${words.number('n', 'failed')}, ${words.now('$2')},
    ${words.text('n', 'reason')} from ${words.objects('$1', 'n')} where true
  on conflict (action_id) do update set failures = action_states.failures + excluded.failures,
    failing_since = coalesce(action_states.failing_since, excluded.failing_since), last_failure = excluded.last_failure
  returning ${ACTION}`,
)
const ENDPOINTS_FAIL = statement(
  'endpoints.fail',
  (words) => `insert into endpoints (endpoint, failures, failing_since, last_failure, opened, spent_until)
  select ${words.text('n', 'key')}, ${words.number('n', 'failed')}, ${words.now('$2')}, ${words.text('n', 'reason')}, 0, 0
  from ${words.objects('$1', 'n')} where true
  on conflict (endpoint) do update set failures = endpoints.failures + excluded.failures,
    failing_since = coalesce(endpoints.failing_since, excluded.failing_since), last_failure = excluded.last_failure
  returning ${ENDPOINT}`,
)

const OPEN = statement(
  'endpoints.open',
  'update endpoints set open_until = $3, opened = opened + 1 where endpoint = $1 and opened = $2 returning endpoint',
)

/** What the action's failures were is forgotten where somebody sets it going again. */
const SET = statement(
  'actions.set',
  (words) => `insert into action_states (action_id, state, since, until, reason, evidence, failures, resumed_at)
  values ($1, $2, ${words.now('$7')}, $3, $4, $5, 0, case $2 when 'active' then ${words.now('$7')} end)
  on conflict (action_id) do update set state = excluded.state, since = excluded.since, until = excluded.until,
    reason = excluded.reason, evidence = excluded.evidence,
    failures = case excluded.state when 'active' then 0 else action_states.failures end,
    failing_since = case excluded.state when 'active' then null else action_states.failing_since end,
    last_failure = case excluded.state when 'active' then null else action_states.last_failure end,
    resumed_at = coalesce(excluded.resumed_at, action_states.resumed_at)
  where $6 = 0 or action_states.state = 'active' or action_states.until <= ${words.now('$7')}
  returning action_id`,
)

/** Where actions and receivers stand. An action or an endpoint without a row has never failed. */
export type Standings = Pick<Queue, 'noteActions' | 'noteEndpoints' | 'openBreaker' | 'setAction' | 'actionStates'> & {
  endpointStates(): Promise<readonly EndpointStanding[]>
}

/** There are as many as are configured: few. */
const MOST = 10_000

export const readStandings = (db: Database): Standings => ({
  actionStates: async () => (await db.all(ACTIONS, ['', MOST])).map(actionStandingOf),
  endpointStates: async () => (await db.all(ENDPOINTS, ['', MOST])).map(endpointStandingOf),
  noteActions: async (noted) => {
    const { work, fail } = split(noted)
    if (work.length > 0) await db.apply([{ statement: ACTIONS_WORK, values: [encode(work)] }])
    if (fail.length === 0) return []
    const applied = await db.apply([{ statement: ACTIONS_FAIL, values: [encode(fail), db.time()] }])
    return applied.kind === 'committed' ? applied.rows.map(actionStandingOf) : []
  },
  noteEndpoints: async (noted) => {
    const { work, fail } = split(noted)
    if (work.length > 0) await db.apply([{ statement: ENDPOINTS_WORK, values: [encode(work)] }])
    if (fail.length === 0) return []
    const applied = await db.apply([{ statement: ENDPOINTS_FAIL, values: [encode(fail), db.time()] }])
    return applied.kind === 'committed' ? applied.rows.map(endpointStandingOf) : []
  },
  openBreaker: async ({ endpoint, opened }, until) => {
    const applied = await db.apply([{ statement: OPEN, values: [endpoint, opened, until] }])
    return applied.kind === 'committed' && applied.rows.length > 0
  },
  setAction: async (change, options) => {
    const applied = await db.apply([
      { statement: SET, values: [...valuesOf(change), options?.onlyActive ? 1 : 0, db.time()] },
    ])
    return applied.kind === 'committed' && applied.rows.length > 0
  },
})

/** In an order of their own: two nodes that note the same keys do not wait for each other. */
function split(noted: readonly Noted[]) {
  const sorted = noted.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return {
    work: sorted.filter(({ failed }) => failed === 0).map(({ key }) => key),
    fail: sorted.filter(({ failed }) => failed > 0).map((each) => ({ ...each, reason: printable(each.reason) })),
  }
}

const valuesOf = ({ actionId, state, until, reason, evidence }: ActionChange) => [
  actionId,
  state,
  until,
  printable(reason),
  evidence === undefined ? null : encode(evidence),
]
