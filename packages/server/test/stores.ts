import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Database } from '../src/store/database.ts'
import { migrate } from '../src/store/migrate.ts'
import { openDatabase, openStore } from '../src/store/open-store.ts'
import type { Store } from '../src/store/store.ts'
import { type FreshPostgres, freshPostgres } from './postgres.ts'
import { type StoreChanges, storeDeps } from './store-deps.ts'

export const DIALECTS = ['sqlite', 'postgres'] as const
export type Dialect = (typeof DIALECTS)[number]

/** A store of its own on a real database, and what a test may want to look at or turn. */
export type FreshStore = {
  readonly store: Store
  readonly dsn: string
  readonly logged: { readonly level: string; readonly event: string }[]
}

/** Opens a fresh store for the test that asks; it is closed and gone when the test ends. */
export async function freshStore(dialect: Dialect, changes: StoreChanges = {}): Promise<FreshStore> {
  const dsn = await freshDsn(dialect)
  const logged: { level: string; event: string }[] = []
  const store = await openStore(dsn, storeDeps(logged, changes))
  onTestFinished(() => store.close())
  return { store, dsn, logged }
}

/** The database under a store of its own, closed and gone when the test ends. */
export async function freshDatabase(dialect: Dialect): Promise<Database> {
  const database = await openDatabase(await freshDsn(dialect), storeDeps())
  onTestFinished(() => database.close())
  return database
}

/** An up-to-date database that nobody has opened yet. */
export async function freshDsn(dialect: Dialect): Promise<string> {
  if (dialect === 'sqlite') return `sqlite://${join(freshFolder(), 'cardea.db')}`
  const { name } = await template()
  const { url, drop } = await freshPostgres({ template: name })
  onTestFinished(drop)
  return url
}

/** A folder that is gone when the test ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const made: { template: Promise<FreshPostgres> | null } = { template: null }

/** Migrated once, then copied: a copy takes a fraction of the time. It goes with the run's PostgreSQL. */
function template(): Promise<FreshPostgres> {
  made.template ??= (async () => {
    const fresh = await freshPostgres()
    await migrate(fresh.url)
    return fresh
  })()
  return made.template
}
