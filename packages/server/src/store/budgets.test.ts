import { describe, expect, test } from 'vitest'
import type { Charge } from '../core/budget.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'

const AT = 1_800_000_000_000
const charge: Charge = { key: 'guess:somebody', limit: 5, window: 50_000 }

describe.each(DIALECTS)('budgets on %s', (dialect) => {
  test('of many tries at once exactly as many get through as may', async () => {
    const { store } = await freshStore(dialect, { clock: { now: () => AT } })
    const tries = await Promise.all(Array.from({ length: 100 }, () => store.commit([{ kind: 'charge', charge }])))
    expect(tries.filter(({ kind }) => kind === 'committed')).toHaveLength(5)
    expect(tries.find(({ kind }) => kind === 'conflict')).toEqual({ kind: 'conflict', conflict: 'budget_spent' })
    expect((await store.budgets.find([charge.key, 'another'])).get(charge.key)).toBe(AT + 50_000)
  })

  test('fill up evenly, and a refund gives one try back', async () => {
    const time = { now: AT }
    const { store } = await freshStore(dialect, { clock: { now: () => time.now } })
    const pay = async () => (await store.commit([{ kind: 'charge', charge }])).kind
    for (let i = 0; i < 5; i++) expect(await pay()).toBe('committed')
    expect(await pay()).toBe('conflict')
    time.now += 10_000
    expect([await pay(), await pay()]).toEqual(['committed', 'conflict'])
    await store.commit([{ kind: 'refund', charge }])
    expect([await pay(), await pay()]).toEqual(['committed', 'conflict'])
    await store.commit([{ kind: 'forgetBudget', key: charge.key }])
    expect(await pay()).toBe('committed')
  })

  test('one that is spent undoes what is asked for beside it, whatever the order', async () => {
    const { store } = await freshStore(dialect, { clock: { now: () => AT } })
    const spent: Charge = { key: 'a', limit: 1, window: 1_000 }
    await store.commit([{ kind: 'charge', charge: spent }])
    const both = [charge, spent].map((each) => ({ kind: 'charge', charge: each }) as const)
    expect((await store.commit(both)).kind).toBe('conflict')
    expect((await store.budgets.find([charge.key])).size).toBe(0)
  })

  test('those that are whole again are swept away', async () => {
    const { store } = await freshStore(dialect, { clock: { now: () => AT } })
    for (const key of ['a', 'b', 'c']) await store.commit([{ kind: 'rememberSource', key, until: AT - 1 }])
    await store.commit([{ kind: 'rememberSource', key: 'd', until: AT + 1 }])
    const sweep = () => store.expired.forget('budgets', AT, 2)
    expect([await sweep(), await sweep()]).toEqual([2, 1])
    expect([...(await store.budgets.find(['a', 'b', 'c', 'd'])).keys()]).toEqual(['d'])
  })
})
