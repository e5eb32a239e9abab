import { expect, test, vi } from 'vitest'
import { actionId } from '../core/ids.ts'
import type { Figures } from './figures.ts'
import { warningsOf, watchQueue } from './queue-watch.ts'

const crm = actionId('crm')
const endpoint = 'https://crm.example.test/'
const quiet: Figures = { queues: [], oldest: 0, breakers: [], actions: [] }
const waiting = (overdue: number, lane: 'call' | 'mail' = 'call'): Figures => ({
  ...quiet,
  queues: [{ lane, actionId: crm, endpoint, pending: 3, overdue }],
})

test.each<[string, Figures, readonly unknown[]]>([
  ['nothing waits', quiet, []],
  ['what waits is not late', waiting(59_000), []],
  ['calls are late', waiting(61_000), [expect.stringContaining('deliveries of crm')]],
  ['mail is late', waiting(61_000, 'mail'), [expect.stringContaining('mail has been due')]],
  ['the action stands still', { ...waiting(61_000), actions: [{ action: crm, state: 'paused' }] }, []],
  ['the receiver is left alone', { ...waiting(61_000), breakers: [{ endpoint, state: 'open' }] }, []],
  ['something is old', { ...quiet, oldest: 3_601_000 }, [expect.stringContaining('more than an hour')]],
])('%s', (_name, figures, warnings) => {
  expect(warningsOf(figures)).toEqual(warnings)
})

test('it is said once, and again when it is over; a database that is away ends nothing', async () => {
  const now: { figures: () => Promise<Figures> } = { figures: () => Promise.resolve(waiting(99_000)) }
  const logged: string[] = []
  const watch = watchQueue({ figures: () => now.figures(), log: (_level, event) => logged.push(event), every: 5 })
  try {
    await vi.waitFor(() => expect(watch.warnings()).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(logged).toEqual(['queue_is_late'])
    now.figures = () => Promise.reject(new Error('away'))
    await vi.waitFor(() => expect(logged).toContain('queue_not_looked_at'))
    now.figures = () => Promise.resolve(quiet)
    await vi.waitFor(() => expect(logged).toContain('queue_is_on_time'))
    expect(watch.warnings()).toEqual([])
  } finally {
    watch.stop()
  }
})
