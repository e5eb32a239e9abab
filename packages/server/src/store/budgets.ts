import { type Charge, intervalOf } from '../core/budget.ts'
import type { Time } from '../core/time.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { budgetOf } from './rows.ts'
import { statement } from './sql.ts'
import type { Budgets } from './store.ts'

const FIND = statement(
  'budgets.find',
  ({ among }) => `select key, spent_until from budgets where ${among('key', '$1')}`,
)

export const readBudgets = (db: Database): Budgets => ({
  find: async (keys) => new Map((await db.all(FIND, [encode(keys)])).map(budgetOf)),
})

/** It looks at what is stored and moves it in one step, so of many at once no more get through than may. */
const CHARGE = statement('budgets.charge', ({ dialect }) => {
  const later = `${dialect === 'postgres' ? 'greatest' : 'max'}(budgets.spent_until, cast($2 as bigint)) + $3`
  return `insert into budgets (key, spent_until) values ($1, cast($2 as bigint) + $3)
  on conflict (key) do update set spent_until = ${later} where ${later} - $2 <= $4`
})

/** One try is paid for, or all is undone. */
export const chargeBudget = (charge: Charge, at: Time): Write => ({
  statement: CHARGE,
  values: [charge.key, at, intervalOf(charge), charge.limit * intervalOf(charge)],
  expects: 'budget_spent',
})

const REFUND = statement('budgets.refund', 'update budgets set spent_until = spent_until - $2 where key = $1')

export const refundBudget = (charge: Charge): Write => ({
  statement: REFUND,
  values: [charge.key, intervalOf(charge)],
})

const FORGET = statement('budgets.forget', 'delete from budgets where key = $1')

export const forgetBudget = (key: string): Write => ({ statement: FORGET, values: [key] })

const REMEMBER = statement(
  'budgets.remember',
  `insert into budgets (key, spent_until) values ($1, $2)
  on conflict (key) do update set spent_until = excluded.spent_until`,
)

export const rememberSource = (key: string, until: Time): Write => ({ statement: REMEMBER, values: [key, until] })

/** As many rows as a message takes, of an address that nobody has; they go with the budgets. */
export const mailNobody = (key: string, until: Time): readonly Write[] =>
  ['delivery', 'message'].map((row) => rememberSource(`nobody.${row}:${key}`, until))
