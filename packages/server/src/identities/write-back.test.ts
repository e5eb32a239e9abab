import { expect, test } from 'vitest'
import { ann } from '../../test/action-world.ts'
import type { WriteBack } from '../core/chain.ts'
import type { Commit, Effect } from '../core/effect.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { Json } from '../core/json.ts'
import { keepWriteBack } from './write-back.ts'

const change: WriteBack = {
  metadataAdmin: { stripe: { customer_id: 'cus_1' } },
  metadataPublic: null,
  externalId: null,
}

/** A store with one identity, and what others do to it just before each commit. */
function world(
  metadataAdmin: Json,
  meanwhile: readonly ((stored: IdentityWithCredentials) => IdentityWithCredentials)[] = [],
) {
  const state: { stored: IdentityWithCredentials | null; commits: number } = {
    stored: { ...ann, credentials: [], metadataAdmin },
    commits: 0,
  }
  const commit = (effects: readonly Effect[]): Promise<Commit> => {
    const [effect] = effects
    const other = meanwhile[state.commits++]
    if (other !== undefined && state.stored !== null) state.stored = other(state.stored)
    if (effect?.kind !== 'saveIdentity') throw new Error('unexpected')
    if (effect.before.version !== state.stored?.version)
      return Promise.resolve({ kind: 'conflict', conflict: 'credential_changed' })
    if (effect.identity.externalId === 'taken')
      return Promise.resolve({ kind: 'conflict', conflict: 'external_id_taken' })
    state.stored = { ...effect.identity, version: effect.before.version + 1 }
    return Promise.resolve({ kind: 'committed' })
  }
  const logged: string[] = []
  const deps = {
    store: { commit, identities: { find: () => Promise.resolve(state.stored) } },
    clock: { now: () => 5 },
    log: (_level: unknown, event: string) => logged.push(event),
  }
  return { state, logged, keep: (given = change) => keepWriteBack(deps, ann.id, given) }
}

test('it is merged with what is there', async () => {
  const { state, keep } = world({ internal: 'x', stripe: { plan: 'pro' } })
  await keep()
  expect(state.stored).toMatchObject({
    metadataAdmin: { internal: 'x', stripe: { plan: 'pro', customer_id: 'cus_1' } },
    updatedAt: 5,
  })
})

test('what others change meanwhile stays, and this is kept beside it', async () => {
  const rename = (stored: IdentityWithCredentials) => ({
    ...stored,
    traits: { email: 'new@example.test' },
    version: stored.version + 1,
  })
  const note = (stored: IdentityWithCredentials) => ({
    ...stored,
    metadataAdmin: { note: 1 },
    version: stored.version + 1,
  })
  const { state, keep } = world(null, [rename, note])
  await keep()
  expect(state.stored).toMatchObject({
    traits: { email: 'new@example.test' },
    metadataAdmin: { note: 1, stripe: { customer_id: 'cus_1' } },
  })
  expect(state.commits).toBe(3)
})

test('said again it writes nothing, and of whoever is gone nothing is kept', async () => {
  const again = world({ stripe: { customer_id: 'cus_1' } })
  await again.keep()
  const gone = world(null)
  gone.state.stored = null
  await gone.keep()
  expect([again.state.commits, gone.state.commits]).toEqual([0, 0])
})

test('an external id that another has is told, and the rest is kept', async () => {
  const { state, logged, keep } = world(null)
  await keep({ ...change, externalId: 'taken' })
  expect(logged).toEqual(['write_back_refused'])
  expect(state.stored).toMatchObject({ externalId: null, metadataAdmin: { stripe: { customer_id: 'cus_1' } } })
})

test('who is always overtaken gives up, and the delivery is tried again', async () => {
  const hurry = (stored: IdentityWithCredentials) => ({ ...stored, version: stored.version + 1 })
  const { keep } = world(null, Array<typeof hurry>(20).fill(hurry))
  await expect(keep()).rejects.toThrow('could not be kept')
})
