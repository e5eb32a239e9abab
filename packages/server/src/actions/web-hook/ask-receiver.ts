import type { AfterContext, BeforeContext } from '../../core/action.ts'
import { attemptHeaders } from '../../core/attempt-headers.ts'
import { type Decision, proceed } from '../../core/decision.ts'
import { NeighbourError } from '../../core/errors.ts'
import { deliveryId } from '../../core/ids.ts'
import { callWithRetries } from '../../core/retry.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { ActionDeps } from '../deps.ts'
import type { Hook } from './hook.ts'
import { interpretAnswer } from './interpret-answer.ts'
import { renderBody } from './render-body.ts'
import { templateContext } from './template-context.ts'

/** Asks the receiver while somebody waits: nothing is stored yet, and its answer counts. */
export async function askReceiver(
  deps: ActionDeps,
  hook: Hook,
  context: BeforeContext | AfterContext,
  stepDeadline: Milliseconds,
): Promise<Decision> {
  const deadline = Math.min(stepDeadline, deps.stopwatch.now() + hook.timeout)
  const left = () => Math.max(0, deadline - deps.stopwatch.now())
  const id = deliveryId(deps.random.rowId())
  const seen = templateContext({ settings: deps.settings, deliveryId: id, at: deps.clock.now() }, context)
  const contentType = hook.headers.open['content-type'] ?? ''
  const rendered = await renderBody(deps.templates, { ...hook, contentType }, seen, left())
  if (rendered.kind === 'cancelled') return proceed()
  if (rendered.kind === 'failed') throw new NeighbourError('P', rendered.detail)

  const { attempts } = hook
  const sent = await callWithRetries(deps, { attempts, deadline, backoff: deps.settings.actions.backoff }, (budget) => {
    const own = attemptHeaders(id, deps.random.uuid(), hook.emitHeaders)
    const headers = { ...hook.headers.open, ...hook.headers.secret, ...own }
    return deps.client.send({ method: hook.method, url: hook.url, headers, body: rendered.body }, { budget })
  })
  if (sent.kind === 'answered') return interpretAnswer(hook, sent.status, sent.body.toString())
  // A body that can't be read does no harm where nobody wants to read it.
  if (sent.status !== undefined && hook.answer === 'plain') return interpretAnswer(hook, sent.status, '')
  throw new NeighbourError(sent.reason === 'timeout' ? 'T' : 'P', sent.detail)
}
