import { attemptHeaders } from '../../core/attempt-headers.ts'
import type { CallAttempt, CallOutcome } from '../../core/call.ts'
import { WireError } from '../../core/errors.ts'
import type { LoginFlow } from '../../core/flow.ts'
import type { Identity } from '../../core/identity.ts'
import { actionId, deliveryId } from '../../core/ids.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import type { RequestFacts } from '../../core/request.ts'
import { callWithRetries, isWorthRepeating } from '../../core/retry.ts'
import type { MigrateHookSettings } from '../../core/settings.ts'
import type { Sent } from '../../net/outgoing.ts'
import type { ActionDeps } from '../deps.ts'
import { hookHeaders } from './headers.ts'
import { renderBody } from './render-body.ts'
import { templateContext } from '../template/template-context.ts'
import { isTemplate } from '../template/text-template.ts'
import { endpointOf } from '../template/url.ts'

/** Who says that they are whom, and where. */
type Claim = {
  readonly identifier: string
  readonly password: string
  readonly flow: LoginFlow
  readonly request: RequestFacts
  readonly identity: Identity
}

/** Whether the system an account comes from knows this password of it. */
export type AskFormerSystem = (claim: Claim) => Promise<boolean>

const WHERE = 'selfservice.methods.password.config.migrate_hook'
const LARGEST_ANSWER = 1024

/** The password migration hook (ory-actions.md §4.12): asked in the middle of a login, with nothing stored yet. */
export const createFormerSystem =
  (deps: ActionDeps, settings: MigrateHookSettings): AskFormerSystem =>
  async (claim) => {
    const id = deliveryId(deps.random.rowId())
    const attempts: CallAttempt[] = []
    const startedAt = deps.clock.now()
    const record = (outcome: CallOutcome, detail = '') => {
      deps.record({
        id,
        actionId: actionId('migrate_hook'),
        where: WHERE,
        trigger: 'login.password',
        flowId: claim.flow.id,
        identityId: claim.identity.id,
        method: settings.method,
        endpoint: endpointOf(settings.url),
        startedAt,
        endedAt: deps.clock.now(),
        outcome,
        detail,
        attempts,
      })
    }
    const deadline = deps.stopwatch.now() + deps.settings.actions.timeout
    const headers = headersOf(settings)
    const rendered = await renderedBody(deps, settings, claim, { id, startedAt, contentType: headers.open })
    if (rendered.kind === 'failed') {
      deps.log('warn', 'migrate_hook_failed', { flow: claim.flow.id, detail: rendered.detail })
      record('failed', rendered.detail)
      throw failed('calling the password migration hook failed')
    }
    const { attempts: tries, backoff } = deps.settings.actions
    const sent = await callWithRetries(deps, { attempts: tries, deadline, backoff }, async (budget) => {
      const requestId = deps.random.uuid()
      const began = deps.clock.now()
      const own = attemptHeaders(id, requestId, settings.emitHeaders)
      const answer = await deps.client.send(
        {
          method: settings.method,
          url: settings.url,
          headers: { ...headers.open, ...headers.secret, ...own },
          body: rendered.body,
        },
        { budget },
      )
      const reason = answer.kind === 'failed' ? answer.detail : ''
      const status = answer.status ?? null
      const timings = answer.timings === undefined ? {} : { timings: answer.timings }
      attempts.push({ requestId, startedAt: began, endedAt: deps.clock.now(), status, reason, ...timings })
      return answer
    })
    const verdict = judge(sent)
    record(verdict.kind === 'failed' ? 'failed' : verdict.matches ? 'proceeded' : 'denied', reasonOf(sent))
    if (verdict.kind === 'failed') {
      deps.log('warn', 'migrate_hook_failed', { flow: claim.flow.id, detail: reasonOf(sent) })
      throw failed(verdict.message)
    }
    return verdict.matches
  }

/** Only a web_hook's headers are templates: here `${` is text like any other. */
function headersOf({ headers, auth, url }: MigrateHookSettings) {
  const those = (areFilled: boolean) =>
    Object.fromEntries(Object.entries(headers).filter(([, value]) => isTemplate(value) === areFilled))
  const { open, secret } = hookHeaders(
    { headers: those(false), ...(auth === undefined ? {} : { auth }) },
    URL.parse(url),
  )
  return { open, secret: { ...those(true), ...secret } }
}

type Moment = {
  readonly id: ReturnType<typeof deliveryId>
  readonly startedAt: number
  readonly contentType: { readonly [name: string]: string }
}

/** What the template makes of it, or both texts. A template that wants no call is one that failed: somebody has to decide. */
async function renderedBody(
  deps: ActionDeps,
  { method, body }: MigrateHookSettings,
  { identifier, password, flow, request, identity }: Claim,
  { id, startedAt, contentType }: Moment,
): Promise<
  { readonly kind: 'body'; readonly body: string | null } | { readonly kind: 'failed'; readonly detail: string }
> {
  if (body === null) return { kind: 'body', body: JSON.stringify({ identifier, password }) }
  const seen = templateContext(
    { settings: deps.settings, deliveryId: id, at: startedAt },
    { trigger: { phase: 'after', flow: 'login', method: 'password' }, flow, request, session: null, identity },
  )
  // Nothing has succeeded yet, so there is no trigger.
  const { trigger: _, ...context } = seen
  const rendered = await renderBody(
    deps.templates,
    { method, contentType: contentType['content-type'] ?? '', template: body },
    { ...context, identifier, password },
    deps.settings.actions.timeout,
  )
  if (rendered.kind === 'cancelled') return { kind: 'failed', detail: 'the template cancelled the call' }
  // A template may put the password into its own error.
  return rendered.kind === 'body'
    ? rendered
    : { ...rendered, detail: rendered.detail.replaceAll(password, '[redacted]') }
}

type Verdict =
  | { readonly kind: 'told'; readonly matches: boolean }
  | { readonly kind: 'failed'; readonly message: string }

function judge(sent: Sent): Verdict {
  const { status } = sent
  if (status === undefined || isWorthRepeating(sent)) {
    return { kind: 'failed', message: 'calling the password migration hook failed' }
  }
  if (status !== 200 && status !== 403) {
    return { kind: 'failed', message: `password migration hook failed with status code ${status}` }
  }
  return { kind: 'told', matches: status === 200 && sent.kind === 'answered' && saysMatch(sent.body) }
}

function saysMatch(body: Buffer): boolean {
  if (body.length > LARGEST_ANSWER) return false
  try {
    const answer: Json = JSON.parse(body.toString())
    return isJsonObject(answer) && answer.status === 'password_match'
  } catch {
    return false
  }
}

const reasonOf = (sent: Sent) => (sent.kind === 'failed' ? sent.detail : `answered ${sent.status}`)

const failed = (message: string) =>
  new WireError(502, message, {
    reason: 'A third-party upstream service responded improperly. Please try again later.',
  })
