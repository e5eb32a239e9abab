import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freshPostgres } from '../../test/postgres.ts'
import { storeDeps } from '../../test/store-deps.ts'
import { loginFlow } from '../../test/store-samples.ts'
import { DIALECTS, freshDsn, freshFolder, freshStore } from '../../test/stores.ts'
import { flowId } from '../core/ids.ts'
import { openStore } from './open-store.ts'
import { openLocked } from './sqlite-file.ts'

const open = (dsn: string) => openStore(dsn, storeDeps())

/** A process of its own that has the file open and commits until it is killed. */
async function startChild(dsn: string) {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, '../../test/store-child.ts'), dsn], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('the child has no output')
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await once(reader, 'line')
  return {
    pid: child.pid ?? 0,
    committed: () => lines.slice(1),
    kill: async () => {
      child.kill('SIGKILL')
      await Promise.all([once(child, 'exit'), once(reader, 'close')])
    },
  }
}

describe.each(DIALECTS)('%s', (dialect) => {
  test('a closed store is opened again with all that was in it', async () => {
    const dsn = await freshDsn(dialect)
    const first = await open(dsn)
    const flow = loginFlow()
    await first.ping()
    await first.commit([{ kind: 'openFlow', flow }])
    await first.close()
    const second = await open(dsn)
    await expect(second.flows.find(flow.id)).resolves.toEqual(flow)
    await second.close()
    await expect(second.ping()).rejects.toThrow()
  })

  test('what a killed process was told is stored is stored', async () => {
    const dsn = await freshDsn(dialect)
    const child = await startChild(dsn)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await child.kill()
    const store = await open(dsn)
    const found = await Promise.all(child.committed().map((id) => store.flows.find(flowId(id))))
    await store.close()
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter((flow) => flow === null)).toEqual([])
  })
})

describe('a SQLite file', () => {
  test('belongs to one process: a second one is told the file and who has it', async () => {
    const dsn = await freshDsn('sqlite')
    const child = await startChild(dsn)
    const file = dsn.slice('sqlite://'.length)
    await expect(open(dsn)).rejects.toThrow(`${file}, which process ${child.pid} has open (lock file ${file}.lock)`)
    await child.kill()
    // Nobody has to clean up after a process that died.
    expect(existsSync(`${file}.lock`)).toBe(true)
    await (await open(dsn)).close()
  })

  test('is not opened twice by one process either', async () => {
    const { dsn } = await freshStore('sqlite')
    await expect(open(dsn)).rejects.toThrow(`process ${process.pid} has open`)
    await expect(open(dsn)).rejects.toThrow(`process ${process.pid} has open`)
  })

  test('is durable: every commit waits for the disk, and foreign keys count', () => {
    const { connection, lock } = openLocked({ kind: 'sqlite', file: join(freshFolder(), 'x.db'), create: true })
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map((name) =>
      Object.values(connection.prepare(`pragma ${name}`).get() ?? {}),
    )
    connection.close()
    lock.release()
    const full = 2
    expect(settings).toEqual([['wal'], [full], [1], [5_000]])
  })

  test.skipIf(process.platform === 'win32')('is read by nobody else', async () => {
    const { dsn } = await freshStore('sqlite')
    expect(statSync(dsn.slice('sqlite://'.length)).mode & 0o077).toBe(0)
  })

  test.each([
    ['a folder that does not exist', (folder: string) => `sqlite://${folder}/nowhere/x.db`, /cannot be used: /],
    [
      'a file that is missing and may not be made',
      (folder: string) => `sqlite://${folder}/x.db?mode=rw`,
      /does not exist/,
    ],
    ['a folder in place of a file', (folder: string) => `sqlite://${folder}`, /is a folder/],
    [
      'a file of another kind',
      (folder: string) => {
        writeFileSync(join(folder, 'x.db'), 'not a database, but long enough to be mistaken for one. '.repeat(20))
        return `sqlite://${folder}/x.db`
      },
      /cannot be used: file is not a database/,
    ],
  ])('%s is refused', async (_, make, message) => {
    await expect(open(make(freshFolder()))).rejects.toThrow(message)
  })
})

test('a store in memory leaves no file, and shares nothing with another', async () => {
  const filesNow = () =>
    [tmpdir(), process.cwd()].flatMap((folder) => readdirSync(folder)).filter((name) => /sqlite|\.db|etilqs/.test(name))
  const before = filesNow()
  const [one, two] = [await open('memory'), await open('memory')]
  const flow = loginFlow()
  await one.commit([{ kind: 'openFlow', flow }])
  await expect(one.flows.find(flow.id)).resolves.toEqual(flow)
  await expect(two.flows.find(flow.id)).resolves.toBeNull()
  expect(filesNow()).toEqual(before)
  await Promise.all([one.close(), two.close()])
  expect(filesNow()).toEqual(before)
})

