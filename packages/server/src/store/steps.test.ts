import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AT, callOf, recordedStep, rowIdAt } from '../../test/store-samples.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'
import { flowId, identityId } from '../core/ids.ts'

const DAY = 24 * 60 * 60_000

describe.each(DIALECTS)('the log of triggers on %s', (dialect) => {
  test('a step is found by its flow, its person and its event, newest first', async () => {
    const { store } = await freshStore(dialect)
    const call = callOf(identityId(randomUUID()), flowId(randomUUID()))
    const [older, newer] = [recordedStep(call), recordedStep(call, { id: rowIdAt(AT + 1_000), outcome: 'denied' })]
    await store.steps.keep([older, newer, recordedStep(callOf(identityId(randomUUID()), flowId(randomUUID())))])
    expect(await store.steps.ofFlow(flowId(call.flowId ?? ''), 10)).toEqual([newer, older])
    expect(await store.steps.ofIdentity(identityId(call.identityId ?? ''), 1)).toEqual([newer])
    expect(await store.steps.ofEvent(older.event, 10)).toEqual([older])
  })

  test('what is too old is forgotten, so many at a time', async () => {
    const { store } = await freshStore(dialect)
    const call = callOf(identityId(randomUUID()), flowId(randomUUID()))
    const steps = [0, 1, 2].map((days) => recordedStep(call, { id: rowIdAt(AT + days * DAY) }))
    await store.steps.keep(steps)
    expect(await store.steps.forget(AT + 2 * DAY, 1)).toBe(1)
    expect(await store.steps.forget(AT + 2 * DAY, 9)).toBe(1)
    expect(await store.steps.ofFlow(flowId(call.flowId ?? ''), 10)).toEqual(steps.slice(2))
  })

  test('a plan is kept when it changes, and found by what it was and by when', async () => {
    const { store } = await freshStore(dialect)
    const put = (fingerprint: string, at: number) =>
      store.plans.putInForce(rowIdAt(at), { fingerprint, at, triggers: [{ trigger: fingerprint, entries: [] }] })
    await put('a', AT)
    await put('a', AT + 1_000)
    await put('b', AT + 2_000)
    await put('a', AT + 3_000)
    expect(await store.plans.inForceAt(AT - 1)).toBeNull()
    expect(await store.plans.inForceAt(AT + 1_500)).toMatchObject({ fingerprint: 'a', at: AT })
    expect(await store.plans.inForceAt(AT + 2_500)).toMatchObject({ fingerprint: 'b', at: AT + 2_000 })
    expect(await store.plans.inForceAt(AT + 9_000)).toMatchObject({ fingerprint: 'a', at: AT + 3_000 })
    expect(await store.plans.find('b')).toEqual({
      fingerprint: 'b',
      at: AT + 2_000,
      triggers: [{ trigger: 'b', entries: [] }],
    })
    expect(await store.plans.find('c')).toBeNull()
  })
})
