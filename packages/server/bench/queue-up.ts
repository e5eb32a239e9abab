import { deliveryId, actionId as idOf } from '../src/core/ids.ts'
import type { Store } from '../src/store/store.ts'
import { openStore } from '../src/store/open-store.ts'
import { realWorld } from '../src/world.ts'
import { queued } from '../test/store-samples.ts'

/** Deliveries of one action that wait for a receiver. */
export type Waiting = { readonly actionId: string; readonly url: string; readonly count: number }

const AT_ONCE = 500
const BODY = JSON.stringify({
  event: 'login',
  email: 'ann@example.test',
  id: '7e57e57e-7e57-4e57-8e57-7e57e57e57e5',
  link: 'https://crm.example.test/people/7e57e57e-7e57-4e57-8e57-7e57e57e57e5',
  flow: { id: '7e57e57e-7e57-4e57-8e57-7e57e57e57e6', type: 'browser' },
})

/** Opens the database as the server does; it must not be running where that is SQLite. */
export async function withStore<T>(dsn: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(dsn, { ...realWorld(), log: () => {}, migrate: true })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Queues deliveries as commits queue them, those of several actions in turn. */
export async function queueUp(store: Store, waiting: readonly Waiting[]): Promise<void> {
  const { random, clock } = realWorld()
  const left = waiting.map((each) => ({ ...each }))
  for (let open = left.filter(({ count }) => count > 0); open.length > 0; ) {
    const effects = Array.from({ length: AT_ONCE }, (_, n) => open[n % open.length]).flatMap((each) => {
      if (each === undefined || each.count === 0) return []
      each.count -= 1
      const { actionId, url } = each
      const call = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: BODY }
      const delivery = queued({
        id: deliveryId(random.uuid()),
        eventId: random.uuid(),
        actionId: idOf(actionId),
        endpoint: url,
        createdAt: clock.now(),
        content: { kind: 'rendered', call: { ...call, secretHeaders: [] }, timeout: 3_000, emitHeaders: true },
      })
      return [{ kind: 'notify', delivery } as const]
    })
    await store.commit(effects)
    open = left.filter(({ count }) => count > 0)
  }
}
