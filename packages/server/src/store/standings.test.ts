import { describe, expect, test } from 'vitest'
import { AT } from '../../test/store-samples.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'
import { actionId, deliveryId } from '../core/ids.ts'

const crm = actionId('crm')

describe.each(DIALECTS)('%s', (dialect) => {
  async function turnable() {
    const time = { now: AT }
    const { store } = await freshStore(dialect, { queueClock: { now: () => time.now } })
    return { deliveries: store.deliveries, time }
  }

  test('failures are counted until something works', async () => {
    const { deliveries, time } = await turnable()
    await expect(deliveries.noteEndpoints([{ key: 'e', failed: 0, reason: '' }])).resolves.toEqual([])
    await expect(deliveries.endpointStates()).resolves.toEqual([])
    await deliveries.noteEndpoints([{ key: 'e', failed: 2, reason: 'answered 500' }])
    time.now += 5
    const [standing] = await deliveries.noteEndpoints([
      { key: 'e', failed: 3, reason: 'a\u0000b' },
      { key: 'f', failed: 0, reason: '' },
    ])
    expect(standing).toEqual({
      endpoint: 'e',
      failures: 5,
      failingSince: AT,
      lastFailure: 'ab',
      opened: 0,
      openUntil: null,
    })
    await deliveries.noteActions([{ key: 'crm', failed: 1, reason: 'answered 401' }])
    expect(await deliveries.actionStates()).toMatchObject([
      { actionId: 'crm', state: 'active', failures: 1, lastFailure: 'answered 401' },
    ])
    await deliveries.noteEndpoints([{ key: 'e', failed: 0, reason: '' }])
    await deliveries.noteActions([{ key: 'crm', failed: 0, reason: '' }])
    expect(await deliveries.endpointStates()).toMatchObject([{ failures: 0, failingSince: null, lastFailure: null }])
    expect(await deliveries.actionStates()).toMatchObject([{ failures: 0, failingSince: null, lastFailure: null }])
  })

  test('of two nodes that open a breaker, one does; a success closes it', async () => {
    const { deliveries } = await turnable()
    const [seen] = await deliveries.noteEndpoints([{ key: 'e', failed: 5, reason: 'no' }])
    if (seen === undefined) throw new Error('it failed')
    await expect(deliveries.openBreaker(seen, AT + 30_000)).resolves.toBe(true)
    await expect(deliveries.openBreaker(seen, AT + 60_000)).resolves.toBe(false)
    expect(await deliveries.endpointStates()).toMatchObject([{ opened: 1, openUntil: AT + 30_000 }])
    await deliveries.noteEndpoints([{ key: 'e', failed: 0, reason: '' }])
    expect(await deliveries.endpointStates()).toMatchObject([{ opened: 0, openUntil: null }])
  })

  test('an action is paused and resumed, whatever was known of it', async () => {
    const { deliveries, time } = await turnable()
    await expect(
      deliveries.setAction({ actionId: crm, state: 'paused', until: null, reason: 'by hand' }),
    ).resolves.toBe(true)
    expect(await deliveries.actionStates()).toMatchObject([
      { actionId: crm, state: 'paused', since: AT, until: null, reason: 'by hand' },
    ])
    await deliveries.noteActions([{ key: 'crm', failed: 3, reason: 'no' }])
    time.now += 10
    await deliveries.setAction({ actionId: crm, state: 'active', until: null, reason: '' })
    expect(await deliveries.actionStates()).toEqual([
      {
        actionId: crm,
        state: 'active',
        since: AT + 10,
        until: null,
        reason: '',
        evidence: null,
        failures: 0,
        failingSince: null,
        lastFailure: null,
        resumedAt: AT + 10,
      },
    ])
  })

  test('what happens of itself changes nothing that a person has said', async () => {
    const { deliveries, time } = await turnable()
    const evidence = { failures: 20, failingSince: AT, lastFailure: 'answered 401', delivery: deliveryId('d') }
    const quarantine = { actionId: crm, state: 'quarantined', until: AT + 100, reason: 'it fails', evidence } as const
    await deliveries.setAction({ actionId: crm, state: 'paused', until: null, reason: 'by hand' })
    await expect(deliveries.setAction(quarantine, { onlyActive: true })).resolves.toBe(false)
    await deliveries.setAction({ actionId: crm, state: 'active', until: null, reason: '' })
    await expect(deliveries.setAction(quarantine, { onlyActive: true })).resolves.toBe(true)
    await expect(deliveries.setAction(quarantine, { onlyActive: true })).resolves.toBe(false)
    expect(await deliveries.actionStates()).toMatchObject([{ state: 'quarantined', evidence }])
    // It ended of itself, and may begin again.
    time.now += 100
    await expect(deliveries.setAction({ ...quarantine, until: AT + 300 }, { onlyActive: true })).resolves.toBe(true)
    expect(await deliveries.actionStates()).toMatchObject([{ until: AT + 300, since: AT + 100 }])
  })
})
