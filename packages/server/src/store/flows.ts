import type { Flow } from '../core/flow.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { flowOf } from './rows.ts'
import { insertInto, statement } from './sql.ts'
import type { Flows } from './store.ts'

const FIND = statement('flows.find', 'select completed, version, document from flows where id = $1')

export const readFlows = (db: Database): Flows => ({
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : flowOf(row)
  },
})

const INSERT = insertInto('flows', ['id', 'name', 'completed', 'expires_at', 'version', 'document'])

export const openFlow = (flow: Flow): Write => ({
  statement: INSERT,
  values: [flow.id, flow.name, flow.completed ? 1 : 0, flow.expiresAt, flow.version, encode(flow)],
})

const UPDATE = statement(
  'flows.update',
  `update flows set completed = $2, expires_at = $3, document = $4, version = version + 1
  where id = $1 and version = $5 and completed = 0`,
)

/**
 * Keeps an open flow, or completes it. It carries the version that was read, so whoever comes second changes nothing; a
 * completed flow is never touched again.
 */
export const updateFlow = (flow: Flow, completed: boolean): Write => ({
  statement: UPDATE,
  values: [flow.id, completed ? 1 : 0, flow.expiresAt, encode(flow), flow.version],
  expects: 'flow_changed',
})
