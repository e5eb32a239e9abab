import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { AT, freshHash, loginFlow, person, sessionOf } from '../../test/store-samples.ts'
import { DIALECTS, freshStore } from '../../test/stores.ts'
import { forgetExpired } from './expired.ts'
import { EXPIRING } from './store.ts'
import { startSweeper } from './sweeper.ts'

const DAY = 86_400_000

describe.each(DIALECTS)('what has expired, on %s', (dialect) => {
  /** Three of everything that is over, and one of everything that is not. */
  async function filled() {
    const { store } = await freshStore(dialect, { clock: { now: () => AT } })
    const [ann, bob] = [person('ann@example.test'), person('bob@example.test')]
    const flows = [1, 2, 3].map((past) => ({ ...loginFlow(), expiresAt: AT - past }))
    const [first] = flows
    const living = { ...loginFlow(), expiresAt: AT + 1 }
    const sessions = [-3, -2, -1, 1].map((ahead) => ({ ...sessionOf(ann), expiresAt: AT + ahead }))
    const change = {
      settingsFlowId: living.id,
      sessionId: sessionOf(ann).id,
      traits: {},
      traitsBefore: {},
    }
    await store.commit([
      ...[ann, bob].map((identity) => ({ kind: 'createIdentity', identity }) as const),
      ...[...flows, living].map((flow) => ({ kind: 'openFlow', flow }) as const),
      ...sessions.map((session) => ({ kind: 'storeSession', session, tokenHash: freshHash(), at: AT }) as const),
      ...[-3, -2, -1, 1].map((ahead) => ({ kind: 'storeError', id: randomUUID(), error: {}, at: AT + ahead }) as const),
      ...[-3, -2, -1, 1].map((ahead) => ({ kind: 'rememberSource', key: `k${ahead}`, until: AT + ahead }) as const),
    ])
    await store.commit([
      { kind: 'parkChange', change: { ...change, identityId: ann.id, flowId: first?.id ?? living.id }, at: AT - 9 },
      { kind: 'parkChange', change: { ...change, identityId: bob.id, flowId: living.id }, at: AT - 9 },
    ])
    return { store, living, ann, bob }
  }

  test('is deleted in batches; what is not over stays, and what waits for a flow that is there', async () => {
    const { store, living } = await filled()
    const asked: number[] = []
    const expired = {
      forget: async (...given: Parameters<typeof store.expired.forget>) => {
        const rows = await store.expired.forget(...given)
        asked.push(rows)
        return rows
      },
    }
    const between = vi.fn(async () => {})
    const deleted = await forgetExpired(expired, { before: AT, batch: 2, between })
    expect(deleted).toEqual({ flows: 3, pending_changes: 1, sessions: 3, errors: 3, budgets: 3 })
    expect(asked).toEqual([2, 1, 1, 2, 1, 2, 1, 2, 1])
    expect(between).toHaveBeenCalledTimes(EXPIRING.length - 1)
    expect(await store.flows.find(living.id)).not.toBeNull()
    expect(await store.pendingChanges.findByFlow(living.id)).not.toBeNull()
    const again = await forgetExpired(store.expired, { before: AT, batch: 2, between })
    expect(Object.values(again)).toEqual([0, 0, 0, 0, 0])
  })

  test('is deleted by the server itself a day later, and said', async () => {
    const { store } = await filled()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const time = { now: AT }
    const logged: unknown[] = []
    const sweeper = startSweeper({
      expired: store.expired,
      clock: { now: () => time.now },
      log: (...line) => logged.push(line),
      settings: () => ({ every: 60_000, olderThan: 0, batchSize: 100, pause: 0 }),
    })
    const tick = async () => {
      time.now += 60_000
      vi.advanceTimersByTime(60_000)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await tick()
    expect(logged).toEqual([])
    time.now += DAY
    await tick()
    await sweeper.stop()
    vi.useRealTimers()
    expect(logged).toEqual([
      ['info', 'expired_rows_deleted', { flows: 4, pending_changes: 2, sessions: 4, errors: 4, budgets: 4 }],
    ])
  })
})
