import { askDatabase } from './ask-database.ts'
import { identityConfig } from './configs.ts'
import { fill } from './fill.ts'
import { median, percentile } from './percentile.ts'
import { queueUp, type Waiting, withStore } from './queue-up.ts'
import { HANGING } from './receiver.ts'
import { type Bench, runOn, type Task } from './run-task.ts'
import { startServer } from './server.ts'

const ONE_RECEIVER = 'deliveries, one receiver'
const FOUR_RECEIVERS = 'deliveries, four receivers'
const FIRST_ATTEMPT = 'commit to first attempt'
const FIRST_ATTEMPT_ALONE = 'commit to first attempt, one connection'
const BESIDE_HANGING = 'deliveries beside a hanging endpoint'
const LOGINS_BESIDE_HANGING = 'logins beside a hanging endpoint'
export const DELIVERIES = [
  ONE_RECEIVER,
  FOUR_RECEIVERS,
  FIRST_ATTEMPT,
  FIRST_ATTEMPT_ALONE,
  BESIDE_HANGING,
  LOGINS_BESIDE_HANGING,
] as const

/** As many as are delivered in a second, if all goes well: a queue lasts as long as a row. */
const PER_SECOND = 2_000
const ROUNDS = 5
const LONGEST_ROUND = 2
/** More than are tried before everything is measured. */
const WAIT_FOR_HANGING = 500

type Place = { readonly server: string; readonly dsn: string }

/** How quickly a queue empties, how soon the first call goes out, and what a receiver that hangs costs everybody else. */
export async function measureDeliveries(bench: Bench, server: string, dsn: string): Promise<void> {
  const place = { server, dsn }
  const known = await fill(dsn, 0)
  for (const [work, receivers] of [
    [ONE_RECEIVER, 1],
    [FOUR_RECEIVERS, 4],
  ] as const) {
    if (!bench.wanted(work)) continue
    const drained = await drain(bench, dsn, { to: healthy(bench, receivers), beside: [] })
    bench.add({ work, server, ...drained })
  }
  const login: Task = { work: 'login', job: 'login', input: known }
  for (const [work, task] of [
    [FIRST_ATTEMPT, login],
    [FIRST_ATTEMPT_ALONE, { ...login, connections: 1 }],
  ] as const) {
    if (bench.wanted(work)) await measureFirstAttempts(bench, place, { ...task, work })
  }
  if (bench.wanted(BESIDE_HANGING)) await measureBesideHanging(bench, place)
  if (bench.wanted(LOGINS_BESIDE_HANGING)) await measureLoginsBesideHanging(bench, place, login)
}

function healthy({ generator, options }: Bench, receivers: number): readonly Waiting[] {
  const count = Math.ceil((options.seconds * PER_SECOND) / receivers)
  return Array.from({ length: receivers }, (_, n) => ({
    actionId: `receiver-${n}`,
    url: `${generator.receiver}receiver-${n}`,
    count,
  }))
}

const hanging = ({ generator }: Bench): Waiting => ({
  actionId: 'hanging',
  url: new URL(HANGING, generator.receiver).href,
  count: WAIT_FOR_HANGING,
})

async function refill(dsn: string, waiting: readonly Waiting[]): Promise<void> {
  for (const table of ['deliveries', 'endpoints', 'action_states']) await askDatabase(dsn, `delete from ${table}`)
  await withStore(dsn, (store) => queueUp(store, waiting))
}

type Draining = { readonly to: readonly Waiting[]; readonly beside: readonly Waiting[] }

/** Starts a server on a full queue, and waits for the last call; the first quarter is warming up. */
async function drain(bench: Bench, dsn: string, { to, beside }: Draining) {
  const total = to.reduce((sum, { count }) => sum + count, 0)
  const warm = Math.floor(total / 4)
  await refill(dsn, [...to, ...beside])
  const warmed = bench.generator.arrivals({ arrivals: warm, fresh: true })
  const server = await startServer('identity', identityConfig(dsn, null))
  try {
    const from = await warmed
    const before = server.cpu()
    const until = await bench.generator.arrivals({ arrivals: total, fresh: false })
    const cpuMilliseconds = (server.cpu() - before) / (total - warm)
    const residentMegabytes = server.resident()
    const note = `${((total - warm) / ((until - from) / 1_000)).toFixed(0)} per second`
    return { perSecond: (total - warm) / ((until - from) / 1_000), cpuMilliseconds, residentMegabytes, note }
  } finally {
    // Those that hang would be waited for.
    await (beside.length > 0 ? server.kill() : server.stop())
    if (beside.length === 0) await expectDelivered(dsn, total)
  }
}

