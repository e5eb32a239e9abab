import { describe, expect, test } from 'vitest'
import { memoryQueue } from '../../test/memory-queue.ts'
import type { Sending } from '../core/action.ts'
import type { Follow, Followed, WriteBack } from '../core/chain.ts'
import type { Delivery, RenderedCall } from '../core/delivery.ts'
import { actionId, deliveryId, identityId } from '../core/ids.ts'
import type { OutgoingCall, Sent } from '../net/outgoing.ts'
import { attemptChain, type ChainDeps } from './attempt-chain.ts'
import { DEFAULT_RETRY } from './schedule.ts'

const call = (path: string): RenderedCall => ({
  method: 'POST',
  url: `https://vendor.example.test${path}`,
  headers: {},
  body: '{"token":""}',
  bodySecrets: [{ at: 10, name: 'token', as: 'json' }],
  secretHeaders: ['authorization'],
})
const content = {
  kind: 'rendered',
  call: call('/first'),
  timeout: 1_000,
  emitHeaders: false,
  chain: { trigger: 'registration', step: 'first', snapshot: { facts: {} }, steps: {} },
} as const
const delivery: Delivery = {
  id: deliveryId('11111111-1111-7111-8111-111111111111'),
  eventId: 'e',
  actionId: actionId('connection:x'),
  trigger: 'registration.after.password',
  identityId: identityId('22222222-2222-4222-8222-222222222222'),
  createdAt: 0,
  leasedUntil: null,
  leaseToken: null,
  content,
}
const writeBack: WriteBack = { metadataAdmin: { x: 1 }, metadataPublic: null, externalId: null }
const next: Followed = {
  kind: 'next',
  step: 'second',
  call: call('/second'),
  steps: { first: { status: 200 } },
  writeBack,
}
const ok: Sent = { kind: 'answered', status: 200, headers: {}, body: Buffer.from('{}') }

type Given = {
  readonly follow?: Follow
  readonly sending?: Partial<Sending> | null
  readonly sent?: Sent
  readonly fails?: true
  readonly chance?: number
}

function world({
  follow = () => ({ kind: 'done', steps: {}, writeBack: null }),
  sending = {},
  sent = ok,
  fails,
  chance = 0,
}: Given) {
  const calls: OutgoingCall[] = []
  const writes: WriteBack[] = []
  const logged: string[] = []
  const queue = memoryQueue(() => 1_000)
  const deps: ChainDeps = {
    client: {
      send: (each) => {
        calls.push(each)
        return Promise.resolve(sent)
      },
    },
    clock: { now: () => 1_000 },
    random: {
      uuid: () => '33333333-3333-4333-8333-333333333333',
      rowId: () => 'r',
      bytes: (n) => new Uint8Array(n).fill(chance),
    },
    sendingOf: () =>
      sending === null
        ? null
        : {
            secretHeaders: { authorization: 'Bearer hush' },
            secrets: { token: 'to"ken' },
            attempts: 1,
            follow,
            ...sending,
          },
    queue,
    retry: () => DEFAULT_RETRY,
    log: (_level, event) => logged.push(event),
    writeBack: (_id, change) => {
      writes.push(change)
      return fails ? Promise.reject(new Error('the database is away')) : Promise.resolve()
    },
  }
  const attempt = (progress?: Delivery['progress'], tries = 0) =>
    attemptChain(
      deps,
      {
        delivery: progress === undefined ? delivery : { ...delivery, progress },
        leaseToken: 't',
        attempts: tries,
        tries,
        beganAt: null,
        goingSince: null,
      },
      content,
      new AbortController().signal,
    )
  return { calls, writes, logged, queue, attempt }
}

