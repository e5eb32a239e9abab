import pg from 'pg'
import { ConfigError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Milliseconds, Stopwatch } from '../core/time.ts'
import { type PostgresDsn, printPostgresDsn } from './postgres-dsn.ts'

export type ConnectDeps = {
  readonly log: Log
  readonly stopwatch: Stopwatch
  /** How long to wait for a database that is not there yet. */
  readonly patience?: Milliseconds
}

const PATIENCE: Milliseconds = 30_000
const OLDEST = 13

/** A way to PostgreSQL that has been tried: it answers, it is recent enough, and it can be written to. */
export async function tryPostgres(dsn: PostgresDsn, deps: ConnectDeps): Promise<pg.ClientConfig> {
  const { patience = PATIENCE, stopwatch, log } = deps
  const deadline = stopwatch.now() + patience
  for (let wait = 250; ; wait = Math.min(wait * 2, 4_000)) {
    try {
      return await tryOnce(dsn)
    } catch (error) {
      if (error instanceof ConfigError) throw error
      const isOver = stopwatch.now() + wait > deadline
      if (!isTransient(error) || isOver) throw unreachable(dsn, error, isTransient(error) ? patience : 0)
      const detail = messageOf(error)
      log('warn', 'database_unreachable', {
        database: printPostgresDsn(dsn),
        detail,
        retries_for_ms: Math.round(deadline - stopwatch.now()),
      })
      await stopwatch.sleep(wait)
    }
  }
}

async function tryOnce(dsn: PostgresDsn): Promise<pg.ClientConfig> {
  if (dsn.tls.kind === 'none') return check(dsn, configOf(dsn, false))
  try {
    return await check(dsn, configOf(dsn, dsn.tls.options))
  } catch (error) {
    const isPlain = error instanceof Error && error.message === 'The server does not support SSL connections'
    if (!isPlain || dsn.tls.kind === 'required') throw error
    return check(dsn, configOf(dsn, false))
  }
}

const configOf = (dsn: PostgresDsn, ssl: pg.ClientConfig['ssl']): pg.ClientConfig => ({
  host: dsn.host,
  port: dsn.port,
  user: dsn.user,
  password: dsn.password,
  database: dsn.database,
  ssl: ssl ?? false,
  application_name: dsn.applicationName,
  connectionTimeoutMillis: dsn.pool.connectTimeout,
  ...(dsn.searchPath === null ? {} : { options: `-c search_path=${dsn.searchPath.replaceAll(/[\\ ]/g, '\\$&')}` }),
  types: TYPES,
})

const INT8 = 20
const JSON_TYPE = 114

/** Our bigints are times and counts, which a number holds exactly; JSON stays text until the codec reads it. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text') => {
    if (oid === INT8) return Number
    if (oid === JSON_TYPE) return String
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
  },
}

async function check(dsn: PostgresDsn, config: pg.ClientConfig): Promise<pg.ClientConfig> {
  const client = new pg.Client(config)
  // A connection that breaks later says so to whoever waits for an answer.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: number; read_only: boolean }>(
      `select current_setting('server_version_num')::int as version,
        pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as read_only`,
    )
    const [server] = rows
    if (server !== undefined) refuseUnfit(dsn, server)
    return config
  } finally {
    await client.end().catch(() => {})
  }
}

function refuseUnfit(dsn: PostgresDsn, { version, read_only }: { version: number; read_only: boolean }): void {
  const major = Math.floor(version / 10_000)
  if (major < OLDEST) {
    throw problem(dsn, `PostgreSQL ${major}`, `PostgreSQL ${OLDEST} or newer`, 'upgrade the server')
  }
  if (read_only) {
    throw problem(dsn, 'a server that only reads (a standby?)', 'a server that can be written to', 'name the primary')
  }
}

/** Not there yet, or only just now not: a database that starts at the same time as we do. */
const isTransient = (error: unknown) => TRANSIENT.has(codeOf(error)) || /timeout|terminated/i.test(messageOf(error))

const TRANSIENT = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  '57P03',
  '53300',
])

function unreachable(dsn: PostgresDsn, error: unknown, waited: Milliseconds): Error {
  const after = waited === 0 ? '' : ` (tried for ${Math.round(waited / 1_000)} s)`
  const got = `${messageOf(error)}${after}`
  switch (codeOf(error)) {
    case '28P01':
    case '28000':
      return problem(
        dsn,
        got,
        `a user and password that ${dsn.host} accepts`,
        'check user, password and sslmode in the dsn',
      )
    case '3D000':
      return problem(dsn, got, 'a database that exists', `create it: createdb ${dsn.database}`)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return problem(dsn, got, 'a host name that can be resolved', 'check the host in the dsn')
    default:
      return problem(
        dsn,
        got,
        'a PostgreSQL that answers',
        'check that the server runs, and host, port and sslmode in the dsn',
      )
  }
}

const problem = (dsn: PostgresDsn, got: string, need: string, fix: string) =>
  new ConfigError([{ key: 'dsn', got: `${printPostgresDsn(dsn)}: ${got}`, need, fix }])

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Node tells several failed addresses in one error without words of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
