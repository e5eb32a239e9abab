import { describe, expect, test } from 'vitest'
import { parseDsn } from './dsn.ts'

const read = (dsn: string) => {
  const ignored: string[] = []
  return { parsed: parseDsn(dsn, (name) => ignored.push(name)), ignored }
}

describe('SQLite', () => {
  test.each([
    ['memory', { kind: 'memory' }],
    ['sqlite://:memory:?_fk=true', { kind: 'memory' }],
    ['sqlite://file::memory:?cache=shared', { kind: 'memory' }],
    ['sqlite://x.db?mode=memory', { kind: 'memory' }],
    [
      'sqlite:///var/lib/cardea/db.sqlite?_fk=true&mode=rwc',
      { kind: 'sqlite', file: '/var/lib/cardea/db.sqlite', create: true },
    ],
    ['sqlite:///data/my%20db.sqlite?mode=rw', { kind: 'sqlite', file: '/data/my db.sqlite', create: false }],
    ['sqlite://./.cardea/cardea.db', { kind: 'sqlite', file: './.cardea/cardea.db', create: true }],
    ['sqlite3://cardea.db', { kind: 'sqlite', file: 'cardea.db', create: true }],
    ['sqlite:///data/100%.db', { kind: 'sqlite', file: '/data/100%.db', create: true }],
  ])('%s', (dsn, parsed) => {
    expect(read(dsn)).toEqual({ parsed, ignored: [] })
  })

  test('a parameter that means nothing here is named', () => {
    expect(read('sqlite:///x.db?_fk=true&_secure_delete=1').ignored).toEqual(['_secure_delete'])
  })
})

describe('PostgreSQL', () => {
  const plain = {
    kind: 'postgres',
    host: 'db.example.test',
    port: 5432,
    user: 'ann',
    password: 's3cret',
    database: 'cardea',
    tls: { kind: 'preferred', options: { rejectUnauthorized: false } },
    applicationName: 'cardea',
    searchPath: null,
    pool: { most: 20, idle: 2, idleTime: 10_000, lifetime: 0, connectTimeout: 10_000 },
  }
  test.each([
    ['postgres://ann:s3cret@db.example.test/cardea', plain],
    ['postgresql://ann:s3cret@db.example.test:5432/cardea', plain],
    ['postgres://ann:s%40%2F%3A@db.example.test/cardea', { ...plain, password: 's@/:' }],
    ['postgres://ann:s3cret@[::1]:6432/cardea', { ...plain, host: '::1', port: 6432 }],
    ['postgres://ann:s3cret@/cardea?host=/var/run/postgresql', { ...plain, host: '/var/run/postgresql' }],
    ['postgres://ann:s3cret@db.example.test', { ...plain, database: 'ann' }],
    [
      'postgres://ann:s3cret@db.example.test/cardea?max_conns=7&max_idle_conns=9&max_conn_lifetime=1h30m&max_conn_idle_time=5s&connect_timeout=3',
      { ...plain, pool: { most: 7, idle: 7, idleTime: 5_000, lifetime: 5_400_000, connectTimeout: 3_000 } },
    ],
    [
      'postgres://ann:s3cret@db.example.test/cardea?application_name=login&search_path=id',
      { ...plain, applicationName: 'login', searchPath: 'id' },
    ],
    ['postgres://ann:s3cret@db.example.test/cardea?sslmode=disable', { ...plain, tls: { kind: 'none' } }],
    [
      'postgres://ann:s3cret@db.example.test/cardea?sslmode=require',
      { ...plain, tls: { kind: 'required', options: { rejectUnauthorized: false } } },
    ],
    [
      'postgres://ann:s3cret@db.example.test/cardea?sslmode=verify-full',
      { ...plain, tls: { kind: 'required', options: { rejectUnauthorized: true } } },
    ],
  ])('%s', (dsn, parsed) => {
    expect(read(dsn)).toEqual({ parsed, ignored: [] })
  })

  test('verify-ca checks who signed, not for which name', () => {
    const { parsed } = read('postgres://ann:s3cret@db.example.test/cardea?sslmode=verify-ca')
    const options = parsed.kind === 'postgres' && parsed.tls.kind !== 'none' ? parsed.tls.options : null
    expect(options?.rejectUnauthorized).toBe(true)
    expect(options?.checkServerIdentity?.()).toBeUndefined()
  })
})

test.each([
  ['mysql://ann:s3cret@tcp(db:3306)/x', /MySQL is not supported; use PostgreSQL/],
  ['cockroach://ann:s3cret@db:26257/x', /CockroachDB is not supported; use PostgreSQL/],
  ['oracle://ann:s3cret@db/x', /oracle:/],
  ['ann:s3cret@db', /need/],
  ['', /no scheme/],
  ['sqlite://', /without a file/],
  ['sqlite:///x.db?mode=ro', /mode=ro/],
  ['postgres://ann:s3cret@one:5432,two:5432/cardea', /one host only/],
  ['postgres://ann:s3cret#x@db/cardea', /cannot be read|dsn/],
  ['postgres://ann:s3cret@db/cardea?max_conns=many', /max_conns must be a whole number/],
  ['postgres://ann:s3cret@db/cardea?max_conns=0', /max_conns must be a whole number, at least 1/],
  ['postgres://ann:s3cret@db/cardea?max_conn_lifetime=long', /max_conn_lifetime must be a span of time/],
  ['postgres://ann:s3cret@db/cardea?sslmode=yes', /sslmode must be/],
  ['postgres://ann:s3cret@db/cardea?sslmode=verify-ca&sslrootcert=/nowhere.pem', /sslrootcert.*can be read/s],
])('%s is refused, and its password is not shown', (dsn, message) => {
  const refusal = () => read(dsn)
  expect(refusal).toThrow(message)
  expect(refusal).not.toThrow(/s3cret/)
})
