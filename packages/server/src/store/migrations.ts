import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { ConfigError } from '../core/errors.ts'
import type { Dialect } from './sql.ts'

/** One numbered step of the schema. Once released it is never edited. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** A step that a database says it has taken. */
export type AppliedMigration = Pick<Migration, 'version' | 'name' | 'checksum'>

export const MIGRATIONS_TABLE = `create table if not exists cardea_migrations (
  version integer not null primary key,
  name text not null,
  checksum text not null,
  applied_at bigint not null
)`

/** All migrations this program knows, oldest first. They lie beside this file, and beside the bundle. */
export const knownMigrations = (dialect: Dialect, folder = new URL('./migrations/', import.meta.url)) =>
  readdirSync(new URL(`${dialect}/`, folder))
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .sort()
    .map((file): Migration => {
      const sql = readFileSync(new URL(`${dialect}/${file}`, folder), 'utf8')
      const checksum = createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex')
      return { version: Number(file.slice(0, 4)), name: file.slice(0, -'.sql'.length), sql, checksum }
    })

/** What is still to be done. Throws where the database has a history that is not ours. */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const unknown = applied.filter(({ version }) => known.every((each) => each.version !== version))
  if (unknown.length > 0) throw newerSchema(unknown, known)
  const changed = applied.find((each) => known.some((ours) => ours.version === each.version && differs(ours, each)))
  if (changed !== undefined) throw changedMigration(changed)
  return known.filter(({ version }) => applied.every((each) => each.version !== version))
}

const differs = (ours: Migration, theirs: AppliedMigration) => ours.checksum !== theirs.checksum

const newerSchema = (unknown: readonly AppliedMigration[], known: readonly Migration[]) =>
  new ConfigError([
    {
      key: 'dsn',
      got: `a database whose schema is newer than this program: it has ${unknown.map(({ name }) => name).join(', ')}`,
      need: `a schema up to ${known.at(-1)?.name ?? 'nothing'}`,
      fix: 'start the version of Cardea that made it, or a newer one',
    },
  ])

const changedMigration = ({ name }: AppliedMigration) =>
  new ConfigError([
    {
      key: 'dsn',
      got: `a database whose migration ${name} has another checksum than the one this program carries`,
      need: 'migrations as they were released',
      fix: 'install an unchanged release of Cardea; if the database was made by an unreleased version, make a new one',
    },
  ])

/** Tables that Ory's programs make under names of their own, beside those that are called as ours are. */
const ORY_TABLES: readonly (readonly [product: string, tables: readonly string[]])[] = [
  ['Ory Kratos', ['identity_credentials', 'selfservice_login_flows', 'selfservice_errors']],
  ['Ory Hydra', ['hydra_client', 'hydra_jwk', 'hydra_oauth2_access']],
]

/** Refuses a database that belongs to somebody else; it is left exactly as it is. */
export function refuseForeignTables(tables: readonly string[]): void {
  if (tables.includes('cardea_migrations')) return
  const foreign = ORY_TABLES.find(([, theirs]) => theirs.some((table) => tables.includes(table)))
  if (foreign !== undefined) {
    throw new ConfigError([
      {
        key: 'dsn',
        got: `a database with ${foreign[0]}'s own tables, which is left alone`,
        need: 'a database of its own for Cardea',
        fix: 'name an empty database here, and bring the people over with the import (cardea import)',
      },
    ])
  }
  const ours = tables.filter((table) => OUR_TABLES.has(table))
  if (ours.length > 0) {
    throw new ConfigError([
      {
        key: 'dsn',
        got: `a database that already has ${ours.join(', ')}, but not from Cardea`,
        need: 'a database of its own for Cardea',
        fix: 'name an empty database',
      },
    ])
  }
}

const OUR_TABLES = new Set(['identities', 'sessions', 'credentials', 'flows', 'deliveries', 'attempts'])
