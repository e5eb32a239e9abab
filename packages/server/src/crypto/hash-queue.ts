import { WireError } from '../core/errors.ts'
import type { Milliseconds } from '../core/time.ts'

/** Hashing takes a core for a tenth of a second and more: how much of it goes on at once, and how much may wait. */
export type HashQueueBounds = {
  readonly concurrency: number
  readonly length: number
  readonly wait: Milliseconds
}

/**
 * Runs work in turn. `source` is who it is for: each gets its turn, however much another has brought. Null is somebody
 * who brings no more than they may and waits as long as it takes: an administrator.
 */
export type HashQueue = { run<T>(source: string | null, work: () => Promise<T>): Promise<T> }

type Job = { readonly begin: () => void; readonly refuse: (error: WireError) => void }

/** The bounded queue of everything that hashes passwords (reliability.md §3.4, 8; §8.2). The bounds are asked for at every turn. */
export function createHashQueue(bounds: () => HashQueueBounds): HashQueue {
  // In the order of their turns: whoever has had one goes to the end.
  const waiting = new Map<string, Job[]>()
  const load = { running: 0, waiting: 0 }

  const remove = (source: string, job: Job) => {
    const jobs = waiting.get(source) ?? []
    const at = jobs.indexOf(job)
    if (at < 0) return
    jobs.splice(at, 1)
    load.waiting -= 1
    if (jobs.length === 0) waiting.delete(source)
  }
  const next = () => {
    const turn = waiting.entries().next()
    if (turn.done === true || load.running >= bounds().concurrency) return
    const [source, jobs] = turn.value
    const [job] = jobs
    if (job === undefined) return
    remove(source, job)
    const left = waiting.get(source)
    if (left !== undefined) {
      waiting.delete(source)
      waiting.set(source, left)
    }
    job.begin()
  }
  /** Room for one more: whoever has brought most makes it. */
  const admits = (source: string): WireError | null => {
    if (load.waiting < bounds().length) return null
    const [noisiest = '', most = []] = [...waiting].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? []
    const own = waiting.get(source)?.length ?? 0
    if (most.length <= 1) return overloaded()
    if (own >= most.length) return noisy()
    const last = most.at(-1)
    if (last !== undefined) {
      remove(noisiest, last)
      last.refuse(noisy())
    }
    return null
  }

  return {
    run: async <T>(from: string | null, work: () => Promise<T>): Promise<T> => {
      if (load.running >= bounds().concurrency) {
        const refusal = from === null ? null : admits(from)
        if (refusal !== null) throw refusal
        const source = from ?? ''
        await new Promise<void>((resolve, reject) => {
          const giveUp = () => {
            remove(source, job)
            reject(overloaded())
          }
          const timer = from === null ? undefined : setTimeout(giveUp, bounds().wait)
          const job: Job = {
            begin: () => {
              clearTimeout(timer)
              // Its place is taken before anybody else can look.
              load.running += 1
              resolve()
            },
            refuse: (error) => {
              clearTimeout(timer)
              reject(error)
            },
          }
          const jobs = waiting.get(source)
          if (jobs === undefined) waiting.set(source, [job])
          else jobs.push(job)
          load.waiting += 1
        })
      } else {
        load.running += 1
      }
      try {
        return await work()
      } finally {
        load.running -= 1
        next()
      }
    },
  }
}

const overloaded = () =>
  new WireError(503, 'The server is busy.', {
    id: 'overloaded',
    reason: 'Many passwords are being checked at the moment. Please try again in a few seconds.',
    retryAfter: 1,
  })

const noisy = () =>
  new WireError(429, null, {
    id: 'rate_limited',
    reason: 'Many passwords are being checked for your address at the moment. Please try again in a few seconds.',
    retryAfter: 1,
  })
