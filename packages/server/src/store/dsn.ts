import { ConfigError } from '../core/errors.ts'
import { parsePostgresDsn, type PostgresDsn } from './postgres-dsn.ts'

export type SqliteDsn = { readonly kind: 'sqlite'; readonly file: string; readonly create: boolean }

/** Which database, and how to reach it. */
export type Dsn = { readonly kind: 'memory' } | SqliteDsn | PostgresDsn

/** Reads a DSN in Ory's spelling. Parameters that mean nothing here are told to `ignored`. */
export function parseDsn(dsn: string, ignored: (parameter: string) => void): Dsn {
  if (dsn === 'memory') return { kind: 'memory' }
  const scheme = /^([a-z0-9]+):/i.exec(dsn)?.[1]?.toLowerCase() ?? ''
  switch (scheme) {
    case 'sqlite':
    case 'sqlite3':
      return parseSqliteDsn(dsn, ignored)
    case 'postgres':
    case 'postgresql':
      return parsePostgresDsn(dsn, ignored)
    case 'mysql':
      throw unsupported('MySQL')
    case 'cockroach':
    case 'cockroachdb':
      throw unsupported('CockroachDB')
    default:
      throw new ConfigError([{ key: 'dsn', got: scheme === '' ? 'no scheme' : `${scheme}:`, need: NEED }])
  }
}

const NEED = 'memory, sqlite:///path/to/file.db or postgres://user:password@host:5432/database'

const unsupported = (product: string) =>
  new ConfigError([
    {
      key: 'dsn',
      got: product,
      need: NEED,
      fix: `${product} is not supported; use PostgreSQL for several servers, SQLite for one`,
    },
  ])

// Of the SQLite drivers that Ory's programs were built with; what they would set is always set here.
const WITHOUT_EFFECT = new Set(['_fk', '_foreign_keys', '_journal', '_journal_mode', 'cache', '_loc', '_txlock'])

function parseSqliteDsn(dsn: string, ignored: (parameter: string) => void): Dsn {
  const [, place = '', query = ''] = /^[^:]+:(?:\/\/)?([^?]*)\??(.*)$/.exec(dsn) ?? []
  const file = decoded(place.replace(/^file:/, ''))
  const parameters = new URLSearchParams(query)
  const mode = parameters.get('mode') ?? 'rwc'
  for (const name of parameters.keys()) if (name !== 'mode' && !WITHOUT_EFFECT.has(name)) ignored(name)
  if (file === ':memory:' || mode === 'memory') return { kind: 'memory' }
  if (file === '') throw new ConfigError([{ key: 'dsn', got: 'sqlite:// without a file', need: NEED }])
  if (mode !== 'rw' && mode !== 'rwc') {
    throw new ConfigError([{ key: 'dsn', got: `mode=${mode}`, need: 'mode=rwc (default) or mode=rw: a server writes' }])
  }
  return { kind: 'sqlite', file, create: mode === 'rwc' }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
