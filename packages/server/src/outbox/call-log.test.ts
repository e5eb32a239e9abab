import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { AT, callOf } from '../../test/store-samples.ts'
import type { CallRecord } from '../core/call.ts'
import { flowId, identityId } from '../core/ids.ts'
import { startCallLog } from './call-log.ts'

const call = () => callOf(identityId(randomUUID()), flowId(randomUUID()))

function world(keepFor = 1_000) {
  const kept: (readonly CallRecord[])[] = []
  const logged: string[] = []
  const broken = { is: false }
  const forgotten: number[] = []
  const log = startCallLog({
    calls: {
      keep: (calls) => {
        if (broken.is) return Promise.reject(new Error('the database is away'))
        kept.push(calls)
        return Promise.resolve()
      },
      forget: (before) => Promise.resolve(forgotten.push(before)),
    },
    clock: { now: () => AT },
    log: (_level, event) => logged.push(event),
    keepFor: () => keepFor,
  })
  return { log, kept, logged, broken, forgotten }
}

test('what comes together is written in one batch, a moment later', async () => {
  const { log, kept } = world()
  const calls = [call(), call(), call()]
  for (const each of calls) log.record(each)
  expect(kept).toEqual([])
  await vi.waitFor(() => expect(kept).toEqual([calls]))
  await log.stop()
})

test('nothing is lost while the database is away for a moment', async () => {
  const { log, kept, logged, broken } = world()
  broken.is = true
  const one = call()
  log.record(one)
  await log.flush()
  expect(logged).toEqual(['calls_not_recorded'])
  broken.is = false
  await log.stop()
  expect(kept).toEqual([[one]])
})

test('memory has an end, and what was lost is said', async () => {
  const { log, kept, logged } = world()
  for (let i = 0; i < 10_003; i++) log.record(call())
  await log.stop()
  expect(kept.flat()).toHaveLength(10_000)
  expect(logged).toEqual(['calls_lost'])
})

test('nothing is recorded where nothing is to be kept', async () => {
  const { log, kept } = world(0)
  log.record(call())
  await log.stop()
  expect(kept).toEqual([])
})

test('what is too old is forgotten now and then', async () => {
  vi.useFakeTimers()
  try {
    const { log, forgotten } = world()
    await vi.advanceTimersByTimeAsync(10 * 60 * 1000)
    expect(forgotten).toEqual([AT - 1_000])
    await log.stop()
  } finally {
    vi.useRealTimers()
  }
})