/** A queue that is empty because something was lost is no measurement. */
async function expectDelivered(dsn: string, total: number): Promise<void> {
  const [row] = await askDatabase(dsn, `select count(*) as delivered from deliveries where state = 'delivered'`)
  if (Number(row?.['delivered']) !== total) throw new Error(`${Number(row?.['delivered'])} of ${total} are delivered`)
}

const FIRST_ATTEMPTS = `select d.created_at as queued_at, a.started_at - d.created_at as waited
  from deliveries d join attempts a on a.delivery_id = d.id and a.ordinal = 0 order by d.created_at`

/** Logins that queue one call each. The time runs from the moment the call is rendered, just before the commit. */
async function measureFirstAttempts(bench: Bench, { server, dsn }: Place, task: Task): Promise<void> {
  await refill(dsn, [])
  const hooked = await startServer(
    'identity',
    identityConfig(dsn, { receiver: bench.generator.receiver, ignores: true }),
  )
  await bench.generator.arrivals({ arrivals: 0, fresh: true })
  const { measured, residentMegabytes } = await runOn(bench, hooked, task)
  await bench.generator.arrivals({ arrivals: measured.done, fresh: false })
  await hooked.stop()
  await expectDelivered(dsn, measured.done)
  const rows = await askDatabase(dsn, FIRST_ATTEMPTS)
  // Those at the beginning wait for everything to get warm.
  const waits = rows
    .slice(rows.length - measured.count)
    .map((row) => Number(row['waited']))
    .toSorted((a, b) => a - b)
  const at = (part: number) => percentile(waits, part)
  bench.add({
    work: task.work,
    server,
    measured: { ...measured, p50: at(0.5), p95: at(0.95), p99: at(0.99) },
    residentMegabytes,
  })
}

/** The same queue with and without a receiver beside it that takes every call and never answers. */
async function measureBesideHanging(bench: Bench, { server, dsn }: Place): Promise<void> {
  const to = healthy(bench, 1)
  const compared = await compare(async (isHanging) => {
    const { perSecond } = await drain(bench, dsn, { to, beside: isHanging ? [hanging(bench)] : [] })
    return perSecond
  })
  bench.add({ work: BESIDE_HANGING, server, note: compared })
}

/** Logins that queue a call to a receiver that works, while calls of another action hang. */
async function measureLoginsBesideHanging(bench: Bench, { server, dsn }: Place, task: Task): Promise<void> {
  const seconds = Math.min(bench.options.seconds, LONGEST_ROUND)
  const compared = await compare(async (isHanging) => {
    await refill(dsn, isHanging ? [hanging(bench)] : [])
    const config = identityConfig(dsn, { receiver: bench.generator.receiver, ignores: true })
    const hooked = await startServer('identity', config)
    try {
      return (await runOn(bench, hooked, { ...task, seconds })).measured.perSecond
    } finally {
      await hooked.kill()
    }
  })
  bench.add({ work: LOGINS_BESIDE_HANGING, server, note: compared })
}

/** Both in turn, so that whatever else the machine does falls on both; the medians say what the difference is. */
async function compare(perSecond: (isHanging: boolean) => Promise<number>): Promise<string> {
  const rates: { readonly alone: number[]; readonly beside: number[] } = { alone: [], beside: [] }
  for (let round = 0; round < ROUNDS; round++) {
    rates.alone.push(await perSecond(false))
    rates.beside.push(await perSecond(true))
  }
  const [alone, beside] = [median(rates.alone), median(rates.beside)]
  const change = (beside / alone - 1) * 100
  return `${beside.toFixed(0)} per second, ${alone.toFixed(0)} without it: ${change < 0 ? '' : '+'}${change.toFixed(0)} %`
}