test('a parameter of the DSN without effect is logged by its name', async () => {
  const logged: { level: string; event: string }[] = []
  const store = await openStore('sqlite://:memory:?_fk=true&_vacuum=1', storeDeps(logged))
  await store.close()
  expect(logged).toEqual([{ level: 'warn', event: 'dsn_parameter_ignored' }])
})

describe('a PostgreSQL', () => {
  const base = () => new URL(process.env.TEST_POSTGRES_URL ?? '')

  /** The address of a server that is none. */
  async function closedPort(): Promise<number> {
    const server: Server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  test.each([
    [
      'whose password is wrong',
      () => Object.assign(base(), { password: 'wr0ng' }),
      /password authentication failed.*check user, password/s,
    ],
    [
      'that lacks the database',
      () => Object.assign(base(), { pathname: '/nowhere_at_all' }),
      /does not exist.*createdb nowhere_at_all/s,
    ],
    [
      'whose host is unknown',
      () => Object.assign(base(), { hostname: 'db.invalid' }),
      /host name that can be resolved/,
    ],
  ])('%s is refused with a text of its own', async (_, url, message) => {
    const opening = open(url().href)
    await expect(opening).rejects.toThrow(message)
    await expect(opening).rejects.not.toThrow(/wr0ng|postgres:postgres/)
  })

  test('that does not answer is tried again for a while, and each try is logged', async () => {
    const logged: { level: string; event: string }[] = []
    const dsn = `postgres://ann:s3cret@127.0.0.1:${await closedPort()}/cardea`
    const opening = openStore(dsn, { ...storeDeps(logged), patience: 1_000 })
    await expect(opening).rejects.toThrow(/ECONNREFUSED.*tried for 1 s.*PostgreSQL that answers/s)
    expect(logged.filter(({ event }) => event === 'database_unreachable').length).toBeGreaterThanOrEqual(1)
  })

  test('may hold Cardea in a schema of its own', async () => {
    const { url, drop } = await freshPostgres()
    onTestFinished(drop)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('create schema "my id"')
    const store = await openStore(`${url}?search_path=%22my%20id%22`, { ...storeDeps(), migrate: true })
    const flow = loginFlow()
    await store.commit([{ kind: 'openFlow', flow }])
    const { rows } = await client.query('select id from "my id".flows')
    await store.close()
    await client.end()
    expect(rows).toEqual([{ id: flow.id }])
  })

  test('that only reads is refused', async () => {
    const { url, name, drop } = await freshPostgres()
    onTestFinished(drop)
    const client = new pg.Client({ connectionString: base().href })
    await client.connect()
    await client.query(`alter database ${name} set default_transaction_read_only = on`)
    await client.end()
    await expect(open(url)).rejects.toThrow(/only reads.*name the primary/s)
  })

  test('that cuts all connections is simply connected to again', async () => {
    const { store, dsn } = await freshStore('postgres')
    const flow = loginFlow()
    await store.commit([{ kind: 'openFlow', flow }])
    await Promise.all(Array.from({ length: 20 }, () => store.flows.find(flow.id)))
    const client = new pg.Client({ connectionString: base().href })
    await client.connect()
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      new URL(dsn).pathname.slice(1),
    ])
    await client.end()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(store.flows.find(flow.id)).resolves.toEqual(flow)
    await expect(
      store.commit([
        { kind: 'openFlow', flow: loginFlow() },
        { kind: 'openFlow', flow: loginFlow() },
      ]),
    ).resolves.toEqual({ kind: 'committed' })
  })

  test.each([1, 2, 3])('with room for %i connections is never given more', async (most) => {
    const dsn = await freshDsn('postgres')
    const store = await open(`${dsn}?max_conns=${most}&max_conn_lifetime=200ms`)
    const flow = loginFlow()
    await store.commit([{ kind: 'openFlow', flow }])
    const client = new pg.Client({ connectionString: base().href })
    await client.connect()
    const counts: number[] = []
    for (let round = 0; round < 8; round++) {
      const work = Array.from({ length: 20 }, (_, at) =>
        at % 2 === 0
          ? store.flows.find(flow.id)
          : store.commit([
              { kind: 'openFlow', flow: loginFlow() },
              { kind: 'openFlow', flow: loginFlow() },
            ]),
      )
      const { rows } = await client.query<{ n: string }>(
        'select count(*) as n from pg_stat_activity where datname = $1',
        [new URL(dsn).pathname.slice(1)],
      )
      counts.push(Number(rows[0]?.n))
      await Promise.all(work)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    await client.end()
    await store.close()
    expect(Math.max(...counts)).toBeLessThanOrEqual(most)
  })
})
