import { Socket } from 'node:net'
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

type Held = {
  readonly client: pg.Client
  readonly socket: Socket
  readonly ended: Promise<void>
  waiting: number
  isRetired: boolean
}

type State = { current: Promise<Held> | null; leaving: Promise<void>; isClosed: boolean }

/** Connects when it is first needed, and again when the connection has broken or is older than its lifetime. */
export function sharedLine(config: pg.ClientConfig, lifetime: Milliseconds): Line {
  const line: State = { current: null, leaving: Promise.resolve(), isClosed: false }

  const connect = (): Promise<Held> => {
    // The old connection goes before the new one comes: there are never more than were allowed.
    const connecting = line.leaving.then(() => connectLine(config, () => forget(connecting)))
    connecting.catch(() => forget(connecting))
    if (lifetime > 0) setTimeout(() => leave(connecting), lifetime).unref()
    return connecting
  }
  const forget = (connecting: Promise<Held>) => {
    if (line.current === connecting) line.current = null
  }
  const leave = (connecting: Promise<Held>) => {
    if (line.current !== connecting) return
    line.current = null
    line.leaving = connecting.then(retire, () => {})
  }
  return {
    ask: async (query) => {
      if (line.isClosed) throw new Error('The database is closed')
      line.current ??= connect()
      const held = await line.current
      held.waiting += 1
      gather(held)
      try {
        return await held.client.query<Row>(query)
      } finally {
        held.waiting -= 1
        if (held.isRetired) endWhenIdle(held)
      }
    },
    close: async () => {
      line.isClosed = true
      if (line.current !== null) leave(line.current)
      await line.leaving
    },
  }
}

async function connectLine(config: pg.ClientConfig, lost: () => void): Promise<Held> {
  const socket = new Socket()
  const client = new pg.Client({ ...config, stream: () => socket })
  const ended = new Promise<void>((resolve) => void client.once('end', resolve))
  client.on('error', lost).on('end', lost)
  await client.connect()
  return { client, socket, ended, waiting: 0, isRetired: false }
}

/** What is asked in one turn of the event loop is handed to the system in one piece. */
function gather({ socket }: Held): void {
  if (socket.writableCorked > 0) return
  socket.cork()
  setImmediate(() => socket.uncork())
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
