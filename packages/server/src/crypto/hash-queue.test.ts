import { expect, test } from 'vitest'
import { createHashQueue, type HashQueueBounds } from './hash-queue.ts'

const bounds = (changes: Partial<HashQueueBounds> = {}) => ({ concurrency: 1, length: 4, wait: 10_000, ...changes })

/** Work that ends when it is told to. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { end: () => resolve('done'), promise }
}

/** A queue, what has begun in it, and a way to end the oldest of that. */
function open(given: HashQueueBounds) {
  const queue = createHashQueue(() => given)
  const begun: { readonly name: string; readonly end: () => void }[] = []
  const run = (from: string | null, name: string) =>
    queue
      .run(from, () => {
        const { promise, end } = work()
        begun.push({ name, end })
        return promise
      })
      .catch((error: unknown) => (error instanceof Error && 'status' in error ? error.status : error))
  const finish = async () => {
    begun.findLast(() => true)?.end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { run, begun, finish, names: () => begun.map(({ name }) => name) }
}

test('no more runs at once than may, and the others follow', async () => {
  const { run, names, begun } = open(bounds({ concurrency: 2 }))
  const all = ['a', 'b', 'c', 'd'].map((name) => run('x', name))
  expect(names()).toEqual(['a', 'b'])
  begun[0]?.end()
  await all[0]
  await new Promise((resolve) => setImmediate(resolve))
  expect(names()).toEqual(['a', 'b', 'c'])
  for (let at = 1; at < 4; at++) {
    begun[at]?.end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done'])
})

test('each place has its turn, however much another has brought', async () => {
  const { run, names, finish } = open(bounds({ length: 10 }))
  const all = [...['n1', 'n2', 'n3', 'n4'].map((name) => run('noisy', name)), run('ann', 'ann'), run('bob', 'bob')]
  for (let i = 0; i < 6; i++) await finish()
  expect(names()).toEqual(['n1', 'n2', 'ann', 'bob', 'n3', 'n4'])
  expect(await Promise.all(all)).toEqual(Array.from({ length: 6 }, () => 'done'))
})

test('where there is no room, whoever has brought most makes it', async () => {
  const { run, names, finish } = open(bounds())
  const noisy = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => run('noisy', name))
  // Its own next one finds no room.
  expect(await run('noisy', 'n6')).toBe(429)
  const ann = run('ann', 'ann')
  expect(await noisy[4]).toBe(429)
  for (let i = 0; i < 5; i++) await finish()
  expect(names()).toEqual(['n1', 'n2', 'ann', 'n3', 'n4'])
  expect(await ann).toBe('done')
})

test('where nobody is noisy the next one is told to come back', async () => {
  const { run, finish } = open(bounds())
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => run(name, name))
  expect(await run('f', 'f')).toBe(503)
  for (let i = 0; i < 5; i++) await finish()
  expect(await Promise.all(all)).toEqual(Array.from({ length: 5 }, () => 'done'))
})

test('nobody waits longer than may be, but administrators', async () => {
  const { run, names, finish } = open(bounds({ wait: 20 }))
  const first = run('a', 'first')
  const admin = run(null, 'admin')
  expect(await run('b', 'late')).toBe(503)
  await finish()
  await finish()
  expect(names()).toEqual(['first', 'admin'])
  expect(await Promise.all([first, admin])).toEqual(['done', 'done'])
})

test('work that fails gives its place back', async () => {
  const queue = createHashQueue(() => bounds())
  await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await queue.run('a', async () => 'yes')).toBe('yes')
})
