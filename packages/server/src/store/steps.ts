import type { RecordedStep } from '../core/step.ts'
import { encode } from './codec.ts'
import type { Database } from './database.ts'
import { firstIdAt } from './first-id.ts'
import { printable } from './printable.ts'
import { idOf, stepOf } from './rows.ts'
import { statement } from './sql.ts'
import type { Steps } from './store.ts'

const COLUMNS = 'id, event, trigger_name, flow_id, identity_id, plan, outcome, document, created_at'

/** Whatever has come together, in one statement. */
const KEEP = statement('steps.keep', ({ dialect }) => {
  const [from, text, whole] =
    dialect === 'postgres'
      ? ['json_array_elements($1::json) as s (it)', (key: string) => `s.it->>'${key}'`, '::bigint']
      : ['json_each($1) s', (key: string) => `s.value->>'${key}'`, '']
  const texts = ['id', 'event', 'trigger', 'flowId', 'identityId', 'plan', 'outcome', 'document'].map(text)
  return `insert into steps (${COLUMNS}) select ${texts.join(', ')}, (${text('at')})${whole} from ${from} where true
  on conflict (id) do nothing`
})

const list = (name: string, rest: string) => statement(`steps.${name}`, `select ${COLUMNS} from steps where ${rest}`)
const OF_FLOW = list('of_flow', 'flow_id = $1 order by id desc limit $2')
const OF_IDENTITY = list('of_identity', 'identity_id = $1 order by id desc limit $2')
const OF_EVENT = list('of_event', 'event = $1 order by id desc limit $2')

/** PostgreSQL takes a list of ids for a search, and a subquery for a reason to look everywhere. */
const FORGET = statement('steps.forget', ({ dialect }) => {
  const oldest = '(select id from steps where id < $1 order by id limit $2)'
  return `delete from steps where id ${dialect === 'postgres' ? `= any(array${oldest})` : `in ${oldest}`} returning id`
})

/** The log of triggers that fired. */
export const readSteps = (db: Database): Steps => ({
  keep: async (steps) => {
    if (steps.length > 0) await db.apply([{ statement: KEEP, values: [encode(steps.map(rowOf))] }])
  },
  ofFlow: async (flowId, most) => (await db.all(OF_FLOW, [flowId, most])).map(stepOf),
  ofIdentity: async (identityId, most) => (await db.all(OF_IDENTITY, [identityId, most])).map(stepOf),
  ofEvent: async (event, most) => (await db.all(OF_EVENT, [event, most])).map(stepOf),
  forget: async (before, most) => {
    const applied = await db.apply([{ statement: FORGET, values: [firstIdAt(before), most] }])
    return applied.kind === 'committed' ? applied.rows.map(idOf).length : 0
  },
})

const rowOf = ({ actions, ...rest }: RecordedStep) => ({
  ...rest,
  document: encode({ actions: actions.map((note) => ({ ...note, actionId: printable(note.actionId) })) }),
})
