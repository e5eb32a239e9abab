import type { Delivery } from '../core/delivery.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Log } from '../core/log.ts'
import { type Clock, type Time, toTimestamp } from '../core/time.ts'
import type { Store } from '../store/store.ts'

type Deps = {
  readonly store: Pick<Store, 'identities' | 'commit'>
  readonly clock: Clock
  readonly log: Log
}

/** Where it stands in `metadata_admin` what was refused after somebody was let in, by action (docs/web-hooks.md). */
const KEY = 'action_denials'
const TRIES = 5

/**
 * Somebody was let in while a receiver could not be asked, and now it refuses: nothing is undone, and whoever looks at
 * the person sees it. Told twice it is the same.
 */
export async function flagDenial(deps: Deps, delivery: Delivery, said: string): Promise<void> {
  const { id, actionId, trigger, identityId, flowId = null } = delivery
  const fields = { delivery: id, action: actionId, trigger, flow: flowId, identity: identityId, said }
  deps.log('warn', 'denied_later', fields)
  if (identityId === null) return
  for (let i = 0; i < TRIES; i++) {
    const before = await deps.store.identities.find(identityId)
    if (before === null) return
    const flagged = withDenial(before, delivery, said, deps.clock.now())
    if (flagged === 'unusable') {
      deps.log('error', 'denial_not_flagged', { ...fields, detail: 'metadata_admin is no object' })
      return
    }
    if (flagged === 'known') return
    const commit = await deps.store.commit([{ kind: 'saveIdentity', before, identity: flagged }])
    if (commit.kind === 'committed') return
  }
  throw new Error(`identity ${identityId} is being changed by others at the same time`)
}

function withDenial(
  before: IdentityWithCredentials,
  { id, actionId, trigger }: Delivery,
  said: string,
  at: Time,
): IdentityWithCredentials | 'known' | 'unusable' {
  const metadata = before.metadataAdmin ?? {}
  if (!isJsonObject(metadata)) return 'unusable'
  const denials: JsonObject = isJsonObject(metadata[KEY]) ? metadata[KEY] : {}
  const known = denials[actionId]
  if (isJsonObject(known) && known.delivery === id) return 'known'
  const denial = { delivery: id, trigger, denied_at: toTimestamp(at), reason: said }
  const metadataAdmin = { ...metadata, [KEY]: { ...denials, [actionId]: denial } }
  return { ...before, metadataAdmin, updatedAt: at }
}
