import type { Delivery } from '../core/delivery.ts'
import type { Milliseconds } from '../core/time.ts'
import { attemptChain, type ChainDeps, isChained } from './attempt-chain.ts'
import { sendDelivery } from './deliver-web-hook.ts'
import { attemptOf, judge, outcomeOf } from './judge.ts'
import { waitAfter } from './schedule.ts'
import type { Deliver } from './worker.ts'

export type CallDeps = ChainDeps & {
  /** Told when a receiver refuses somebody who was let in because it could not be asked. */
  readonly deniedLater?: (delivery: Delivery, said: string) => Promise<void>
}

/** Makes a rendered call once. */
export const attemptCall =
  (deps: CallDeps): Deliver =>
  async (taken, signal) => {
    const { delivery, tries, beganAt, goingSince } = taken
    const { content, actionId } = delivery
    if (content.kind === 'dead') return { attempts: [], next: { kind: 'dead', reason: content.reason } }
    if (content.kind === 'erased') return { attempts: [], next: { kind: 'dead', reason: 'whom it was about is gone' } }
    if (content.kind === 'mail') throw new Error('mail has a lane of its own')

    if (isChained(content)) return attemptChain(deps, taken, content, signal)

    const startedAt = deps.clock.now()
    const { requestId, sent, isUnready } = await sendDelivery(deps, delivery, content, {
      budget: content.timeout,
      signal,
    })
    const endedAt = deps.clock.now()
    const attempts = [attemptOf(requestId, startedAt, endedAt, sent)]
    const judgement = judge(sent, endedAt)
    const outcome = outcomeOf(judgement, isUnready)
    // A receiver that could not be asked was told, and has answered: whatever it says, it has been delivered.
    const refusal =
      sent.kind === 'answered'
        ? (deps.sendingOf(actionId)?.refusalIn?.(sent.status, sent.body.toString()) ?? null)
        : null
    if (refusal !== null) {
      await deps.deniedLater?.(delivery, refusal)
      const told = attempts.map((attempt) => ({
        ...attempt,
        outcome: 'delivered' as const,
        reason: `refused: ${refusal}`,
      }))
      return {
        attempts: told,
        next: { kind: 'delivered' },
        outcome: outcomeOf({ kind: 'delivered', status: 200 }, false),
      }
    }
    if (judgement.kind === 'delivered') return { attempts, next: { kind: 'delivered' }, outcome }

    const now = await deps.queue.now()
    if (sent.kind === 'failed' && sent.reason === 'aborted') {
      // A try that the server's own end cut short says nothing of anybody.
      logFailure(deps, delivery, judgement.reason, 0)
      return { attempts, next: { kind: 'pending', dueAt: now } }
    }
    const policy = { ...deps.retry(), ...deps.sendingOf(actionId)?.retry }
    const since = Math.max(beganAt ?? now, goingSince ?? 0)
    const wait =
      judgement.kind === 'retry'
        ? waitAfter({ attempt: tries + 1, now, since, asked: judgement.asked }, policy, deps.random)
        : null
    logFailure(deps, delivery, judgement.reason, wait)
    if (wait === null) return { attempts, next: { kind: 'dead', reason: judgement.reason }, outcome }
    return { attempts, next: { kind: 'pending', dueAt: now + wait }, outcome }
  }

const logFailure = ({ log }: CallDeps, delivery: Delivery, reason: string, wait: Milliseconds | null) =>
  log(wait === null ? 'error' : 'warn', wait === null ? 'delivery_dead' : 'delivery_postponed', {
    delivery: delivery.id,
    action: delivery.actionId,
    trigger: delivery.trigger,
    reason,
    wait,
  })
