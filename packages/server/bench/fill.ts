import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { identityId } from '../src/core/ids.ts'
import { createPasswords } from '../src/crypto/passwords.ts'
import { issueSessionToken } from '../src/crypto/session-tokens.ts'
import { openStore } from '../src/store/open-store.ts'
import type { Store } from '../src/store/store.ts'
import { realWorld } from '../src/world.ts'
import { person, queued, sessionOf } from '../test/store-samples.ts'

/** The people that the load generator knows, and their sessions. */
export type Known = {
  readonly identifiers: readonly string[]
  readonly password: string
  readonly tokens: readonly string[]
}

const PEOPLE = 1_000
const SESSIONS = 10_000
export const PASSWORD = 'a-horse-with-9-batteries'

/** Fills a fresh database: the known people, and beside them `size` others with five sessions and one delivery each. */
export async function fill(dsn: string, size: number): Promise<Known> {
  const world = realWorld()
  const store = await openStore(dsn, { ...world, log: () => {}, migrate: true })
  const known = await fillKnown(store)
  await store.close()
  if (size > 0) await multiply(dsn, size, copies)
  return known
}

/** Puts so many beside the deliveries that are there, all of them over, with one try each. */
export const finishMany = (dsn: string, size: number): Promise<void> =>
  multiply(dsn, size, ({ id }) => [
    ['deliveries', 1, finished(id)],
    ['attempts', 1, { delivery_id: id('n') }],
  ])

async function fillKnown(store: Store): Promise<Known> {
  const { random, clock } = realWorld()
  const hashed_password = await createPasswords(HASHER).hash(PASSWORD)
  const at = clock.now()
  const people = Array.from({ length: PEOPLE }, (_, n) => {
    const email = `known-${n}@example.test`
    const { credentials, ...rest } = person(email, { id: identityId(random.uuid()), traits: { email } })
    const password = credentials
      .filter(({ type }) => type === 'password')
      .map((each) => ({ ...each, identifiers: [email], config: { hashed_password } }))
    return { email, identity: { ...rest, credentials: password } }
  })
  await store.commit(people.map(({ identity }) => ({ kind: 'createIdentity', identity })))
  const tokens: string[] = []
  while (tokens.length < SESSIONS) {
    const effects = people.map(({ identity }) => {
      const { token, hash } = issueSessionToken(random)
      tokens.push(token)
      const session = sessionOf(identity, { issuedAt: at, authenticatedAt: at, expiresAt: at + 86_400_000 })
      return { kind: 'storeSession', session, tokenHash: hash, at } as const
    })
    await store.commit(effects)
  }
  await store.commit([{ kind: 'notify', delivery: queued() }])
  return { identifiers: people.map(({ email }) => email), password: PASSWORD, tokens }
}

/** The cheapest there is, as the reference was measured with. */
const HASHER = {
  algorithm: 'bcrypt',
  bcrypt: { cost: 4 },
  argon2: { memory: 8, iterations: 1, parallelism: 1, saltLength: 16, keyLength: 32 },
} as const

type Words = {
  readonly id: (offset: string) => string
  readonly chance: string
  readonly series: (size: number) => string
}

type Copies = (words: Words) => readonly (readonly [string, number, { readonly [column: string]: string }])[]

/** One row of each table, many times over: whatever columns there are, all but the keys are copied. */
const copies: Copies = ({ id, chance }) => [
  ['identities', 1, { id: id('n'), external_id: 'null' }],
  ['credentials', 1, { identity_id: id('n') }],
  ['credential_identifiers', 1, { identity_id: id('n'), identifier: `'p' || n || '@example.test'` }],
  ['addresses', 1, { identity_id: id('n'), value: `'p' || n || '@example.test'` }],
  [
    'sessions',
    5,
    { id: id('n'), identity_id: id('((n - 1) / 5 + 1)'), token_hash: chance, issued_at: 'issued_at - n' },
  ],
  ['deliveries', 1, finished(id)],
]

/** Over just now: what is older than `actions.deliveries.keep` would be deleted meanwhile. */
const finished = (id: Words['id']) => ({
  id: id('n'),
  event_id: id('n'),
  state: `'delivered'`,
  attempts: '1',
  finished_at: String(realWorld().clock.now()),
})

const statementFor = (
  table: string,
  columns: readonly string[],
  replaced: { readonly [column: string]: string },
  series: string,
) =>
  `insert into ${table} (${columns.join(', ')})
  select ${columns.map((column) => replaced[column] ?? column).join(', ')}
  from ${series}, (select * from ${table} limit 1) sample on conflict do nothing`

const multiply = (dsn: string, size: number, what: Copies) =>
  dsn.startsWith('sqlite') ? multiplySqlite(dsn, size, what) : multiplyPostgres(dsn, size, what)

async function multiplySqlite(dsn: string, size: number, what: Copies): Promise<void> {
  const words: Words = {
    id: (n) => `printf('%08x-0000-4000-8000-%012x', ${n}, ${n})`,
    chance: 'lower(hex(randomblob(32)))',
    series: (many) =>
      `(with recursive s (n) as (select 1 union all select n + 1 from s where n < ${many}) select n from s)`,
  }
  const db = new DatabaseSync(dsn.slice('sqlite://'.length))
  db.exec('pragma synchronous = off')
  for (const [table, factor, replaced] of what(words)) {
    const columns = db
      .prepare(`select name from pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => String(name))
    // Rowid order would make SQLite read while it writes; a copy of the sample does not.
    db.exec(
      statementFor(table, columns, replaced, words.series(size * factor)).replace(
        'on conflict',
        'where true on conflict',
      ),
    )
  }
  db.exec('analyze')
  db.close()
}

async function multiplyPostgres(dsn: string, size: number, what: Copies): Promise<void> {
  const hex = (n: string, digits: number) => `lpad(to_hex(${n}), ${digits}, '0')`
  const words: Words = {
    id: (n) => `${hex(n, 8)} || '-0000-4000-8000-' || ${hex(n, 12)}`,
    chance: 'md5(random()::text) || md5(random()::text)',
    series: (many) => `generate_series(1, ${many}) n`,
  }
  const client = new pg.Client({ connectionString: dsn })
  await client.connect()
  try {
    for (const [table, factor, replaced] of what(words)) {
      const { rows } = await client.query<{ column_name: string }>(
        // A column that numbers its rows itself is not given a number.
        `select column_name from information_schema.columns where table_name = $1 and is_identity = 'NO'`,
        [table],
      )
      await client.query(
        statementFor(
          table,
          rows.map((row) => row.column_name),
          replaced,
          words.series(size * factor),
        ),
      )
    }
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}
