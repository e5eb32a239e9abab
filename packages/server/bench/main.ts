// npm run bench: starts the real server, drives it, and prints one table. See options.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from '@cardea/jsonnet'
import { knownThere } from './against.ts'
import { type Hooked, identityConfig, oauth2Config, TEMPLATE } from './configs.ts'
import { CLAIM_COST, measureClaims } from './claims.ts'
import { DELIVERIES, measureDeliveries } from './deliveries.ts'
import { fill, type Known } from './fill.ts'
import { flowRows } from './flow-rows.ts'
import { startGenerator } from './generator.ts'
import type { JobName } from './jobs.ts'
import { accessTokens, refreshTokens, registerClient } from './oauth2.ts'
import { type Options, readOptions } from './options.ts'
import { startPostgres } from './postgres.ts'
import { printTable, type Row } from './rows.ts'
import { type Bench, type Ran, run, runOn, type Task } from './run-task.ts'
import { startServer } from './server.ts'

const options = readOptions(process.argv.slice(2))
const rows: Row[] = []

/** Whether a row is asked for. */
const wanted = (work: string) => options.only.length === 0 || options.only.some((part) => work.includes(part))

const add = (row: Row) => {
  rows.push(row)
  if (!options.json) process.stderr.write(`${printTable([row]).split('\n')[1] ?? ''}\n`)
}

const identityTasks = (known: Known): readonly Task[] => [
  { work: 'whoami', job: 'whoami', input: known },
  { work: 'login flow start', job: 'login_start', input: {} },
  { work: 'password login, start + submit', job: 'login', input: known },
  { work: 'registration with session', job: 'registration', input: known },
]

async function measureIdentity(bench: Bench, server: string, dsn: string): Promise<void> {
  const known = await fill(dsn, options.size)
  const start = (hooked: Hooked) => startServer('identity', identityConfig(dsn, hooked))
  const plain = await start(null)
  if (wanted('ready')) {
    add({
      work: 'ready after start',
      server,
      residentMegabytes: plain.resident(),
      note: `${plain.readyAfter.toFixed(0)} ms`,
    })
  }
  for (const task of identityTasks(known).filter(({ work }) => wanted(work))) {
    add({ work: task.work, server, ...(await runOn(bench, plain, task)) })
  }
  const alone: Task = { work: 'login at one connection', job: 'login', input: known, connections: 1 }
  const base = wanted('web_hook') ? await runOn(bench, plain, alone) : null
  await plain.stop()
  if (wanted('login flow start')) add({ work: 'started flows in the database', server, note: await flowRows(dsn) })
  if (base === null) return

  add({ work: 'login at one connection, no web_hook', server, ...base })
  for (const [work, ignores] of [
    ['one blocking web_hook', false],
    ['one queued web_hook', true],
  ] as const) {
    const hooked = await start({ receiver: bench.generator.receiver, ignores })
    const told = await runOn(bench, hooked, alone)
    add({ work, server, ...told, note: `+${(told.measured.p50 - base.measured.p50).toFixed(2)} ms p50` })
    await hooked.stop()
  }
}

async function measureOAuth2(bench: Bench, server: string, dsn: string): Promise<void> {
  const plain = await measureTokens(bench, { server, dsn, hook: null })
  await measureTokens(bench, { server, dsn, hook: { url: bench.generator.receiver, without: plain } })
}

type Tokens = {
  readonly server: string
  readonly dsn: string
  /** Asked before every token, compared with what was measured without it. */
  readonly hook: { readonly url: string; readonly without: ReadonlyMap<JobName, Ran> } | null
}

