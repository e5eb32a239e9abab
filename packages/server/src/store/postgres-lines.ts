import pg from 'pg'
import type { Milliseconds } from '../core/time.ts'
import type { Row } from './database.ts'

/**
 * A connection that many share: a question goes out at once, and the answers come back in order. Nobody waits for a
 * connection of their own, and questions that arrive together travel together: more than twice the reads of a pool.
 */
export type Line = {
  ask(query: pg.QueryConfig): Promise<pg.QueryResult<Row>>
  close(): Promise<void>
}

type Held = { readonly client: pg.Client; readonly ended: Promise<void>; waiting: number; isRetired: boolean }

/** Connects when it is first needed, and again when the connection has broken or is older than its lifetime. */
export function sharedLine(config: pg.ClientConfig, lifetime: Milliseconds): Line {
  const line: { current: Promise<Held> | null } = { current: null }

  const connect = (): Promise<Held> => {
    const connecting = connectLine(config, () => {
      if (line.current === connecting) line.current = null
    })
    if (lifetime > 0) setTimeout(() => void replace(connecting), lifetime).unref()
    return connecting
  }
  const replace = async (connecting: Promise<Held>) => {
    if (line.current === connecting) line.current = null
    await connecting.then(retire, () => {})
  }
  return {
    ask: async (query) => {
      line.current ??= connect()
      const held = await line.current
      held.waiting += 1
      try {
        return await held.client.query<Row>(query)
      } finally {
        held.waiting -= 1
        if (held.isRetired) endWhenIdle(held)
      }
    },
    close: async () => {
      if (line.current !== null) await replace(line.current)
    },
  }
}

async function connectLine(config: pg.ClientConfig, lost: () => void): Promise<Held> {
  const client = new pg.Client(config)
  const ended = new Promise<void>((resolve) => void client.once('end', resolve))
  client.on('error', lost).on('end', lost)
  try {
    await client.connect()
  } catch (error) {
    lost()
    throw error
  }
  return { client, ended, waiting: 0, isRetired: false }
}

/** Those who still wait for an answer get it. */
function retire(held: Held): Promise<void> {
  held.isRetired = true
  endWhenIdle(held)
  return held.ended
}

function endWhenIdle({ client, waiting }: Held): void {
  if (waiting === 0) client.end().catch(() => {})
}
