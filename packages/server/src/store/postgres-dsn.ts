import { ConfigError } from '../core/errors.ts'

/** Which PostgreSQL, and how many connections to it. */
export type PostgresDsn = { readonly kind: 'postgres' }

export function parsePostgresDsn(_dsn: string, _ignored: (parameter: string) => void): PostgresDsn {
  throw new ConfigError([{ key: 'dsn', need: 'not yet' }])
}
