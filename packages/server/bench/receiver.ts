import { createServer } from 'node:http'
import { once } from 'node:events'

/** Waits until so many calls have come; `fresh` forgets those that came before. */
export type Await = { readonly arrivals: number; readonly fresh: boolean }

/** Where it hangs: whoever calls gives up in the end. */
export const HANGING = '/hang'
const LONGEST_WAIT = 120_000

/** The receiver of actions: it answers at once that it has nothing to say. */
export async function startReceiver() {
  const seen: { count: number; until: number; reached: () => void } = { count: 0, until: 0, reached: () => {} }
  const server = createServer((request, response) => {
    if (request.url === HANGING) return
    request.resume().on('end', () => {
      response.writeHead(204).end()
      seen.count += 1
      if (seen.count === seen.until) seen.reached()
    })
  })
  server.keepAliveTimeout = 60_000
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    /** When the last of them came. */
    arrivals: ({ arrivals, fresh }: Await): Promise<number> => {
      if (fresh) seen.count = 0
      return new Promise((resolve, reject) => {
        if (seen.count >= arrivals) return resolve(performance.now())
        const missing = () => reject(new Error(`${seen.count} of ${arrivals} calls came in ${LONGEST_WAIT / 1_000} s`))
        const timer = setTimeout(missing, LONGEST_WAIT)
        seen.until = arrivals
        seen.reached = () => {
          clearTimeout(timer)
          resolve(performance.now())
        }
      })
    },
  }
}
