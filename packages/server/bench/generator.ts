import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Measured, Order } from './load.ts'
import { pinned } from './pin.ts'
import type { Await } from './receiver.ts'

/** The load generator in its own process. */
export type Generator = {
  /** Where the receiver of web_hooks is. */
  readonly receiver: string
  run(order: Order): Promise<Measured>
  /** When the receiver had the last of so many calls, in milliseconds; only the difference of two says something. */
  arrivals(order: Await): Promise<number>
  stop(): void
}

const LOAD = fileURLToPath(new URL('load.ts', import.meta.url))

type Said = {
  readonly receiver?: number
  readonly measured?: Measured
  readonly arrivedAt?: number
  readonly failed?: string
}

export async function startGenerator(): Promise<Generator> {
  const [command, ...args] = pinned(1, [process.execPath, LOAD])
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const next = () =>
    new Promise<Said>((resolve, reject) => {
      const gone = () => reject(new Error('the load generator ended'))
      child.once('exit', gone)
      lines.once('line', (line) => {
        child.removeListener('exit', gone)
        resolve(JSON.parse(line))
      })
    })
  const { receiver = 0 } = await next()
  return {
    receiver: `http://127.0.0.1:${receiver}/`,
    run: async (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      const { measured, failed } = await next()
      if (measured === undefined) throw new Error(`${order.job}: ${failed ?? 'no answer'}`)
      return measured
    },
    arrivals: async (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      const { arrivedAt, failed } = await next()
      if (arrivedAt === undefined) throw new Error(failed ?? 'no answer')
      return arrivedAt
    },
    stop: () => child.stdin.end(),
  }
}
