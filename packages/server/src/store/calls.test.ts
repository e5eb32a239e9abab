import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AT, callOf } from '../../test/store-samples.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'
import type { CallRecord } from '../core/call.ts'
import { actionId, flowId, identityId } from '../core/ids.ts'
import { rowIds } from '../crypto/row-id.ts'

const ann = identityId(randomUUID())
const flow = flowId(randomUUID())

/** Calls one after the other, a second apart. */
function someCalls(count: number): readonly CallRecord[] {
  const clock = { at: AT }
  const rowId = rowIds({ now: () => clock.at }, (length) => randomBytes(length))
  return Array.from({ length: count }, () => {
    clock.at += 1_000
    return { ...callOf(ann, flow, rowId), startedAt: clock.at, endedAt: clock.at + 5 }
  })
}

describe.each(DIALECTS)('the log of blocking calls on %s', (dialect) => {
  test('what is kept is found again, newest first, page by page', async () => {
    const { store } = await freshStore(dialect)
    const calls = someCalls(5)
    await store.calls.keep(calls)
    const newest = calls.toReversed()
    const first = await store.calls.list({ before: null, size: 2 })
    expect(first).toEqual(newest.slice(0, 2))
    const second = await store.calls.list({ before: first[1]?.id ?? null, size: 10 })
    expect(second).toEqual(newest.slice(2))
  })

  test('a batch that is written twice counts once, and an empty one is nothing', async () => {
    const { store } = await freshStore(dialect)
    const calls = someCalls(2)
    await store.calls.keep([])
    await store.calls.keep(calls)
    await store.calls.keep(calls)
    expect(await store.calls.list({ before: null, size: 10 })).toHaveLength(2)
  })

  test('each filter lets through what it names, and they work together', async () => {
    const { store } = await freshStore(dialect)
    const [one, two, three] = someCalls(3)
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were made')
    const calls: readonly CallRecord[] = [
      { ...one, outcome: 'proceeded' },
      { ...two, actionId: actionId('other'), flowId: null, identityId: null },
      { ...three, trigger: 'login.before' },
    ]
    await store.calls.keep(calls)
    const ids = async (filter: object) =>
      (await store.calls.list({ before: null, size: 10, ...filter })).map(({ id }) =>
        calls.findIndex((c) => c.id === id),
      )
    expect(await ids({ outcome: 'proceeded' })).toEqual([0])
    expect(await ids({ trigger: 'login.before' })).toEqual([2])
    expect(await ids({ actionId: actionId('other') })).toEqual([1])
    expect(await ids({ flowId: flow })).toEqual([2, 0])
    expect(await ids({ identityId: ann })).toEqual([2, 0])
    expect(await ids({ flowId: flow, identityId: ann, outcome: 'denied' })).toEqual([2])
    expect(await ids({ since: two.startedAt })).toEqual([2, 1])
    expect(await ids({ actionId: actionId('other'), flowId: flow })).toEqual([])
  })

  test('the oldest are forgotten first, and no more than is asked for at once', async () => {
    const { store } = await freshStore(dialect)
    const calls = someCalls(5)
    await store.calls.keep(calls)
    const third = calls[2]?.startedAt ?? 0
    expect(await store.calls.forget(third, 1)).toBe(1)
    expect(await store.calls.forget(third, 10)).toBe(1)
    expect(await store.calls.list({ before: null, size: 10 })).toEqual(calls.slice(2).toReversed())
  })

  test('odd characters in what a receiver said keep nothing from being written down', async () => {
    const { store } = await freshStore(dialect)
    const [call] = someCalls(1)
    if (call === undefined) throw new Error('one was made')
    const [attempt] = call.attempts
    const reason = 'a\0b \ud800'
    await store.calls.keep([{ ...call, detail: reason, attempts: attempt ? [{ ...attempt, reason }] : [] }])
    expect(await store.calls.list({ before: null, size: 1 })).toMatchObject([
      { detail: 'ab \ufffd', attempts: [{ reason: 'ab \ufffd' }] },
    ])
  })
})
