import type { Delivery } from '../core/delivery.ts'
import type { Log } from '../core/log.ts'
import type { Clock, Milliseconds, Random } from '../core/time.ts'
import { type SendDeps, sendDelivery } from './deliver-web-hook.ts'
import { attemptOf, judge } from './judge.ts'
import type { Queue } from './queue.ts'
import { waitAfter } from './schedule.ts'
import type { Deliver } from './worker.ts'

export type CallDeps = SendDeps & {
  readonly queue: Pick<Queue, 'now'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Makes a rendered call once. */
export const attemptCall =
  (deps: CallDeps): Deliver =>
  async ({ delivery, attempts }, signal) => {
    const { content } = delivery
    if (content.kind === 'dead') return { attempts: [], next: { kind: 'dead', reason: content.reason } }
    if (content.kind === 'erased') return { attempts: [], next: { kind: 'dead', reason: 'whom it was about is gone' } }
    if (content.kind === 'mail') throw new Error('mail has a lane of its own')

    const startedAt = deps.clock.now()
    const { requestId, sent } = await sendDelivery(deps, delivery, content, { budget: content.timeout, signal })
    const endedAt = deps.clock.now()
    const made = [attemptOf(requestId, startedAt, endedAt, sent)]
    const judgement = judge(sent, endedAt)
    if (judgement.kind === 'delivered') return { attempts: made, next: { kind: 'delivered' } }

    const isGivenUp = sent.kind === 'failed' && sent.reason === 'aborted'
    const wait = isGivenUp
      ? 0
      : judgement.kind === 'retry'
        ? waitAfter(attempts + 1, deps.random, judgement.asked)
        : null
    logFailure(deps, delivery, judgement.reason, wait)
    if (wait === null) return { attempts: made, next: { kind: 'dead', reason: judgement.reason } }
    return { attempts: made, next: { kind: 'pending', dueAt: (await deps.queue.now()) + wait } }
  }

const logFailure = ({ log }: CallDeps, delivery: Delivery, reason: string, wait: Milliseconds | null) =>
  log(wait === null ? 'error' : 'warn', wait === null ? 'delivery_dead' : 'delivery_postponed', {
    delivery: delivery.id,
    action: delivery.actionId,
    trigger: delivery.trigger,
    reason,
    wait,
  })
