import type { PendingChange } from '../core/flow.ts'
import type { FlowId, IdentityId } from '../core/ids.ts'
import type { Time } from '../core/time.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { pendingChangeOf } from './rows.ts'
import { statement } from './sql.ts'
import type { PendingChanges } from './store.ts'

const FIND = statement('pending_changes.find', 'select document from pending_changes where flow_id = $1')

export const readPendingChanges = (db: Database): PendingChanges => ({
  findByFlow: async (flowId) => {
    const row = await db.find(FIND, [flowId])
    return row === null ? null : pendingChangeOf(row)
  },
})

const PARK = statement(
  'pending_changes.park',
  `insert into pending_changes (identity_id, flow_id, document, created_at) values ($1, $2, $3, $4)
  on conflict (identity_id) do update
  set flow_id = excluded.flow_id, document = excluded.document, created_at = excluded.created_at`,
)

/** One change of one person waits at a time: a newer one takes its place. */
export const parkChange = (change: PendingChange, at: Time): Write => ({
  statement: PARK,
  values: [change.identityId, change.flowId, encode(change), at],
})

const TAKE = statement('pending_changes.take', 'delete from pending_changes where identity_id = $1 and flow_id = $2')

/** It is there to be taken once. */
export const takeChange = (identityId: IdentityId, flowId: FlowId): Write => ({
  statement: TAKE,
  values: [identityId, flowId],
  expects: 'change_gone',
})
