import { isDeepStrictEqual } from 'node:util'
import type { WriteBack } from '../core/chain.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { IdentityId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { mergePatch } from '../core/merge-patch.ts'
import type { Clock } from '../core/time.ts'
import type { Store } from '../store/store.ts'

type Deps = {
  /** Nobody is told of what is written here: a vendor's answer must not make another call to it. */
  readonly store: Pick<Store, 'commit'> & { readonly identities: Pick<Store['identities'], 'find'> }
  readonly clock: Clock
  readonly log: Log
}

const MOST_TRIES = 8

/** Keeps with an identity what a vendor said of it, beside whatever else is there and whoever else is changing it. */
export async function keepWriteBack(deps: Deps, id: IdentityId, change: WriteBack): Promise<void> {
  for (let tried = 1; ; tried++) {
    const before = await deps.store.identities.find(id)
    // Whoever is gone has nothing to keep.
    if (before === null) return
    const identity = changed(before, change, deps.clock.now())
    if (identity === before) return
    const commit = await deps.store.commit([{ kind: 'saveIdentity', before, identity }])
    if (commit.kind === 'committed') return
    if (commit.conflict === 'external_id_taken') {
      deps.log('error', 'write_back_refused', { identity: id, detail: 'another identity has this external_id' })
      return keepWriteBack(deps, id, { ...change, externalId: null })
    }
    // Somebody else changed it meanwhile: what they wrote is read, and stays.
    if (tried >= MOST_TRIES) throw new Error(`an answer could not be kept with the identity: ${commit.conflict}`)
  }
}

function changed(before: IdentityWithCredentials, change: WriteBack, at: number): IdentityWithCredentials {
  const { metadataAdmin, metadataPublic, externalId } = change
  const next = {
    ...before,
    metadataAdmin: metadataAdmin === null ? before.metadataAdmin : mergePatch(before.metadataAdmin, metadataAdmin),
    metadataPublic: metadataPublic === null ? before.metadataPublic : mergePatch(before.metadataPublic, metadataPublic),
    externalId: externalId ?? before.externalId,
  }
  return isDeepStrictEqual(next, before) ? before : { ...next, updatedAt: at }
}