describe('a chain of calls', () => {
  test('goes on with the call that was kept, and puts secrets in only then', async () => {
    const { attempt, calls, writes } = world({
      follow: ({ step }) => (step === 'first' ? next : { kind: 'done', steps: {}, writeBack: null }),
    })
    const first = await attempt()
    expect(first).toMatchObject({
      next: { kind: 'pending', dueAt: 1_000 },
      attempts: [{ step: 'first', outcome: 'delivered' }],
    })
    expect(writes).toEqual([writeBack])
    expect(JSON.stringify(first.progress)).not.toMatch(/to.{0,4}"ken|hush/)
    const second = await attempt(first.progress)
    expect(second).toMatchObject({ next: { kind: 'delivered' }, attempts: [{ step: 'second' }] })
    expect(calls.map(({ url, body }) => [url, body])).toEqual([
      ['https://vendor.example.test/first', '{"token":"to\\"ken"}'],
      ['https://vendor.example.test/second', '{"token":"to\\"ken"}'],
    ])
  })

  test('after a crash the same call is made again, byte for byte, and nothing before it', async () => {
    const { attempt, calls } = world({ follow: () => next })
    const { progress } = await attempt()
    // Whoever made this one died before it could be written down.
    await attempt(progress)
    await attempt(progress)
    expect(calls[2]).toEqual(calls[1])
    expect(calls.filter(({ url }) => url.endsWith('/first'))).toHaveLength(1)
  })

  test('what could not be kept with the identity is not counted as done, and is tried again as any other call', async () => {
    const { attempts, next: then, progress } = await world({ follow: () => next, fails: true }).attempt()
    expect(attempts).toMatchObject([{ outcome: 'retry', reason: expect.stringContaining('the database is away') }])
    expect(then).toMatchObject({ kind: 'pending', dueAt: expect.any(Number) })
    expect(progress).toBeUndefined()
  })

  test.each<readonly [string, Followed, string, string | null]>([
    ['retry', { kind: 'retry', reason: 'r', asked: 7_000, atLeast: 0 }, 'retry', 'delivery_postponed'],
    ['drop', { kind: 'dead', reason: 'r', isAlert: false, writeBack: null }, 'failed', 'delivery_dead'],
    ['drop and alert', { kind: 'dead', reason: 'r', isAlert: true, writeBack: null }, 'failed', 'delivery_dead'],
    ['pause', { kind: 'paused', reason: 'r' }, 'retry', 'connection_paused'],
  ])('%s', async (_name, followed, outcome, event) => {
    const { attempt, logged, queue } = world({ follow: () => followed })
    const rest = await attempt()
    expect(rest.attempts).toMatchObject([{ outcome, reason: 'r' }])
    expect(logged).toEqual([event])
    // One person who is not taken says nothing of the connection.
    expect(rest.outcome?.isDelivered).toBe(followed.kind === 'dead' && !followed.isAlert)
    if (followed.kind === 'retry') expect(rest.next).toEqual({ kind: 'pending', dueAt: 8_000 })
    if (followed.kind === 'dead') expect(rest.next).toEqual({ kind: 'dead', reason: 'r' })
    if (followed.kind === 'paused') {
      expect(rest.next.kind).toBe('pending')
      expect(queue.actions.get('connection:x')).toMatchObject({
        state: 'paused',
        reason: expect.stringContaining('r; mend'),
      })
    }
  })

  test('a connection that is gone, or a secret of it, is waited for', async () => {
    for (const sending of [null, { secrets: {} }, { secretHeaders: {} }]) {
      const { attempt, calls } = world({ sending })
      expect(await attempt()).toMatchObject({ next: { kind: 'pending' }, outcome: { isReachable: null } })
      expect(calls).toEqual([])
    }
  })

  test('what a recipe waits for at least does not keep the waits from growing', async () => {
    const { attempt } = world({
      follow: () => ({ kind: 'retry', reason: 'r', asked: null, atLeast: 10_000 }),
      chance: 0xff,
    })
    const waits = await Promise.all([0, 1, 8].map(async (tries) => (await attempt(undefined, tries)).next))
    const due = waits.map((next) => (next.kind === 'pending' ? next.dueAt - 1_000 : 0))
    expect(due[0]).toBe(10_000)
    expect(due[2]).toBeGreaterThan(600_000)
  })

  test('the recipe’s own number of tries counts', async () => {
    const { attempt } = world({
      follow: () => ({ kind: 'retry', reason: 'r', asked: null, atLeast: 0 }),
      sending: { retry: { attempts: 3 } },
    })
    expect((await attempt(undefined, 1)).next.kind).toBe('pending')
    expect((await attempt(undefined, 2)).next.kind).toBe('dead')
  })

  test('what nobody answered is told apart from what never arrived', async () => {
    const asked: boolean[] = []
    const follow: Follow = (_point, answer) => {
      if (answer.kind === 'failed') asked.push(answer.mayHaveArrived)
      return { kind: 'retry', reason: 'r', asked: null, atLeast: 0 }
    }
    for (const reason of ['connect', 'dns', 'timeout', 'closed'] as const) {
      await world({ follow, sent: { kind: 'failed', reason, detail: 'd' } }).attempt()
    }
    expect(asked).toEqual([false, false, true, true])
  })
})
