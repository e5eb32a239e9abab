import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freshPostgres } from '../../test/postgres.ts'
import { storeDeps } from '../../test/store-deps.ts'
import { DIALECTS, type Dialect, freshFolder } from '../../test/stores.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { migrate, migrationStatus } from './migrate.ts'
import { knownMigrations, type Migration } from './migrations.ts'
import { openStore } from './open-store.ts'

/** An empty database, and a way to do something to it behind the store's back. */
async function empty(dialect: Dialect): Promise<{ dsn: string; run: (sql: string) => Promise<unknown[]> }> {
  if (dialect === 'sqlite') {
    const file = join(freshFolder(), 'x.db')
    return {
      dsn: `sqlite://${file}`,
      run: async (sql) => {
        const connection = new DatabaseSync(file)
        try {
          return sql.startsWith('select') ? connection.prepare(sql).all() : [connection.exec(sql)]
        } finally {
          connection.close()
        }
      },
    }
  }
  const { url, drop } = await freshPostgres()
  onTestFinished(drop)
  return {
    dsn: url,
    run: async (sql) => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query(sql)).rows
      } finally {
        await client.end()
      }
    },
  }
}

const open = async (dsn: string, migrating = false) => {
  const store = await openStore(dsn, { ...storeDeps(), migrate: migrating })
  await store.close()
}

const migrateWith = async (dialect: Dialect, dsn: string, known: readonly Migration[]) => {
  if (dialect === 'postgres') return migratePostgres({ connectionString: dsn }, known)
  const connection = new DatabaseSync(dsn.slice('sqlite://'.length))
  try {
    return migrateSqlite(connection, known)
  } finally {
    connection.close()
  }
}

