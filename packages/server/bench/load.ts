// The load generator: a process of its own, so that it takes no time of the server's. It reads orders, one a line.
import { createInterface } from 'node:readline'
import { openConnection } from './connection.ts'
import { type JobInput, type JobName, JOBS } from './jobs.ts'
import { percentile } from './percentile.ts'
import { type Await, startReceiver } from './receiver.ts'

export type Order = {
  readonly job: JobName
  readonly url: string
  readonly input: JobInput
  readonly connections: number
  readonly seconds: number
}

export type Measured = {
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly count: number
  /** All that was done, the first part included. */
  readonly done: number
}

/** Runs one job for so long over so many connections. What is answered before everything is warm does not count. */
async function measure({ job, url, input, connections, seconds }: Order): Promise<Measured> {
  const work = JOBS[job](input)
  const lanes = await Promise.all(Array.from({ length: connections }, () => openConnection(new URL(url))))
  const begin = performance.now()
  const [from, until] = [begin + Math.min(seconds * 250, 1_000), begin + seconds * 1_000]
  const times: number[] = []
  let round = 0
  await Promise.all(
    lanes.map(async (connection, lane) => {
      for (let now = performance.now(); now < until; ) {
        await work(connection, round++, lane)
        const done = performance.now()
        if (now >= from) times.push(done - now)
        now = done
      }
    }),
  )
  const spent = (performance.now() - from) / 1_000
  for (const connection of lanes) connection.close()
  const sorted = Float64Array.from(times).sort()
  return {
    perSecond: sorted.length / spent,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    count: sorted.length,
    done: round,
  }
}

const receiver = await startReceiver()
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
say({ receiver: receiver.port })

const carryOut = async (order: Order | Await) =>
  'arrivals' in order ? { arrivedAt: await receiver.arrivals(order) } : { measured: await measure(order) }

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const order: Order | Await = JSON.parse(line)
  carryOut(order).then(say, (error: unknown) => say({ failed: String(error) }))
})
lines.on('close', () => process.exit(0))
