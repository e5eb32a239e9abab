// npm run chaos: registers people while servers, database and receiver fail, and proves that no action was lost. See options.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './options.ts'
import { startFragilePostgres } from './postgres.ts'
import { type Outcome, runChaos } from './run.ts'
import { auditPostgres, auditSqlite } from './stored.ts'

const MAIN = fileURLToPath(new URL('../dist/main.mjs', import.meta.url))
const MOST_SHOWN = 20

const options = readOptions(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 31))
const { registrations, kills, connections, seed } = options
const common = { main: MAIN, registrations, kills, connections, seed }

const onProgress = (database: string) => (text: string) => {
  process.stderr.write(`${database}: ${text}\n`)
}

const RUNS: { readonly [D in (typeof options.databases)[number]]: () => Promise<Outcome> } = {
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cardea-chaos-'))
    const file = join(folder, 'chaos.db')
    try {
      return await runChaos({
        ...common,
        dsn: `sqlite://${file}`,
        nodes: 1,
        crashDatabase: null,
        audit: async () => auditSqlite(file),
        onProgress: onProgress('sqlite'),
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  postgres: async () => {
    const postgres = await startFragilePostgres()
    try {
      return await runChaos({
        ...common,
        dsn: postgres.url,
        nodes: 2,
        crashDatabase: () => postgres.crash(),
        audit: () => auditPostgres(postgres.url),
        onProgress: onProgress('postgres'),
      })
    } finally {
      await postgres.stop()
    }
  },
}

process.stderr.write(`seed ${seed}\n`)
const outcomes: { readonly database: string; readonly outcome: Outcome }[] = []
for (const database of options.databases) outcomes.push({ database, outcome: await RUNS[database]() })

if (options.json) process.stdout.write(`${JSON.stringify({ options, outcomes }, null, 2)}\n`)
else process.stdout.write(tableOf(outcomes))
process.exitCode = outcomes.every(({ outcome }) => outcome.violations.length === 0) ? 0 : 1

function tableOf(all: typeof outcomes): string {
  const lines: readonly (readonly [string, (outcome: Outcome) => string | number])[] = [
    ['sign-ups acknowledged', ({ acknowledged }) => acknowledged],
    ['refused', ({ refused }) => refused],
    ['answer not heard', ({ unknown }) => unknown],
    ['people stored', ({ stored }) => stored],
    ['deliveries stored', ({ deliveries }) => deliveries],
    ['requests at the receiver', ({ requests }) => requests],
    ['sent again although taken', ({ repeats }) => repeats],
    ['kill -9', (outcome) => outcome.kills],
    ['database crashes', ({ databaseCrashes }) => databaseCrashes],
    ['seconds', ({ seconds }) => seconds.toFixed(1)],
    ['of them until all was delivered', ({ secondsToRest }) => secondsToRest.toFixed(1)],
    ['promises broken', (outcome) => outcome.violations.length],
  ]
  const rows = [
    ['', ...all.map(({ database }) => database)],
    ...lines.map(([name, value]) => [name, ...all.map(({ outcome }) => String(value(outcome)))]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  const broken = all.flatMap(({ database, outcome }) =>
    outcome.violations.slice(0, MOST_SHOWN).map(({ invariant, what }) => `${database} ${invariant}: ${what}`),
  )
  return `\n${[...table, '', ...broken].join('\n').trimEnd()}\n`
}
