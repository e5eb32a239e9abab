import { readFileSync } from 'node:fs'
import { parseDuration } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import type { Milliseconds } from '../core/time.ts'

/** Which PostgreSQL, and how many connections to it. */
export type PostgresDsn = {
  readonly kind: 'postgres'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: Tls
  readonly applicationName: string
  readonly searchPath: string | null
  readonly pool: Pool
}

type Pool = {
  readonly most: number
  /** So many are kept open although nobody needs them. */
  readonly idle: number
  readonly idleTime: Milliseconds
  /** 0: as long as they hold. */
  readonly lifetime: Milliseconds
  readonly connectTimeout: Milliseconds
}

/** libpq's sslmode (PostgreSQL manual §32.19.1). `preferred`: encrypted if the server can. */
export type Tls = { readonly kind: 'none' } | { readonly kind: 'preferred' | 'required'; readonly options: TlsOptions }

type TlsOptions = {
  readonly rejectUnauthorized: boolean
  readonly checkServerIdentity?: () => undefined
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

const DEFAULT_POOL: Pool = { most: 20, idle: 2, idleTime: 10_000, lifetime: 0, connectTimeout: 10_000 }

const KNOWN = new Set([
  'max_conns',
  'max_idle_conns',
  'max_conn_lifetime',
  'max_conn_idle_time',
  'connect_timeout',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'application_name',
  'search_path',
])

/** Reads `postgres://…` with the parameters of libpq and of Ory. No message ever holds the password. */
export function parsePostgresDsn(dsn: string, ignored: (parameter: string) => void): PostgresDsn {
  // libpq allows a user without a host, where a socket is named among the parameters.
  const url = URL.parse(dsn.replace(/^([^:]+:\/\/[^/?#]*@)\//, '$1localhost/'))
  if (url === null) {
    throw new ConfigError([
      {
        key: 'dsn',
        got: 'a postgres:// address that cannot be read',
        need: 'postgres://user:password@host:5432/database',
        fix: 'percent-encode special characters of the password; name one host only',
      },
    ])
  }
  const parameters = url.searchParams
  for (const name of parameters.keys()) if (!KNOWN.has(name)) ignored(name)
  const most = wholeNumber(parameters, 'max_conns', 1) ?? DEFAULT_POOL.most
  const seconds = wholeNumber(parameters, 'connect_timeout', 0)
  return {
    kind: 'postgres',
    host: parameters.get('host') ?? (url.hostname.replaceAll(/[[\]]/g, '') || 'localhost'),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username) || 'postgres',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username) || 'postgres',
    tls: tlsOf(parameters),
    applicationName: parameters.get('application_name') ?? 'cardea',
    searchPath: parameters.get('search_path'),
    pool: {
      most,
      idle: Math.min(wholeNumber(parameters, 'max_idle_conns', 0) ?? DEFAULT_POOL.idle, most),
      idleTime: duration(parameters, 'max_conn_idle_time') ?? DEFAULT_POOL.idleTime,
      lifetime: duration(parameters, 'max_conn_lifetime') ?? DEFAULT_POOL.lifetime,
      connectTimeout: seconds === null ? DEFAULT_POOL.connectTimeout : seconds * 1_000,
    },
  }
}

/** The DSN as it may be shown. */
export const printPostgresDsn = ({ user, host, port, database }: PostgresDsn) =>
  `postgres://${user}@${host}:${port}/${database}`

function wholeNumber(parameters: URLSearchParams, name: string, least: number): number | null {
  const text = parameters.get(name)
  if (text === null) return null
  if (/^\d{1,6}$/.test(text) && Number(text) >= least) return Number(text)
  throw badParameter(name, text, `a whole number, at least ${least}`)
}

function duration(parameters: URLSearchParams, name: string): Milliseconds | null {
  const text = parameters.get(name)
  if (text === null) return null
  const time = parseDuration(text)
  if (time === null) throw badParameter(name, text, 'a span of time such as 30s or 1h')
  return time
}

const badParameter = (name: string, text: string, need: string) =>
  new ConfigError([{ key: 'dsn', got: `${name}=${text}`, need: `${name} must be ${need}` }])

function tlsOf(parameters: URLSearchParams): Tls {
  const mode = parameters.get('sslmode') ?? 'prefer'
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => certificate(parameters, name))
  const files = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
  const unchecked = { ...files, rejectUnauthorized: false }
  const chainChecked = { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  switch (mode) {
    case 'disable':
      return { kind: 'none' }
    case 'allow':
    case 'prefer':
      return { kind: 'preferred', options: unchecked }
    case 'require':
      // With a root certificate `require` means what `verify-ca` does.
      return { kind: 'required', options: ca ? chainChecked : unchecked }
    case 'verify-ca':
      return { kind: 'required', options: chainChecked }
    case 'verify-full':
      return { kind: 'required', options: { ...files, rejectUnauthorized: true } }
    default:
      throw badParameter('sslmode', mode, 'disable, allow, prefer, require, verify-ca or verify-full')
  }
}

function certificate(parameters: URLSearchParams, name: string): string | null {
  const file = parameters.get(name)
  if (file === null || file === 'system') return null
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw badParameter(name, file, `a file that can be read (${String(error)})`)
  }
}