describe.each(DIALECTS)('%s', (dialect) => {
  const names = knownMigrations(dialect).map(({ name }) => name)
  /** PostgreSQL's driver gives big numbers as text, where nobody asked for more. */
  const whole = (columns: { readonly [name: string]: number | null }) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [
        name,
        value === null || dialect === 'sqlite' ? value : `${value}`,
      ]),
    )
  const countOf = 'select count(*) as n from cardea_migrations'

  test('up runs what is missing, once, and status says so', async () => {
    const { dsn, run } = await empty(dialect)
    await expect(migrationStatus(dsn)).resolves.toEqual(names.map((name) => ({ name, state: 'pending' })))
    await expect(migrate(dsn)).resolves.toEqual(names)
    await expect(migrationStatus(dsn)).resolves.toEqual(names.map((name) => ({ name, state: 'applied' })))
    await expect(migrate(dsn)).resolves.toEqual([])
    expect(JSON.stringify(await run(countOf))).toContain(String(names.length))
    await open(dsn)
  })

  test('0008: what an older server has queued, tried and sent is still there, with its tries and its mail', async () => {
    const { dsn, run } = await empty(dialect)
    const known = knownMigrations(dialect)
    await migrateWith(dialect, dsn, known.slice(0, 7))
    await run(`insert into deliveries (id, event_id, action_id, trigger_name, state, next_at, attempts, content, created_at, lane)
      values ('d1', 'e1', 'crm', 't', 'pending', 5, 2, '{"kind":"dead","reason":"x"}', 3, 'call'),
        ('d2', 'e2', 'courier', 'mail', 'delivered', 5, 1, '{"kind":"mail","sealed":"x"}', 3, 'mail'),
        ('d3', 'e3', 'crm', 't', 'dead', 5, 0, '{"kind":"dead","reason":"x"}', 3, 'call')`)
    await run(`insert into attempts values ('d1', 0, 'r', 10, 11, 'retry', 503, 'no'), ('d1', 1, 'r', 20, 21, 'retry', 503, 'no'),
      ('d2', 0, 'r', 30, 31, 'delivered', 250, '')`)
    await run(`insert into messages values ('d2', 'ann@example.test', 'email', 'stub')`)
    await migrateWith(dialect, dsn, known)
    const rows = `select id, queue, tries, began_at, finished_at from deliveries order by id`
    expect(await run(rows)).toEqual([
      { id: 'd1', queue: 'crm ', tries: 2, ...whole({ began_at: 10, finished_at: null }) },
      { id: 'd2', queue: 'mail', tries: 1, ...whole({ began_at: 30, finished_at: 31 }) },
      { id: 'd3', queue: 'crm ', tries: 0, ...whole({ began_at: null, finished_at: 3 }) },
    ])
    expect(await run('select delivery_id, ordinal from attempts order by delivery_id, ordinal')).toHaveLength(3)
    expect(await run('select recipient from messages')).toEqual([{ recipient: 'ann@example.test' }])
    // Attempts still go with their delivery.
    await run(dialect === 'sqlite' ? `pragma foreign_keys = on; delete from deliveries` : 'delete from deliveries')
    expect(await run('select delivery_id from attempts')).toEqual([])
    expect(await run('select delivery_id from messages')).toEqual([])
  })

  test('status may be asked while a server runs', async () => {
    const { dsn } = await empty(dialect)
    const store = await openStore(dsn, { ...storeDeps(), migrate: true })
    await expect(migrationStatus(dsn)).resolves.toEqual(names.map((name) => ({ name, state: 'applied' })))
    // On SQLite the server has the file for itself; PostgreSQL may be migrated under it.
    if (dialect === 'sqlite') await expect(migrate(dsn)).rejects.toThrow(`process ${process.pid} has open`)
    else await expect(migrate(dsn)).resolves.toEqual([])
    await store.close()
  })

  test('a step whose file has changed is refused', async () => {
    const { dsn, run } = await empty(dialect)
    await migrate(dsn)
    await run("update cardea_migrations set checksum = 'other' where version = 1")
    await expect(open(dsn, true)).rejects.toThrow(/0001-first-light has another checksum/)
    await expect(migrate(dsn)).rejects.toThrow(/0001-first-light has another checksum/)
    await expect(migrationStatus(dsn)).rejects.toThrow(/0001-first-light has another checksum/)
  })

  test('a schema newer than this program is refused, and named', async () => {
    const { dsn, run } = await empty(dialect)
    await migrate(dsn)
    await run("insert into cardea_migrations values (9001, '9001-of-tomorrow', 'x', 0)")
    await expect(open(dsn, true)).rejects.toThrow(/newer than this program: it has 9001-of-tomorrow/)
    await expect(migrate(dsn)).rejects.toThrow(/newer than this program/)
  })

  test('a step that fails leaves nothing of itself, nor of those with it', async () => {
    const { dsn, run } = await empty(dialect)
    const broken: Migration = {
      version: 9000,
      name: '9000-broken',
      sql: 'create table half (id text); insert into nowhere values (1)',
      checksum: 'x',
    }
    await run('create table mine (id text)')
    await expect(migrateWith(dialect, dsn, [...knownMigrations(dialect), broken])).rejects.toThrow(/nowhere/)
    await expect(run('select * from half')).rejects.toThrow()
    await expect(run(countOf)).rejects.toThrow()
    await expect(migrateWith(dialect, dsn, knownMigrations(dialect))).resolves.toHaveLength(names.length)
  })

  test.each([
    [
      'Kratos',
      'create table identity_credentials (id text); create table identities (id text)',
      /Ory Kratos's own tables.*cardea import/s,
    ],
    ['Hydra', 'create table hydra_client (id text)', /Ory Hydra's own tables.*cardea import/s],
    ['somebody', 'create table sessions (id text)', /already has sessions, but not from Cardea/],
  ])('a database with tables of %s is left alone', async (_, sql, message) => {
    const { dsn, run } = await empty(dialect)
    await run(sql)
    const file = dialect === 'sqlite' ? dsn.slice('sqlite://'.length) : null
    const untouched = file === null ? null : readFileSync(file)
    await expect(open(dsn, true)).rejects.toThrow(message)
    await expect(migrate(dsn)).rejects.toThrow(message)
    await expect(run('select * from cardea_migrations')).rejects.toThrow()
    if (file !== null) expect(readFileSync(file).equals(untouched ?? Buffer.alloc(0))).toBe(true)
  })
})

test('a PostgreSQL schema older than this program is refused, with what to do', async () => {
  const { dsn } = await empty('postgres')
  await expect(open(dsn)).rejects.toThrow(/its schema lacks 0001-first-light.*cardea migrate up.*serve --migrate/s)
  await open(dsn, true)
  await open(dsn)
})

test('many nodes may migrate one PostgreSQL at the same time: one does, the others wait', async () => {
  const { dsn } = await empty('postgres')
  const done = await Promise.all(Array.from({ length: 6 }, () => migrate(dsn)))
  expect(done.filter((names) => names.length > 0)).toHaveLength(1)
  await open(dsn)
})

test('both databases know the same steps', () => {
  const [sqlite, postgres] = DIALECTS.map((dialect) => knownMigrations(dialect).map(({ name }) => name))
  expect(sqlite).toEqual(postgres)
})

test('a line ending changed by a checkout is no change', () => {
  const folder = freshFolder()
  const [first] = knownMigrations('sqlite')
  if (first === undefined) throw new Error('there is a first step')
  const at = new URL(`file://${folder}/`)
  mkdirSync(join(folder, 'sqlite'))
  writeFileSync(join(folder, 'sqlite', `${first.name}.sql`), first.sql.replaceAll('\n', '\r\n'))
  expect(knownMigrations('sqlite', at)[0]?.checksum).toBe(first.checksum)
})
