import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** One call as it arrived. */
export type ReceivedCall = {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly at: number
}

/** What a path answers: plain data, or a function that is given the call and writes the answer itself. */
export type ReceiverAnswer =
  | {
      readonly status?: number
      readonly headers?: { readonly [name: string]: string }
      readonly body?: string | Buffer
      readonly json?: unknown
      /** Milliseconds before the answer begins. */
      readonly delay?: number
    }
  | ((call: ReceivedCall, response: ServerResponse) => void)

/** A receiver on loopback that answers as told and remembers every call. Paths nobody programmed answer 200 without body. */
export type Receiver = {
  readonly port: number
  readonly url: (path?: string) => string
  readonly calls: readonly ReceivedCall[]
  readonly callsTo: (path: string) => readonly ReceivedCall[]
  /** Programs a path: each answer is given once, the last one for ever. */
  readonly on: (path: string, ...answers: readonly ReceiverAnswer[]) => void
  /** Waits until a path has been called that many times. */
  readonly waitFor: (path: string, times?: number, within?: number) => Promise<readonly ReceivedCall[]>
  /** Forgets calls and answers. */
  readonly reset: () => void
  readonly close: () => Promise<void>
}

export async function startReceiver(host = '127.0.0.1'): Promise<Receiver> {
  const calls: ReceivedCall[] = []
  const answers = new Map<string, ReceiverAnswer[]>()
  const watchers = new Set<() => void>()

  const server = createServer((request, response) => {
    const arrive = async () => {
      const call = await read(request)
      calls.push(call)
      const planned = answers.get(pathOf(call.path)) ?? []
      const answer = planned.length > 1 ? planned.shift() : planned[0]
      give(answer ?? {}, call, response)
      for (const watch of watchers) watch()
    }
    arrive().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const callsTo = (path: string) => calls.filter((call) => pathOf(call.path) === path)

  return {
    port,
    url: (path = '/') => `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`,
    calls,
    callsTo,
    on: (path, ...given) => answers.set(path, [...given]),
    waitFor: (path, times = 1, within = 5_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const arrived = callsTo(path)
          if (arrived.length < times) return
          clearTimeout(timer)
          watchers.delete(check)
          resolve(arrived)
        }
        const timer = setTimeout(() => {
          watchers.delete(check)
          reject(new Error(`${path} was called ${callsTo(path).length} times within ${within} ms, expected ${times}`))
        }, within)
        watchers.add(check)
        check()
      }),
    reset: () => {
      calls.length = 0
      answers.clear()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const pathOf = (target: string) => target.split('?', 1)[0] ?? ''

async function read(request: IncomingMessage): Promise<ReceivedCall> {
  const at = performance.now()
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  )
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString(),
    at,
  }
}

function give(answer: ReceiverAnswer, call: ReceivedCall, response: ServerResponse): void {
  if (typeof answer === 'function') return answer(call, response)
  const { status = 200, headers = {}, body, json, delay = 0 } = answer
  const write = () => {
    response.writeHead(status, { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers })
    response.end(json === undefined ? body : JSON.stringify(json))
  }
  if (delay === 0) write()
  else setTimeout(write, delay)
}