/** The same three tasks with a token hook or without; what is introspected was issued the same way. */
async function measureTokens(bench: Bench, { server, dsn, hook }: Tokens): Promise<ReadonlyMap<JobName, Ran>> {
  const named = (work: string) => (hook === null ? work : `${work}, token hook`)
  const ran = new Map<JobName, Ran>()
  const tasks = (['client credentials', 'introspection', 'refresh'] as const).filter((work) => wanted(named(work)))
  if (tasks.length === 0) return ran
  const running = await startServer('oauth2', oauth2Config(dsn, hook?.url ?? null))
  const client = await registerClient(running)
  for (const work of tasks) {
    const job = work === 'client credentials' ? 'client_credentials' : work
    const tokens =
      job === 'client_credentials'
        ? []
        : job === 'refresh'
          ? await refreshTokens(running, options.connections)
          : await accessTokens(running, 1_000)
    const done = await runOn(bench, running, { work, job, input: { ...client, tokens } })
    ran.set(job, done)
    const before = hook?.without.get(job)
    add({ work: named(work), server, ...done, ...(before === undefined ? {} : { note: differenceTo(before, done) }) })
  }
  await running.stop()
  return ran
}

function differenceTo(before: Ran, done: Ran): string {
  const part = (done.measured.perSecond / before.measured.perSecond - 1) * 100
  const cpu = done.cpuMilliseconds - before.cpuMilliseconds
  return `${part.toFixed(0)} %, ${cpu < 0 ? '' : '+'}${cpu.toFixed(3)} ms cpu each`
}

/** One process, no server: a body template over a context of the usual size. */
function measureTemplate(): void {
  const program = compile(TEMPLATE)
  const identity = {
    id: '7e57e57e-7e57-4e57-8e57-7e57e57e57e5',
    traits: { email: 'ann@example.test', name: { first: 'Ann' } },
  }
  const ctx = { identity, flow: { id: identity.id, type: 'browser' } }
  const evaluate = () => program.evaluate({ tla: { ctx: { value: ctx } } })
  for (let i = 0; i < 2_000; i++) evaluate()
  const from = performance.now()
  let count = 0
  while (performance.now() - from < options.seconds * 200) for (let i = 0; i < 100; i++, count++) evaluate()
  const perSecond = (count / (performance.now() - from)) * 1_000
  add({ work: 'jsonnet body template', server: 'in process', note: `${perSecond.toFixed(0)} per second` })
}

/** A server of somebody else's: it is asked for what its public API can do. */
async function measureAgainst(bench: Bench, url: URL): Promise<void> {
  const known = await knownThere(url)
  for (const task of identityTasks(known).filter(({ work }) => wanted(work))) {
    add({ work: task.work, server: url.host, measured: await run(bench, url.href, task) })
  }
}

const DATABASES: {
  readonly [D in Options['databases'][number]]: (measure: (dsn: string) => Promise<void>) => Promise<void>
} = {
  sqlite: async (measure) => {
    const folder = mkdtempSync(join(tmpdir(), 'cardea-bench-'))
    try {
      await measure(`sqlite://${join(folder, 'identity.db')}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  postgres: async (measure) => {
    const postgres = await startPostgres()
    try {
      await measure(await postgres.freshUrl())
    } finally {
      await postgres.stop()
    }
  },
}

const OAUTH2 = ['client credentials', 'introspection', 'refresh', 'token hook']

if (wanted('jsonnet body template')) measureTemplate()
const generator = await startGenerator()
try {
  const bench: Bench = { generator, options, wanted, add }
  for (const database of options.databases) {
    const server = `cardea ${database}`
    await DATABASES[database]((dsn) => measureIdentity(bench, server, dsn))
    if (OAUTH2.some(wanted)) await DATABASES[database]((dsn) => measureOAuth2(bench, server, dsn))
    if (DELIVERIES.some(wanted)) await DATABASES[database]((dsn) => measureDeliveries(bench, server, dsn))
    if (wanted(CLAIM_COST)) await DATABASES[database]((dsn) => measureClaims(bench, server, dsn))
  }
  if (options.against !== null) await measureAgainst(bench, options.against)
} finally {
  generator.stop()
}
process.stdout.write(options.json ? `${JSON.stringify({ options, rows }, null, 2)}\n` : `\n${printTable(rows)}`)
