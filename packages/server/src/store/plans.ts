import type { RecordedPlan } from '../core/recorded-plan.ts'
import { encode } from './codec.ts'
import type { Database } from './database.ts'
import { firstIdAt } from './first-id.ts'
import { recordedPlanOf } from './rows.ts'
import { statement } from './sql.ts'
import type { Plans } from './store.ts'

/** Where the newest is the same, nothing has changed. */
const PUT = statement(
  'plans.put',
  ({ dialect }) => `insert into plans (id, fingerprint, document, created_at)
  select $1, $2, $3, $4${dialect === 'postgres' ? '::bigint' : ''}
  where $2 is distinct from (select fingerprint from plans where id > '' order by id desc limit 1) returning id`,
)
const COLUMNS = 'fingerprint, document, created_at'
const FIND = statement('plans.find', `select ${COLUMNS} from plans where fingerprint = $1 order by id desc limit 1`)
const AT = statement('plans.at', `select ${COLUMNS} from plans where id < $1 order by id desc limit 1`)

/** Which plan of actions was in force when. */
export const readPlans = (db: Database): Plans => ({
  putInForce: async (id, { fingerprint, triggers, at }: RecordedPlan) => {
    await db.apply([{ statement: PUT, values: [id, fingerprint, encode({ triggers }), at] }])
  },
  find: async (fingerprint) => {
    const row = await db.find(FIND, [fingerprint])
    return row === null ? null : recordedPlanOf(row)
  },
  inForceAt: async (time) => {
    const row = await db.find(AT, [firstIdAt(time + 1)])
    return row === null ? null : recordedPlanOf(row)
  },
})
