import { attemptHeaders } from '../core/attempt-headers.ts'
import type { CallAttempt, CallOutcome } from '../core/call.ts'
import type { Delivery, RenderedCall } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import { fillSecrets } from '../core/fill-secrets.ts'
import { type DeliveryId, deliveryId } from '../core/ids.ts'
import { callWithRetries } from '../core/retry.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import { amendToken } from './amend-token.ts'
import type { AskedTokens, TokenRequest } from './ask-token-actions.ts'
import type { HookMoment } from './hook-payload.ts'
import { oauthError } from './provider-types.ts'
import { readTokenAnswer, type TokenDecision } from './read-token-answer.ts'
import { renderTokenCall, tokenContext } from './render-token-call.ts'
import type { TokenActionDeps } from './token-actions.ts'
import type { TokenAction } from './token-plan.ts'

type Asking = {
  readonly id: DeliveryId
  readonly at: Time
  /** On the stopwatch. */
  readonly from: Milliseconds
  readonly request: TokenRequest
  readonly attempts: CallAttempt[]
}

/** Asks one receiver before a token is issued, and does what it says. A refusal is thrown, as the OAuth error it is. */
export async function askTokenReceiver(
  deps: TokenActionDeps,
  action: TokenAction,
  moment: HookMoment,
  request: TokenRequest,
  stepDeadline: Milliseconds,
): Promise<AskedTokens> {
  const { session } = request
  const from = deps.stopwatch.now()
  const asking = { id: deliveryId(deps.random.rowId()), at: deps.clock.now(), from, request, attempts: [] }
  const deadline = Math.min(stepDeadline, from + action.hook.timeout)
  const seen = tokenContext(moment, request, 'before', asking.id)
  const rendered = await renderTokenCall(deps.templates, action, seen, deadline - deps.stopwatch.now())
  if (rendered.kind === 'skipped' || rendered.kind === 'cancelled') {
    record(deps, action, asking, rendered.kind)
    return { session, effects: [] }
  }
  const call = rendered.kind === 'call' ? rendered.call : null
  const decision: TokenDecision =
    rendered.kind === 'failed'
      ? { kind: 'unusable', detail: rendered.detail }
      : await callNow(deps, action, asking, rendered.call, deadline)
  switch (decision.kind) {
    case 'proceed':
      record(deps, action, asking, 'proceeded')
      return { session, effects: [] }
    case 'amend':
      record(deps, action, asking, 'amended')
      return {
        session: amendToken({ log: deps.log, where: action.where, grant: request.grant }, session, decision.patch),
        effects: [],
      }
    case 'deny':
      record(deps, action, asking, 'denied', decision.error)
      throw oauthError(decision.status, decision.error, decision.description)
    case 'unusable':
      return undecided(deps, action, asking, call, decision.detail)
    default:
      return decision satisfies never
  }
}

async function callNow(
  deps: TokenActionDeps,
  { hook }: TokenAction,
  { id, attempts: made }: Asking,
  call: RenderedCall,
  deadline: Milliseconds,
): Promise<TokenDecision> {
  const filled = fillSecrets(call, hook.secrets)
  if (filled === null) return { kind: 'unusable', detail: 'a secret of this call is not configured' }
  const policy = { attempts: hook.attempts, deadline, backoff: deps.settings.actions.backoff }
  const shown = hook.credentials === null ? {} : { credentials: hook.credentials }
  const sent = await callWithRetries(deps, policy, async (budget) => {
    const requestId = deps.random.uuid()
    const startedAt = deps.clock.now()
    const signature = hook.sign?.(id, startedAt, call.body ?? '') ?? {}
    const own = attemptHeaders(id, requestId, hook.emitHeaders)
    const headers = { ...filled.headers, ...hook.headers.secret, ...own, ...signature }
    const answer = await deps.client.send(
      { method: call.method, url: filled.url, headers, body: call.body, ...shown },
      { budget },
    )
    made.push({
      requestId,
      startedAt,
      endedAt: deps.clock.now(),
      status: answer.status ?? null,
      reason: answer.kind === 'failed' ? answer.detail : '',
      ...(answer.timings === undefined ? {} : { timings: answer.timings }),
    })
    return answer
  })
  return sent.kind === 'answered'
    ? readTokenAnswer(sent.status, sent.body.toString())
    : { kind: 'unusable', detail: sent.detail }
}

/** No decision came: what the operator chose for that counts (design.md §4). */
function undecided(
  deps: TokenActionDeps,
  action: TokenAction,
  asking: Asking,
  call: RenderedCall | null,
  detail: string,
): AskedTokens {
  const { request } = asking
  const policy = action.hook.onFailure ?? 'deny'
  deps.log('error', 'token_action_failed', {
    action: action.id,
    where: action.where,
    grant: request.grant,
    client: request.client.id,
    on_failure: policy,
    detail,
  })
  record(deps, action, asking, policy === 'deny' ? 'failed' : policy === 'queue' ? 'queued' : 'let_through', detail)
  if (policy === 'deny')
    throw oauthError(500, 'server_error', 'An action before issuing the token could not be completed.')
  const effects: readonly Effect[] =
    policy === 'queue' ? [{ kind: 'notify', delivery: deliveryOf(deps, action, asking, call, detail) }] : []
  return { session: request.session, effects }
}

/** Renders what is told once the token is issued, to be stored with it. Null: there is nothing to tell. */
export async function renderTokenDelivery(
  deps: TokenActionDeps,
  action: TokenAction,
  moment: HookMoment,
  request: TokenRequest,
): Promise<Delivery | null> {
  const id = deliveryId(deps.random.rowId())
  const about = { id, at: deps.clock.now(), from: deps.stopwatch.now(), request, attempts: [] }
  const seen = tokenContext(moment, request, 'after', about.id)
  const rendered = await renderTokenCall(deps.templates, action, seen, action.hook.timeout)
  if (rendered.kind === 'skipped' || rendered.kind === 'cancelled') return null
  const call = rendered.kind === 'call' ? rendered.call : null
  return deliveryOf(deps, action, about, call, rendered.kind === 'failed' ? rendered.detail : '')
}

const deliveryOf = (
  { random }: TokenActionDeps,
  { id: actionId, phase, hook }: TokenAction,
  { id, at, request }: Asking,
  call: RenderedCall | null,
  detail: string,
): Delivery => ({
  id,
  eventId: random.rowId(),
  actionId,
  trigger: `token.${phase}.${request.grant}`,
  identityId: null,
  endpoint: hook.endpoint,
  createdAt: at,
  leasedUntil: null,
  leaseToken: null,
  content:
    call === null
      ? { kind: 'dead', reason: detail }
      : { kind: 'rendered', call, timeout: hook.timeout, emitHeaders: hook.emitHeaders },
})

function record(deps: TokenActionDeps, action: TokenAction, asking: Asking, outcome: CallOutcome, detail = ''): void {
  deps.record({
    id: asking.id,
    actionId: action.id,
    where: action.where,
    trigger: `token.${action.phase}.${asking.request.grant}`,
    flowId: null,
    identityId: null,
    method: action.hook.method,
    endpoint: action.hook.endpoint,
    startedAt: asking.at,
    endedAt: deps.clock.now(),
    elapsed: deps.stopwatch.now() - asking.from,
    outcome,
    detail,
    attempts: asking.attempts,
  })
}
