import type { AfterContext, BeforeContext, Occasion } from '../../core/action.ts'
import { attemptHeaders } from '../../core/attempt-headers.ts'
import type { CallAttempt, CallOutcome } from '../../core/call.ts'
import { type Decision, proceed } from '../../core/decision.ts'
import type { RenderedCall } from '../../core/delivery.ts'
import { NeighbourError } from '../../core/errors.ts'
import { fillSecrets } from '../../core/fill-secrets.ts'
import { type DeliveryId, deliveryId } from '../../core/ids.ts'
import { callWithRetries } from '../../core/retry.ts'
import type { Milliseconds } from '../../core/time.ts'
import { triggerName } from '../../core/trigger.ts'
import type { Sent } from '../../net/outgoing.ts'
import type { ActionDeps } from '../deps.ts'
import type { Hook } from './hook.ts'
import { interpretAnswer } from './interpret-answer.ts'
import { renderCall } from './render-call.ts'
import { stepId } from './step-id.ts'
import { type About, deadDelivery, pendingDelivery } from './render-delivery.ts'

/** One asking: what it is about, until when, and what has been tried so far. */
type Asking = About & {
  /** Of this very asking; `id` is what the receiver knows it by. */
  readonly callId: DeliveryId
  readonly context: BeforeContext | AfterContext
  /** On the stopwatch. */
  readonly from: Milliseconds
  readonly deadline: Milliseconds
  readonly attempts: CallAttempt[]
}

/** Asks the receiver while somebody waits: nothing is stored yet, and its answer counts. The log learns what came of it. */
export async function askReceiver(
  deps: ActionDeps,
  hook: Hook,
  context: BeforeContext | AfterContext,
  stepDeadline: Milliseconds,
  occasion: Occasion,
): Promise<Decision> {
  const from = deps.stopwatch.now()
  const asking: Asking = {
    id: stepId(context, occasion),
    callId: deliveryId(deps.random.rowId()),
    at: deps.clock.now(),
    from,
    context,
    occasion,
    deadline: Math.min(stepDeadline, from + hook.timeout),
    attempts: [],
  }
  const left = Math.max(0, asking.deadline - deps.stopwatch.now())
  const rendered = await renderCall(deps, hook, context, { ...asking, budget: left })
  switch (rendered.kind) {
    case 'skipped':
    case 'cancelled':
      record(deps, hook, asking, rendered.kind)
      return proceed()
    case 'failed':
      return undecided(deps, hook, asking, null, new NeighbourError('P', rendered.detail))
    case 'call':
      return decided(deps, hook, asking, rendered.call)
    default:
      return rendered satisfies never
  }
}

const OUTCOMES = { proceed: 'proceeded', amend: 'amended', deny: 'denied', divert: 'proceeded' } as const

async function decided(deps: ActionDeps, hook: Hook, asking: Asking, call: RenderedCall): Promise<Decision> {
  try {
    const decision = await askInPlace(deps, hook, asking, call)
    const said = decision.kind === 'deny' ? (decision.messages[0]?.message.text ?? 'without words') : ''
    record(deps, hook, asking, OUTCOMES[decision.kind], said)
    return decision
  } catch (error) {
    if (error instanceof NeighbourError) return undecided(deps, hook, asking, call, error)
    throw error
  }
}

/** A receiver that is slow must not keep more people than it has places. */
async function askInPlace(deps: ActionDeps, hook: Hook, asking: Asking, call: RenderedCall): Promise<Decision> {
  const leave = hook.places.enter()
  if (leave === null)
    throw new NeighbourError('P', `${hook.places.most} calls of this action are under way already (concurrency)`)
  try {
    return await askNow(deps, hook, asking, call)
  } finally {
    leave()
  }
}

async function askNow(deps: ActionDeps, hook: Hook, asking: Asking, call: RenderedCall): Promise<Decision> {
  const { id, deadline, attempts: made } = asking
  const { attempts } = hook
  const filled = fillSecrets(call, hook.secrets)
  if (filled === null) throw new NeighbourError('P', 'a secret of this call is not configured')
  const shown = hook.credentials === null ? {} : { credentials: hook.credentials }
  const sent = await callWithRetries(
    deps,
    { attempts, deadline, backoff: deps.settings.actions.backoff },
    async (budget) => {
      const requestId = deps.random.uuid()
      const startedAt = deps.clock.now()
      const signature = hook.sign?.(id, startedAt, call.body ?? '') ?? {}
      const own = attemptHeaders(id, requestId, hook.emitHeaders)
      const headers = { ...filled.headers, ...hook.headers.secret, ...own, ...signature }
      const sent = await deps.client.send(
        { method: call.method, url: filled.url, headers, body: call.body, ...shown },
        { budget },
      )
      made.push({ requestId, startedAt, endedAt: deps.clock.now(), ...outcomeOf(sent) })
      return sent
    },
  )
  if (sent.kind === 'answered') return interpretAnswer(hook, sent.status, sent.body.toString())
  // A body that can't be read does no harm where nobody wants to read it.
  if (sent.status !== undefined && hook.answer === 'plain') return interpretAnswer(hook, sent.status, '')
  throw new NeighbourError(sent.reason === 'timeout' ? 'T' : 'P', sent.detail)
}

const outcomeOf = (sent: Sent) => ({
  status: sent.status ?? null,
  reason: sent.kind === 'failed' ? sent.detail : '',
  ...(sent.timings === undefined ? {} : { timings: sent.timings }),
})

/** No decision came: what the operator chose for that counts (design.md §4). */
function undecided(
  deps: ActionDeps,
  hook: Hook,
  asking: Asking,
  call: RenderedCall | null,
  error: NeighbourError,
): Decision {
  const { occasion, context } = asking
  const policy = hook.onFailure ?? 'deny'
  if (policy === 'deny') {
    record(deps, hook, asking, 'failed', error.message)
    throw error
  }
  deps.log('warn', 'action_failed_and_passed', {
    action: occasion.actionId,
    where: occasion.where,
    trigger: triggerName(context.trigger),
    flow: context.flow.id,
    class: error.class,
    on_failure: policy,
    detail: error.message,
  })
  record(deps, hook, asking, policy === 'queue' ? 'queued' : 'let_through', error.message)
  if (policy === 'continue') return proceed()
  const delivery = call === null ? deadDelivery(hook, asking, error.message) : pendingDelivery(hook, asking, call)
  return proceed({ kind: 'notify', delivery })
}

function record(deps: ActionDeps, hook: Hook, asking: Asking, outcome: CallOutcome, detail = ''): void {
  const { id, callId, at, from, context, occasion, attempts } = asking
  deps.record({
    id: callId,
    webhookId: id,
    eventId: occasion.eventId,
    actionId: occasion.actionId,
    where: occasion.where,
    trigger: triggerName(context.trigger),
    flowId: context.flow.id,
    identityId: 'identity' in context ? context.identity.id : null,
    method: hook.method,
    endpoint: hook.endpoint,
    startedAt: at,
    endedAt: deps.clock.now(),
    elapsed: deps.stopwatch.now() - from,
    outcome,
    detail,
    attempts,
  })
}
