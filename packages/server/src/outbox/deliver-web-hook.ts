import type { Sending } from '../core/action.ts'
import { attemptHeaders } from '../core/attempt-headers.ts'
import type { Delivery, RenderedCall } from '../core/delivery.ts'
import { fillSecrets } from '../core/fill-secrets.ts'
import type { ActionId, DeliveryId } from '../core/ids.ts'
import type { Clock, Milliseconds, Random, Time } from '../core/time.ts'
import type { OutgoingCall, OutgoingClient, Sent } from '../net/outgoing.ts'

export type SendDeps = {
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
  /** What the plan in force knows about an action; null if it is not in it any more. */
  readonly sendingOf: (action: ActionId) => Sending | null
}

export type Sendable = Extract<Delivery['content'], { kind: 'rendered' }>

type SentDelivery = {
  readonly requestId: string
  readonly sent: Sent
  /** It was not sent: what it needs is not there. */
  readonly isUnready: boolean
}

/** One attempt of one delivery: the same bytes and id as ever, with today's secrets. */
export async function sendDelivery(
  deps: SendDeps,
  delivery: Pick<Delivery, 'id' | 'actionId'>,
  { call, emitHeaders, chain }: Sendable,
  { budget, signal }: { readonly budget: Milliseconds; readonly signal?: AbortSignal },
): Promise<SentDelivery> {
  const requestId = deps.random.uuid()
  const complete = completed(call, deps.sendingOf(delivery.actionId), { id: delivery.id, at: deps.clock.now() })
  if (complete === null) {
    const detail = 'the credentials of this call are not configured any more'
    return { requestId, sent: { kind: 'failed', reason: 'connect', detail }, isUnready: true }
  }
  const headers = { ...complete.headers, ...attemptHeaders(delivery.id, requestId, emitHeaders) }
  const sent = await deps.client.send(
    { ...complete, headers },
    {
      budget,
      ...(signal === undefined ? {} : { signal }),
      // A vendor stays where its recipe says it is.
      ...(chain === undefined ? {} : { staysHere: true }),
    },
  )
  return { requestId, sent, isUnready: false }
}

type Attempted = { readonly id: DeliveryId; readonly at: Time }

/** A call that needs credentials or a signature is never made without them; it waits until they are back. */
function completed(call: RenderedCall, sending: Sending | null, { id, at }: Attempted): OutgoingCall | null {
  const { method, secretHeaders, isSigned = false, hasCredentials = false } = call
  const known = sending?.secretHeaders ?? {}
  const filled = fillSecrets(call, sending?.secrets ?? {})
  const isComplete = secretHeaders.every((name) => Object.hasOwn(known, name))
  if (filled === null || !isComplete || (isSigned && sending?.sign === undefined)) return null
  const { credentials } = sending ?? {}
  if (hasCredentials && credentials === undefined) return null
  const { url, body } = filled
  const signature = isSigned ? sending?.sign?.(id, at, body ?? '') : {}
  const headers = { ...filled.headers, ...known, ...signature }
  return { method, url, headers, body, ...(credentials === undefined ? {} : { credentials }) }
}
