import type { Generator } from './generator.ts'
import type { JobInput, JobName } from './jobs.ts'
import type { Measured } from './load.ts'
import type { Options } from './options.ts'
import type { Row } from './rows.ts'
import type { Server } from './server.ts'

/** What every measurement needs: who makes the load, how much of it, and where its rows go. */
export type Bench = {
  readonly generator: Generator
  readonly options: Options
  /** Whether a row is asked for. */
  readonly wanted: (work: string) => boolean
  readonly add: (row: Row) => void
}

export type Task = {
  readonly work: string
  readonly job: JobName
  readonly input: JobInput
  readonly connections?: number
  readonly seconds?: number
}

export function run({ generator, options }: Bench, url: string, task: Task): Promise<Measured> {
  const { job, input, connections = options.connections, seconds = options.seconds } = task
  return generator.run({ job, url, input, connections, seconds })
}

export type Ran = Awaited<ReturnType<typeof runOn>>

/** A task on a server of ours, with what it cost. */
export async function runOn(bench: Bench, server: Server, task: Task) {
  const before = server.cpu()
  const measured = await run(bench, task.job === 'introspection' ? server.adminUrl : server.publicUrl, task)
  const cpuMilliseconds = (server.cpu() - before) / Math.max(measured.done, 1)
  return { measured, cpuMilliseconds, residentMegabytes: server.resident() }
}
