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
import { type Places, TOKEN_WORKS, tokenInput, tokenJob } from './oauth2.ts'
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
  if (wanted('ready after start')) {
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
  const base =
    wanted('one blocking web_hook') || wanted('one queued web_hook') ? await runOn(bench, plain, alone) : null
  await plain.stop()
  if (wanted('login flow start')) add({ work: 'started flows in the database', server, note: await flowRows(dsn) })
  if (base === null) return

  add({ work: 'login at one connection, no web_hook', server, ...base })
  for (const [work, ignores] of [
    ['one blocking web_hook', false],
    ['one queued web_hook', true],
  ] as const) {
    const hooked = await start({ receiver: bench.generator.receiver, ignores })
    await bench.generator.arrivals({ arrivals: 0, fresh: true })
    const told = await runOn(bench, hooked, alone)
    // Each login has told the receiver, or its cost is not what was measured.
    await bench.generator.arrivals({ arrivals: told.measured.done, fresh: false })
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
  const works = TOKEN_WORKS.filter((work) => wanted(named(work)))
  if (works.length === 0) return ran
  const running = await startServer('oauth2', oauth2Config(dsn, hook?.url ?? null))
  for (const work of works) {
    const job = tokenJob(work)
    const input = await tokenInput(work, running, options.connections)
    const done = await runOn(bench, running, { work, job, input })
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

/** The same of somebody else's OAuth2 server, with whatever hook it has. */
async function measureAgainstOAuth2(bench: Bench, places: Places): Promise<void> {
  for (const work of TOKEN_WORKS.filter(wanted)) {
    const input = await tokenInput(work, places, options.connections)
    const url = work === 'introspection' ? places.adminUrl : places.publicUrl
    const measured = await run(bench, url, { work, job: tokenJob(work), input })
    add({ work, server: new URL(places.publicUrl).host, measured })
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

const IDENTITY = [
  'ready after start',
  ...identityTasks({ identifiers: [], password: '', tokens: [] }).map(({ work }) => work),
  'one blocking web_hook',
  'one queued web_hook',
]
const OAUTH2 = [...TOKEN_WORKS, ...TOKEN_WORKS.map((work) => `${work}, token hook`)]

if (wanted('jsonnet body template')) measureTemplate()
const generator = await startGenerator()
try {
  const bench: Bench = { generator, options, wanted, add }
  for (const database of options.databases) {
    const server = `cardea ${database}`
    if (IDENTITY.some(wanted)) await DATABASES[database]((dsn) => measureIdentity(bench, server, dsn))
    if (OAUTH2.some(wanted)) await DATABASES[database]((dsn) => measureOAuth2(bench, server, dsn))
    if (DELIVERIES.some(wanted)) await DATABASES[database]((dsn) => measureDeliveries(bench, server, dsn))
    if (wanted(CLAIM_COST)) await DATABASES[database]((dsn) => measureClaims(bench, server, dsn))
  }
  if (options.against !== null) await measureAgainst(bench, options.against)
  if (options.againstOAuth2 !== null) await measureAgainstOAuth2(bench, options.againstOAuth2)
} finally {
  generator.stop()
}
process.stdout.write(options.json ? `${JSON.stringify({ options, rows }, null, 2)}\n` : `\n${printTable(rows)}`)
